"""t without nuisances: against a loop over all regions."""

import math
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import wilks
from wilks.fitting import evaluate
from wilks.statistics.fits import Data
from wilks.statistics.scan.engine import ScanEngine
from wilks.typing import FitStatus

from tests.statistics.scan.conftest import EDGES


def ratio(n: float, b: float) -> float:
    """2 [ n log(n/b) - n + b ]."""
    return 2.0 * ((n * math.log(n / b) if n else 0.0) - n + b)


def largest(analysis, data, *, edges, deviations="both") -> tuple[float, tuple]:
    """The best interval or rectangle of bins between edges, by loops over the events."""
    reference, found = analysis.reference, (0.0, ())
    for ends in product(*(combinations(one, 2) for one in edges)):
        is_last = [high == one[-1] for (_, high), one in zip(ends, edges, strict=True)]
        w = reference.event_weights[inside(reference.events, ends, is_last)]
        b, n = float(np.sum(w)), int(np.sum(inside(data, ends, is_last)))
        wanted = {"both": True, "excesses": n > b, "deficits": n < b}[deviations]
        if w.size and b**2 >= 10.0 * np.sum(w**2) and wanted and ratio(n, b) > found[0]:
            found = (ratio(n, b), ends)
    return found


def inside(events, ends, is_last) -> np.ndarray:
    """Which events lie between the ends of each feature, the upper one among them where it is the last."""
    sides = zip(events.T, ends, is_last, strict=True)
    return np.all([(x >= low) & ((x <= high) if last else (x < high)) for x, (low, high), last in sides], axis=0)


@pytest.mark.parametrize("deviations", ["both", "excesses", "deficits"])
@pytest.mark.parametrize("seed", range(3))
def test_t_is_the_largest_of_all_intervals(make_analysis, make_data, seed, deviations):
    analysis, data = make_analysis(wilks.Scan(edges=(EDGES,), deviations=deviations)), make_data(seed)
    fit = wilks.fit(analysis, data)
    t, ((low, high),) = largest(analysis, data, edges=(EDGES,), deviations=deviations)
    (region,) = fit.regions
    assert fit.status is FitStatus.CONVERGED and fit.t == pytest.approx(t, rel=1e-12)
    assert (region.lower, region.upper) == ((low,), (high,)) and region.is_excess == (
        region.n_observed > region.n_expected
    )
    x = data[:, 0]
    n = np.sum((x >= low) & ((x < high) | ((x == high) & (high == EDGES[-1]))))
    assert region.n_observed == n and fit.t == pytest.approx(ratio(n, region.n_expected), rel=1e-12)
    assert evaluate(analysis, data, fit).t == pytest.approx(fit.t, rel=1e-12)


def test_t_is_the_largest_of_all_rectangles(make_analysis):
    rng = np.random.default_rng(1)
    edges = ((-2.0, -1.0, 0.0, 1.0, 2.5), (0.0, 0.5, 1.0, 2.0, 4.0))
    x = np.column_stack([rng.normal(size=2000), rng.exponential(size=2000)])
    reference = wilks.Sample(x, features=["a", "b"])
    model = wilks.Scan(edges=edges)
    analysis = make_analysis(model, reference=reference, expected_events=200.0)
    data = np.column_stack([rng.normal(size=210), rng.exponential(size=210)])
    data[:25] = rng.normal([0.5, 1.5], 0.2, size=(25, 2))
    fit = wilks.fit(analysis, data)
    t, ends = largest(analysis, data, edges=edges)
    (region,) = fit.regions
    assert fit.t == pytest.approx(t, rel=1e-12) and tuple(zip(region.lower, region.upper, strict=True)) == ends
    assert region.features == ("a", "b") and region.where == "0 <= a < 1, 1 <= b < 2" and region.n_bins == 1
    swapped = make_analysis(
        wilks.Scan(features=("b", "a"), edges=edges[::-1]), reference=reference, expected_events=200.0
    )
    assert wilks.fit(swapped, data).t == fit.t
    one = make_analysis(wilks.Scan(features=("b",), edges=edges[1:]), reference=reference, expected_events=200.0)
    alone = make_analysis(
        wilks.Scan(edges=edges[1:]),
        reference=wilks.Sample(x[:, 1], features=["b"]),
        expected_events=200.0,
    )
    assert wilks.fit(one, data).t == pytest.approx(wilks.fit(alone, data[:, 1:]).t, rel=1e-12)


def test_the_local_p_is_that_of_a_poisson_count(make_analysis, make_data):
    for deviations, tail in (("excesses", scipy.stats.poisson.sf), ("deficits", scipy.stats.poisson.cdf)):
        analysis = make_analysis(wilks.Scan(edges=(EDGES,), deviations=deviations))
        (region,) = wilks.fit(analysis, make_data(3)).regions
        n = region.n_observed - (deviations == "excesses")
        assert region.p_value == pytest.approx(tail(n, region.n_expected), rel=1e-10)
        assert (region.z_score > 0) == (deviations == "excesses")


@given(st.lists(st.integers(0, 20), min_size=8, max_size=8), st.integers(1, 300))
def test_t_does_not_depend_on_company(counts, n_others):
    engine = _engine()
    alone = np.array(counts, dtype=float)
    others = np.random.default_rng(n_others).poisson(5.0, size=(n_others, 8)).astype(float)
    together = engine.best(np.concatenate([others, alone[None]]))
    assert together[-1] == engine.best(alone[None])[0]


@cache
def _engine() -> ScanEngine:
    reference = wilks.Sample(np.random.default_rng(0).exponential(size=600), features=["x"])
    return wilks.Analysis(reference=reference, model=wilks.Scan(edges=(EDGES,)), expected_events=100.0).engine


@pytest.mark.parametrize("deviations", ["both", "excesses"])
def test_a_data_set_without_events_is_a_deficit_everywhere(make_analysis, deviations):
    """And no excess anywhere: t is 0, f is 0, and the fit is certified."""
    nothing = Data(np.empty((0, 1)), np.empty(0))
    engine = make_analysis(wilks.Scan(edges=(EDGES,), deviations=deviations)).engine
    (fit,) = engine.fit([nothing])
    assert fit.converged and engine.fit([]) == []
    if deviations == "excesses":
        assert fit.t == 0.0 and not fit.regions and not np.any(fit.params)
        return
    (region,) = fit.regions
    assert region.n_observed == 0 and not region.is_excess and np.isneginf(fit.params).all()
    assert fit.t == pytest.approx(2.0 * region.n_expected) == engine.evaluate(nothing, fit).t
