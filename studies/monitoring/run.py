"""False alarms of a monitor, delay of its alarms, and real chambers.

    python -m studies.monitoring.run rates
    python -m studies.monitoring.run delay
    python -m studies.monitoring.run chambers --data DATA

``rates`` makes references of 1, 4 and 40 times the batch, each with as many held-out events as ``held_out`` batches,
and judges good batches one after the other by every rule of a monitor: the conformal p, the p of the null law of this
reference, the p that the verdict has, the sum of evidence, k of n, drift and windows. Beside them stands what these
replace: the p of a law over references, a product of all evidence, and windows without the fluctuations of the
reference. ``delay`` shifts a feature after so many good batches, and counts batches until each rule finds it.
``chambers`` takes DATA/drift_tubes_segments.npz, four-layer segments of four muon chambers with their four drift times
and the angle: of runs 260 and 262 half is the reference of each chamber and half is held out, runs 261 and 263 are
good, and 331 and 332 have another beam.
"""

import dataclasses
import functools
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.monitor import BuildOptions, Decisions
from wilks.monitor.evidence import Count, Drift, EvidenceSum, Ranks, e_value, tie_breaker
from wilks.monitor.scoring import AdditiveScorer
from wilks.monitor.windows import GROWING, SLIDING, Windows

SEEDS = {"nature": 7, "chambers": 3}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)
MODEL = wilks.KernelSet(widths=(0.7, 2.0, 5.0), ridges=(0.3,), n_centers=60)
N_TOYS, LOOKS, WARM = 1_000, (1e-2, 1e-3), 500
EXACT = "sliding, good events taken as exact"
SEGMENT = ("t1_ns", "t2_ns", "t3_ns", "t4_ns", "theta_rad")
RUNS = {"reference": (260, 262), "good": (261, 263), "other beam": (331, 332)}


def nature(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two features, one with a tail."""
    first = rng.normal(size=n)
    return np.column_stack([first, rng.exponential(size=n) + 0.3 * first])


def reference_of(seed: int, *, ratio: int, n_events: int, held_out: int) -> wilks.MonitorReference:
    """A reference of so many times the batch, and its held-out events."""
    rng = np.random.default_rng([SEEDS["nature"], ratio, seed])
    events, pool = nature(rng, ratio * n_events), nature(rng, held_out * n_events)
    return built(events, pool, n_events=n_events)


def built(events: np.ndarray, pool: np.ndarray, *, n_events: int) -> wilks.MonitorReference:
    analysis = wilks.Analysis(reference=events, toy_source=pool, model=MODEL, expected_events=n_events)
    return wilks.build_reference(analysis, options=BuildOptions(n_toys=N_TOYS, n_power=0))


@dataclasses.dataclass
class Judged:
    """What every rule says of batches that came one after the other, each (batches,)."""

    conformal: np.ndarray
    null: np.ndarray
    quoted: np.ndarray
    over_references: np.ndarray
    evidence: np.ndarray
    k_of_n: np.ndarray
    drift: np.ndarray
    windows: dict[str, np.ndarray]
    product: np.ndarray

    @property
    def alarms(self) -> dict[str, np.ndarray]:
        """Where each rule stands."""
        return {
            "sum of evidence": self.evidence,
            "k of n": self.k_of_n,
            "drift": self.drift,
            **{f"{name} window": one for name, one in self.windows.items()},
        }


def sums_of(reference: wilks.MonitorReference, batches: list[np.ndarray]) -> np.ndarray:
    """Of many at once, shape (batches, r)."""
    scorer = reference.scorer
    assert isinstance(scorer, AdditiveScorer)
    empty = np.empty((0, scorer.reference_sums.size))
    return np.concatenate([empty, *(scorer.sums(batches[i : i + 200]) for i in range(0, len(batches), 200))])


def judged(reference: wilks.MonitorReference, sums: np.ndarray, n: int, *, n_windows: int) -> Judged:
    """What `wilks.Monitor` does with batches of n events and these sums; windows of the first ``n_windows``."""
    rates, scorer = reference.decisions, reference.scorer
    assert isinstance(scorer, AdditiveScorer)
    scores = scorer.scores_of(sums, np.full(len(sums), float(n)))
    t = np.array([reference.null.t(row, n) for row in scores])
    null = np.array([reference.null.p(one, n).p_value for one in t])
    z = np.array([reference.null.z(one, n) for one in t])
    is_good = [not reference.null.is_beyond_doubt(float(one), n) for one in t]
    conformal, quoted = over_time(reference, is_good, z, null, rates)
    rules = followed(reference, z, conformal, quoted, rates)
    return Judged(
        conformal=conformal,
        null=null,
        quoted=quoted,
        over_references=p_over_references(reference, scores),
        windows=in_windows(reference, sums[:n_windows], n, rates, is_good=is_good[:n_windows]),
        product=np.cumsum(np.log([e_value(p, kappa=rates.kappa) for p in conformal])),
        **rules,
    )


def over_time(
    reference: wilks.MonitorReference, is_good: list[bool], z: np.ndarray, null: np.ndarray, rates: Decisions
) -> tuple[np.ndarray, np.ndarray]:
    """The conformal p of each batch, and the one that decides."""
    ranks = Ranks(reference.calibration, n_earlier=rates.n_ranks)
    conformal, quoted = np.empty((2, z.size))
    for i, one in enumerate(z.tolist()):
        conformal[i] = ranks.p(one, 0, u=tie_breaker(rates.tie_seed, i))
        quoted[i] = conformal[i] if ranks.n(0) + 1 > 1.0 / rates.bad else null[i]
        if is_good[i]:
            ranks.add(one)
    return conformal, quoted


def followed(
    reference: wilks.MonitorReference, z: np.ndarray, conformal: np.ndarray, quoted: np.ndarray, rates: Decisions
) -> dict[str, np.ndarray]:
    """Where the rules over time stand."""
    ranks = Ranks(reference.calibration, n_earlier=1)
    total = EvidenceSum(kappa=rates.kappa, run_length=rates.batches_between_alarms)
    count, drift = Count(level=rates.medium, n=rates.n_in_a_row), Drift(n_batches=rates.window)
    found = np.zeros((3, z.size), dtype=bool)
    for i in range(z.size):
        p = drift.add(ranks.mid_rank(float(z[i]), 0), n_fixed=ranks.n_fixed(0))
        found[:, i] = total.add(conformal[i])[1], count.add(quoted[i]) >= rates.k_of_n, p is not None and p < rates.bad
    return dict(zip(("evidence", "k_of_n", "drift"), found, strict=True))


def in_windows(
    reference: wilks.MonitorReference, sums: np.ndarray, n: int, rates: Decisions, *, is_good: list[bool]
) -> dict[str, np.ndarray]:
    """Where windows alarm, and where they would without the fluctuations of the held-out events."""
    scorer, found = reference.scorer, {}
    assert isinstance(scorer, AdditiveScorer) and reference.baseline is not None and reference.windows is not None
    exact = dataclasses.replace(reference.baseline, n_events=10**12)
    for baseline, names, n_looks in (
        (reference.baseline, {GROWING: GROWING, SLIDING: SLIDING}, len(sums)),
        (exact, {SLIDING: EXACT}, 200),
    ):
        windows = Windows(scorer, baseline, reference.windows, n_batches=rates.window)
        results = [windows.add(one, n, is_good=good) for one, good in zip(sums[:n_looks], is_good, strict=False)]
        for window, name in names.items():
            log_p = [one[window].log_p_value for one in results]
            found[name] = np.array([one is not None and one < math.log(rates.bad) for one in log_p])
    return found


def p_over_references(reference: wilks.MonitorReference, scores: np.ndarray) -> np.ndarray:
    """p by the law that statistics have over references and batches, as if both were drawn anew."""
    laws, n = reference.windows, reference.null.laws[0].n_events
    assert laws is not None
    return np.array([laws.p(laws.t(one / (1.0 + n / reference.n_reference), n), n).p_value for one in scores])


@SCRIPT.part("rates", ratios=(1, 4, 40), n_references=20, n_batches=1_500, n_windows=1_500, n_events=250, held_out=40)
def rates(options) -> Iterator[harness.Row]:
    for ratio in options.ratios:
        found = []
        for seed in range(options.n_references):
            reference = reference_of(seed, ratio=ratio, n_events=options.n_events, held_out=options.held_out)
            rng = np.random.default_rng([SEEDS["nature"], ratio, seed, 1])
            batches = [nature(rng, options.n_events) for _ in range(options.n_batches)]
            sums = sums_of(reference, batches)
            found.append(judged(reference, sums, options.n_events, n_windows=options.n_windows))
        yield {"ratio": ratio, "n_batches": options.n_batches * len(found)} | _rates(found)


def _rates(found: list[Judged]) -> harness.Row:
    """Rates of p below the looks, over all references and their spread; alarms in 1,000 batches."""
    row: harness.Row = {}
    for name in ("conformal", "null", "quoted", "over_references"):
        for level in LOOKS:
            shares = np.array([np.mean(getattr(one, name) < level) for one in found])
            row[f"{name} < {level:g}"] = [float(np.mean(shares)), float(np.std(shares, ddof=1))]
    for name in found[0].alarms:
        row[f"{name}, in 1,000"] = _in_1000(one.alarms[name] for one in found)
    for name in (GROWING, SLIDING):
        row[f"{name} window after {WARM:,} batches, in 1,000"] = _in_1000(one.windows[name][WARM:] for one in found)
    row["references whose product of evidence passed 100"] = sum(
        bool(np.max(one.product) > math.log(100.0)) for one in found
    )
    return row


def _in_1000(stands: Iterable[np.ndarray]) -> list[float]:
    """Alarms in 1,000 batches, on average over references, and their spread."""
    counts = np.array([1e3 * np.mean(one) for one in stands])
    return [float(np.mean(counts)), float(np.std(counts, ddof=1))]


@SCRIPT.part("delay", good=(0, 300, 3_000), shifts=(0.1, 0.2, 0.4), n_repeats=10, n_events=250, ratio=4, most=300)
def delay(options) -> Iterator[harness.Row]:
    for n_good in options.good:
        for shift in options.shifts:
            delays = [_delays(seed, n_good, shift, options) for seed in range(options.n_repeats)]
            yield {"n_good": n_good, "shift": shift} | {
                name: [float(np.quantile([one[name] for one in delays], q, method="higher")) for q in (0.5, 0.9)]
                for name in delays[0]
            }


def _delays(seed: int, n_good: int, shift: float, options) -> dict[str, float]:
    """Batches from the change to the first that each rule finds, the first one counting 1; ``most`` + 1 for never."""
    reference, good, more = _stream(seed, n_good, options.ratio, options.n_events, options.most)
    changed = [one + np.array([shift, 0.0]) for one in more[: options.most if shift < 0.3 else 100]]
    sums = np.concatenate([good, sums_of(reference, changed)])
    found = judged(reference, sums, options.n_events, n_windows=len(sums))
    rules = {
        "BAD": found.quoted < reference.decisions.bad,
        **found.alarms,
        "product > 1,000": found.product > math.log(1e3),
    }
    rules.pop(f"{EXACT} window")
    return {name: _first(one[n_good:], options.most) for name, one in rules.items()}


@functools.lru_cache(maxsize=32)
def _stream(
    seed: int, n_good: int, ratio: int, n_events: int, n_more: int
) -> tuple[wilks.MonitorReference, np.ndarray, list[np.ndarray]]:
    """A reference, the sums of good batches, and more good batches that come after them."""
    reference = reference_of(seed, ratio=ratio, n_events=n_events, held_out=40)
    rng = np.random.default_rng([SEEDS["nature"], seed, n_good, 2])
    good, more = ([nature(rng, n_events) for _ in range(n)] for n in (n_good, n_more))
    return reference, sums_of(reference, good), more


def _first(stands: np.ndarray, most: int) -> float:
    return float(np.argmax(stands) + 1) if np.any(stands) else most + 1.0


@SCRIPT.part("chambers", data=Path, n_events=(25, 50), n_repeats=3)
def chambers(options) -> Iterator[harness.Row]:
    stored = np.load(options.data / "drift_tubes_segments.npz")
    segments = dict(zip(stored["columns"].tolist(), stored["segments"].astype(np.float64).T, strict=True))
    for n_events in options.n_events:
        for chamber in np.unique(segments["chamber"]):
            parts = {name: _segments(segments, chamber, runs) for name, runs in RUNS.items()}
            rows = [_chamber(parts, n_events, seed) for seed in range(options.n_repeats)]
            told = {"n_events": n_events, "chamber": int(chamber), "n_reference": len(parts["reference"]) // 2}
            yield told | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _segments(segments: dict[str, np.ndarray], chamber: float, runs: tuple[int, ...]) -> np.ndarray:
    is_there = (segments["chamber"] == chamber) & np.isin(segments["run"], runs)
    return np.column_stack([segments[name][is_there] for name in SEGMENT])


def _chamber(parts: dict[str, np.ndarray], n_events: int, seed: int) -> harness.Row:
    """Half of the reference runs are the reference, half is held out; batches share no event."""
    rng = np.random.default_rng([SEEDS["chambers"], seed])
    whole = rng.permutation(parts["reference"])
    half = len(whole) // 2
    first, second = (wilks.Sample(one, features=SEGMENT) for one in (whole[:half], whole[half:]))
    analysis = wilks.Analysis(reference=first, toy_source=second, expected_events=n_events)
    reference = wilks.build_reference(analysis, options=BuildOptions(n_toys=N_TOYS, n_power=0))
    row: harness.Row = {}
    for name in ("good", "other beam"):
        monitor, mixed = wilks.Monitor(reference), rng.permutation(parts[name])
        batches = mixed[: len(mixed) // n_events * n_events].reshape(-1, n_events, len(SEGMENT))
        row |= _of_verdicts(name, [monitor.update(one) for one in batches])
    return row


def _of_verdicts(name: str, verdicts: list[wilks.Verdict]) -> harness.Row:
    shares = {state: np.mean([str(one.state) == state for one in verdicts]) for state in ("MEDIUM", "BAD")}
    first = {
        rule: next(
            (i + 1 for i, one in enumerate(verdicts) if rule in (*one.alarms, str(one.state))), len(verdicts) + 1
        )
        for rule in ("BAD", "jump", "drift", "sliding window")
    }
    angle = np.mean([one.where is not None and one.where.feature == "theta_rad" for one in verdicts])
    told = {"batches": len(verdicts), "MEDIUM": shares["MEDIUM"], "BAD": shares["BAD"], "in the angle": angle}
    return {f"{name}: {what}": float(x) for what, x in {**told, **{f"first {k}": v for k, v in first.items()}}.items()}


if __name__ == "__main__":
    SCRIPT.main()
