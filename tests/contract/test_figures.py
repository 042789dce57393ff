"""Every figure of `wilks.plots`, once a family, with nuisances where it takes them: then all are possible."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import wilks
from wilks import plots
from wilks.interpretation import projected_ratio
from wilks.plots import response_closure, response_study

OF_NO_FAMILY = {
    **dict.fromkeys(("to_pdf", "to_png", "to_svg", "to_csv", "to_hepdata", "save_figures"), "writes figures"),
    **{"common_columns": "gives names", "numbers_of": "gives tables", "figures_of": "below", "styled": "a style"},
    **{"corner": "of two features and more: tests/plots/test_corners.py", "percentiles_by": "of several sets of toys"},
    **{"sensitivity": "of a table of power", "timeline": "of a monitor", "tau_and_t": "of a validation"},
    **{"response_study": "looks at variations alone", "response_closure": "looks at variations alone"},
    **{"two_samples": "of a comparison", "member_significances": "of a comparison"},
    **{"power_curves": "of a table of several tests", "weight_clips": "of networks alone"},
    **{"validation": "of a validation: tests/plots/test_validations.py"},
    **{"tomography": "of scans alone"},
}
# These are rendered in the reports of `test_reports.py`, once a family too.
IN_REPORTS = {"null_distribution", "qq", "starts", "ratio", "ratios", "region", "pulls"}


@pytest.fixture
def figures(case_of, workshop) -> dict[str, Callable[[], Any]]:
    """What draws each figure for this case."""
    analysis, data, fit = workshop.analysis(case_of), workshop.data(), workshop.fit(case_of)
    answer, toys = workshop.answer(case_of), workshop.toys(case_of)
    region = wilks.most_discrepant_region(analysis, data, fit=fit)
    made: dict[str, Callable[[], Any]] = {
        "null_distribution": lambda: plots.null_distribution(answer),
        "percentiles": lambda: plots.percentiles(toys.t, n_parameters=analysis.n_parameters),
        "running_mean": lambda: plots.running_mean(toys.t, n_parameters=analysis.n_parameters),
        "starts": lambda: plots.starts(fit),
        "ratio": lambda: plots.ratio(analysis, data, feature="x", fit=fit),
        "ratios": lambda: plots.ratios(analysis, data, fit=fit)["x"],
        "projected": lambda: plots.projected(projected_ratio(analysis, data, feature="x", fit=fit)),
        "overview": lambda: plots.overview(analysis, data, fit=fit),
        "region": lambda: plots.region(region),
    }
    if not case_of.is_combined:
        made["qq"] = lambda: plots.qq(answer)
    if case_of.is_profiled:
        made["pulls"] = lambda: plots.pulls(analysis, fit)
    if case_of.has_analytic_null:
        made["survival"] = lambda: plots.survival(workshop.answer_without_toys(case_of))
    return made


def test_all_figures_are_looked_at(figures, case_of):
    missing = set(plots.__all__) - set(figures) - set(OF_NO_FAMILY)
    assert missing <= {"pulls", "survival", "qq"} and ("qq" in missing) == case_of.is_combined
    assert callable(response_study) and callable(response_closure)
    assert ("pulls" in missing) != case_of.is_profiled and ("survival" in missing) != case_of.has_analytic_null


@pytest.mark.few
def test_every_figure_is_drawn(figures):
    for name in figures.keys() - IN_REPORTS:
        figures[name]().draw_without_rendering()


@pytest.mark.in_turn
def test_every_figure_carries_its_numbers(figures):
    """Of as many rows as it says, and each of them can be written."""
    for name, draw in figures.items():
        figure = draw()
        assert isinstance(figure, Figure) and figure.axes, name
        tables = plots.numbers_of(figure)
        assert tables, name
        for table in tables:
            columns = (*table.given, *table.found)
            assert {len(one.values) for one in columns} == {table.n_rows}, name
            assert len(plots.to_csv(table).splitlines()) >= table.n_rows + 2
        assert len(plots.to_hepdata({table.name: table for table in tables})) == len({x.name for x in tables}) + 1


def test_all_figures_of_an_answer_are_found(case, workshop):
    beside = {"analysis": workshop.analysis(case), "data": workshop.data(), "toys": workshop.toys(case)}
    found = plots.figures_of(workshop.answer(case), **beside)
    expected = {"null_distribution", "running_mean", "percentiles", "ratio-x", "region"}
    expected |= {"pulls"} if case.is_profiled else set()
    expected |= set() if case.is_combined else {"qq"}
    expected |= {"starts"} if case.family.is_searched else set()
    expected |= {"tomography"} if case.family.name == "scan" else set()
    assert set(found) == expected
    if case.has_analytic_null:
        assert "survival" in plots.figures_of(workshop.answer_without_toys(case))
    assert set(plots.figures_of(workshop.fit(case))) == expected & {"starts"}
    assert all(isinstance(found[name](), Figure) for name in expected & {"percentiles", "tomography"})


def test_the_learned_curve_is_the_reweighted_reference(case_of, workshop, figures):
    """The dashed counts are the sums of w exp(f) r in the bins."""
    analysis, fit = workshop.analysis(case_of), workshop.fit(case_of)
    axes = figures["ratio"]().axes[0]
    curve = next(one for one in axes.patches if "learned" in str(one.get_label()))
    counts, edges, _ = curve.get_data()
    x = analysis.reference.events[:, 0]
    f = analysis.log_ratio(analysis.reference.events, fit.params)
    weights = analysis.moved_weights({one.name: one.value for one in fit.nuisances}) * np.exp(f)
    inside = np.clip(x, edges[0], np.nextafter(edges[-1], 0.0))
    np.testing.assert_allclose(counts, np.histogram(inside, edges, weights=weights)[0], rtol=1e-9)


def test_a_figure_of_nuisances_needs_some(workshop, cases):
    case = next(one for one in cases if not one.is_profiled)
    with pytest.raises(wilks.InputError, match="pulls"):
        plots.pulls(workshop.analysis(case), workshop.fit(case))
