"""Two samples larger than memory, made ready to be compared: read twice, in pieces."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from wilks.comparison.blocks import Block
from wilks.comparison.checks import FEWEST_EVENTS, has_weights
from wilks.comparison.nulls import Null
from wilks.comparison.numbers import log_p_of_counts
from wilks.comparison.precision import decimals_notices, names_in_part_single, precision_notices
from wilks.comparison.prepared import Prepared, lacking_notices
from wilks.comparison.streamed.bunches import Bunches, bunches_for
from wilks.comparison.streamed.census import Census, looked_at, require_finite
from wilks.comparison.streamed.features import FeaturesInCommon, common_features
from wilks.comparison.streamed.places import RowPlaces
from wilks.comparison.streamed.running import bunch_sums
from wilks.comparison.streamed.sketch import Sketch, size_for
from wilks.comparison.streamed.statistics import StreamedRelabelling, StreamedStatistics, maps_of
from wilks.comparison.streamed.work import Work
from wilks.errors import SampleError
from wilks.samples import Events, Origin, Sample, Stream, as_sample
from wilks.samples.plan import ReadTally
from wilks.samples.roles import pair_notices, part_notices
from wilks.storage import Folder
from wilks.threads import one_blas_thread
from wilks.wording import listed, visible

Report = Callable[[int, int, str], None]
MOST_EVENTS = 999_999_999  # of which NumPy draws without replacement
_LOOKED_AT, _SUMMED = "events looked at", "events summed"
_FEW_COPIES = 0.99
_MOST_NUMBERS = 2**24


@dataclass(frozen=True)
class StreamingOptions:
    """How two samples are read.

    Args:
        seed: of the division into bunches.
        store: folder that keeps sums.
        executor: of other processes.
        report: called with how much is done and wanted, and of what.
        sketch_rows: None: as many as `size_for` says.
        most_bunches: None: as many as fit into 256 MiB.
        uses_weights: whether weights of a sample without named features must be 1; else they are left out, and said.
    """

    seed: int
    store: Folder | None = None
    executor: Executor | None = None
    report: Report = lambda done, wanted, what: None
    sketch_rows: int | None = None
    most_bunches: int | None = None
    uses_weights: bool = True


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Both samples after the first pass, in the order in which they were given.

    Args:
        samples, censuses: of both.
        origins: of both, as far as they are known.
        sketch: of both together.
        notices: what was left out.
    """

    samples: tuple[Stream, Stream]
    censuses: tuple[Census, Census]
    origins: tuple[Origin | None, Origin | None]
    sketch: Sketch
    notices: tuple[str, ...]

    @property
    def shown(self) -> tuple[Sample, Sample]:
        """The rows of the sketch that either sample has, as often as all of its events would have them."""
        sides = zip(self.sketch.counts.T, self.censuses, self.origins, strict=True)
        first, second = (
            Sample(
                self.sketch.rows[n > 0],
                n[n > 0] * (census.n / n.sum()),
                features=self.samples[0].names,
                origin=origin,
            )
            for n, census, origin in sides
        )
        return first, second

    @property
    def is_swapped(self) -> bool:
        """Whether the second is taken for the first: the one with fewer events, as `Relabelling.of` has it."""
        n, n_other = (one.n for one in self.censuses)
        if n != n_other:
            return n > n_other
        differing = np.flatnonzero(self.sketch.counts[:, 0] != self.sketch.counts[:, 1])
        return bool(differing.size and np.diff(self.sketch.counts[differing[0]])[0] > 0)


@one_blas_thread()
def prepare_streams(
    a: Stream | Sample | Events,
    b: Stream | Sample | Events,
    *,
    blocks: Callable[[Null], Iterable[Block]],
    options: StreamingOptions,
) -> Prepared:
    """Both samples read twice: what the pooled set is like, then the sums of all members over bunches.

    Raises:
        SampleError: too few or too many events, no feature in common, weights, a file that changes.
        StoreError: the store holds sums of another comparison.
        InputError: an executor beside a sample in memory.
    """
    seen = _looked_at(as_stream(a, what="a"), as_stream(b, what="b"), options)
    null, found, work = _work(seen, blocks, options)
    report = _counted_up(options.report, work.n_events, _SUMMED)
    sums = bunch_sums(work, store=options.store, executor=options.executor, report=report)
    n_first, n_second = (one.n for one in seen.censuses)
    return Prepared(
        statistics=StreamedStatistics(null, found, work, sums, seen.is_swapped),
        sizes=(float(n_first), float(n_second)),
        notices=(
            *seen.notices,
            *lacking_notices(seen.origins),
            *decimals_notices(*seen.shown),
            *_copy_notices(seen),
            _streamed_notice(seen.sketch, work.bunches),
        ),
        log_p_of_sizes=functools.partial(log_p_of_counts, n_first, n_second),
        samples=seen.shown,
    )


def _work(
    seen: LookedAt, blocks: Callable[[Null], Iterable[Block]], options: StreamingOptions
) -> tuple[StreamedRelabelling, tuple[Block, ...], Work]:
    """The null, its members, and what must be summed for them."""
    role = int(seen.is_swapped)
    samples = (seen.samples[role], seen.samples[1 - role])
    censuses = (seen.censuses[role], seen.censuses[1 - role])
    counts, n = seen.sketch.counts, (censuses[0].n, censuses[1].n)
    pool = seen.sketch.pool(samples[0].names, n_events=sum(n))
    null = StreamedRelabelling(pool, counts[:, role], seen.is_swapped, sizes=(n[0], sum(n)), n_bunches=(0, 0))
    found = tuple(blocks(null))
    maps, counts_cells = maps_of(found)
    places = RowPlaces.of(pool)
    n_cells = int(places.n_cells.sum()) if counts_cells else 0
    most = options.most_bunches or bunches_for(sum(one.n_columns for one in maps), n_cells)
    bunches = Bunches.of(n, most=most, seed=options.seed)
    null = replace(null, n_bunches=(bunches.n[0], sum(bunches.n)))
    return null, found, Work(samples, censuses, places, maps, counts_cells, bunches)


def as_stream(thing: Stream | Sample | Events, *, what: str) -> Stream:
    """A stream as it is; a sample in memory as one.

    Raises:
        SampleError: it has weights, or is no sample.
    """
    if isinstance(thing, Stream):
        return thing
    sample = as_sample(thing, what=what)
    if has_weights(sample, sample):
        raise SampleError(
            f"events that are streamed count one each, but {what} has weights; unweight it (wilks.samples.unweight), "
            "or compare samples in memory"
        )
    return Stream((), held=sample)


def _looked_at(a: Stream, b: Stream, options: StreamingOptions) -> LookedAt:
    """The first pass; again where columns turn out to have gaps that nobody chose, never to vary, or two precisions.

    The sketch is a function of the pooled values, and so is what it says of their precision.
    """
    chosen, single = common_features(a, b, uses_weights=options.uses_weights), tuple[str, ...]()
    while True:
        samples = (a.of_features(chosen.names).in_single(single), b.of_features(chosen.names).in_single(single))
        censuses, origins, sketch = _pass(samples, options)
        without = _varying(_without_gaps(chosen, censuses), chosen.names, censuses)
        more = names_in_part_single(sketch.rows, chosen.names) if without.names == chosen.names else ()
        if without.names == chosen.names and not more:
            break
        chosen, single = without, (*single, *more)
    for census, which in zip(censuses, ("first", "second"), strict=True):
        _require_number(census, which)
        require_finite(census, chosen.names, which=which)
    return LookedAt(samples, censuses, origins, sketch, (*chosen.notices, *precision_notices(single)))


def _pass(
    samples: tuple[Stream, Stream], options: StreamingOptions
) -> tuple[tuple[Census, Census], tuple[Origin | None, Origin | None], Sketch]:
    size = options.sketch_rows or size_for(len(samples[0].names))
    known = [one.n_rows for one in samples]
    wanted = sum(n for n in known if n is not None) if None not in known else 0
    tallies = (ReadTally(), ReadTally())

    def report() -> None:
        done = sum(one.n_read for one in tallies)
        options.report(done, max(wanted, done), _LOOKED_AT)

    first, sketch = looked_at(samples[0], tallies[0], None, which=0, size=size, report=report)
    second, sketch = looked_at(samples[1], tallies[1], sketch, which=1, size=size, report=report)
    pairs = zip(samples, tallies, (first, second), strict=True)
    origin, other = (sample.origin(tally, n_selected=census.n) for sample, tally, census in pairs)
    return (first, second), (origin, other), sketch


def _without_gaps(chosen: FeaturesInCommon, censuses: Sequence[Census]) -> FeaturesInCommon:
    """Without columns that have a value that is no number, unless they were asked for."""
    n_bad = censuses[0].n_bad + censuses[1].n_bad
    if chosen.are_asked_for or not n_bad.any():
        return chosen
    return chosen.without({name: "not finite in some rows" for name, n in zip(chosen.names, n_bad, strict=True) if n})


def _require_number(census: Census, which: str) -> None:
    if census.n < FEWEST_EVENTS:
        raise SampleError(
            f"each sample must have at least {FEWEST_EVENTS} events, but the {which} one has {census.n}; look at its "
            "selection"
        )
    if census.n > MOST_EVENTS:
        raise SampleError(
            f"a sample that is streamed must have at most {MOST_EVENTS:,} events, but the {which} one has "
            f"{census.n:,}; take a part of it"
        )


def _varying(chosen: FeaturesInCommon, names: tuple[str, ...], censuses: tuple[Census, Census]) -> FeaturesInCommon:
    """Without features that never vary; ``names`` are those of the censuses.

    Raises:
        SampleError: there is no other.
    """
    low, high = np.fmin(censuses[0].low, censuses[1].low), np.fmax(censuses[0].high, censuses[1].high)
    constant = {name for name, least, most in zip(names, low, high, strict=True) if least == most}
    if constant >= set(chosen.names):
        raise SampleError(
            "two samples must have a feature in common that varies, but each of "
            f"{listed(map(visible, chosen.names))} has one value in all events"
        )
    reasons = {name: "the same in every event" for name in chosen.names if name in constant}
    return chosen.without(reasons) if reasons else chosen


def _copy_notices(seen: LookedAt) -> Iterator[str]:
    """Sentences on events that come more than once: as of samples in memory where all rows of small ones are there."""
    sketch, n_events = seen.sketch, (seen.censuses[0].n, seen.censuses[1].n)
    if not sketch.is_whole or sum(n_events) * sketch.rows.shape[1] > _MOST_NUMBERS:
        return part_notices(sketch.rows, sketch.counts, n_events=n_events)
    first, second = (Sample(np.repeat(sketch.rows, n, axis=0), features=seen.samples[0].names) for n in sketch.counts.T)
    return pair_notices(first, second)


def _streamed_notice(sketch: Sketch, bunches: Bunches) -> str:
    """What p is of, and what scales and figures were taken from."""
    n_rows, what = sketch.hashes.size, "events" if bunches.size == 1 else f"bunches of {bunches.size:,} events"
    rows = f"all {n_rows:,} distinct rows" if sketch.is_whole else f"{n_rows:,} of the distinct rows"
    has_copies = not sketch.is_whole and sketch.n_effective < _FEW_COPIES * n_rows
    effective = f", which say as much as {sketch.n_effective:,.0f} without copies" if has_copies else ""
    return (
        f"streamed: labels of {sum(bunches.n):,} {what} were permuted; what scales or chooses, and figures, come from "
        f"{rows} with their copies{effective}"
    )


def _counted_up(report: Report, wanted: int, what: str) -> Callable[[int], None]:
    done = [0]

    def more(n: int) -> None:
        done[0] += n
        report(done[0], wanted, what)

    return more
