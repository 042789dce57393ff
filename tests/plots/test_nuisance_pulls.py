from dataclasses import replace

import numpy as np
import pytest

from wilks import plots
from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.projection import learned_weights, moved_weights
from wilks.nuisances import LogYield, Nuisance, Nuisances, Unconstrained, normalization
from wilks.statistics.fits import FittedNuisance
from wilks.statistics.network import MLP

from tests.lab.responses import Slope


@pytest.fixture(scope="module")
def with_nuisances(analysis):
    free = Nuisance("free", 0.2, log_ratio=lambda x, nu: nu * x[:, 0], auxiliary=Unconstrained())
    parameters = (Nuisance("slope", 0.1), normalization("norm", sigma=0.05), free)
    nuisances = Nuisances(parameters, Slope(), LogYield(("slope",), ((1,),), (0.0,)))
    return Analysis(reference=analysis.reference, model=MLP(hidden=(4,)), nuisances=nuisances, standardize=False)


@pytest.fixture
def fit(make_fit):
    at_tau = [("slope", 0.02, 0.05), ("norm", 0.0, 0.04), ("free", -0.1, np.nan)]
    at_delta = [("slope", 0.3, 0.03), ("norm", 0.02, 0.04), ("free", 0.1, 0.02)]
    fitted = [tuple(FittedNuisance(*one, 0.5, 0.5) for one in rows) for rows in (at_tau, at_delta)]
    return replace(make_fit(), nuisances=fitted[0], delta_nuisances=fitted[1], observed=(0.05, -0.05, 0.0))


def test_values_and_bands_are_in_units_of_sigma(with_nuisances, fit):
    figure = plots.pulls(with_nuisances, fit)
    axes = figure.axes[0]
    values = [container.lines[0].get_xdata().tolist() for container in axes.containers if hasattr(container, "lines")]
    assert values == [pytest.approx([0.2, 0.0, -0.5]), pytest.approx([3.0, 0.4, 0.5])]
    bands = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert np.allclose(bands, [(-1.5, 2.5), (-0.5, 1.5), (-3.0, 1.0), (-2.0, 0.0)]), "none for the unconstrained one"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["slope", "norm", "free"]
    low, high = axes.get_xlim()
    assert low < -3.0 and high > 3.3
    assert plots.to_png(figure)


def test_a_fit_of_another_analysis_is_refused(analysis, with_nuisances, make_fit, fit):
    for one, other in ((with_nuisances, make_fit()), (analysis, fit)):
        with pytest.raises(InputError, match="give the analysis of the fit"):
            plots.pulls(one, other)


def test_projections_show_the_reference_at_the_nuisances(with_nuisances, fit, make_fit):
    reference = with_nuisances.reference
    x, w = reference.events[:, 0], reference.event_weights
    learned = np.exp(0.3 * x) * np.sum(w) / np.sum(w * np.exp(0.3 * x))
    assert np.allclose(moved_weights(with_nuisances, fit), w * learned * np.exp(0.02 + 0.1 * x))
    alternative = learned_weights(with_nuisances, fit) / np.exp(with_nuisances.log_ratio(reference.events, fit.params))
    at_tau = np.exp(0.02 * x) * np.sum(w) / np.sum(w * np.exp(0.02 * x))
    assert np.allclose(alternative, w * at_tau * np.exp(-0.1 * x))
    assert moved_weights(with_nuisances, make_fit()) is None


def test_ratios_name_what_they_show(with_nuisances, data, fit, make_fit):
    def labels(one):
        axes = plots.ratio(with_nuisances, data, feature="x", fit=one).axes[0]
        return [text.get_text() for text in axes.get_legend().get_texts()]

    assert labels(fit) == ["data", "reference", r"learned, at $\tau$", r"reference at $\Delta$"]
    assert labels(make_fit()) == ["data", "reference", r"learned: reference $\times\ e^f$"]
