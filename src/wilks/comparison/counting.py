"""p of a comparison, counted among draws of its null."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from wilks.comparison.statistics import ComparisonStatistics, Scores
from wilks.laws import Probability, Refusal
from wilks.laws.sequential import HitTally, Stopping
from wilks.laws.splitting import Tail
from wilks.significance import half_cauchy
from wilks.typing import FloatArray

Report = Callable[[int, int, str], None]
HITS = 20
MOST_DRAWS = 9_999
_DRAWS, _OPERATIONS = (MOST_DRAWS, 999, 199), 3e11
_FIRST_PORTION, _GROWTH, _LARGEST_PORTION = 64, 4, 1_024
_WORDS = {"permutation": "relabellings", "bootstrap": "draws"}


class Counted(NamedTuple):
    """What draws of the null say.

    Attributes:
        probability: p of t, with its method.
        p_text: with where it comes from.
        tally: of draws; None where none were made.
        members, features: the least log p of any member, and of any feature, in each draw, shape (k,).
        tail: runs of multilevel splitting, where p comes from them.
        warnings: sentences.
    """

    probability: Probability
    p_text: str
    tally: HitTally | None
    members: FloatArray
    features: FloatArray
    tail: Tail | None = None
    warnings: tuple[str, ...] = ()


def stopping_for(statistics: ComparisonStatistics, n_draws: int | None) -> Stopping:
    """When to stop: after ``n_draws``; where None, at 20 hits or after as many draws as some seconds allow.

    The latter are counted in operations, not in seconds: p does not depend on the machine.
    """
    if n_draws is not None:
        return Stopping(None, n_draws)
    one = 2.0 * statistics.n_summed * sum(block.n_products for block in statistics.blocks)
    return Stopping(HITS, next((n for n in _DRAWS if n * one <= _OPERATIONS), _DRAWS[-1]))


def counted(
    statistics: ComparisonStatistics, observed: Scores, *, stopping: Stopping, seed: int, report: Report
) -> Counted:
    """Draw, in portions that grow, until the tally is stopped; the portions change no number."""
    null, t = statistics.null, float(observed.total[0])
    tally, size = HitTally(), _LARGEST_PORTION if stopping.n_hits is None else _FIRST_PORTION
    members, features = [], []
    at_once = min(null.n_at_once, *(block.n_at_once for block in statistics.blocks), _LARGEST_PORTION)
    while not tally.is_stopped(stopping):
        size = min(size, at_once, stopping.n_most - tally.n_draws)
        numbers = range(tally.n_draws, tally.n_draws + size)
        scores = statistics.drawn(null.draw(numbers, seed=seed))
        before = tally.n_draws
        tally = tally.after(scores.total, t=t, stopping=stopping)
        used = tally.n_draws - before
        members.append(np.min(scores.log_p[:used], axis=1))
        features.append(np.min(feature_log_p(statistics, scores)[:used], axis=1, initial=0.0))
        report(tally.n_draws, stopping.n_most, _WORDS[null.method])
        size *= _GROWTH
    probability = tally.probability(null.method, stopping)
    text = tally.text(stopping, what=_WORDS[null.method])
    return Counted(probability, text, tally, np.concatenate(members), np.concatenate(features))


def with_tail(counts: Counted, tail: Tail | Refusal) -> Counted:
    """The same with p by splitting; with p as it was counted, and a warning, where splitting says nothing."""
    answer = tail if isinstance(tail, Refusal) else tail.answer
    if isinstance(tail, Refusal) or isinstance(answer, Refusal):
        return counts._replace(warnings=(f"no p by multilevel splitting: {answer}; p is counted among the draws",))
    assert counts.tally is not None
    drawn = f"{counts.tally.n_hits:,} of {counts.tally.n_draws:,} drawn relabellings reach t"
    return counts._replace(probability=answer, p_text=f"{tail.text('relabellings')}; {drawn}", tail=tail)


def feature_log_p(statistics: ComparisonStatistics, scores: Scores) -> FloatArray:
    """log p of each feature by its members alone (k, features); no columns where no member looks at one feature."""
    features = np.array([member.feature for member in statistics.members])
    names = [name for name in statistics.null.pool.features if np.any(features == name)]
    if not names:
        return np.empty((scores.total.size, 0))
    found: FloatArray = np.stack([-0.5 * half_cauchy(scores.log_p[:, features == name]) for name in names], axis=1)
    return found
