"""The box as a constraint or as a map w = W tanh(u): what a quasi-Newton descent makes of either.

    python -m studies.box_or_map.run

Null data sets of the exponential problem at clip 9, the same starting points for both, on the merged reference. The
map is given the same solver, without bounds, in u. The last two rows are the means.
"""

from collections.abc import Iterator

import benchmarks.harness as harness
import jax
import jax.numpy as jnp
import numpy as np

import wilks
from wilks.likelihood import Points
from wilks.optimize import Box, QuasiNewton, State, certify
from wilks.statistics.network import NetworkModel
from wilks.statistics.objectives import objective
from wilks.toys import draw_toy

from studies.common import every_start, seen_by

SEED = 31
SCRIPT = harness.Script(__file__, __doc__, seed=SEED)


class Mapped(wilks.MLP):
    """The network as a function of u, w = W tanh(u)."""

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return super().column_log_ratio(self.weight_clip * jnp.tanh(params), columns)

    column_jacobian, column_curvature = NetworkModel.column_jacobian, NetworkModel.column_curvature


class Descents:
    """Both descents of one analysis, compiled; each returns the end in w and its Newton decrement in the box."""

    def __init__(self, analysis: wilks.Analysis) -> None:
        model, self._near = analysis.model, analysis.engine.programs.points.near
        self.clip = model.weight_clip
        ones = jnp.ones(analysis.n_parameters)
        self._box, self._nowhere = (Box(-size * ones, size * ones) for size in (self.clip, 1e6))
        self._f, self._mapped = model.structure, Mapped(hidden=model.hidden, weight_clip=self.clip).structure
        self._solver = QuasiNewton(max_iterations=3000, tolerance=1e-4)
        self.named = {"box": jax.jit(self._by_box), "map": jax.jit(self._by_map)}

    def _by_box(self, start: jax.Array, data: Points) -> tuple[State, jax.Array]:
        goal = objective(self._f, (self._near, data))
        end = self._solver.run(goal, start, self._box)
        return end, certify(goal, end.params, self._box).newton_decrement

    def _by_map(self, start: jax.Array, data: Points) -> tuple[State, jax.Array]:
        events, u = (self._near, data), jnp.arctanh(jnp.clip(start / self.clip, -0.999, 0.999))
        end = self._solver.run(objective(self._mapped, events), u, self._nowhere)
        inside = self.clip * jnp.tanh(end.params)
        decrement = certify(objective(self._f, events), inside, self._box).newton_decrement
        return end._replace(params=inside), decrement


@SCRIPT.whole(n_toys=10, n_starts=20)
def run(options) -> Iterator[harness.Row]:
    analysis = every_start(n_starts=options.n_starts)
    descents, rows = Descents(analysis), []
    for index in range(options.n_toys):
        events = draw_toy(analysis, wilks.Null(), seed=SEED, index=index)
        data = seen_by(analysis.engine.programs, events).whole
        seen, rng = np.asarray(data.columns[0]).T, np.random.default_rng(SEED)
        starts = analysis.model.starting_points(rng, options.n_starts, events=seen)
        for name in descents.named:
            rows.append({"toy": index, "method": name} | ends_of(descents, name, starts, data))
            yield rows[-1]
    for name in descents.named:
        mine = [row for row in rows if row["method"] == name]
        names = mine[0].keys() - {"toy", "method"}
        yield {"mean_of": name} | {key: np.mean([row[key] for row in mine]) for key in sorted(names)}


def ends_of(descents: Descents, name: str, starts: np.ndarray, data: Points) -> harness.Row:
    descend = descents.named[name]
    descend(jnp.asarray(starts[0]), data)  # compiles
    ends, seconds = harness.timed(lambda: [descend(jnp.asarray(start), data) for start in starts])
    t = np.array([-2 * float(end.value) for end, _ in ends])
    return {
        "best_t": t.max(),
        "mean_t": t.mean(),
        "iterations": np.mean([int(end.n_iterations) for end, _ in ends]),
        "certified": np.mean([float(decrement) < 1e-2 for _, decrement in ends]),
        "at_bound": np.mean([np.mean(np.abs(end.params) > 0.999 * descents.clip) for end, _ in ends]),
        "milliseconds_per_start": 1e3 * seconds / len(starts),
    }


if __name__ == "__main__":
    SCRIPT.main()
