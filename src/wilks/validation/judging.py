"""The checks that are decided on toys at points of the nuisances, on their fits, and on seeds of the search."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.laws import Calibration
from wilks.responses import Closure
from wilks.selection.spread import LEAST_SHARE
from wilks.selection.trials import MakeToys, spread_beside, valid_t
from wilks.significance import z_score
from wilks.significance.printing import probability
from wilks.typing import FloatArray
from wilks.validation.checks import HALF_SIZE, SIZE, Check, any_of
from wilks.validation.laws import Answered, AnsweringLaw
from wilks.validation.likeness import Likeness, likeness, shift_often_seen
from wilks.validation.nuisances import chi_square_table, point_text
from wilks.validation.uniformity import SHIFTS, Uniformity, seen_shifts, uniformity
from wilks.wording import visible

FITS, T, CHI_SQUARE, P = "fits", "t at other nuisances", "chi-square", "p at other nuisances"
FOUND, RESPONSES, SEEDS = "nuisances found back", "closure of responses", "seeds of the search"
NO_NUISANCES = "the analysis has no nuisances, so that nothing can be shifted"
MOST_FAILED, LARGEST_BIAS = 0.05, 0.3
FEWEST = 20
_RELABELLINGS, _PER_POINT, _TINY = 1_000, 300, 1e-9
_DECIDES = f"p of all points together above {SIZE:g}"
_LOOK = "Look at the response, its closure and order, and at the reach of the reference"
_ADVICE = {
    FITS: "See why they fail: the status of toys says it; give the search more iterations or retries",
    T: f"{_LOOK}; t of a model with a penalty depends on the nuisances, and its p is right at those of its toys alone",
    CHI_SQUARE: f"Quote the p that is counted among toys; a network gets its chi-square by `wilks select`. {_LOOK}",
    P: f"{_LOOK}; p of a model with a penalty must be counted among toys at the nuisances of Delta of the data",
    FOUND: "The response is not what moves the toys: look at its closure, at the units of sigma, and at the toy source",
    RESPONSES: "Give a higher order, samples nearer to 0, larger ones, or other inputs, and learn the responses again",
    SEEDS: "Give the search more starts, as `wilks select` does, or take the default set of kernels, which has no seed",
}


def fits_check(campaigns: Sequence[Toys]) -> Check:
    """Whether at most 5 % of the fits failed, at any point."""
    shares = [float(np.mean(~np.isfinite(one.t))) for one in campaigns]
    worst = int(np.argmax(shares))
    where = f", {shares[worst]:.1%} at {point_text(campaigns[worst].hypothesis)}" if shares[worst] else ""
    text = f"{sum(one.n_failed for one in campaigns)} of {sum(one.n_toys for one in campaigns):,} toys failed{where}"
    limit = f"{MOST_FAILED:.0%} at a point"
    return Check.judged(
        FITS, shares[worst] <= MOST_FAILED, text, limit=limit, advice=_ADVICE[FITS], numbers={"shares": shares}
    )


def t_check(null: Toys, shifted: Sequence[Toys], law: AnsweringLaw) -> Check:
    """Whether t of the points has the distribution of that at nu = 0: KS, mean and variance among relabellings."""
    if not shifted:
        return Check.left_out(T, NO_NUISANCES)
    if law.calibration is None:
        reason = "p comes from a law at the nuisances of each data set: t may depend on them, and p is looked at"
        return Check.left_out(T, reason)
    if reason := _too_few([null, *shifted]):
        return Check.left_out(T, reason)
    n_relabellings = _RELABELLINGS + _PER_POINT * len(shifted)
    t, others = valid_t(null), [valid_t(one) for one in shifted]
    found = [likeness(t, one, n_relabellings=n_relabellings, seed=k) for k, one in enumerate(others)]
    together = any_of([one.p_value for one in found])
    seen = shift_often_seen(t.size, min(one.size for one in others), n_looks=len(shifted))
    text = (
        f"{_farthest(shifted, found)}; together p {probability(together)}. A shift of the mean by {seen:.2f} standard "
        "deviations is seen in 9 of 10 cases"
    )
    numbers = {"p_value": together, "points": [one.to_dict() for one in found], "shift_often_seen": seen}
    return Check.judged(T, together > SIZE, text, limit=_DECIDES, advice=_ADVICE[T], numbers=numbers)


def chi_square_check(campaigns: Sequence[Toys], calibration: Calibration | None, *, is_required: bool) -> Check:
    """Whether t follows the chi-square at all points, where the toys at nu = 0 let answers quote it.

    Elsewhere no answer does, and nothing is wrong, unless the chi-square ``is_required``.
    """
    dof = campaigns[0].degrees_of_freedom
    if calibration is None:
        return Check.left_out(CHI_SQUARE, "p comes from an analytic null, beside which no chi-square is quoted")
    if dof is None or calibration.compatibility is None:
        reason = "t of a model with a penalty, or made of p-values, follows none, and none is quoted"
        return Check.left_out(CHI_SQUARE, reason)
    if reason := _too_few(campaigns):
        return Check.left_out(CHI_SQUARE, reason)
    if not (calibration.compatible or is_required):
        reason = f"at nu = 0 t does not follow chi-square({dof:g}), so that no answer quotes it; p is counted"
        return Check.left_out(CHI_SQUARE, reason)
    found = chi_square_table(campaigns, dof)
    text = (
        f"t against chi-square({dof:g}) at {len(campaigns)} points: all tests together p {probability(found.p_value)}"
    )
    return Check.judged(
        CHI_SQUARE, found.is_passed, text, limit=_DECIDES, advice=_ADVICE[CHI_SQUARE], numbers=found.to_dict()
    )


def p_check(campaigns: Sequence[Toys], answers: Sequence[Answered], law: AnsweringLaw) -> Check:
    """Whether p of toys at other nuisances is uniform, by the law that answers for data.

    Toys of equal t, whose p is valid and not uniform, are put in a random order (`in_random_order`).
    """
    if not campaigns:
        return Check.left_out(P, f"{NO_NUISANCES}; p at nu = 0 is uniform by construction, {law.words}")
    n_refused = sum(one.n_refused for one in answers)
    if n_refused:
        n_all = sum(one.n_toys for one in campaigns)
        return Check.left_out(P, f"the analytic null is too rough for {n_refused:,} of {n_all:,} toys")
    if reason := _too_few(campaigns):
        return Check.left_out(P, reason)
    shared = law.shared(len(answers))
    found = [uniformity(one.judged, shared=shared, n_failed=law.n_failed) for one in answers]
    together = any_of([one.p_value for one in found])
    worst = int(np.argmin([one.p_value for one in found]))
    seen = seen_shifts(found[worst].n, shared, size=SIZE / len(found))
    shifts = ", ".join(f"{s:g} in {x:.0%}" for s, x in zip(SHIFTS, seen, strict=True))
    equal = ", those of equal t in a random order" if any(one.has_equal for one in answers) else ""
    text = (
        f"p {law.words}{equal}: farthest from uniform at {point_text(campaigns[worst].hypothesis)}, {found[worst]}; "
        f"together p {probability(together)}. At one point Z too large by {shifts} of cases is seen"
    )
    numbers = {
        "p_value": together,
        "points": [_named(*pair) for pair in zip(campaigns, found, strict=True)],
        "seen": seen,
    }
    return Check.judged(P, together > SIZE, text, limit=_DECIDES, advice=_ADVICE[P], numbers=numbers)


def found_back_check(analysis: Analysis, campaigns: Sequence[Toys]) -> Check:
    """Whether the nuisances of Delta scatter around those of the toys: what a response is wrong by, they are off.

    A response that is wrong by a factor is hardly seen in t: Delta finds another nu, at which r is right. The mean of
    nu_Delta - nu* is compared with its error, s (1/n + N(R_0)/N_R)^(1/2) for the standard deviation s over toys, as the
    reference moves all toys alike; a bias below 0.3 s is none that matters.
    """
    names = analysis.nuisances.names
    if not names:
        return Check.left_out(FOUND, NO_NUISANCES)
    if reason := _too_few(campaigns):
        return Check.left_out(FOUND, reason)
    biases, pulls = np.transpose([_bias(analysis, one) for one in campaigns], (1, 0, 2))
    limit = z_score(HALF_SIZE / (2.0 * biases.size))
    is_far = (np.abs(pulls) > limit) & (np.abs(biases) > LARGEST_BIAS)
    point, which = divmod(int(np.argmax(np.abs(biases))), len(names))
    text = (
        f"farthest off is {visible(names[which])} at {point_text(campaigns[point].hypothesis)}, by "
        f"{biases[point, which]:+.2f} of its standard deviation over toys, {pulls[point, which]:+.1f} errors"
    )
    rule = f"{LARGEST_BIAS:g} standard deviations, or {limit:.1f} errors of the mean"
    numbers = {"biases": biases, "pulls": pulls, "names": list(names)}
    return Check.judged(FOUND, not is_far.any(), text, limit=rule, advice=_ADVICE[FOUND], numbers=numbers)


def _bias(analysis: Analysis, toys: Toys) -> tuple[FloatArray, FloatArray]:
    """Mean of nu_Delta - nu* of each nuisance, in standard deviations, and in errors."""
    off = toys.delta_nuisances - analysis.nuisances.values(toys.hypothesis.nuisances)
    off = off[np.isfinite(toys.t)]
    bias = off.mean(axis=0) / np.maximum(off.std(axis=0, ddof=1), _TINY * analysis.nuisances.sigmas)
    return bias, bias / np.sqrt(1.0 / off.shape[0] + analysis.reference_share)


def closure_check(analysis: Analysis, closure: Closure | None) -> Check:
    """Whether the responses reproduce the varied samples."""
    if not analysis.nuisances:
        return Check.left_out(RESPONSES, "the analysis has no nuisances")
    if closure is None and analysis.regions:
        return Check.left_out(RESPONSES, "varied samples are those of a region: `wilks validate` with its own file")
    if closure is None:
        return Check.left_out(RESPONSES, "there are no varied samples beside the responses, which are formulas")
    text = (
        f"{len(closure.rows) - len(closure.poor_rows)} of {len(closure.rows)} variations agree with the reference "
        "times the response"
    )
    limit = f"p above {closure.alpha:g} for all together, or a shift of t of {closure.tolerance:g}"
    return Check.judged(
        RESPONSES, closure.is_good, text, limit=limit, advice=_ADVICE[RESPONSES], numbers=closure.to_dict()
    )


def seeds_check(analysis: Analysis, first: Toys, make: MakeToys) -> Check:
    """Whether t of the same toys with the next seed of the search is the same, on 90 % of them."""
    if analysis.model.is_convex:
        text = "the loss has one minimum: t depends on no seed"
        return Check.judged(SEEDS, True, text, limit="", advice="", numbers={})
    if reason := _too_few([first]):
        return Check.left_out(SEEDS, reason)
    found = spread_beside(first, analysis, make)
    limit = f"{LEAST_SHARE:.0%} of toys within a tenth of the standard deviation of t"
    return Check.judged(SEEDS, found.is_small, str(found), limit=limit, advice=_ADVICE[SEEDS], numbers=found.to_dict())


def _too_few(campaigns: Sequence[Toys]) -> str:
    """Why nothing can be judged; empty where it can."""
    n_least = min(int(np.sum(np.isfinite(one.t))) for one in campaigns)
    return "" if n_least >= FEWEST else f"{FEWEST} toys must have a valid t at every point, but {n_least} have one"


def _farthest(shifted: Sequence[Toys], found: Sequence[Likeness]) -> str:
    worst = int(np.argmin([one.p_value for one in found]))
    one = found[worst]
    return (
        f"farthest from t at nu = 0 is that at {point_text(shifted[worst].hypothesis)}, its mean {one.shift:+.2f} "
        f"standard deviations off, p {probability(one.p_value)}"
    )


def _named(toys: Toys, found: Uniformity) -> dict[str, object]:
    return {"nuisances": dict(toys.hypothesis.nuisances), **found.to_dict()}
