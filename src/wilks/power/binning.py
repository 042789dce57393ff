"""Bins of one variable: a formula of the features, edges by content, and none that the reference leaves empty."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from wilks.errors import InputError
from wilks.samples import Sample, parse_expression
from wilks.samples.derived import recomputed
from wilks.typing import FloatArray, finite_number, whole_number

N_BINS = 20
_LEAST_ERRORS = 2.0


@dataclass(frozen=True)
class Binning:
    """Bins of a variable that is computed from the features of an analysis, which toys have; it need be no feature.

    Args:
        variable: an expression, as in an analysis file.
        bins: how many bins of equal content of the reference, of which the first and the last are open; or ascending
            edges, and events outside of them are left out. Bins in which weights of the reference sum to less than two
            standard errors are merged with neighbors (`merged`).
        define: other expressions by name that ``variable`` may use.

    Raises:
        InputError: edges that do not ascend, or a number of bins that is not positive.
        SampleError: a variable that is no expression.

    >>> Binning("sqrt(x**2 + y**2)").values(np.array([[3.0, 4.0]]), features=("x", "y")).tolist()
    [5.0]
    """

    variable: str
    bins: int | Sequence[float] = N_BINS
    define: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parse_expression(self.variable)
        object.__setattr__(self, "define", MappingProxyType(dict(self.define)))
        if isinstance(self.bins, Sequence | np.ndarray):
            object.__setattr__(self, "bins", _checked_edges(self.bins))
        else:
            object.__setattr__(self, "bins", whole_number(self.bins, name="bins", least=1))

    def values(self, events: FloatArray, *, features: Sequence[str]) -> FloatArray:
        """The variable of raw events (n, d), shape (n,).

        Raises:
            InputError: it needs something else than features, or is no finite number.
        """
        columns = dict(zip(features, events.T, strict=True))
        formula = parse_expression(self.variable)
        needed = self._needed(formula.names, features)
        found = recomputed(Sample(events, features=features), columns, given=needed, changed=frozenset())
        values = formula.evaluate(found)
        if not np.all(np.isfinite(values)):
            raise InputError(
                f"the variable {self.variable!r} must be a finite number for every event, but it is not for "
                f"{np.count_nonzero(~np.isfinite(values)):,} of {values.size:,}; choose bins of another one"
            )
        return values

    def edges(self, reference: Sample) -> FloatArray:
        """Edges (b + 1,) for a reference, merged where its weights ask for it.

        Raises:
            InputError: as `values`; or no bin has a positive sum of weights.
        """
        values, weights = self.values(reference.events, features=reference.features), reference.event_weights
        chosen = equal_contents(values, weights, n_bins=self.bins) if isinstance(self.bins, int) else self.bins
        return merged(np.asarray(chosen, dtype=np.float64), values, weights, what=self.variable)

    def _needed(self, names: Iterable[str], features: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        wanted = [name for name in names if name not in features]
        while wanted:
            name = wanted.pop()
            if name not in self.define:
                raise InputError(
                    f"the variable {self.variable!r} must be computed from the features, {', '.join(features)}, for "
                    f"toys have no other columns, but it needs {name!r}; use features alone, or make it one of them"
                )
            if name not in found:
                found[name] = self.define[name]
                wanted += [one for one in parse_expression(found[name]).names if one not in features]
        return found


def equal_contents(values: FloatArray, weights: FloatArray, *, n_bins: int) -> FloatArray:
    """Edges of bins that share the sum of |w| equally, the outer ones infinite; fewer bins where values repeat.

    >>> equal_contents(np.arange(8.0), np.ones(8), n_bins=2).tolist()
    [-inf, 3.5, inf]
    """
    shares = np.arange(1, n_bins) / n_bins
    if np.ptp(weights) == 0:
        inner = np.quantile(values, shares)
    else:
        inner = np.quantile(values, shares, weights=np.abs(weights), method="inverted_cdf")
    inner = np.unique(inner)
    return np.concatenate([[-np.inf], inner[inner > values.min()], [np.inf]])


def merged(edges: FloatArray, values: FloatArray, weights: FloatArray, *, what: str) -> FloatArray:
    """Edges without those that leave a bin with a sum of weights of less than two standard errors, sqrt(sum w^2).

    From left to right a bin takes the following ones until it has enough; what is left over joins the bin before it.
    A chi-square, or a likelihood, divides by the content of a bin, which negative weights may bring to 0 and below.

    Raises:
        InputError: all bins together have too little.

    >>> values, weights = np.repeat([0.5, 1.5, 2.5, 3.5], 20), np.repeat([1.0, 1.0, -1.0, 1.0], 20)
    >>> merged(np.arange(5.0), values, weights, what="x").tolist()
    [0.0, 1.0, 4.0]
    """
    content, squares = (np.histogram(values, edges, weights=one)[0] for one in (weights, weights**2))
    kept, first = [0], 0
    for last in range(1, content.size + 1):
        if _is_enough(content[first:last], squares[first:last]):
            kept.append(last)
            first = last
    if first < content.size:
        while len(kept) > 1 and not _is_enough(content[kept[-2] :], squares[kept[-2] :]):
            kept.pop()
        if len(kept) == 1:
            raise InputError(
                f"bins of {what!r} must hold a positive sum of weights of the reference, but it is {content.sum():.4g} "
                f"with an error of {np.sqrt(squares.sum()):.4g} in all of them; give edges where it has events"
            )
        kept[-1] = content.size
    return edges[kept]


def _is_enough(content: FloatArray, squares: FloatArray) -> bool:
    return bool(content.sum() > 0 and content.sum() >= _LEAST_ERRORS * np.sqrt(squares.sum()))


def _checked_edges(bins: Sequence[float]) -> tuple[float, ...]:
    numbers = tuple(one if np.isinf(one) else finite_number(one, name="an edge of bins") for one in bins)
    if len(numbers) < 2 or not np.all(np.diff(numbers) > 0):
        raise InputError(f"edges of bins must be at least two ascending numbers, but {list(bins)!r} came")
    return tuple(map(float, numbers))
