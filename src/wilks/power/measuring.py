"""What would be seen, by which test: the same toys for all of them."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Hypothesis, Null
from wilks.laws.empirical import Empirical
from wilks.power.binned import BinnedSearch, goodness_z_score
from wilks.power.contamination import contaminated
from wilks.power.known_signal import KnownSignal, signal_test
from wilks.power.other_tests import STANDARD_TESTS, OtherTest, Value
from wilks.power.tables import LEVELS, PowerRow, PowerTable, Share
from wilks.significance import clopper_pearson, median_interval, p_value, z_score
from wilks.toys import check_drawable, draw_auxiliaries, draw_toy
from wilks.typing import FloatArray, whole_number

_FEWEST_TOYS, _MODEL, _KNOWN, _TIE = 20, "model", "known signal, q0", 1e-9
Report = Callable[[int, int, str], None]


class RunToys(Protocol):
    """`wilks.run_toys`, with its store and its executor."""

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        """Toys of a hypothesis."""


def power_table(
    analysis: Analysis,
    alternatives: Mapping[str, Alternative],
    *,
    run: RunToys,
    tests: Sequence[OtherTest] = STANDARD_TESTS,
    binned: Sequence[BinnedSearch] = (),
    signal: KnownSignal | None = None,
    contaminations: Sequence[float] = (),
    n_null: int = 1_000,
    n_toys: int = 300,
    seed: int = 1,
    report: Report = lambda done, wanted, what: None,
) -> PowerTable:
    """Power of the model of an analysis beside other tests, on the same toys.

    Of several regions it is that of their model alone: the other tests look at one sample.

    Each statistic has its null distribution from the toys of the reference, p = (k + 1)/(n + 1) with ties, so that all
    tests have the same size, whatever they are. Toys that failed count as not seen.

    Args:
        analysis: with a source of toys.
        alternatives: by name.
        run: what makes toys with their t: `wilks.run_toys`, or that with a store and an executor.
        tests: the other ones.
        binned: searches for the signal of the alternatives in bins of a variable, each with its q_0 and its goodness of
            fit, nuisances profiled; no goodness where unconstrained ones are as many as the bins.
        signal: of known shape, for the profile likelihood ratio q_0 (`signal_test`): the test that knows what is
            looked for.
        contaminations: shares of the signal of each alternative that the reference holds too (`contaminated`): the
            model once more for each, with a null of its own.
        n_null: toys of the reference: 3 sigma want 740, 5 sigma 3.5 million.
        n_toys: of each alternative.
        seed: of the toys.
        report: called with how many sets of toys are done, how many there are, and with their name.

    Raises:
        InputError: no alternative; fewer than 20 toys; toys that cannot be drawn; a library that is not installed; a
            contamination by an alternative that adds no signal; other tests of several regions.
    """
    if tests or binned or signal is not None or contaminations:
        _require_one_region(analysis)
    _check(analysis, alternatives, contaminations=contaminations)
    _check_tests(tests, binned)
    n_null, n_toys = (
        whole_number(n, name=name, least=_FEWEST_TOYS) for n, name in ((n_null, "n_null"), (n_toys, "n_toys"))
    )
    counts = n_null, n_toys
    values = _Values(analysis, run, {one.name: one.of(analysis.problem) for one in tests}, tuple(binned), signal, seed)
    n_sets = 1 + len(alternatives) * (1 + len(contaminations))
    report(0, n_sets, "toys of the reference")
    null, rows, n_done = values.of(Null(), counts[0]), [], 1
    for name, alternative in alternatives.items():
        report(n_done, n_sets, f"toys of {name}")
        own = values.of(alternative, counts[1])
        expected = values.expected(alternative)
        for test in null:
            p_values = p_values_of if test in values.tests else Empirical.p_values
            rows.append(_row((test, name), null[test], own[test], p_values=p_values, asimov_z=expected.get(test)))
        n_done += 1
        for share in contaminations:
            report(n_done, n_sets, f"toys of {name} with {share:g} of them in the reference")
            toys = values.contaminated(alternative, share, counts)
            rows.append(_row((f"{_MODEL}, {share:g} of it in reference", name), *toys))
            n_done += 1
    blind = {one.name for one in tests if not one.sees_count}
    n_signal = {name: math.nan if one.n_signal is None else one.n_signal for name, one in alternatives.items()}
    return PowerTable(tuple(replace(row, sees_count=row.test not in blind) for row in rows), n_signal, *counts)


def _require_one_region(analysis: Analysis) -> None:
    if analysis.regions:
        raise InputError(
            "other tests, searches and contaminations are of one region, but this analysis has several "
            f"({', '.join(analysis.regions)}); give tests=() (--model-alone) and none of the others, or the analysis "
            "of a region, analysis.regions[name]"
        )


def _check(analysis: Analysis, alternatives: Mapping[str, Alternative], *, contaminations: Sequence[float]) -> None:
    if not alternatives:
        raise InputError("alternatives must name at least one Alternative, but none came")
    hypotheses: tuple[Hypothesis, ...] = (Null(), *alternatives.values())
    for hypothesis in hypotheses:
        check_drawable(analysis, hypothesis)
    for name, alternative in alternatives.items():
        if contaminations and not alternative.n_signal:
            raise InputError(f"a contamination must be of a signal that is added, but {name!r} adds none")
        for share in contaminations:
            changed, *both = _contaminated(analysis, alternative, share)
            for hypothesis in both:
                check_drawable(changed, hypothesis)


def _contaminated(
    analysis: Analysis, alternative: Alternative, share: float
) -> tuple[Analysis, Alternative, Alternative]:
    """The analysis whose reference holds this share of the signal, its null, and the alternative."""
    assert alternative.signal is not None and alternative.n_signal is not None
    made = contaminated(analysis, signal=alternative.signal, n_signal=share * alternative.n_signal)
    return made.analysis, made.null, made.data_of(alternative)


def _check_tests(tests: Sequence[OtherTest], binned: Sequence[BinnedSearch]) -> None:
    for one in tests:
        one.require()
    names = [_MODEL, _KNOWN, *(one.name for one in tests), *(one.name for one in binned)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"tests must have different names, but {name!r} comes {names.count(name)} times")


class _Of(NamedTuple):
    """Values of a statistic (k,), NaN where it failed, seconds of one, and Z by its asymptotic law where it has one."""

    values: FloatArray
    seconds: float
    asymptotic: FloatArray | None = None


@dataclass(frozen=True)
class _Values:
    """Statistics of toys by the names of the tests."""

    analysis: Analysis
    run: RunToys
    tests: Mapping[str, Value]
    binned: tuple[BinnedSearch, ...]
    signal: KnownSignal | None
    seed: int

    def of(self, hypothesis: Hypothesis, n_toys: int) -> dict[str, _Of]:
        return dict(self._made(hypothesis, n_toys))

    def expected(self, alternative: Alternative) -> dict[str, float]:
        """Z of what an alternative expects, of the searches; none where it replaces the distribution."""
        if alternative.source is not None:
            return {}
        fits = {_q0_name(one): one.asimov(alternative) for one in self.binned}
        return {name: one.z_score for name, one in fits.items() if one.is_certified}

    def contaminated(self, alternative: Alternative, share: float, counts: tuple[int, int]) -> tuple[_Of, _Of]:
        """The model of the null and of the alternative, where the reference holds this share of the signal."""
        changed, *hypotheses = _contaminated(self.analysis, alternative, share)
        null, own = (self._model(changed, one, n) for one, n in zip(hypotheses, counts, strict=True))
        return null, own

    def _model(self, analysis: Analysis, hypothesis: Hypothesis, n_toys: int) -> _Of:
        begin = time.perf_counter()
        toys = self.run(analysis, hypothesis, n_toys=n_toys, seed=self.seed)
        return _Of(toys.t[:n_toys], (time.perf_counter() - begin) / n_toys)

    def _made(self, hypothesis: Hypothesis, n_toys: int) -> Iterator[tuple[str, _Of]]:
        yield _MODEL, self._model(self.analysis, hypothesis, n_toys)
        if self.signal is not None:
            begin = time.perf_counter()
            q0 = signal_test(self.analysis, hypothesis, signal=self.signal, n_toys=n_toys, seed=self.seed).q0
            yield _KNOWN, _Of(q0, (time.perf_counter() - begin) / n_toys, np.sqrt(q0))
        events = self._events(hypothesis, n_toys) if self.tests or self.binned else []
        for name, value in self.tests.items():
            begin = time.perf_counter()
            yield name, _Of(np.array([value(one) for one in events]), (time.perf_counter() - begin) / n_toys)
        for search in self.binned:
            yield from self._binned(search, hypothesis, events)

    def _events(self, hypothesis: Hypothesis, n_toys: int) -> list[FloatArray]:
        return [draw_toy(self.analysis, hypothesis, seed=self.seed, index=i) for i in range(n_toys)]

    def _binned(
        self, search: BinnedSearch, hypothesis: Hypothesis, events: Sequence[FloatArray]
    ) -> Iterator[tuple[str, _Of]]:
        observed = [draw_auxiliaries(self.analysis, hypothesis, seed=self.seed, index=i) for i in range(len(events))]
        begin = time.perf_counter()
        fits = search.fits(np.array([search.counts(one) for one in events]), np.array(observed))
        seconds = (time.perf_counter() - begin) / len(events)
        q0, goodness = (np.where(fits.is_certified, one, np.nan) for one in (fits.q0, fits.goodness))
        yield _q0_name(search), _Of(q0, seconds, np.sqrt(q0))
        if search.goodness_dof < 1:
            return
        z = np.array([goodness_z_score(one, search.goodness_dof) for one in goodness])
        yield f"{search.name}, goodness of fit", _Of(goodness, seconds, z)


def _q0_name(search: BinnedSearch) -> str:
    return f"{search.name}, q0"


def p_values_of(law: Empirical, values: FloatArray) -> FloatArray:
    """(k + m + 1)/(n + 1) of each of any numbers (k,), none of them NaN; `Empirical.p_values` is of t, never negative.

    What differs by at most 1e-9 of the value, and 1e-9 of the range of the null, is a tie: where the scale begins plays
    no part.
    """
    spread = float(np.ptp(law.t)) if law.t.size else 0.0
    least = values - _TIE * np.minimum(np.abs(values), spread)
    n_above = law.t.size - np.searchsorted(law.t, least, side="left")
    return np.asarray((n_above + law.n_failed + 1) / (law.n_toys + 1))


def _row(
    named: tuple[str, str],
    null: _Of,
    own: _Of,
    *,
    p_values: Callable[[Empirical, FloatArray], FloatArray] = Empirical.p_values,
    asimov_z: float | None = None,
) -> PowerRow:
    """Of a test and an alternative by name."""
    law = Empirical.of(null.values)
    p = p_values(law, np.nan_to_num(own.values, nan=-np.inf))
    low, high = median_interval(p)
    middle = float(np.median(p))
    return PowerRow(
        *named,
        sees_count=True,
        power=tuple(_share(p, level) if law.smallest_p_value <= p_value(level) else None for level in LEVELS),
        z_score=z_score(middle),
        z_interval=(z_score(high), z_score(low)),
        is_lower_bound=middle <= law.smallest_p_value,
        seconds=own.seconds,
        asymptotic_z=None if own.asymptotic is None else float(np.nanmedian(own.asymptotic)),
        asimov_z=asimov_z,
    )


def _share(p: FloatArray, level: float) -> Share:
    k = int(np.count_nonzero(p <= p_value(level)))
    return (k / p.size, *clopper_pearson(k, p.size))
