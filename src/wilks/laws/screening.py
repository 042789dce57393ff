"""What is odd about values of t that came from elsewhere: toys that are there twice, two sets in one, many failures."""

from collections.abc import Iterator

import numpy as np
import scipy.special

from wilks.significance.printing import decimals, probability
from wilks.typing import FloatArray

_ZERO_T = 1e-9
_FEWEST, _FEWEST_OF_A_GROUP = 40, 10
_LEAST_P_VALUE, _SORTED_SHARE = 1e-4, 0.25
_ONE_GROUP, _ITS_SPREAD = 0.64, 1.4
_DISCRETE, _SAME_DISTANCE = 0.5, 0.8


def screen(t: FloatArray) -> tuple[str, ...]:
    """Findings on values of t (k,) in the order in which they came, NaN where a toy failed; empty if there are none.

    - *Twice*: values that equal another one to the last bit, as those of toys with one seed do. Zeros, and statistics
      that take few values, have ties of their own.
    - *Two sets, one after the other*: mean or spread of the ranks change along the order. The largest of the cumulative
      sums follows Kolmogorov's law where they do not; it is named below a p of 1e-4 for both together.
    - *Two sets in one*: a threshold divides log t into two groups that explain more than 0.64 + 1.4/sqrt(n) of its
      variance (Otsu's criterion). Chi-squares of 0.5 to 96 degrees of freedom reach that in less than 1 of 1,000
      cases; a half of 13 and a half of 40 degrees of freedom in 6 of 10 at 100 toys, and nearly always at 400.

    >>> t = np.random.default_rng(1).chisquare(13, size=200)
    >>> screen(t)
    ()
    >>> for text in screen(np.concatenate([t, t[:50]])):
    ...     print(text)
    50 of 250 values of t are there a second time, most of them 200 places after the first: toys that count twice make \
the interval of p too narrow; leave them out, or give other seeds
    """
    valid = t[np.isfinite(t)]
    return (*_twice(t), *_one_after_the_other(t), *_two_groups(valid))


def _twice(t: FloatArray) -> Iterator[str]:
    places = np.flatnonzero(np.isfinite(t) & (np.abs(t) > _ZERO_T))
    values, first, inverse = np.unique(t[places], return_index=True, return_inverse=True)
    n, n_again = places.size, places.size - values.size
    if n_again and values.size < _DISCRETE * n:
        yield (
            f"t takes {values.size:,} values in {n:,} toys: a statistic of counts may do so; toys of one seed do, and "
            "then count more than once"
        )
    elif n_again:
        is_again = np.arange(n) != first[inverse]
        apart = places[is_again] - places[first[inverse]][is_again]
        distances, counts = np.unique(apart, return_counts=True)
        is_block = n_again > 1 and counts.max() >= _SAME_DISTANCE * n_again
        where = f", most of them {distances[counts.argmax()]:,} places after the first" if is_block else ""
        is_are = "value of t is" if n_again == 1 else "values of t are"
        yield (
            f"{n_again:,} of {t.size:,} {is_are} there a second time{where}: toys that count twice make the interval "
            "of p too narrow; leave them out, or give other seeds"
        )


def _one_after_the_other(t: FloatArray) -> Iterator[str]:
    places = np.flatnonzero(np.isfinite(t))
    n = places.size
    if n < _FEWEST:
        return
    falling = float(np.mean(np.diff(t[places]) < 0.0))
    if min(falling, 1.0 - falling) < _SORTED_SHARE:
        return  # of sorted values the order says nothing
    ranks = _mid_ranks(t[places])
    p, change = min(_change(ranks), _change(np.abs(ranks - ranks.mean())))
    if 2.0 * p < _LEAST_P_VALUE:
        split = places[change] + 1
        before, after = t[:split], t[split:]
        means = (decimals(float(np.nanmean(part))) for part in (before, after))
        yield (
            f"the first {split:,} values of t and the {t.size - split:,} after them differ (means "
            f"{' and '.join(means)}, p {probability(2.0 * p)}): two sets in one are the null distribution of neither"
        )


def _mid_ranks(values: FloatArray) -> FloatArray:
    """From 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - 0.5 * (counts - 1))[inverse]
    return ranks


def _change(values: FloatArray) -> tuple[float, int]:
    """p that values in their order do not change, and after which one they change most."""
    centered = values - values.mean()
    spread = float(centered.std())
    if spread == 0.0:
        return 1.0, 0
    sums = np.abs(np.cumsum(centered)) / (spread * np.sqrt(values.size))
    return float(scipy.special.kolmogorov(sums.max())), int(sums.argmax())


def _two_groups(valid: FloatArray) -> Iterator[str]:
    logs = np.log(np.sort(valid[valid > _ZERO_T]))
    n = logs.size
    if n < _FEWEST or logs.var() == 0.0:
        return
    sizes = np.arange(_FEWEST_OF_A_GROUP, n - _FEWEST_OF_A_GROUP + 1)
    sums = np.cumsum(logs - logs.mean())
    explained = sums[sizes - 1] ** 2 * n / (sizes * (n - sizes)) / (n * logs.var())
    best = int(np.argmax(explained))
    if explained[best] > _ONE_GROUP + _ITS_SPREAD / np.sqrt(n):
        low, high = (float(np.exp(part).mean()) for part in (logs[: sizes[best]], logs[sizes[best] :]))
        yield (
            f"t has two groups, {sizes[best]:,} values about {decimals(low)} and {n - sizes[best]:,} about "
            f"{decimals(high)}: two sets in one are the null distribution of neither, and fits that end in two kinds "
            "of minima need a longer search"
        )
