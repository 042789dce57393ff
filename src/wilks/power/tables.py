"""What would be seen, by which test: power and median Z of several alternatives, on the same toys for all tests."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Hypothesis, Null
from wilks.laws.empirical import Empirical
from wilks.power.known_signal import KnownSignal, signal_test
from wilks.power.other_tests import STANDARD_TESTS, OtherTest, Value
from wilks.significance import clopper_pearson, median_ranks, p_value, z_score
from wilks.significance.printing import decimals, finite_or_none, table
from wilks.storage import Storable
from wilks.toys import check_drawable, draw_toy
from wilks.typing import FloatArray, whole_number
from wilks.wording import Printed

LEVELS = (2.0, 3.0, 5.0)
_FEWEST_TOYS, _MODEL, _KNOWN = 20, "model", "known signal, q0"
Share = tuple[float, float, float]
"""A share with its 68 % interval."""


class RunToys(Protocol):
    """`wilks.run_toys`, with its store and its executor."""

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        """Toys of a hypothesis."""


@dataclass(frozen=True)
class PowerRow:
    """What one test sees of one alternative.

    Attributes:
        test: its name; ``model`` is that of the analysis.
        alternative: its name.
        sees_count: whether the test knows how many events are expected.
        power: the share of toys with Z of 2, 3 and 5 or more, with intervals; None where null toys do not reach it.
        z_score: the median.
        z_interval: of the median, 68 %, from order statistics.
        is_lower_bound: whether no null toy is as extreme as the median.
        seconds: of one toy, drawing not included.
    """

    test: str
    alternative: str
    sees_count: bool
    power: tuple[Share | None, ...]
    z_score: float
    z_interval: tuple[float, float]
    is_lower_bound: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        shares = {
            f"power_{level:g}_sigma": None if one is None else {"share": one[0], "interval": list(one[1:])}
            for level, one in zip(LEVELS, self.power, strict=True)
        }
        numbers = {"z_score": finite_or_none(self.z_score), "z_interval": [finite_or_none(z) for z in self.z_interval]}
        return {**vars(self), **numbers, "power": shares}


@dataclass(frozen=True, eq=False, repr=False)
class PowerTable(Printed, Storable):
    """Power and median Z of every test for every alternative.

    Attributes:
        rows: in the order of the alternatives, and of the tests for each.
        n_signal: expected signal events by the name of an alternative; NaN where it replaces the distribution.
        n_null, n_toys: toys of the reference, and of each alternative.
    """

    rows: tuple[PowerRow, ...]
    n_signal: Mapping[str, float]
    n_null: int
    n_toys: int
    stored_as: ClassVar[str] = "power_table"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tests."""
        return tuple(dict.fromkeys(row.test for row in self.rows))

    def of(self, test: str) -> tuple[PowerRow, ...]:
        """The rows of one test."""
        return tuple(row for row in self.rows if row.test == test)

    def __str__(self) -> str:
        header = ("alternative", "test", *(f"power {level:g} sigma" for level in LEVELS), "median Z", "ms a toy")
        rows = [header, *map(_text_of, self.rows)]
        blind = ", ".join(dict.fromkeys(row.test for row in self.rows if not row.sees_count))
        lines = [
            table(rows),
            f"Thresholds from {self.n_null:,} toys of the reference, the same for all tests; {self.n_toys:,} toys of "
            "each alternative. Intervals are at 68 %; '-' stands where the toys of the reference do not reach.",
        ]
        return "\n".join([*lines, f"The number of events is not known to: {blind}."] if blind else lines)

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "n_signal": {name: finite_or_none(n) for name, n in self.n_signal.items()},
            "n_null": self.n_null,
            "n_toys": self.n_toys,
        }

    def to_document(self) -> dict[str, Any]:
        rows = [
            {
                **vars(row),
                "power": [None if one is None else list(one) for one in row.power],
                "z_interval": list(row.z_interval),
            }
            for row in self.rows
        ]
        n_signal = {name: finite_or_none(n) for name, n in self.n_signal.items()}
        return {"rows": rows, "n_signal": n_signal, "n_null": self.n_null, "n_toys": self.n_toys}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PowerTable":
        rows = (
            PowerRow(
                **{
                    **row,
                    "power": tuple(None if one is None else tuple(one) for one in row["power"]),
                    "z_interval": tuple(row["z_interval"]),
                }
            )
            for row in document["rows"]
        )
        n_signal = {name: math.nan if n is None else n for name, n in document["n_signal"].items()}
        return cls(tuple(rows), n_signal, document["n_null"], document["n_toys"])


def _text_of(row: PowerRow) -> tuple[str, ...]:
    powers = ("-" if one is None else f"{one[0]:.2f} [{one[1]:.2f}, {one[2]:.2f}]" for one in row.power)
    bound = "at least " if row.is_lower_bound else ""
    return (row.alternative, row.test, *powers, bound + decimals(row.z_score), f"{1e3 * row.seconds:.3g}")


def power_table(
    analysis: Analysis,
    alternatives: Mapping[str, Alternative],
    *,
    run: RunToys,
    tests: Sequence[OtherTest] = STANDARD_TESTS,
    signal: KnownSignal | None = None,
    n_null: int = 1_000,
    n_toys: int = 300,
    seed: int = 1,
    report: Callable[[int, int, str], None] = lambda done, wanted, what: None,
) -> PowerTable:
    """Power of the model of an analysis beside other tests, on the same toys.

    Each statistic has its null distribution from the toys of the reference, p = (k + 1)/(n + 1) with ties, so that all
    tests have the same size, whatever they are. Toys that failed count as not seen.

    Args:
        analysis: with a source of toys.
        alternatives: by name.
        run: what makes toys with their t: `wilks.run_toys`, or that with a store and an executor.
        tests: the other ones.
        signal: of known shape, for the profile likelihood ratio q_0 (`signal_test`): the test that knows what is
            looked for.
        n_null: toys of the reference: 3 sigma want 740, 5 sigma 3.5 million.
        n_toys: of each alternative.
        seed: of the toys.
        report: called with how many sets of toys are done, how many there are, and with their name.

    Raises:
        InputError: no alternative; fewer than 20 toys; toys that cannot be drawn; a library that is not installed.
    """
    n_null, n_toys = (
        whole_number(n, name=name, least=_FEWEST_TOYS) for n, name in ((n_null, "n_null"), (n_toys, "n_toys"))
    )
    if not alternatives:
        raise InputError("alternatives must name at least one Alternative, but none came")
    for one in tests:
        one.require()
    hypotheses: tuple[Hypothesis, ...] = (Null(), *alternatives.values())
    for hypothesis in hypotheses:
        check_drawable(analysis, hypothesis)
    values = _Values(analysis, run, {one.name: one.of(analysis.problem) for one in tests}, signal, seed)
    names = ["toys of the reference", *(f"toys of {name}" for name in alternatives)]
    counts, found = (n_null, *[n_toys] * len(alternatives)), []
    for place, (hypothesis, n) in enumerate(zip(hypotheses, counts, strict=True)):
        report(place, len(names), names[place])
        found.append(values.of(hypothesis, n))
    null, others = found[0], dict(zip(alternatives, found[1:], strict=True))
    sees = {_MODEL: True, _KNOWN: True, **{one.name: one.sees_count for one in tests}}
    rows = (
        _row(test, name, null[test], own[test], sees_count=sees[test]) for name, own in others.items() for test in null
    )
    n_signal = {name: math.nan if one.n_signal is None else one.n_signal for name, one in alternatives.items()}
    return PowerTable(tuple(rows), n_signal, n_null, n_toys)


_Of = tuple[FloatArray, float]
"""Values of a statistic (k,), NaN where it failed, and seconds of one."""


@dataclass(frozen=True)
class _Values:
    """Statistics of toys by the names of the tests."""

    analysis: Analysis
    run: RunToys
    tests: Mapping[str, Value]
    signal: KnownSignal | None
    seed: int

    def of(self, hypothesis: Hypothesis, n_toys: int) -> dict[str, _Of]:
        return dict(self._made(hypothesis, n_toys))

    def _made(self, hypothesis: Hypothesis, n_toys: int) -> Iterator[tuple[str, _Of]]:
        begin = time.perf_counter()
        toys = self.run(self.analysis, hypothesis, n_toys=n_toys, seed=self.seed)
        yield _MODEL, (toys.t[:n_toys], (time.perf_counter() - begin) / n_toys)
        if self.signal is not None:
            begin = time.perf_counter()
            q0 = signal_test(self.analysis, hypothesis, signal=self.signal, n_toys=n_toys, seed=self.seed).q0
            yield _KNOWN, (q0, (time.perf_counter() - begin) / n_toys)
        if self.tests:
            events = [draw_toy(self.analysis, hypothesis, seed=self.seed, index=i) for i in range(n_toys)]
        for name, value in self.tests.items():
            begin = time.perf_counter()
            yield name, (np.array([value(one) for one in events]), (time.perf_counter() - begin) / n_toys)


def _row(test: str, alternative: str, null: _Of, own: _Of, *, sees_count: bool) -> PowerRow:
    law = Empirical.of(null[0])
    p = (law.counts(np.nan_to_num(own[0], nan=-np.inf)) + law.n_failed + 1) / (law.n_toys + 1)
    shares = (_share(p, level) if law.smallest_p_value <= p_value(level) else None for level in LEVELS)
    ordered = np.sort(p)
    low, high = median_ranks(p.size)
    middle = float(ordered[(p.size - 1) // 2] + ordered[p.size // 2]) / 2.0
    return PowerRow(
        test,
        alternative,
        sees_count,
        tuple(shares),
        z_score(middle),
        (z_score(float(ordered[high - 1])), z_score(float(ordered[low - 1]))),
        middle <= law.smallest_p_value,
        own[1],
    )


def _share(p: FloatArray, level: float) -> Share:
    k = int(np.count_nonzero(p <= p_value(level)))
    return (k / p.size, *clopper_pearson(k, p.size))
