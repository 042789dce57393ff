"""The box as a constraint or as a map w = W tanh(u): what a quasi-Newton descent makes of either.

    python benchmarks/box_or_map.py --output box_or_map.json

Null data sets of the exponential problem at clip 9, the same starting points for both, on the merged reference. The
map is given the same solver, without bounds, in u.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import exponential_study as study
import jax
import jax.numpy as jnp
import numpy as np

import wilks
from wilks.fitting import Engine, objective
from wilks.likelihood import Points
from wilks.models import Model
from wilks.optimize import Box, QuasiNewton, State, certify
from wilks.problems import exponential
from wilks.toys import draw_toy

SEED = 31


class Mapped(wilks.MLP):
    """The network as a function of u, w = W tanh(u)."""

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return super().column_log_ratio(self.weight_clip * jnp.tanh(params), columns)

    column_jacobian, column_curvature = Model.column_jacobian, Model.column_curvature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--n-toys", type=int, default=10)
    parser.add_argument("--n-starts", type=int, default=20)
    options = parser.parse_args()
    analysis = study.make_analysis(clip=exponential.WEIGHT_CLIP, n_starts=options.n_starts)
    engine, model, clip = Engine(analysis), analysis.model, exponential.WEIGHT_CLIP
    box = Box(-clip * jnp.ones(13), clip * jnp.ones(13))
    nowhere = Box(-1e6 * jnp.ones(13), 1e6 * jnp.ones(13))
    solver = QuasiNewton(max_iterations=3000, tolerance=1e-4)

    mapped = Mapped(hidden=model.hidden, weight_clip=clip)

    @jax.jit
    def by_box(start: jax.Array, data: Points) -> tuple[State, jax.Array]:
        goal = objective(model, (engine.near, data))
        end = solver.run(goal, start, box)
        return end, certify(goal, end.params, box).newton_decrement

    @jax.jit
    def by_map(start: jax.Array, data: Points) -> tuple[State, jax.Array]:
        events = (engine.near, data)
        end = solver.run(objective(mapped, events), jnp.arctanh(jnp.clip(start / clip, -0.999, 0.999)), nowhere)
        inside = clip * jnp.tanh(end.params)
        decrement = certify(objective(model, events), inside, box).newton_decrement
        return end._replace(params=inside), decrement

    rows = []
    for index in range(options.n_toys):
        data = engine.data_set(draw_toy(analysis, wilks.Null(), seed=SEED, index=index)).whole
        starts = model.starting_points(
            np.random.default_rng(SEED), options.n_starts, events=np.asarray(data.columns[0]).T
        )
        for name, descend in (("box", by_box), ("map", by_map)):
            descend(jnp.asarray(starts[0]), data)
            begin = time.perf_counter()
            ends = [descend(jnp.asarray(start), data) for start in starts]
            t = np.array([-2 * float(end.value) for end, _ in ends])
            rows.append(
                {
                    "toy": index,
                    "method": name,
                    "best_t": t.max(),
                    "mean_t": t.mean(),
                    "iterations": float(np.mean([int(end.n_iterations) for end, _ in ends])),
                    "certified": float(np.mean([float(decrement) < 1e-2 for _, decrement in ends])),
                    "at_bound": float(np.mean([np.mean(np.abs(end.params) > 0.999 * clip) for end, _ in ends])),
                    "milliseconds_per_start": 1e3 * (time.perf_counter() - begin) / len(starts),
                }
            )
    options.output.write_text(json.dumps(rows, indent=1))
    print(f"mean over {options.n_toys} toys x {options.n_starts} starts")
    for name in rows[0].keys() - {"toy", "method"}:
        values = {m: np.mean([row[name] for row in rows if row["method"] == m]) for m in ("box", "map")}
        print(f"{name:<24} box {values['box']:8.3f}  map {values['map']:8.3f}")


if __name__ == "__main__":
    main()
