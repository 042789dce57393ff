"""Which features the learned f is about: the parts of its variance that single columns and pairs of them explain.

Under the reference, with its weights v at the nuisances of Delta, the share of a column is

    S_j = Var E[f | x_j] / Var f,

what the best function of x_j alone explains of f (the first-order index of I. Sobol, Math. Comput. Simul. 55 (2001)
271), and that of a pair S_jk = Var E[f | x_j, x_k] / Var f. The interaction of a pair is S_jk less what the best sum of
a function of x_j and one of x_k explains: 0 where the two act one beside the other. Where columns are independent, the
S_j and all interactions of pairs sum to 1 less what needs three columns or more. Where they depend on each other,
shares overlap: what f says of pt1 may be said in pt2 or in the mass, too. To second order in f the variance is what f
adds to t by its form, sum_R v f^2 = N (Var f + mean^2), beside its part in the number of events.

Conditional means are those in bins, half of which have equal expected events and half equal parts of the variance, so
that a narrow peak in a tail is resolved. What bins explain by chance is taken off as in an adjusted R^2, with the
effective number of events; a share may therefore come out slightly negative.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.learned import learned_ratio
from wilks.samples import Sample, effective_number
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray, IntArray
from wilks.wording import Printed, listed, visible

_MOST_BINS, _MOST_PAIR_BINS, _EVENTS_PER_BIN = 200, 24, 50.0
_SHOWN_PAIRS = 10


@dataclass(frozen=True)
class Contribution:
    """What one column, or a pair of them, explains of f.

    Attributes:
        columns: their names.
        share: S, of the variance of f.
        interaction: of a pair, what it explains beyond the best sum of functions of either; of one column 0.
    """

    columns: tuple[str, ...]
    share: float
    interaction: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"columns": list(self.columns), "share": self.share, "interaction": self.interaction}


@dataclass(frozen=True)
class Contributions(Printed):
    """The shares of all columns and pairs, largest first.

    Attributes:
        deviation: the standard deviation of f under the reference.
        columns: single ones, features and carried columns.
        pairs: of features, by their interaction.
    """

    deviation: float
    columns: tuple[Contribution, ...]
    pairs: tuple[Contribution, ...]

    def of(self, *names: str) -> Contribution:
        """That of a column or of a pair, in any order.

        Raises:
            InputError: there is none.
        """
        for one in (*self.columns, *self.pairs):
            if set(one.columns) == set(names):
                return one
        known = listed(one.columns[0] for one in self.columns)
        raise InputError(
            f"a share must be that of a column or two features, but {listed(names)} came; there are {known}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        parts = {name: [one.to_dict() for one in getattr(self, name)] for name in ("columns", "pairs")}
        return {"deviation": self.deviation, **parts}

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def contributions(analysis: Analysis, data: Sample | npt.ArrayLike, *, fit: FitResult) -> Contributions:
    """The shares of the variance of f that single columns and pairs of features explain, under the reference.

    Carried columns that are no inputs have a share, too: that of the mass says how far f is a function of the mass.

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`; carried columns that they share with the reference are looked at.
        fit: of these data, converged.

    Raises:
        InputError: a fit that failed, or of another analysis or other data; f is one number.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> reference = wilks.Sample(rng.uniform(size=(4_000, 2)), features=["x", "y"])
    >>> analysis = Analysis(reference=reference, expected_events=400,
    ...                     model=wilks.Histogram(edges=([0.0, 0.5, 1.0], [0.0, 1.0])))
    >>> data = rng.uniform(size=(400, 2)) ** [0.7, 1.0]
    >>> found = contributions(analysis, data, fit=wilks.fit(analysis, data))
    >>> found.columns[0].columns, found.of("x").share > 0.9, found.of("y").share < 0.1
    (('x',), True, True)
    """
    sample = analysis.checked(data)
    learned = learned_ratio(analysis, sample, fit=fit)
    _, f = learned.bounded
    columns = {name: analysis.reference.column(name) for name in learned.columns(sample)}
    return decomposed(columns, f, weights=learned.delta_weights, paired=analysis.features)


def decomposed(
    columns: Mapping[str, FloatArray], f: FloatArray, *, weights: FloatArray, paired: Sequence[str]
) -> Contributions:
    """The same of any f (m,) on events with these columns and weights, each (m,); pairs of the ``paired`` columns.

    Raises:
        InputError: f is one number.
    """
    weights = np.maximum(weights, 0.0)
    mean = float(np.average(f, weights=weights))
    variance = float(np.average((f - mean) ** 2, weights=weights))
    if not variance > 1e-20 * (1.0 + mean**2):
        raise InputError("f must vary for its variance to be shared out, but it is one number: the fit found nothing")
    importance = weights * (1.0 + (f - mean) ** 2 / variance)
    n_effective = effective_number(weights)
    n_bins = int(np.clip(n_effective / _EVENTS_PER_BIN, 4, _MOST_BINS))
    n_pair_bins = int(np.clip(np.sqrt(n_effective / _EVENTS_PER_BIN), 3, _MOST_PAIR_BINS))
    singles = []
    for name, x in columns.items():
        bins = _bins(x, importance, n_bins)
        singles.append(Contribution((name,), _explained(bins, f, weights)))
    coarse = {name: _bins(columns[name], importance, n_pair_bins) for name in paired}
    pairs = [_pair(names, [coarse[name] for name in names], f, weights) for names in combinations(paired, 2)]
    return Contributions(
        float(np.sqrt(variance)),
        tuple(sorted(singles, key=lambda one: -one.share)),
        tuple(sorted(pairs, key=lambda one: -one.interaction)),
    )


def _bins(x: FloatArray, importance: FloatArray, n_bins: int) -> IntArray:
    """Bins of equal importance (m,), of whole values; one of their own for events without a value."""
    there = np.isfinite(x)
    values, order = x[there], np.argsort(x[there], kind="stable")
    shares = np.cumsum(importance[there][order])
    wanted = shares[-1] * np.arange(1, n_bins) / n_bins
    edges = np.unique(values[order][np.searchsorted(shares, wanted)])
    found = np.full(x.size, edges.size + 1)
    found[there] = np.searchsorted(edges, values, side="left")
    return found


def _explained(bins: IntArray, f: FloatArray, weights: FloatArray) -> float:
    """The adjusted R^2 of the means of f in bins."""
    total = np.bincount(bins, weights)
    means = np.bincount(bins, weights * f) / np.where(total > 0, total, 1.0)
    return _adjusted(f, means[bins], weights, n_parameters=int(np.sum(total > 0)))


def _adjusted(f: FloatArray, model: FloatArray, weights: FloatArray, *, n_parameters: int) -> float:
    n = effective_number(weights)
    mean = float(np.average(f, weights=weights))
    rest, whole = (float(np.average((f - one) ** 2, weights=weights)) for one in (model, mean))
    return 1.0 - (rest / max(n - n_parameters, 1.0)) / (whole / (n - 1.0))


def _pair(names: tuple[str, ...], bins: Sequence[IntArray], f: FloatArray, weights: FloatArray) -> Contribution:
    first, second = bins
    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    cells = first * n_second + second
    share = _explained(cells, f, weights)
    held, summed = (np.bincount(cells, one, minlength=n_first * n_second) for one in (weights, weights * f))
    held, summed = held.reshape(n_first, n_second), summed.reshape(n_first, n_second)
    gram = np.block([[np.diag(held.sum(1)), held], [held.T, np.diag(held.sum(0))]])
    both = np.linalg.lstsq(gram, np.concatenate([summed.sum(1), summed.sum(0)]), rcond=None)[0]
    n_parameters = int(np.sum(held.sum(1) > 0) + np.sum(held.sum(0) > 0)) - 1
    alone = _adjusted(f, both[first] + both[n_first + second], weights, n_parameters=n_parameters)
    return Contribution(names, share, share - alone)


def _lines(found: Contributions) -> Iterator[str]:
    width = max(len(visible(one.columns[0])) for one in found.columns)
    yield f"Learned f, standard deviation {found.deviation:.3g} under the reference: share of its variance"
    for one in found.columns:
        yield f"  {visible(one.columns[0]):<{width}}  {one.share:6.1%}"
    if found.pairs:
        yield "Pairs: share of both together, and what of it neither has beside the other"
        for one in found.pairs[:_SHOWN_PAIRS]:
            yield f"  {' x '.join(map(visible, one.columns))}  {one.share:.1%}, {one.interaction:.1%}"
