"""Times of kernels: one feature, with nuisances, and on large samples.

    python -m benchmarks.kernels speed                    # N_R 200,000, N_D 2,000, converged fits and score statistics
    python -m benchmarks.kernels nuisances                # the same data at a scale off by one sigma
    python -m benchmarks.kernels profiled                 # the default set, 43,500 against 8,700, two nuisances
    python -m benchmarks.kernels muons --data FOLDER      # 5 features, 100,000 against 20,000, 2,000 centers
    python -m benchmarks.kernels large --n-features 21    # 500,000 against 100,000, 2,000 centers
    python -m benchmarks.kernels memory                   # 20,000 centers, 1,000,000 events: a slice of a pass

Drawing of toys is not included. FOLDER holds ``dimuon_sm.h5`` of the method's authors; ``large`` has events of
`studies.common.smooth`. Seconds of the processor, which other work on the machine disturbs little, stand beside those
of the clock.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import benchmarks.harness as harness
import jax
import numpy as np

import wilks
from wilks.fitting import fit_together
from wilks.laws import analytic_null
from wilks.problems import dimuon, exponential
from wilks.statistics.linear import Moments
from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.losses import PenalizedLosses
from wilks.statistics.linear.tilted import TiltedReference

from studies.common import smooth
from studies.kernel_nuisances.run import analysis_of, toy

BATCH, N_ALONE = 256, 20
SCRIPT = harness.Script(
    __file__, __doc__, seed={"speed": 1, "nuisances": 1, "muons": 1, "large": 2, "memory": 3, "profiled": 4}
)


@SCRIPT.part("speed", n_toys=2560, widths=(0.3, 1.0), ridges=(0.3,))
def speed(options) -> Iterator[harness.Row]:
    """Milliseconds of a toy, in portions of `BATCH` and one at a time, and seconds of the preparation."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(exponential.EXPECTED_EVENTS, size=options.n_toys)
    sets = [exponential.background(rng, n, {}) for n in counts]
    for width, ridge, is_score in itertools.product(options.widths, options.ridges, (False, True)):
        model = wilks.Kernel(width=width, ridge=ridge, is_score=is_score)
        analysis = wilks.Analysis(reference=exponential.reference(seed=0), model=model, standardize=False)
        yield {"width": width, "ridge": ridge, "is_score": is_score} | speed_of(analysis, sets)


def speed_of(analysis: wilks.Analysis, sets: list[np.ndarray]) -> harness.Row:
    def each(size: int, sets: list[np.ndarray]) -> harness.Row:
        portions = [sets[first : first + size] for first in range(0, len(sets), size)]
        return harness.spread([1e3 * harness.timed(fit_together, analysis, some)[1] / len(some) for some in portions])

    fits = [fit for first in range(0, len(sets), BATCH) for fit in fit_together(analysis, sets[first : first + BATCH])]
    row = sizes_of(analysis)
    row |= {"prepare_s": harness.repeated(lambda: analysis.model.engine([analysis.problem]))}
    return row | {"toy_ms": each(BATCH, sets), "alone_ms": each(1, sets[:N_ALONE])} | of_fits(fits)


def sizes_of(analysis: wilks.Analysis) -> harness.Row:
    """Of an analysis with one kernel."""
    (group,) = analysis.engine.groups
    return {"rank": group.basis.rank, "points": group.points.weights.size}


def of_fits(fits: list[wilks.FitResult]) -> harness.Row:
    return {
        "mean_t": np.mean([fit.t for fit in fits]),
        "newton_steps": np.mean([fit.n_iterations for fit in fits]),
        "largest_decrement": max(fit.newton_decrement for fit in fits),
        "n_failed": sum(not fit.converged for fit in fits),
    }


@SCRIPT.part("nuisances", n_toys=50, sigma=0.15, ridges=(0.3, 3.0))
def nuisances(options) -> Iterator[harness.Row]:
    """Seconds of a toy; Delta is included in both fits."""
    sigma = options.sigma
    for ridge in options.ridges:
        rng = np.random.default_rng(1)
        toys = [toy(rng, nu=sigma, sigma=sigma) for _ in range(options.n_toys)]
        sets, observed = [one.events for one in toys], [one.observed for one in toys]
        row = {"ridge": ridge, "sigma": sigma}
        for name, is_score in (("score", True), ("converged", False)):
            analysis = analysis_of(sigma=sigma, ridge=ridge, seed=0, is_score=is_score)
            fits, clock = fit_together(analysis, sets, observed), harness.Clock()
            fit_together(analysis, sets, observed)
            row |= clock.read(name, shared_by=len(toys)) | {f"{name}_failed": sum(not fit.converged for fit in fits)}
        row |= of_fits(fits)
        delta = analysis.engine.delta
        owns, clock = [delta.points.own(one) for one in toys], harness.Clock()
        for own in owns:
            delta.fit(own)
        row |= clock.read("delta", shared_by=len(toys))
        analysis = analysis_of(sigma=sigma, ridge=ridge, seed=0)
        fit = wilks.fit(analysis, sets[0])
        analytic_null(analysis, fit)
        clock = harness.Clock()
        for _ in toys:
            analytic_null(analysis, fit).unconfirmed_p_value(fit.t)
        yield row | clock.read("null", shared_by=len(toys))


def prepared(events: np.ndarray, options) -> tuple[wilks.Analysis, harness.Row]:
    kernel = wilks.Kernel(n_centers=options.n_centers, width=options.width, ridge=options.ridge)
    clock = harness.Clock()
    analysis = wilks.Analysis(reference=wilks.Sample(events), model=kernel, expected_events=options.n_data)
    row = clock.read("centers")
    sizes = sizes_of(analysis)  # prepares
    row |= clock.read("features")
    return analysis, row | {"rank": sizes["rank"], "width": analysis.model.gaussians.width}


@SCRIPT.part(
    "muons", data=Path, n_reference=100_000, n_data=20_000, n_centers=2000, n_toys=20, width=3.0, ridge=0.3
)  # fmt: skip
def muons(options) -> Iterator[harness.Row]:
    """N_R 100,000, N_D Poisson(20,000), all toys side by side."""
    rng = np.random.Generator(np.random.Philox(1))
    edges = np.cumsum([options.n_reference, *rng.poisson(options.n_data, size=options.n_toys)])
    events = rng.permutation(dimuon.read_dimuons(options.data / "dimuon_sm.h5").events)[: edges[-1]]
    analysis, row = prepared(events[: edges[0]], options)
    sets = [events[first:last] for first, last in itertools.pairwise(edges)]
    clock = harness.Clock()
    q = analysis.engine.scores(sets)
    row |= clock.read("score", shared_by=len(sets))
    fits = fit_together(analysis, sets)
    row |= clock.read("fit", shared_by=len(sets)) | of_fits(fits) | {"mean_q": np.mean(q)}
    for kind in ("cpu", "wall"):
        once = row[f"centers_{kind}_s"] + row[f"features_{kind}_s"]
        row[f"per_toy_{kind}_s"] = once / len(sets) + row[f"fit_{kind}_s"]
    clock = harness.Clock()
    fit_together(analysis, sets[:1])
    yield row | clock.read("fit_alone") | {"peak_mb": harness.peak_mb()}


@SCRIPT.part(
    "large",
    **{"n_features": 8, "n_reference": 500_000, "n_data": 100_000, "n_centers": 2000, "n_toys": 20},
    **{"n_signal": 500, "width": float, "ridge": 0.3},
)
def large(options) -> Iterator[harness.Row]:
    """Scores of null toys, and one converged fit with a signal. Without a width: the 90th percentile of distances."""
    rng, d = np.random.Generator(np.random.Philox(2)), options.n_features
    analysis, row = prepared(smooth(rng, options.n_reference, d), options)
    null = [smooth(rng, rng.poisson(options.n_data), d) for _ in range(options.n_toys)]
    signal = smooth(rng, rng.poisson(options.n_signal), d, heavier=1.6)
    clock = harness.Clock()
    analysis.engine.groups[0].sums(null)
    row |= clock.read("score", shared_by=len(null))
    n_passes, clock = counted_passes(), harness.Clock()
    fits = fit_together(analysis, [np.concatenate([null[0], signal])])
    yield row | clock.read("fit") | of_fits(fits) | {"n_passes": n_passes[0], "peak_mb": harness.peak_mb()}


def counted_passes() -> list[int]:
    """A count of the passes over the reference that fits make from now on."""
    count, pieces = [0], ReferencePoints.pieces

    def counting(self):
        count[0] += 1
        return pieces(self)

    ReferencePoints.pieces = counting
    return count


@SCRIPT.part("profiled", n_reference=43_500, expected_events=8_700.0, n_toys=12)
def profiled(options) -> Iterator[harness.Row]:
    """Seconds of a toy of the default set, Delta included: sums over the reference made for each, and from nodes.

    Both ways take turns. The first toy has the nodes made, and compiles, which the preparation has done before it.
    """
    rng = np.random.Generator(np.random.Philox(4))
    nuisances = wilks.Nuisance("shape", 1.0, log_ratio=shape), wilks.normalization("normalization", sigma=0.025)
    analysis = wilks.Analysis(
        reference=wilks.Sample(smooth(rng, options.n_reference, 5)),
        expected_events=options.expected_events,
        nuisances=nuisances,
    )
    first, *sets = (smooth(rng, n, 5) for n in rng.poisson(options.expected_events, size=options.n_toys + 1))
    ways = {"made": TiltedReference.made, "nodes": TiltedReference.sums}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    row = {}
    for data in (first, *sets):
        for name, sums in ways.items():
            with mock.patch.object(TiltedReference, "sums", sums):
                clock = harness.Clock()
                (fit,) = fit_together(analysis, [data])
            found[name].append((fit.t, clock.read("")["_cpu_s"]))
    t, seconds = (np.array([[pair[k] for pair in found[name]] for name in ways]) for k in (0, 1))
    medians = np.median(seconds[:, 1:], axis=1)
    row |= {f"{name}_cpu_s": median for name, median in zip(ways, medians, strict=True)}
    row |= {"ratio": medians[0] / medians[1], "first_with_nodes_cpu_s": seconds[1, 0]}
    yield row | {"largest_difference_over_root_t": np.max(np.abs(t[0] - t[1]) / np.sqrt(t[0]))}


def shape(events: jax.Array, nu: jax.Array) -> jax.Array:
    """log r, some tenths at one sigma."""
    return 0.1 * nu * (events[:, 0] - 2.0)


@SCRIPT.part("memory", n_features=8, n_reference=1_000_000, n_centers=20_000, width=5.0, ridge=0.3)
def memory(options) -> Iterator[harness.Row]:
    """A slice of a pass and of the Gram matrix at full width; the whole is the slice times the number of slices.

    The peak is that of the preparation at full rank: four squares of M x M, and the points. Fits hold one.
    """
    rng, d = np.random.Generator(np.random.Philox(3)), options.n_features
    gaussians = Gaussians(smooth(rng, options.n_centers, d), options.width)
    n_slice, rank = 4 * 128, 100
    events = smooth(rng, n_slice, d)
    points = ReferencePoints(events, np.ones(n_slice), features=gaussians)
    mix = rng.normal(size=(options.n_centers, rank)) / options.n_centers
    basis = Basis(gaussians, mix, np.ones(rank), np.ones(rank))
    losses = PenalizedLosses(points, basis, sums=np.zeros((1, rank)), ridge=options.ridge)
    alpha = rng.normal(size=(1, rank))
    losses.expand(alpha, np.arange(1))
    share, before, clock = n_slice / options.n_reference, harness.peak_mb(), harness.Clock()
    losses.expand(alpha, np.arange(1))
    row = {"peak_mb_before_pass": before, "peak_mb_after_pass": harness.peak_mb()}
    row |= clock.read("pass", shared_by=share)
    blocks = ((gaussians.values(points.points[rows]), points.weights[rows]) for rows in points.rows())
    Moments.of(blocks, size=options.n_centers)
    row |= clock.read("gram", shared_by=share) | {"peak_mb_with_gram": harness.peak_mb()}
    square = 8e-6 * options.n_centers**2
    yield row | {"square_mb": square, "projected_peak_mb": 4 * square + 8e-6 * options.n_reference * (d + 1)}


if __name__ == "__main__":
    SCRIPT.main()
