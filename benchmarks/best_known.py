"""The best minima that slow methods find: SciPy L-BFGS-B and Adam from many Glorot starts, data set by data set.

    python benchmarks/best_known.py exponential-13 --output best.json --n-toys 12 --n-scipy 60 --n-adam 4
    python benchmarks/best_known.py dimuon-96 --data FOLDER --output best96.json --n-toys 4 --n-scipy 30

Descents run on the merged reference where there is one feature (200,000 events become about 5,800 cells, which moves
t by less than 1e-3) and the best of them goes on from there on all events; ``--full`` runs them on all events. One
core. A run that was cut short goes on with the data sets that are missing.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from rows import ROWS, Problem, glorot
from scipy import optimize

import wilks
from wilks import likelihood
from wilks.likelihood import Blocks, Events
from wilks.samples import thin

BLOCK = 2048


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--n-toys", type=int, default=4)
    parser.add_argument("--n-scipy", type=int, default=30)
    parser.add_argument("--n-adam", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=300_000)
    parser.add_argument("--full", action="store_true", help="no merged reference")
    return parser.parse_args()


def blocks(analysis: wilks.Analysis, events: np.ndarray, weights: np.ndarray, *, room: int = 0) -> Blocks:
    """Standardized events in blocks; padding repeats the first event with weight 0."""
    n, d = events.shape
    n_blocks = -(-max(n, room) // BLOCK)
    columns, padded = np.repeat(events[:1], n_blocks * BLOCK, axis=0), np.zeros(n_blocks * BLOCK)
    columns[:n], padded[:n] = events, weights
    columns = analysis.standardization.apply(columns)
    return Blocks(
        jnp.asarray(columns.reshape(n_blocks, BLOCK, d).transpose(0, 2, 1)), jnp.asarray(padded.reshape(-1, BLOCK))
    )


class Baselines:
    """The loss as SciPy and Adam want it, on the merged and on the whole reference."""

    def __init__(self, analysis: wilks.Analysis, *, is_full: bool) -> None:
        reference = analysis.reference
        merged = thin(reference, scale=analysis.standardization.scale, n_events=reference.n_events, seed=0)
        self.analysis = analysis
        self.whole = blocks(analysis, reference.events, reference.event_weights)
        self.near = self.whole if is_full else blocks(analysis, merged.events, merged.event_weights)
        self.room = int(analysis.expected_events + 6 * np.sqrt(analysis.expected_events))
        log_ratio = analysis.model.column_log_ratio
        self.slope = jax.jit(lambda w, events: likelihood.value_and_gradient(log_ratio, w, events))
        self.adam = jax.jit(self._adam, static_argnums=2)

    def events(self, reference: Blocks, data: np.ndarray) -> Events:
        return Events(reference, blocks(self.analysis, data, np.ones(len(data)), room=self.room))

    def scipy(self, start: np.ndarray, events: Events) -> tuple[float, np.ndarray, int]:
        """t, params and evaluations of one descent."""

        def function(params: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = self.slope(params, events)
            return float(value), np.asarray(gradient)

        clip = self.analysis.model.weight_clip
        options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-11, "gtol": 1e-6, "maxcor": 20}
        end = optimize.minimize(
            function, start, jac=True, method="L-BFGS-B", bounds=[(-clip, clip)] * start.size, options=options
        )
        return -2.0 * float(end.fun), end.x, int(end.nfev)

    def _adam(self, starts: jax.Array, events: Events, epochs: int) -> tuple[jax.Array, jax.Array]:
        """Values and params after ``epochs`` of the published procedure from starts (s, p), side by side."""
        clip, log_ratio = self.analysis.model.weight_clip, self.analysis.model.column_log_ratio
        slopes = jax.vmap(lambda w: likelihood.value_and_gradient(log_ratio, w, events)[1])

        def epoch(k: jax.Array, carry: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, ...]:
            params, mean, square = carry
            gradient = slopes(params)
            mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            rate = 1e-3 * jnp.sqrt(1 - 0.999 ** (k + 1.0)) / (1 - 0.9 ** (k + 1.0))
            return jnp.clip(params - rate * mean / (jnp.sqrt(square) + 1e-7), -clip, clip), mean, square

        nothing = jnp.zeros_like(starts)
        params = jax.lax.fori_loop(0, epochs, epoch, (starts, nothing, nothing))[0]
        return jax.vmap(lambda w: likelihood.value(log_ratio, w, events))(params), params


def one_data_set(baselines: Baselines, data: np.ndarray, index: int, options: argparse.Namespace) -> dict:
    """All ends of both methods on one data set, with their times, and the best of them polished on all events."""
    rng = np.random.default_rng([77, index])
    near, whole = baselines.events(baselines.near, data), baselines.events(baselines.whole, data)
    starts = np.array([glorot(rng, baselines.analysis) for _ in range(options.n_scipy + options.n_adam)])
    begin = time.perf_counter()
    ends = [baselines.scipy(start, near) for start in starts[: options.n_scipy]]
    row = {"toy": index, "n_events": len(data), "scipy_t": [t for t, _, _ in ends]}
    row |= {"scipy_evaluations": [n for _, _, n in ends], "scipy_seconds": time.perf_counter() - begin}
    candidates = [max(ends, key=lambda end: end[0])[1]] if ends else []
    if options.n_adam:
        begin = time.perf_counter()
        values, params = baselines.adam(jnp.asarray(starts[options.n_scipy :]), near, options.epochs)
        row |= {"adam_t": (-2 * np.asarray(values)).tolist(), "adam_seconds": time.perf_counter() - begin}
        candidates.append(np.asarray(params[int(np.argmin(values))]))
    row["best_t"] = max(baselines.scipy(start, whole)[0] for start in candidates)
    return row


def main() -> None:
    options = arguments()
    problem = Problem(ROWS[options.row], options.data)
    baselines = Baselines(problem.analysis, is_full=options.full)
    rows = json.loads(options.output.read_text()) if options.output.exists() else []
    for index in range(options.first, options.first + options.n_toys):
        if index in {row["toy"] for row in rows}:
            continue
        rows.append(one_data_set(baselines, problem.data(index), index, options))
        print({name: value for name, value in rows[-1].items() if not isinstance(value, list)}, flush=True)
        options.output.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
