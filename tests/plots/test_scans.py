"""The local Z of all intervals, and the region of a scan in figures of features."""

import numpy as np
import pytest

import wilks
from wilks import plots

EDGES = (0.0, 0.5, 1.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def made() -> tuple[wilks.Analysis, wilks.Sample, wilks.FitResult]:
    rng = np.random.default_rng(0)
    reference = wilks.Sample(rng.exponential(size=2000), features=["x"])
    analysis = wilks.Analysis(reference=reference, model=wilks.Scan(edges=(EDGES,)), expected_events=200.0)
    data = wilks.Sample(np.append(rng.exponential(size=200), np.full(20, 1.5)), features=["x"])
    return analysis, data, wilks.fit(analysis, data)


def test_every_interval_has_its_z(made):
    analysis, data, fit = made
    figure = plots.tomography(analysis, data, fit=fit)
    (mesh,) = figure.axes[0].collections
    values = np.ma.filled(mesh.get_array(), np.nan).reshape(4, 4)
    x, y = (one.column("x") for one in (analysis.reference, data))
    for i in range(4):
        for j in range(i, 4):
            b = 0.1 * np.sum((x >= EDGES[i]) & (x < EDGES[j + 1]))
            n = np.sum((y >= EDGES[i]) & (y < EDGES[j + 1]))
            z = np.sign(n - b) * np.sqrt(2.0 * (n * np.log(n / b) - n + b))
            assert values[j, i] == pytest.approx(z, rel=1e-9)
    assert np.isnan(values[np.triu_indices(4, 1)]).all()
    assert np.nanmax(values**2) == pytest.approx(fit.t)
    (circle,) = figure.axes[0].lines
    assert circle.get_xydata().tolist() == [[fit.regions[0].lower[0], fit.regions[0].upper[0]]]


def test_an_interval_without_an_end_has_none_in_the_numbers(made):
    _, data, _ = made
    reference = wilks.Sample(np.linspace(0.0, 5.0, 500), features=["x"])
    analysis = wilks.Analysis(reference=reference, model=wilks.Scan(n_bins=4), expected_events=100.0)
    (numbers,) = plots.numbers_of(plots.tomography(analysis, data))
    lower, upper = (one.cells for one in numbers.given)
    inner = [round(float(edge), 9) for edge in np.array(analysis.model.bins.given[0])[1:-1]]
    ends = [None, *inner, None]
    expected = {(ends[i], ends[j]) for i in range(4) for j in range(i + 1, 5)}
    found = [tuple(None if end is None else round(end, 9) for end in pair) for pair in zip(lower, upper, strict=True)]
    assert len(found) == len(expected) and set(found) == expected


def test_only_a_scan_of_one_feature_has_one(made):
    analysis, data, _ = made
    other = wilks.Analysis(reference=analysis.reference, model=wilks.Histogram(n_bins=5))
    with pytest.raises(wilks.InputError, match="needs a scan of one feature, but the model is a histogram of 5 bins"):
        plots.tomography(other, data)


def test_the_region_is_shaded_in_its_feature(made):
    analysis, data, fit = made
    (region,) = fit.regions
    shaded = [one for one in plots.ratio(analysis, data, feature="x", fit=fit).axes[0].patches if one.get_zorder() == 0]
    (span,) = shaded
    assert (span.get_x(), span.get_x() + span.get_width()) == pytest.approx((region.lower[0], region.upper[0]))
    plain = plots.ratio(analysis, data, feature="x").axes[0].patches
    assert not [one for one in plain if one.get_zorder() == 0]
