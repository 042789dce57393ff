"""Is the reference large enough, and what does another one of its size do to Z?"""

import math
from collections.abc import Iterator

import numpy as np
import scipy.special
import scipy.stats

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.hypotheses import Generator
from wilks.samples import Sample
from wilks.selection.trials import MakeToys, with_reference
from wilks.typing import FloatArray
from wilks.validation.checks import HALF_SIZE, Check

SIZE_NAME, DRAW_NAME = "size of the reference", "another reference"
LARGEST_SHARE, LARGEST_POOL_ERROR, LARGEST_VARIANCE = 0.2, 0.2, 0.5
_FEWEST = 10
_LARGER = "p is valid for this reference, but another one would give another Z: take a larger reference, or pool"


def size_check(analysis: Analysis) -> Check:
    """Whether N(R_0)/N_R, by which Z given a reference differs from Z over all of them, is at most 0.2.

    Toys are conditional on the reference, so that p is valid whatever its size; a null that averages over references
    differs by about N(R_0)/N_R in Z. The error of Z that toys of one pool share (`Analysis.overlap_z_error`) has the
    same limit. N_R is the effective size, (sum w)^2 / sum w^2.
    """
    share, error = analysis.reference_share, analysis.overlap_z_error
    ratio = 1.0 / share
    text = f"the reference counts as {ratio:.3g} times the expected data: over references Z moves by about {share:.2g}"
    if error is not None:
        text += f"; toys from the pool share an error of {error:.2g} on Z"
    is_passed = share <= LARGEST_SHARE and (error is None or error <= LARGEST_POOL_ERROR)
    limit = f"N(R_0)/N_R at most {LARGEST_SHARE:g}, and the common error of a pool at most {LARGEST_POOL_ERROR:g}"
    numbers = {"reference_share": share, "overlap_z_error": error}
    return Check.judged(SIZE_NAME, is_passed, text, limit=limit, advice=_LARGER, numbers=numbers)


def draw_check(analysis: Analysis, first: Toys, *, make: MakeToys, n_references: int, seed: int) -> Check:
    """The spread of Z of one data set between references of one size; at most half of its variance may come from it.

    Toys at nu = 0 are fitted again with fresh references, and Z of toy i given each of them is its normal score among
    the toys with that reference. p given a reference is uniform for any of them; the spread says how much of Z is about
    the reference, and not about the data: sqrt(2 N(R_0)/N_R) of the standard deviation 1 of Z where t has many degrees
    of freedom, half of that variance where it has one; and what centers and bins add, which a model takes from
    each reference anew. Widths that a set chose from the reference stay, so that what they would add is not in it.

    A generator draws the references anew. Where toys come from a pool they are drawn with replacement from the
    reference: each is off it as it is off nature, and shares no event with the pool.

    Args:
        analysis: whose reference it is.
        first: toys of it at nu = 0.
        make: makes toys.
        n_references: at least 2; 0: not evaluated.
        seed: of the references.
    """
    if n_references == 0:
        return Check.left_out(DRAW_NAME, "no other reference was asked for")
    if analysis.reference.is_on_disk:
        return Check.left_out(DRAW_NAME, "the reference is read from disk, block by block, and is not drawn again")
    kinds = list(fresh_references(analysis, n_references=n_references, seed=seed))
    toys = [make(one, first.hypothesis, n_toys=first.n_toys, seed=first.seed) for one in kinds]
    is_drawn = all(isinstance(one.toy_source, Generator) for one in analysis.regions.values() or [analysis])
    t = np.stack([one.t for one in (*([first] if is_drawn else []), *toys)])
    t = t[:, np.isfinite(t).all(axis=0)]
    if t.shape[1] < _FEWEST:
        return Check.left_out(DRAW_NAME, f"{t.shape[1]} toys have a valid t with all references, and {_FEWEST} must")
    return _judged_spread(analysis, normal_scores(t), is_drawn=is_drawn)


def fresh_references(analysis: Analysis, *, n_references: int, seed: int) -> Iterator[Analysis]:
    """The analysis with other references of its size; centers and bins are chosen from them anew, widths stay.

    Of several regions each has another one.

    Raises:
        InputError: its generator draws at no nuisances what is no reference.
    """
    for index in range(n_references):
        yield _with_another(analysis, np.random.Generator(np.random.Philox(key=[seed, index])))


def normal_scores(t: FloatArray) -> FloatArray:
    """Z of each toy among those of its row (k, n): the normal quantile of its mid-rank.

    >>> normal_scores(np.array([[1.0, 5.0, 3.0]])).round(2).tolist()
    [[-0.97, 0.97, 0.0]]
    """
    ranks = scipy.stats.rankdata(t, axis=1)
    scores: FloatArray = scipy.special.ndtri((ranks - 0.5) / t.shape[1])
    return scores


def _with_another(analysis: Analysis, rng: np.random.Generator) -> Analysis:
    if analysis.regions:
        regions = {name: _with_another(one, rng) for name, one in analysis.regions.items()}
        return Analysis.of_regions(regions, name=analysis.name)
    reference = _drawn(analysis, analysis.toy_source, rng)
    return with_reference(analysis, reference.rescaled(analysis.expected_events))


def _drawn(analysis: Analysis, source: object, rng: np.random.Generator) -> Sample:
    reference = analysis.reference
    if not isinstance(source, Generator):
        rows = rng.integers(reference.n_events, size=reference.n_events)
        return Sample(reference.events[rows], reference.event_weights[rows], features=reference.features)
    n = round(reference.n_effective)
    if n < 2:
        raise InputError(f"a reference must count as two events at least to be drawn again, but it counts as {n}")
    events = source.draw(rng, n, n_features=reference.n_features, nuisances={})
    weights = np.full(n, analysis.expected_events / n)
    return Sample(events, weights, features=reference.features)


def _judged_spread(analysis: Analysis, z: FloatArray, *, is_drawn: bool) -> Check:
    variances = z.var(axis=0, ddof=1)
    variance, error = float(variances.mean()), float(variances.std(ddof=1) / math.sqrt(variances.size))
    spread, expected = math.sqrt(variance), math.sqrt(2.0 * analysis.reference_share)
    way = "drawn anew" if is_drawn else "resampled with replacement"
    text = (
        f"Z of one data set varies by {spread:.2f} between {z.shape[0]} references of this size, {way}, against 1 "
        f"between data sets ({expected:.2f} is what many degrees of freedom give)"
    )
    numbers = {"z_spread": spread, "variance": variance, "variance_error": error, "n_references": z.shape[0]}
    limit = f"a variance of {LARGEST_VARIANCE:g}, half of that of Z, within its error"
    is_passed = variance - float(scipy.special.ndtri(1.0 - HALF_SIZE)) * error <= LARGEST_VARIANCE
    numbers |= {"n_toys": z.shape[1]}
    return Check.judged(DRAW_NAME, is_passed, text, limit=limit, advice=_LARGER, numbers=numbers)
