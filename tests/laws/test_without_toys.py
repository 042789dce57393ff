"""The analytic null of an analysis, and answers that need no toys."""

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError, InputError
from wilks.laws import analytic_null

N_EXPECTED = 1000.0


def analysis_of(*, n_reference: int = 20_000, n_pool: int = 0, is_score: bool = True) -> wilks.Analysis:
    rng = np.random.Generator(np.random.Philox(0))
    reference = wilks.Sample(rng.exponential(size=n_reference))
    pool = wilks.Sample(rng.exponential(size=n_pool)) if n_pool else None
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=3.0, is_score=is_score)
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return analysis_of()


def test_a_law_is_made_once_and_kept(analysis):
    assert analytic_null(analysis) is analytic_null(analysis)
    assert analytic_null(analysis, n_events=900) is not analytic_null(analysis)
    assert analytic_null(analysis, n_events=900) is analytic_null(analysis, n_events=900.0)  # type: ignore[arg-type]


def test_a_number_of_events_must_be_one(analysis):
    with pytest.raises(InputError, match="n_events must be a whole number of at least 2"):
        analytic_null(analysis, n_events=1)


@pytest.mark.parametrize(("n_reference", "n_pool", "error"), [(4000, 0, "0.25"), (4000, 4000, "0.18")])
def test_an_answer_says_what_the_reference_may_move(n_reference, n_pool, error):
    data = np.random.default_rng(1).exponential(size=1000)
    result = wilks.goodness_of_fit(analysis_of(n_pool=n_pool, n_reference=n_reference), data)
    assert any(f"may differ by about {error}" in text for text in result.warnings)


def test_an_answer_is_silent_where_the_reference_moves_little():
    data = np.random.default_rng(1).exponential(size=1000)
    for n_reference, n_pool in ((40_000, 0), (10_000, 100_000)):
        result = wilks.goodness_of_fit(analysis_of(n_pool=n_pool, n_reference=n_reference), data)
        assert not any("may differ" in text for text in result.warnings)


def test_converged_fits_have_no_analytic_null():
    with pytest.raises(CalibrationError, match="needs null toys"):
        analytic_null(analysis_of(is_score=False))


def test_answer_without_toys():
    analysis = analysis_of()
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.exponential(size=1000), rng.normal(6.0, 0.2, size=8)])
    result = wilks.goodness_of_fit(analysis, data)
    assert result.method == "analytic" and result.z_score > 2
    assert result.interval[0] < result.p_value < result.interval[1]
    assert result.t == wilks.fit(analysis, data).t
    assert result.to_dict()["method"] == "analytic"
    assert "Analytic null of the score statistic" in str(result)


def test_answer_beyond_five_sigma_is_labelled():
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.exponential(size=1000), rng.normal(6.0, 0.2, size=200)])
    result = wilks.goodness_of_fit(analysis_of(), data)
    assert result.z_score > 5 and result.method == "extrapolated"
