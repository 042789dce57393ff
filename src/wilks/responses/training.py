"""The networks that learn Taylor coefficients of log r: the loss, its minimisation and when to stop."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from wilks.nuisances.taylor import layer_shapes, n_network_params, network
from wilks.responses.options import Training
from wilks.typing import BoolArray, FloatArray, IntArray

_BLOCK = 1024
_CELL_WIDTH = 0.002  # of the standard deviation of the feature
_SHARE = 0.25
_N_STAGES = 3
_LEAST_EVENTS = 5000
_ACTIVATION_OF: dict[str, Callable[[jax.Array], jax.Array]] = {
    "tanh": jnp.tanh,
    "softplus": jax.nn.softplus,
    "relu": jax.nn.relu,
}


class Group(NamedTuple):
    """Events that count at the same m points nu_i.

    Args:
        columns: standardized inputs (d, n).
        monomials: of each point, (m, k).
        varied: event weights in S_0(nu_i), (m, n), or (1, n) where they are the same at all points.
        central: event weights in S_1(nu_i), (m, n) or (1, n).
    """

    columns: Any
    monomials: Any
    varied: Any
    central: Any

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.columns.shape[1])

    def take(self, rows: BoolArray | IntArray) -> "Group":
        """The events of a mask (n,), or at positions."""
        return Group(self.columns[:, rows], self.monomials, self.varied[:, rows], self.central[:, rows])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of points and of rows of weights; groups of one shape are summed together."""
        return len(self.monomials), len(self.varied), len(self.central)

    def in_cells(self) -> "Group":
        """Events of one feature merged in cells that are narrow against anything that a network can resolve."""
        columns, _, varied, central = self
        if columns.shape[0] > 1 or np.any(varied < 0) or np.any(central < 0):
            return self
        _, cell = np.unique(np.floor(columns[0] / _CELL_WIDTH), return_inverse=True)
        every = np.concatenate([varied, central])
        sums = np.stack([np.bincount(cell, row) for row in every])
        total = every.sum(axis=0)
        mass = sums.sum(axis=0)
        mean = np.bincount(cell, total * columns[0]) / np.where(mass > 0, mass, 1.0)
        return Group(mean[None], self.monomials, sums[: len(varied)], sums[len(varied) :])


def train(groups: Sequence[Group], training: Training, *, seed: int) -> FloatArray:
    """Parameters (networks, p) of networks that minimise eq. 17 on the groups."""
    parts = max(2, training.n_networks)
    shuffled = [group.take(_order(group.n_events, seed)) for group in groups]
    least_gain, found = training.tolerance / _t_of_loss(groups), []
    for part in range(training.n_networks):
        kept = [group.take(np.arange(group.n_events) % parts != part) for group in shuffled]
        held_out = [group.take(np.arange(group.n_events) % parts == part) for group in shuffled]
        start = _start(groups[0], training, [seed, part])
        found.append(_minimise(start, kept, held_out, training, least_gain=least_gain))
    return np.stack(found)


def _t_of_loss(groups: Sequence[Group]) -> float:
    """N(R_0) <d^2> for one unit of `_Loss`: near c = 1/2 an error d of log r adds d^2 / 16 for each event."""
    n_points = sum(np.count_nonzero(group.varied.any(axis=1)) for group in groups)
    return 8.0 * _expected_events(groups) / n_points


def _expected_events(groups: Sequence[Group]) -> float:
    return sum(float(group.varied.sum() + group.central.sum()) for group in groups)


def _order(n: int, seed: int) -> IntArray:
    """A random order of n events; samples of as many events, such as those transformed from one, have the same."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, n], spawn_key=(0,))))
    return rng.permutation(n)


def _start(group: Group, training: Training, entropy: list[int]) -> FloatArray:
    """Random inner layers, outputs of 0."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy, spawn_key=(1,))))
    n_features, n_outputs = group.columns.shape[0], group.monomials.shape[1]
    hidden = training.layers(n_features)
    params = np.zeros(n_network_params(n_features, hidden, n_outputs))
    first = 0
    for n_out, n_in in layer_shapes(n_features, hidden, n_outputs)[:-1]:
        end = first + n_out * (n_in + 1)
        params[first:end] = rng.normal(size=end - first) / np.sqrt(n_in)
        first = end
    return params


def _minimise(
    start: FloatArray, kept: Sequence[Group], held_out: Sequence[Group], training: Training, *, least_gain: float
) -> FloatArray:
    """The iterate of L-BFGS on ``kept`` with the least loss on ``held_out``.

    Most iterations are made with a part of the events: few are left to do with all of them.
    """
    watch = _Watch(_Loss(held_out, training), start, patience=training.patience, least_gain=least_gain)
    for share in _shares(kept):
        loss = _Loss([group.take(np.arange(group.n_events) < share * group.n_events) for group in kept], training)
        watch.begin()
        optimize.minimize(  # type: ignore[call-overload]  # its types know no function of value and gradient
            loss.value_and_gradient,
            watch.params,
            jac=True,
            method="L-BFGS-B",
            callback=watch,
            options={"maxiter": training.n_iterations, "maxcor": 30, "ftol": 0.0, "gtol": 1e-9, "maxfun": 10**9},
        )
    return watch.params


def _shares(groups: Sequence[Group]) -> list[float]:
    """The shares of the events that are trained with one after the other; cells of one feature are few anyway."""
    n = min(group.n_events for group in groups)
    if len(groups[0].columns) == 1:
        return [1.0]
    return [_SHARE**i for i in range(_N_STAGES - 1, 0, -1) if _SHARE**i * n >= _LEAST_EVENTS] + [1.0]


class _Watch:
    """The parameters with the least held-out loss; ends a minimisation that has not lowered it enough for a while."""

    def __init__(self, held_out: "_Loss", start: FloatArray, *, patience: int, least_gain: float) -> None:
        self.held_out, self.patience, self.least_gain = held_out, patience, least_gain
        self.params, self.least = start, held_out.value(start)
        self.begin()

    def begin(self) -> None:
        """Wait from here on."""
        self.mark, self.n_since = self.least, 0

    def __call__(self, params: FloatArray) -> None:
        value = self.held_out.value(params)
        self.n_since += 1
        if value < self.least:
            self.params, self.least = params.copy(), value
        if self.least < self.mark - self.least_gain:
            self.begin()
        if self.n_since >= self.patience:
            raise StopIteration


class _Loss:
    """Eq. 17 per expected event, less its value at r = 1."""

    def __init__(self, groups: Sequence[Group], training: Training) -> None:
        total = _expected_events(groups)
        merged = [group.in_cells() for group in groups]
        shapes = dict.fromkeys(group.shape for group in merged)
        alike = ([group for group in merged if group.shape == shape] for shape in shapes)
        self.stacks = tuple(_stack(one, 1.0 / total) for one in alike)
        self.hidden, self.activation = training.layers(len(groups[0].columns)), training.activation

    def value(self, params: FloatArray) -> float:
        return float(_total(jnp.asarray(params), self.stacks, hidden=self.hidden, activation=self.activation))

    def value_and_gradient(self, params: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = _total_and_gradient(
            jnp.asarray(params), self.stacks, hidden=self.hidden, activation=self.activation
        )
        return float(value), np.asarray(gradient)


def _stack(groups: Sequence[Group], scale: float) -> Group:
    """Groups of as many points each in blocks of as many events; the last are filled up with events of no weight.

    The first axis of every array counts the blocks. Their number is rounded up, so that samples of about the same size
    share one compiled program.
    """
    blocks = [block for group in groups for block in _blocks(group, scale)]
    step = max(1, 2 ** (len(blocks).bit_length() - 4))
    empty = blocks[0]._replace(varied=np.zeros_like(blocks[0].varied), central=np.zeros_like(blocks[0].central))
    blocks += [empty] * (-len(blocks) % step)
    return Group(*(jnp.asarray(np.stack(rows)) for rows in zip(*blocks, strict=True)))


def _blocks(group: Group, scale: float) -> Iterator[Group]:
    for first in range(0, group.columns.shape[1], _BLOCK):
        fill = ((0, 0), (0, max(0, first + _BLOCK - group.columns.shape[1])))
        columns, varied, central = (
            np.pad(rows[:, first : first + _BLOCK], fill) for rows in (group.columns, group.varied, group.central)
        )
        yield Group(columns, group.monomials, scale * varied, scale * central)


def _block_loss(params: jax.Array, block: Group, hidden: tuple[int, ...], activation: str) -> jax.Array:
    columns, monomials, varied, central = block
    log_r = monomials @ network(params, columns, hidden, monomials.shape[1], _ACTIVATION_OF[activation])
    half_tanh = 0.5 * jnp.tanh(0.5 * log_r)
    # c = 1/2 - half_tanh; the squares without their constant 1/4.
    return jnp.sum(varied * half_tanh * (half_tanh - 1.0) + central * half_tanh * (half_tanh + 1.0))


@partial(jax.jit, static_argnames=("hidden", "activation"))
def _total(params: jax.Array, stacks: Sequence[Group], *, hidden: tuple[int, ...], activation: str) -> jax.Array:
    def add(so_far: jax.Array, block: Group) -> tuple[jax.Array, None]:
        return so_far + _block_loss(params, block, hidden, activation), None

    total = jnp.zeros(())
    for stack in stacks:
        total, _ = jax.lax.scan(add, total, stack)
    return total


@partial(jax.jit, static_argnames=("hidden", "activation"))
def _total_and_gradient(
    params: jax.Array, stacks: Sequence[Group], *, hidden: tuple[int, ...], activation: str
) -> tuple[jax.Array, jax.Array]:
    # Block by block, so that memory does not grow with the sample.
    differentiate = jax.value_and_grad(_block_loss)

    def add(so_far: tuple[jax.Array, jax.Array], block: Group) -> tuple[tuple[jax.Array, jax.Array], None]:
        value, gradient = differentiate(params, block, hidden, activation)
        return (so_far[0] + value, so_far[1] + gradient), None

    total = (jnp.zeros(()), jnp.zeros_like(params))
    for stack in stacks:
        total, _ = jax.lax.scan(add, total, stack)
    return total
