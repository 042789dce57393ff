"""What a network without a box does as training goes on: Adam on all events, as it was published."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

N_HIDDEN, RATE = 4, 1e-3
ADAM = optax.adam(RATE)


class Cells(NamedTuple):
    """Distinct values (m,), standardized, with the expected and the observed events of one sample at each."""

    x: jax.Array
    expected: jax.Array
    counts: jax.Array


def cells_of(a: np.ndarray, b: np.ndarray) -> Cells:
    """Of A and of B, each against both: arrays (2, m)."""
    values, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    counts = np.array([np.bincount(some, minlength=values.size) for some in np.split(place, [a.size])])
    pooled = counts.sum(axis=0)
    mean = np.average(values, weights=pooled)
    x = (values - mean) / np.sqrt(np.average((values - mean) ** 2, weights=pooled))
    share = np.array([[a.size], [b.size]]) / (a.size + b.size)
    return Cells(*map(jnp.asarray, (np.tile(x, (2, 1)), share * pooled, counts)))


def padded(cells: Sequence[Cells]) -> Cells:
    """Those of all pairs as arrays (pairs, 2, m)."""
    most = max(one.x.shape[1] for one in cells)
    rows = [Cells(*(jnp.pad(side, ((0, 0), (0, most - side.shape[1]))) for side in one)) for one in cells]
    return Cells(*(jnp.stack(sides) for sides in zip(*rows, strict=True)))


def log_ratio(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    hidden = jax.nn.sigmoid(x[:, None] * params["slopes"] + params["shifts"])
    return hidden @ params["heights"] + params["offset"]


def loss(params: dict[str, jax.Array], cells: Cells) -> jax.Array:
    f = log_ratio(params, cells.x)
    return jnp.sum(cells.expected * jnp.expm1(f) - cells.counts * f)


def begun(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, jax.Array]:
    """Glorot's uniform numbers, and no shifts."""
    low, high = -np.sqrt(6 / (1 + N_HIDDEN)), np.sqrt(6 / (1 + N_HIDDEN))
    drawn = {name: rng.uniform(low, high, size=(*shape, N_HIDDEN)) for name in ("slopes", "heights")}
    return jax.tree.map(jnp.asarray, drawn | {"shifts": np.zeros((*shape, N_HIDDEN)), "offset": np.zeros(shape)})


@partial(jax.jit, donate_argnums=(0, 1))
def trained(params, state, cells: Cells, n: int):
    """``n`` epochs further, all pairs side by side."""

    def epoch(_, both):
        params, state = both
        change, state = ADAM.update(jax.vmap(jax.vmap(jax.grad(loss)))(params, cells), state)
        return optax.apply_updates(params, change), state

    return jax.lax.fori_loop(0, n, epoch, (params, state))


def along(cells: Cells, epochs: Sequence[int], *, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """After each of these numbers of epochs t_{A+B}(A) + t_{A+B}(B) of the pairs, and their largest ``|w|``."""
    params = begun(rng, cells.x.shape[:2])
    state, done = ADAM.init(params), 0
    for n in epochs:
        params, state = trained(params, state, cells, n - done)
        done = n
        values = np.asarray(jax.vmap(jax.vmap(loss))(params, cells))
        sizes = [np.abs(np.asarray(one)).reshape(values.shape[0], -1).max(axis=1) for one in jax.tree.leaves(params)]
        yield -2.0 * values.sum(axis=1), np.max(sizes, axis=0)
