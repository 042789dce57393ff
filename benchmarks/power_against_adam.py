"""Power at equal false-alarm rate: the certified t against the t of the published training, on the same toys.

    python benchmarks/exponential_study.py --output study                      # ours: 400 null toys, 100 of each signal
    python benchmarks/power_against_adam.py --study study --output power.json

The published training is full-batch Adam from one Glorot start with clipping after each step. As a stand-in for 300,000
epochs on 200,000 events it makes --epochs on the cells in which the search explores (width 0.01); its t is evaluated on
all events at the end. One core; a run that was cut short goes on.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
from pathlib import Path

import exponential_study as study
import jax.numpy as jnp
import numpy as np
from slow_methods import SlowMethods, glorot

import wilks
from wilks.campaign import stored_toys
from wilks.fitting import engine_of
from wilks.problems import exponential
from wilks.significance import count_at_or_above
from wilks.toys import draw_toy

SIZES = (0.05, 0.10)
SIGNALS = [signal for signal in exponential.SIGNALS if signal.name != "NP2-90"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--n-null", type=int, default=300)
    parser.add_argument("--n-signal", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=30_000)
    return parser.parse_args()


class Published:
    """The published training of one analysis."""

    def __init__(self, analysis: wilks.Analysis, epochs: int) -> None:
        self.analysis, self.epochs = analysis, epochs
        self.methods = SlowMethods(analysis, function_tolerance=1e-9)

    def t(self, events: np.ndarray, *, seed: list[int]) -> float:
        engine = engine_of(self.analysis)
        data = engine.data_set(events)
        start = glorot(np.random.default_rng(seed), self.analysis)[None]
        _, params = self.methods.adam(start, (*engine.coarse, data.explored), epochs=self.epochs)
        return -2.0 * float(engine.value(jnp.asarray(params[0]), data.whole))


def both(published: Published, folder: Path, hypothesis, *, seed: int, n_toys: int, known: list) -> list:
    """(ours, published) of each toy; ``known`` holds those of an earlier run."""
    analysis = published.analysis
    ours = stored_toys(folder, analysis=analysis, hypothesis=hypothesis, seed=seed)
    if ours.n_toys < n_toys:
        raise SystemExit(
            f"{folder} must hold {n_toys} toys, but it holds {ours.n_toys}: run exponential_study.py first"
        )
    for index in range(len(known), n_toys):
        events = draw_toy(analysis, hypothesis, seed=seed, index=index)
        known.append([float(ours.t[index]), published.t(events, seed=[seed, index])])
    return known


def power(null: np.ndarray, signal: np.ndarray, size: float) -> tuple[float, float]:
    """Share of signal toys above the (1 - size) quantile of the null toys, with its binomial error.

    A failed toy counts as exceeding in the null and as not exceeding in the signal.
    """
    threshold = np.quantile(np.where(np.isfinite(null), null, np.inf), 1 - size, method="higher")
    share = count_at_or_above(signal, threshold) / signal.size
    return share, float(np.sqrt(share * (1 - share) / signal.size))


def main() -> None:
    options = arguments()
    analysis = study.make_analysis(clip=exponential.WEIGHT_CLIP, n_starts=study.N_STARTS)
    published = Published(analysis, options.epochs)
    jobs = [("null", wilks.Null(), study.NULL_SEED, options.n_null)]
    jobs += [(signal.name, signal.alternative, study.SIGNAL_SEED, options.n_signal) for signal in SIGNALS]
    found = json.loads(options.output.read_text())["t"] if options.output.exists() else {}
    for name, hypothesis, seed, n_toys in jobs:
        known = found.get(name, [])
        found[name] = both(published, options.study / name, hypothesis, seed=seed, n_toys=n_toys, known=known)
        options.output.write_text(json.dumps({"epochs": options.epochs, "t": found}))
    table = summarize({name: np.array(pairs) for name, pairs in found.items()})
    options.output.write_text(json.dumps({"epochs": options.epochs, "t": found, "power": table}))


def summarize(t: dict[str, np.ndarray]) -> list[dict]:
    rows = []
    for name, pairs in t.items():
        gain = pairs[:, 0] - pairs[:, 1]
        print(f"{name}: mean t {np.nanmean(pairs[:, 0]):.2f} ours, {np.mean(pairs[:, 1]):.2f} published")
        print(
            f"  ours - published: mean {np.nanmean(gain):+.2f}, from {np.nanmin(gain):+.2f} to {np.nanmax(gain):+.2f}"
        )
        for size in SIZES if name != "null" else ():
            ours, theirs = (power(t["null"][:, k], pairs[:, k], size) for k in (0, 1))
            rows.append({"signal": name, "size": size, "ours": ours, "published": theirs})
            texts = [f"{share:.2f} +- {error:.2f}" for share, error in (ours, theirs)]
            print(f"  power at size {size:.2f}: {texts[0]} ours, {texts[1]} published")
    return rows


if __name__ == "__main__":
    main()
