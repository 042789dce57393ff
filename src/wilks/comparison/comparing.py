"""Two samples on equal terms: are they drawn from one distribution?"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wilks.comparison.answer import Comparison, CountsAnswer, FeatureAnswer, MemberAnswer
from wilks.comparison.checks import common, has_weights, require_usable_weights, sizes, weight_notices
from wilks.comparison.contents import two_given
from wilks.comparison.counting import HITS, Counted, Report, counted, feature_log_p, stopping_for, with_tail
from wilks.comparison.models import blocks_of
from wilks.comparison.nulls import Multipliers, Null, Relabelling
from wilks.comparison.numbers import fisher_log_p, log_p_of_numbers
from wilks.comparison.precision import at_one_precision, decimals_notices, precision_notices
from wilks.comparison.prepared import Prepared, lacking_notices
from wilks.comparison.splitting import require_labels, split_relabellings
from wilks.comparison.statistics import ComparisonStatistics, Scores
from wilks.comparison.streamed import StreamingOptions, prepare_streams
from wilks.errors import CalibrationError, InputError
from wilks.laws import Probability
from wilks.laws.sequential import corrected
from wilks.laws.splitting import SplittingOptions
from wilks.samples import Events, Sample, Stream
from wilks.samples.roles import pair_notices
from wilks.search import Search
from wilks.statistics.linear import Kernel, KernelSet
from wilks.storage import Folder
from wilks.threads import one_blas_thread
from wilks.typing import Count, Positive, Seed, check_options

if TYPE_CHECKING:
    from wilks.statistics.network import MLP


@dataclass(frozen=True)
class ComparisonOptions:
    """Options of `compare`, checked."""

    with_counts: bool
    expected_ratio: Positive | None
    n_permutations: Count | None
    seed: Seed
    reach: Positive | None = None

    def __post_init__(self) -> None:
        check_options(self)
        if self.with_counts != (self.expected_ratio is not None):
            raise InputError(
                "with_counts=True and expected_ratio, the expected number of events of the first sample over that of "
                f"the second, must be given together, but with_counts={self.with_counts} and "
                f"expected_ratio={self.expected_ratio} came"
            )
        if self.reach is not None:
            SplittingOptions(self.reach)


@one_blas_thread()
def compare(
    a: Sample | Stream | Events,
    b: Sample | Stream | Events,
    *,
    model: Kernel | KernelSet | MLP | None = None,
    search: Search | None = None,
    with_counts: bool = False,
    expected_ratio: float | None = None,
    n_permutations: int | None = None,
    reach: float | None = None,
    seed: int = 0,
    store: Folder | None = None,
    executor: Executor | None = None,
    report: Report = lambda done, wanted, what: None,
) -> Comparison:
    """Whether two samples are drawn from one distribution, with nothing to choose.

    Features that both have are compared; one of which some values are stored in single precision and others in double
    is compared in single precision (`at_one_precision`). All that scales or chooses is a function of the set of pooled
    rows and of the sizes, so that a p counted among relabellings of these rows is exact: P(p <= x) <= x for all
    distributions, sizes and ties. The order of rows, that of the samples and the units of a feature change nothing.

    Without a model the default set is taken (`DefaultSet`): kernels on the features and on their ranks, waves on the
    ranks of single features and of all, products for pairs of features, and scans for a small region.

    Weighted events have no exchangeable labels: sums over events are then taken for normal (``bootstrap``), p is
    approximate, and samples in which few events carry most of the weight are refused.

    Samples larger than memory are given as `wilks.stream`: they are read twice, and labels of bunches of events are
    permuted, which is as exact.

    Args:
        a, b: the samples, on equal terms: `Sample`, `Stream`, data frames and other tables with named columns, or
            arrays. Of
            tables that are no samples the columns that number events are left out, and a column that is named as
            weights are weighs the events; what was taken for what is said in the warnings.
        model: a kernel or a set of kernels in place of the default set, by their score statistics. One kernel has an
            analytic p where each sample has 300 events and the kernel at most one degree of freedom in 15 events. Or a
            network: t = t_{A+B}(A) + t_{A+B}(B), in which the pooled sample is the reference of either, with certified
            fits (`NetworkBlock`); p by relabellings, each two fits.
        search: how hard a network is fitted; None: `Search()`.
        with_counts: whether the numbers of events are tested, too; p is then of both, by Fisher's product.
        expected_ratio: of the number of events of ``a`` to that of ``b``, for ``with_counts``.
        n_permutations: how many relabellings p is counted among. None: until 20 of them reach t, at most 199, 999 or
            9,999 by the work that one is; none for an analytic p.
        reach: the least p that is wanted, such as 1e-7. Where fewer than 20 of the drawn relabellings reach t, p is
            estimated by multilevel splitting of relabellings (``splitting``), with its error. None: p as counted.
        seed: of relabellings and of centers of kernels.
        store: a folder that keeps the sums of streams, or what splitting has done; the same comparison goes on
            from there.
        executor: where sums of streams are made, such as `LocalProcesses` or Dask; None: this process.
        report: called with how many are done, how many there will be at most, and of what.

    Raises:
        SampleError: fewer than 10 events, no feature in common, unusable weights; a file of a stream that changes.
        InputError: an option outside these limits; a store or an executor without streams.
        StoreError: the store holds another comparison.

    >>> rng = np.random.default_rng(1)
    >>> first, second = Sample(rng.normal(size=(400, 2))), Sample(rng.normal(size=(500, 2)) * [1.0, 1.3])
    >>> result = compare(first, second)
    >>> result.method, result.p_value < 0.01, result.by_feature[0].feature
    ('permutation', True, 'x1')
    >>> compare(first, first).t
    0.0
    """
    options = ComparisonOptions(with_counts, expected_ratio, n_permutations, seed, reach)
    if isinstance(a, Stream) or isinstance(b, Stream):
        if reach is not None:
            raise InputError(
                "reach needs samples in memory, whose relabellings are changed step by step, but one of these is "
                "streamed; leave reach out, or read the files"
            )
        streaming = StreamingOptions(options.seed, store, executor, report)
        blocks = functools.partial(blocks_of, model, seed=options.seed, search=search)
        return compare_prepared(prepare_streams(a, b, blocks=blocks, options=streaming), options, report=report)
    if executor is not None or (store is not None and reach is None):
        raise InputError(
            "store and executor are for samples that are streamed, and store for reach, but both of these are in "
            "memory; leave them out, or give the files as wilks.stream(...)"
        )
    prepared = prepare_samples(a, b, model=model, search=search, seed=options.seed, needs_labels=reach is not None)
    return compare_prepared(prepared, options, store=store, report=report)


@one_blas_thread()
def prepare_samples(
    a: Sample | Events,
    b: Sample | Events,
    *,
    model: Kernel | KernelSet | MLP | None = None,
    search: Search | None = None,
    seed: int = 0,
    needs_labels: bool = False,
) -> Prepared:
    """Both samples in memory; ``needs_labels`` for splitting.

    Raises:
        SampleError: fewer than 10 events, no feature in common, unusable weights.
    """
    given = two_given(a, b)
    *stored, left_out = common(given.a, given.b)
    first, second, single = at_one_precision(*stored)
    if is_weighted := has_weights(first, second):
        require_usable_weights(first, second)
    null: Null = Multipliers.of(first, second) if is_weighted else Relabelling.of(first, second)
    if needs_labels:
        require_labels(null)
    lacking = lacking_notices((first.origin, second.origin))
    precision = (*precision_notices(single), *decimals_notices(first, second))
    notices = (*given.notices, *left_out, *lacking, *precision, *pair_notices(*stored))
    blocks = tuple(blocks_of(model, null, seed=seed, search=search))
    if needs_labels and not all(one.is_additive for one in blocks):
        raise InputError(
            "multilevel splitting, which reach asks for, needs a t that changes with single events at no cost, but "
            "that of a network is fitted anew; leave reach out"
        )
    return Prepared(
        statistics=ComparisonStatistics(null, blocks),
        sizes=sizes(first, second),
        notices=(*notices, *(weight_notices(first, second) if is_weighted else ())),
        log_p_of_sizes=functools.partial(log_p_of_numbers, first, second),
        samples=(first, second),
    )


@one_blas_thread()
def compare_prepared(
    prepared: Prepared, options: ComparisonOptions, *, store: Folder | None = None, report: Report
) -> Comparison:
    """The answer for samples that were made ready."""
    statistics = prepared.statistics
    observed = statistics.observed()
    found = _found(statistics, observed, options, store=store, report=report)
    result = Comparison(
        t=float(observed.total[0]) + 0.0,
        probability=found.probability,
        p_text=found.p_text,
        sizes=prepared.sizes,
        features=statistics.null.pool.features,
        members=tuple(_members(statistics, observed, found)),
        by_feature=_features(statistics, observed, found),
        tally=found.tally,
        tail=found.tail,
        warnings=(*prepared.notices, *found.warnings),
    )
    ratio = options.expected_ratio
    return result if ratio is None else _with_counts(result, prepared.log_p_of_sizes(float(ratio)), float(ratio))


def _found(
    statistics: ComparisonStatistics,
    observed: Scores,
    options: ComparisonOptions,
    *,
    store: Folder | None,
    report: Report,
) -> Counted:
    """An analytic p of a single kernel where there is one and no relabellings are asked for; else a counted one.

    Where few draws reach t and more is wanted it is one by splitting.

    Raises:
        CalibrationError: t is no number.
    """
    t, block = float(observed.total[0]), statistics.blocks[0]
    if not np.isfinite(t):
        raise CalibrationError(f"a p-value needs a t that is a number, but {t} came of these samples; {block.remedy}")
    is_alone = len(statistics.members) == 1 and options.n_permutations is None
    if is_alone and (probability := block.analytic(t)) is not None:
        return Counted(probability, f"p = {probability.text} (analytic)", None, np.empty(0), np.empty(0))
    stopping = stopping_for(statistics, options.n_permutations)
    found = counted(statistics, observed, stopping=stopping, seed=options.seed, report=report)
    if options.reach is None or found.tally is None or found.tally.n_hits >= HITS:
        return found
    tail = split_relabellings(statistics, reach=options.reach, seed=options.seed, store=store, report=report)
    return with_tail(found, tail)


def _members(statistics: ComparisonStatistics, observed: Scores, found: Counted) -> Iterator[MemberAnswer]:
    log_p = observed.log_p[0]
    after = corrected(log_p, found.members) if found.tally else np.full(log_p.size, math.nan)
    ends = np.cumsum([len(block.members) for block in statistics.blocks])[:-1]
    parts = zip(statistics.blocks, np.split(observed.t[0], ends), strict=True)
    own = np.concatenate([block.local_log_p(t, answer=found.probability) for block, t in parts])
    rows = zip(statistics.members, observed.t[0].tolist(), own.tolist(), after.tolist(), strict=True)
    for member, *numbers in rows:
        yield MemberAnswer(member.name, member.kind, member.feature, member.width, *numbers)


def _features(statistics: ComparisonStatistics, observed: Scores, found: Counted) -> tuple[FeatureAnswer, ...]:
    """Of each feature that members look at alone, the most extreme first."""
    null, log_p = statistics.null, feature_log_p(statistics, observed)[0]
    if not log_p.size:
        return ()
    after = corrected(log_p, found.features).tolist()
    rows = zip(null.pool.features, log_p.tolist(), after, range(log_p.size), strict=True)
    answers = [FeatureAnswer(name, own, chance, statistics.interval(column)) for name, own, chance, column in rows]
    return tuple(sorted(answers, key=lambda one: one.log_p_value))


def _with_counts(result: Comparison, log_p_counts: float, ratio: float) -> Comparison:
    """The same with the test of the sizes."""
    log_p = result.probability.log_p_value
    low, high = (math.log(end) if end > 0 else -math.inf for end in result.interval)
    probability = Probability.of_log(
        fisher_log_p(log_p, log_p_counts),
        (fisher_log_p(low, log_p_counts), fisher_log_p(high, log_p_counts)),
        method=result.method,
    )
    counts = CountsAnswer(ratio, log_p_counts, result.p_value)
    p_text = (
        f"p = {probability.text}, Fisher's product of the p of the shape, {result.p_text}, and of the counts, "
        f"{counts.text}"
    )
    return dataclasses.replace(result, probability=probability, p_text=p_text, counts=counts)
