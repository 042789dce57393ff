"""What an answer with the analytic null costs, part by part, and how far its p is from a slow integral.

    python -m benchmarks.analytic_p

Score statistics in one feature (2,000 events against 20,000; the default kernel, without and with a pool, and a narrow
one) and in five (5,000 against 50,000 events of `studies.common.smooth`; 300 centers). Milliseconds of the clock: of
the first answer, which prepares the law; of those after it, and of their parts; of a p of a law that has given others,
and of a law that has given none. ``deviation``: the largest relative error of p, from .99 to 1e-60, with the correction
and in the Gaussian limit, against paths elsewhere with fifty times as many nodes.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.inspection import data_notices
from wilks.laws import analytic_null
from wilks.statistics.linear.score_law import ScoreNull

from studies.common import smooth

SEED, N_NEW_LAWS = 1, 5
BEYOND = (-2.2, -1.0, 0.0, 1.0, 3.0, 6.0, 10.0, 16.0, 30.0, 60.0, 100.0)  # standard deviations of t
RIGHT, LEFT = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98), (-3.0, -1.0, -0.5, -0.2, -0.1, -0.05)
SCRIPT = harness.Script(__file__, __doc__, seed=SEED)


class Case(NamedTuple):
    """A kernel on events of some law; the pool, if there is one, is twice as large as the reference."""

    kernel: wilks.Kernel
    n_features: int = 1
    n_reference: int = 20_000
    n_data: int = 2_000
    has_pool: bool = False

    def draw(self, rng: np.random.Generator, n: int) -> wilks.Sample:
        events = smooth(rng, n, self.n_features) if self.n_features > 1 else rng.exponential(size=(n, 1))
        return wilks.Sample(events)


CASES = {
    "one feature": Case(wilks.Kernel(is_score=True)),
    "one feature, narrow": Case(wilks.Kernel(n_centers=100, width=0.1, ridge=1.0, is_score=True)),
    "one feature, with a pool": Case(wilks.Kernel(is_score=True), has_pool=True),
    "five features": Case(wilks.Kernel(n_centers=300, is_score=True), 5, 50_000, 5_000),
}


@SCRIPT.whole(n_answers=60)
def run(options) -> Iterator[harness.Row]:
    for name, case in CASES.items():
        yield {"case": name} | measured(case, options.n_answers)


def measured(case: Case, n_answers: int) -> harness.Row:
    rng = np.random.default_rng(SEED)
    pool = case.draw(rng, 2 * case.n_reference) if case.has_pool else None
    given = {"model": case.kernel, "expected_events": case.n_data, "toy_source": pool}
    analysis = wilks.Analysis(reference=case.draw(rng, case.n_reference), **given)
    data, others = ([case.draw(rng, case.n_data) for _ in range(n)] for n in (n_answers + 1, n_answers))

    def answer(one: wilks.Sample) -> wilks.GoodnessOfFit:
        return wilks.goodness_of_fit(analysis, one)

    row = {"first_answer_ms": 1e3 * harness.timed(answer, data[0])[1], "answer_ms": milliseconds(answer, data[1:])}
    law, t = analytic_null(analysis), [wilks.fit(analysis, one).t for one in others]
    row |= {"n_terms": law.figures.n_terms, "fit_ms": milliseconds(lambda one: wilks.fit(analysis, one), others)}
    row["checks_ms"] = milliseconds(lambda one: data_notices(analysis, one), others)
    row["p_ms"] = milliseconds(law.probability, t)
    row["p_of_a_new_law_ms"] = milliseconds(lambda one: dataclasses.replace(law).probability(one), t[:N_NEW_LAWS])
    return row | {"deviation": deviation(law)}


def milliseconds(call: Callable[[Any], object], each: Iterable[object]) -> harness.Row:
    return harness.spread([1e3 * harness.timed(call, one)[1] for one in each])


def deviation(law: ScoreNull) -> float:
    mean, variance, *_ = law.figures
    spread, errors = math.sqrt(variance), [0.0]
    for z in BEYOND:
        t = mean + z * spread if z > 0 else mean * math.exp(z * spread / mean)
        limit, log_p = law.gaussian_log_p_value(t), law.unconfirmed_log_p_value(t)
        if -0.01 > log_p > math.log(1e-60):
            slow = slow_log_p(law, t, is_corrected=False), slow_log_p(law, t, is_corrected=True)
            errors += [abs(math.expm1(limit - slow[0])), abs(math.expm1(log_p - slow[1]))]
    return max(errors)


def slow_log_p(law: ScoreNull, t: float, *, is_corrected: bool) -> float:
    """By 2,000 nodes on the path of several that loses least; p itself right of the mean, 1 - p left of it."""
    paths = [on_path(law, t, share, is_corrected=is_corrected) for share in (RIGHT if t >= law.mean else LEFT)]
    return min(paths)[1]


def on_path(law: ScoreNull, t: float, share: float, *, is_corrected: bool) -> tuple[float, float]:
    """How much of the sum cancels, and log p, on a path through ``share`` of the way to the first pole."""
    end, v = 0.5 / law.weights[-1], np.arange(0.0, 20.0, 0.01)
    width = 0.2 * end * min(abs(share), 1.0 - share)
    s = share * end + width * (1j * np.sinh(v) + 0.36 * (np.cosh(v) - 1.0))
    steps = 0.01 * width * (np.cosh(v) - 0.36j * np.sinh(v)) / (math.copysign(math.pi, share) * s)
    steps[0] *= 0.5
    more = law.correction(s) if is_corrected else law._displacement(s)
    logs = -0.5 * np.sum(np.log(1.0 - 2.0 * np.outer(s, law.weights)), axis=1) + more - s * (t - law.floor)
    scale = float(np.max(logs.real))
    terms = (np.exp(logs - scale) * steps).real
    total = float(np.sum(terms))
    lost = float(np.sum(np.abs(terms))) / max(total, 1e-300)
    if share > 0.0 and total > 0.0:
        return lost, scale + math.log(total)
    return lost, math.log1p(-math.exp(min(scale, 0.0)) * total)


if __name__ == "__main__":
    SCRIPT.main()
