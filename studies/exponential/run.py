"""The exponential problem: the null of t, the median Z of its signals, and power against the published training.

    python -m studies.exponential.run toys --store FOLDER     # 400 null toys, 100 of each signal, clip 9
    python -m studies.exponential.run adam --store FOLDER     # the same toys by full-batch Adam

FOLDER keeps finished toys: a run that was cut short goes on. The published training is Adam from one Glorot start with
clipping after each step; as a stand-in for 300,000 epochs on 200,000 events it makes --epochs on the cells in which the
search explores (width 0.01), and its t is evaluated on all events.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.campaign import stored_toys
from wilks.problems import exponential
from wilks.significance import count_at_or_above
from wilks.toys import draw_toy

from studies.common import every_start, seen_by
from studies.slow_methods import SlowMethods, glorot

NULL_SEED, SIGNAL_SEED = 11, 12
SIZES = (0.05, 0.10)
SCRIPT = harness.Script(__file__, __doc__, seed={"null": NULL_SEED, "signals": SIGNAL_SEED})


@SCRIPT.part("toys", clip=exponential.WEIGHT_CLIP, n_null=400, n_signal=100, n_starts=160, null_seed=11, store=Path)
def toys(options) -> Iterator[harness.Row]:
    analysis = every_start(clip=options.clip, n_starts=options.n_starts)
    null = _toys(analysis, "null", wilks.Null(), options.n_null, seed=options.null_seed, store=options.store)
    calibration = wilks.calibrate(null)
    yield {"hypothesis": "null", "calibration": calibration.to_dict()} | certificates(analysis, null)
    for signal in exponential.SIGNALS if options.n_signal else ():
        name, hypothesis = signal.name, signal.alternative
        found = _toys(analysis, name, hypothesis, options.n_signal, seed=SIGNAL_SEED, store=options.store)
        median, ideal = wilks.median_z_score(calibration, found), exponential.neyman_pearson_z(signal)
        row = {"hypothesis": name, "median": median.to_dict(), "neyman_pearson_z": ideal}
        yield row | {"n_failed": found.n_failed}


def _toys(analysis: wilks.Analysis, name: str, hypothesis, n: int, *, seed: int, store: Path | None) -> wilks.Toys:
    return wilks.run_toys(analysis, hypothesis, n_toys=n, seed=seed, store=store / name if store else None)


def certificates(analysis: wilks.Analysis, toys: wilks.Toys) -> harness.Row:
    return {
        "n_failed": toys.n_failed,
        "largest_kkt_residual": np.nanmax(toys.kkt_residual),
        "largest_newton_decrement": np.nanmax(toys.newton_decrement),
        "largest_t_mismatch": largest_mismatch(analysis, toys),
        "median_start_gap": np.median(toys.start_gap),
        "core_seconds_per_toy": np.mean(toys.seconds),
    }


def largest_mismatch(analysis: wilks.Analysis, toys: wilks.Toys) -> float:
    """Largest |t(saved params) - t| over the first toys, each evaluated afresh on all events."""
    differences = []
    for row in toys.rows[:20]:
        events = draw_toy(analysis, toys.hypothesis, seed=toys.seed, index=row.index)
        differences.append(abs(t_at(analysis, events, np.array(row.params)) - row.t))
    return max(differences)


def t_at(analysis: wilks.Analysis, events: np.ndarray, params: np.ndarray) -> float:
    """-2 L at params, on all events."""
    at_reference, at_data = (analysis.log_ratio(some, params) for some in (analysis.reference.events, events))
    return float(2.0 * (np.sum(at_data) - analysis.reference.event_weights @ np.expm1(at_reference)))


@SCRIPT.part("adam", n_null=300, n_signal=100, epochs=30_000, store=Path)
def adam(options) -> Iterator[harness.Row]:
    """(ours, published) of each toy of a hypothesis, then the power at equal size."""
    analysis, found = every_start(), {}
    methods, known = SlowMethods(analysis, function_tolerance=1e-9), {row["hypothesis"]: row for row in options.kept}
    jobs = [("null", wilks.Null(), NULL_SEED, options.n_null)]
    signals = [signal for signal in exponential.SIGNALS if signal.name != "NP2-90"]
    jobs += [(signal.name, signal.alternative, SIGNAL_SEED, options.n_signal) for signal in signals]
    for name, hypothesis, seed, n_toys in jobs:
        row = known.get(name)
        if row is None:
            ours = stored_toys(options.store / name, analysis=analysis, hypothesis=hypothesis, seed=seed)
            if ours.n_toys < n_toys:
                raise SystemExit(f"{options.store} must hold {n_toys} toys of {name}: run the part toys first")
            data = (draw_toy(analysis, hypothesis, seed=seed, index=index) for index in range(n_toys))
            theirs = [published(methods, analysis, one, options.epochs, [seed, k]) for k, one in enumerate(data)]
            row = {"hypothesis": name, "ours": ours.t[:n_toys], "published": theirs}
            if name != "null":
                row["power"] = [at_size(found["null"], row, size) for size in SIZES]
        found[name] = row
        yield row


def published(
    methods: SlowMethods, analysis: wilks.Analysis, events: np.ndarray, epochs: int, seed: list[int]
) -> float:
    programs, start = analysis.engine.programs, glorot(np.random.default_rng(seed), analysis)[None]
    _, params = methods.adam(start, (*programs.coarse, seen_by(programs, events).explored), epochs=epochs)
    return t_at(analysis, events, params[0])


def at_size(null: harness.Row, signal: harness.Row, size: float) -> harness.Row:
    pairs = {name: power(np.array(null[name]), np.array(signal[name]), size) for name in ("ours", "published")}
    return {"size": size} | pairs


def power(null: np.ndarray, signal: np.ndarray, size: float) -> tuple[float, float]:
    """Share of signal toys above the (1 - size) quantile of the null toys, with its binomial error.

    A failed toy counts as exceeding in the null and as not exceeding in the signal.
    """
    null = null.astype(float)
    threshold = np.quantile(np.where(np.isfinite(null), null, np.inf), 1 - size, method="higher")
    share = count_at_or_above(signal, threshold) / signal.size
    return share, float(np.sqrt(share * (1 - share) / signal.size))


if __name__ == "__main__":
    SCRIPT.main()
