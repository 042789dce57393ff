"""Samples as the loss wants them: standardized, in blocks of one length, padded."""

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Points
from wilks.samples import Sample, Standardization
from wilks.typing import FloatArray

BLOCK_LENGTH = 2048
_GRAIN = 128


def reference_points(reference: Sample, standardization: Standardization) -> Points:
    """The events of the reference that have a weight."""
    counted = reference.event_weights != 0
    weights = reference.event_weights[counted]
    return _points(standardization.apply(reference.events[counted]), weights, np.zeros(weights.size))


def data_points(events: FloatArray, standardization: Standardization, *, n_points: int) -> Points:
    """Raw data events (n, d), with room for ``n_points``."""
    n = events.shape[0]
    return _points(standardization.apply(events), np.zeros(n), np.ones(n), n_points=n_points)


def joined_points(
    reference: Sample, values: FloatArray, counts: FloatArray, *, standardization: Standardization, n_points: int
) -> Points:
    """Cells of the reference and cells of the data, at ``values`` (c,) of the one feature, in the same blocks."""
    n_reference, n_data = reference.n_events, values.size
    return _points(
        standardization.apply(np.concatenate([reference.events, values[:, None]])),
        np.concatenate([reference.event_weights, np.zeros(n_data)]),
        np.concatenate([np.zeros(n_reference), counts]),
        n_points=n_points,
    )


def single(points: Points) -> Points:
    """The same points in float32: half the time of a pass, at 1e-4 of error in t."""
    return Points(*(array.astype(jnp.float32) for array in points))


def _points(events: FloatArray, weights: FloatArray, counts: FloatArray, *, n_points: int = 0) -> Points:
    """Standardized events (n, d) as blocks with room for at least ``n_points``.

    Padding repeats the first event without weight and count: a point where f is as tame as on the events themselves.
    """
    n, d = events.shape
    room = max(n, n_points, 1)
    length = min(BLOCK_LENGTH, -(-room // _GRAIN) * _GRAIN)
    n_blocks = -(-room // length)
    columns = np.empty((n_blocks * length, d))
    columns[:n] = events
    columns[n:] = events[0] if n else 0.0
    return Points(
        jnp.asarray(columns.reshape(n_blocks, length, d).transpose(0, 2, 1)),
        _padded(weights, n_blocks, length),
        _padded(counts, n_blocks, length),
    )


def _padded(values: FloatArray, n_blocks: int, length: int) -> jax.Array:
    padded = np.zeros(n_blocks * length)
    padded[: values.size] = values
    return jnp.asarray(padded.reshape(n_blocks, length))
