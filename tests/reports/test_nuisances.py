from dataclasses import replace

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.nuisances import Nuisance, Nuisances, PoissonCount, Unconstrained, Unselected, correlated, normalization
from wilks.reports import write_report
from wilks.reports.nuisances import nuisance_tables
from wilks.reports.pictures import response_pictures
from wilks.reports.sections import sample_tables
from wilks.responses import Variation, check_responses, study_responses
from wilks.samples import Sample
from wilks.statistics.fits import FittedNuisance
from wilks.statistics.network import MLP

pytestmark = pytest.mark.usefixtures("cheap_figures")

LOG_RATIO = "wilks.problems.exponential:scale_log_ratio"


def sample(nu):
    x = np.random.default_rng(round(100 * (nu + 2))).exponential(np.exp(nu), 3000)
    return Sample(x, np.full(3000, 0.1), features=("x",))


@pytest.fixture(scope="module")
def profiled():
    pair = (Nuisance("scale", 0.1, log_ratio=LOG_RATIO), normalization("norm", sigma=0.2))
    rest = (
        normalization("control", sigma=0.1, auxiliary=PoissonCount(100)),
        normalization("free", sigma=1.0, auxiliary=Unconstrained()),
    )
    covariance = np.diag([0.01, 0.04, 0.01, 1.0])
    covariance[0, 1] = covariance[1, 0] = 0.01
    nuisances = correlated((*pair, *rest), covariance=covariance)
    return Analysis(reference=sample(0.0), model=MLP(hidden=(4,)), nuisances=nuisances)


@pytest.fixture
def fit(profiled, make_fit):
    names = profiled.nuisances.names
    at_tau = tuple(FittedNuisance(name, 0.02, 0.05, 0.2 if name != "free" else np.nan, 0.5) for name in names)
    at_delta = tuple(replace(one, value=0.04) for one in at_tau)
    fitted = make_fit(fingerprint=profiled.fingerprint())
    return replace(fitted, nuisances=at_tau, delta_nuisances=at_delta, observed=(0.03, 0.0, 104.0, 0.0))


@pytest.fixture(scope="module")
def closure():
    nuisances = Nuisances((Nuisance("scale", 0.1, log_ratio=LOG_RATIO),))
    return check_responses(
        sample(0.0), nuisances, variations=[Variation({"scale": nu}, sample(nu)) for nu in (0.1, 0.9)]
    )


def test_tables_say_what_is_known_and_what_came_out(profiled, fit):
    given, fitted = nuisance_tables(profiled, fit, None)
    assert given.rows == (
        ("scale", "0.1", "gaussian", "0.03", f"exact: {LOG_RATIO}"),
        ("norm", "0.2", "gaussian", "0", "exact: multiplies the yield by exp(nu)"),
        ("control", "0.1", "poisson, 100 expected", "104", "exact: multiplies the yield by 1 + nu"),
        ("free", "1", "unconstrained", "none", "exact: multiplies the yield by exp(nu)"),
    )
    assert given.note == "Correlations of the auxiliary measurements: scale and norm +0.5."
    assert fitted.rows[0] == ("scale", "0.02 ± 0.05", "+0.20", "0.50", "0.04 ± 0.05", "+0.20", "0.50")
    assert fitted.rows[3][2] == "none"


def test_before_the_data_only_what_is_known(profiled, analysis):
    (given,) = nuisance_tables(profiled, None, None)
    assert [row[3] for row in given.rows] == ["0", "0", "100", "none"]
    assert nuisance_tables(analysis, None, None) == ()


def test_closure_says_what_decided(profiled, closure):
    table = nuisance_tables(profiled, None, closure)[-1]
    assert [row[0] for row in table.rows] == ["scale = 0.1", "scale = 0.9"]
    assert [row[-1] for row in table.rows] == ["good", "too far to decide"]


def test_figures_are_of_each_nuisance(closure, cheap_figures):
    variations = [Variation({"scale": nu}, sample(nu)) for nu in (0.1, -0.1)]
    study = study_responses(sample(0.0), [Nuisance("scale", 0.1)], variations=variations)
    found = response_pictures(study, closure, labels={})
    assert [one.caption.split(" of scale ")[0] for one in found] == [
        "Bin contents of the varied samples", "Learned log r (lines) against varied samples"
    ]  # fmt: skip
    assert response_pictures(None, None, labels={}) == ()


def test_the_page_has_a_section_of_nuisances(tmp_path, profiled, fit, closure, calibration, data):
    result = replace(calibration, summary=None).evaluate(fit)
    page = write_report(result, tmp_path / "r.html", analysis=profiled, closure=closure).read_text()
    assert "<h2>Nuisances</h2>" in page and "Best fits" in page and "Closure of the learned responses" in page
    assert "log r(x; &nu;)" in page and "over the nuisances alone (f = 0)." in page


def test_a_page_without_nuisances_has_none(tmp_path, analysis, calibration):
    page = write_report(calibration, tmp_path / "r.html", analysis=analysis).read_text()
    assert "Nuisances" not in page and "&nu;" not in page


def test_toy_events_before_the_selection_are_described(profiled):
    source = Unselected(sample(1.0), where="x < 3")
    analysis = Analysis(reference=sample(0.0), model=MLP(hidden=(4,)), toy_source=source)
    (table,) = sample_tables(analysis, None)
    assert table.header[-1] == "toy events before the selection" and table.note == ""
