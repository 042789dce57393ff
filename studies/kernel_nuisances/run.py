"""Kernels with nuisances on the exponential problem: is p uniform at every nu?

    python -m studies.kernel_nuisances.run validity
    python -m studies.kernel_nuisances.run tail    # further out, at nu_hat alone
    python -m studies.kernel_nuisances.run set     # a set of kernels

The score statistic with the nuisances ``scale`` and ``normalization``, each known to sigma. Toys at nu* = 0 and one
sigma up and down in the scale: x -> exp(nu*) x exactly, auxiliary measurements drawn around nu*.

``validity``, width 1, equal shares for several references: fractions of p below 0.1 and 0.01 with the statistic and
its null at nu_hat of Delta, and, beside it, with both at nu = 0; mean of q over that of its null. ``tail``: the numbers
of p beyond 2, 3 and 4 sigma over the expected ones, p from the corrected law and from its Gaussian limit.

``set``, widths 0.1, 0.3 and 1 at ridge 0.3, sigma 15 %, one reference of 200,000 events: calibration toys at several
values of the scale give t at p = 0.1 and 0.01 as a parabola in the scale; data are compared with its value at their own
nu_hat of Delta, which is what toys of `ShiftedNuisance` at nu_hat would give, and with its value at 0.
"""

from collections.abc import Iterator

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.fitting import fit_together
from wilks.laws import AnalyticLaw
from wilks.problems import exponential
from wilks.significance import p_value
from wilks.statistics.analytic import LARGEST_EXCESS
from wilks.statistics.fits import Data
from wilks.statistics.linear.expansion import ScoreForm
from wilks.statistics.linear.profiled_law import profiled_law

from studies.common import threshold

POINTS, LEVELS, TAILS = (0.0, 1.0, -1.0), (0.1, 0.01), (2.0, 3.0, 4.0)
SET_SIGMA, WIDTHS, CENTERS, BATCH = 0.15, (0.1, 0.3, 1.0), (300, 100, 100), 16
CALIBRATED = (-1.8, -0.9, 0.0, 0.9, 1.8)
SCRIPT = harness.Script(__file__, __doc__, seed="of references: 0, 1, ...; of toys with the point")


def analysis_of(*, sigma: float, ridge: float, seed: int, is_score: bool = True) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(seed=seed),
        model=wilks.Kernel(width=1.0, ridge=ridge, is_score=is_score),
        toy_source=exponential.BACKGROUND,
        nuisances=exponential.nuisances(sigma, sigma),
        standardize=False,
    )


class Setup:
    """One analysis with its engine, and the expansion and null at nu = 0."""

    def __init__(self, *, sigma: float, ridge: float, seed: int) -> None:
        self.analysis = analysis_of(sigma=sigma, ridge=ridge, seed=seed)
        self.engine = self.analysis.engine
        self.at_zero = self.engine.form(np.zeros(2), np.zeros(2))
        self.thresholds = [threshold(self.law(self.at_zero), p) for p in LEVELS]

    def law(self, form: ScoreForm) -> AnalyticLaw:
        """The null of the statistic of an expansion."""
        return profiled_law(self.engine.profiled[0], form)

    def row(self, z: np.ndarray, data: Data) -> tuple[float, ...]:
        """p at nu_hat (1 below the mean of the null), q over the mean of its null, excess, and q at 0 beyond p."""
        form = self.engine.form(z, data.observed)
        null, q = self.law(form), self.engine.score(form, data)
        at_zero, (mean, _, excess, *_) = self.engine.score(self.at_zero, data), null.figures
        p = null.unconfirmed_p_value(q) if q > mean else 1.0
        return p, q / mean, excess, *(float(at_zero > limit) for limit in self.thresholds)

    def tail(self, z: np.ndarray, data: Data) -> tuple[float, float]:
        """p and its Gaussian limit at nu_hat; 1 below 1.5 sigma, where nothing is computed."""
        form = self.engine.form(z, data.observed)
        q = self.engine.score(form, data)
        mean, variance = form.limit_moments()
        if q < mean + 1.5 * np.sqrt(variance):
            return 1.0, 1.0
        null = self.law(form)
        return null.unconfirmed_p_value(q), null.gaussian_p_value(q)


def toy(rng: np.random.Generator, *, nu: float, sigma: float) -> Data:
    events = exponential.background(rng, rng.poisson(exponential.EXPECTED_EVENTS), {"scale": nu})
    return Data(events, np.array([nu, 0.0]) + sigma * rng.normal(size=2))


@SCRIPT.part("validity", n_toys=1000, n_references=5, sigmas=(0.05, 0.15), ridges=(0.3, 3.0))
def validity(options) -> Iterator[harness.Row]:
    found: dict[tuple[float, float, float], list[tuple[float, ...]]] = {}
    n_uncertified = 0
    for sigma in options.sigmas:
        for seed in range(options.n_references):
            setups = {ridge: Setup(sigma=sigma, ridge=ridge, seed=seed) for ridge in options.ridges}
            first = next(iter(setups.values())).engine  # Delta is the same for every ridge
            for point in POINTS:
                rng = np.random.default_rng([seed, int(100 * sigma), int(point) + 1])
                for _ in range(options.n_toys // options.n_references):
                    data = toy(rng, nu=point * sigma, sigma=sigma)
                    delta = first.delta.fit(first.delta.points.own(data))
                    n_uncertified += not delta.is_certified
                    for ridge, setup in setups.items():
                        found.setdefault((sigma, ridge, point), []).append(setup.row(delta.z, data))
    for (sigma, ridge, point), rows in sorted(found.items()):
        place = {"sigma": sigma, "ridge": ridge, "nu_in_sigma": point, "n_toys": len(rows)}
        yield place | {"n_uncertified_in_all": n_uncertified} | summary(np.array(rows))


def summary(rows: np.ndarray) -> harness.Row:
    p, ratio, excess, *at_zero = rows.T
    result = {"mean_q_over_null": ratio.mean(), "mean_q_error": ratio.std() / np.sqrt(p.size), "excess": excess.mean()}
    result["share_above_limit"] = np.mean(excess > LARGEST_EXCESS)
    for level, is_beyond in zip(LEVELS, at_zero, strict=True):
        result[f"p_below_{level}"] = np.mean(p < level)
        result[f"p_below_{level}_error"] = np.sqrt(level * (1 - level) / p.size)
        result[f"at_zero_p_below_{level}"] = np.mean(is_beyond)
    return result


@SCRIPT.part("tail", n_toys=10_000, n_references=5, sigma=0.15, ridges=(0.3, 3.0))
def tail(options) -> Iterator[harness.Row]:
    """Of each ridge and point: observed over expected beyond `TAILS`, with the corrected law and with its limit."""
    sigma = options.sigma
    for ridge in options.ridges:
        found: dict[float, list[tuple[float, float]]] = {point: [] for point in POINTS}
        for seed in range(options.n_references):
            setup = Setup(sigma=sigma, ridge=ridge, seed=seed)
            for point in POINTS:
                rng = np.random.Generator(np.random.Philox([seed, int(point) + 1]))
                for _ in range(options.n_toys // options.n_references):
                    data = toy(rng, nu=point * sigma, sigma=sigma)
                    delta = setup.engine.delta.fit(setup.engine.delta.points.own(data))
                    found[point].append(setup.tail(delta.z, data))
        for point in (*POINTS, None):
            p = np.concatenate([np.array(some) for at, some in found.items() if point in (at, None)])
            yield {"ridge": ridge, "nu_in_sigma": point, "n_toys": len(p)} | beyond(p)


def beyond(p: np.ndarray) -> harness.Row:
    row = {}
    for z in TAILS:
        expected = len(p) * p_value(z)
        corrected, limit = np.sum(p < p_value(z), axis=0)
        row[f"z{z:g}"] = [corrected / expected, np.sqrt(corrected + 1) / expected, limit / expected]
    return row


@SCRIPT.part("set", n_calibration=2000, n_toys=1000, seed=5)
def of_a_set(options) -> Iterator[harness.Row]:
    analysis = wilks.Analysis(
        reference=exponential.reference(),
        model=wilks.KernelSet(WIDTHS, (0.3,), n_centers=CENTERS),
        nuisances=exponential.nuisances(SET_SIGMA, SET_SIGMA),
        standardize=False,
    )
    rng = np.random.Generator(np.random.Philox(options.seed))
    fits(analysis, rng, point=0.0, n_toys=BATCH)
    clock = harness.Clock()
    null = [fits(analysis, rng, point=point, n_toys=options.n_calibration)[0] for point in CALIBRATED]
    yield clock.read("toy", shared_by=len(CALIBRATED) * options.n_calibration)
    limits = {p: np.polyfit(CALIBRATED, [np.quantile(t, 1 - p) for t in null], 2) for p in LEVELS}
    yield {"nu_in_sigma": CALIBRATED} | {f"t_at_{p}": np.polyval(limit, CALIBRATED) for p, limit in limits.items()}
    for point in POINTS:
        t, nu, members = fits(analysis, rng, point=point, n_toys=options.n_toys)
        row = {"nu_in_sigma": point, "mean_members": members.mean(axis=0)}
        for p, limit in limits.items():
            row[f"p_below_{p}"] = np.mean(t > np.polyval(limit, nu))
            row[f"at_zero_p_below_{p}"] = np.mean(t > np.polyval(limit, 0.0))
            row[f"p_below_{p}_error"] = np.sqrt(p * (1 - p) / t.size)
        yield row


def fits(analysis: wilks.Analysis, rng: np.random.Generator, *, point: float, n_toys: int) -> tuple[np.ndarray, ...]:
    """t, nu_hat of the scale in sigma, and each member's t of toys at nu* = ``point`` sigma."""
    found = []
    for first in range(0, n_toys, BATCH):
        toys = [toy(rng, nu=point * SET_SIGMA, sigma=SET_SIGMA) for _ in range(min(BATCH, n_toys - first))]
        found += fit_together(analysis, [one.events for one in toys], [one.observed for one in toys])
    assert all(fit.converged for fit in found)
    t, nu = np.array([fit.t for fit in found]), np.array([fit.delta_nuisances[0].value for fit in found]) / SET_SIGMA
    return t, nu, np.array([[one.t for one in fit.members] for fit in found])


if __name__ == "__main__":
    SCRIPT.main()
