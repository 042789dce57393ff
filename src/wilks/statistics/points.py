"""Samples as the loss wants them: standardized, in blocks of one length, padded."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Points
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import Sample, Standardization, merge_cells
from wilks.statistics.fits import Data
from wilks.structures import rounded_up
from wilks.typing import FloatArray

BLOCK_LENGTH = 2048
Own = tuple[Points, jax.Array]
"""Events and auxiliary measurements of one data set."""
Rounding = Callable[[int], int]
"""Points that there is room for, where so many are needed."""
_GRAIN = 128


def no_more(n: int) -> int:
    """n."""
    return n


def to_few_sizes(n: int) -> int:
    """n rounded up to one of four numbers between two powers of two: samples of nearly one size share their programs.

    More than four, as `rounded_up` has, would tell samples of Poisson numbers apart.
    """
    return rounded_up(n, n_steps=4)


@dataclass(frozen=True)
class EventRows:
    """What the exponent needs of an event: its standardized features, then the rows of the nuisances.

    ``spare`` (d,) is a raw event like those of the reference, which pads where there is none.
    """

    standardization: Standardization
    nuisances: Nuisances
    spare: FloatArray

    def apply(self, events: FloatArray) -> FloatArray:
        """For raw events (n, d): shape (n, d + k)."""
        standardized = self.standardization.apply(events)
        return np.concatenate([standardized, self.nuisances.rows(events)], axis=1) if self.nuisances else standardized


class ProblemPoints:
    """The reference of a problem as compiled programs take it, and data sets beside it.

    Args:
        problem: of the reference.
        rounding: of the numbers of points of all samples. `to_few_sizes` where references of many sizes are fitted, and
            their programs would take longer to compile than to run.

    Attributes:
        rows: what the exponent needs of an event.
        usual: the number of events that toys have at most, as a rule.
        whole: the reference event by event.
        near: with events of one feature merged in cells so fine that a fit hardly notices; None where there is nothing
            to merge.
    """

    def __init__(self, problem: Problem, *, rounding: Rounding = no_more) -> None:
        reference = problem.reference
        self._rounding = rounding
        self.rows = EventRows(problem.standardization, problem.nuisances, reference.events[0])
        self.usual = usual_number(problem)
        near = merge_cells(reference, scale=problem.standardization.scale)
        self.near = None if near is reference else self.of_reference(near)
        self.whole = self.of_reference(reference)

    def of_reference(self, sample: Sample) -> Points:
        """The events that have a weight."""
        counted = sample.event_weights != 0
        weights = sample.event_weights[counted]
        room = self._rounding(weights.size)
        return _points(sample.events[counted], weights, np.zeros(weights.size), rows=self.rows, n_points=room)

    def room_for(self, n: int, *, usual: float, beside: int = 0) -> int:
        """Points of a data set of n events where ``usual`` are expected, and of others ``beside`` them."""
        return self._rounding(beside + room_for(n, usual))

    def own(self, data: Data) -> Own:
        """One data set, padded to a size that nearly all share."""
        room = self.room_for(data.events.shape[0], usual=self.usual)
        return data_points(data.events, self.rows, n_points=room), jnp.asarray(data.observed)


def data_points(events: FloatArray, rows: EventRows, *, n_points: int) -> Points:
    """Raw data events (n, d), with room for ``n_points``."""
    n = events.shape[0]
    return _points(events, np.zeros(n), np.ones(n), rows=rows, n_points=n_points)


def joined_points(
    reference: Sample, values: FloatArray, counts: FloatArray, *, rows: EventRows, n_points: int
) -> Points:
    """Cells of the reference and cells of the data, at ``values`` (c,) of the one feature, in the same blocks."""
    n_reference, n_data = reference.n_events, values.size
    return _points(
        np.concatenate([reference.events, values[:, None]]),
        np.concatenate([reference.event_weights, np.zeros(n_data)]),
        np.concatenate([np.zeros(n_reference), counts]),
        rows=rows,
        n_points=n_points,
    )


def usual_number(problem: Problem) -> float:
    """N(R_nu) where all nuisances are two sigma up or down, added in quadrature: toys are that large."""
    reference, response = problem.reference, problem.nuisances.on(problem.reference.events)
    largest = []
    for direction in np.eye(len(problem.nuisances)):
        ratios = [np.exp(response.log_ratio(step * direction)) for step in (-2.0, 2.0)]
        yields = [float(np.average(ratio, weights=reference.event_weights)) for ratio in ratios]
        largest.append(np.log(max(1.0, *(x for x in yields if np.isfinite(x)))))
    return float(problem.expected_events * np.exp(np.sqrt(np.sum(np.square(largest)))))


def room_for(n: int, usual: float) -> int:
    """Six standard deviations above what is usual, doubled until n fit."""
    room = usual + 6 * np.sqrt(usual) + 1
    while room < n:
        room *= 2
    return int(room)


def single(points: Points) -> Points:
    """The same points in float32: half the time of a pass, at 1e-4 of error in t."""
    return Points(*(array.astype(jnp.float32) for array in points))


def _points(
    events: FloatArray, weights: FloatArray, counts: FloatArray, *, rows: EventRows, n_points: int = 0
) -> Points:
    """Raw events (n, d) as blocks with room for at least ``n_points``.

    Padding repeats the first event without weight and count: a point where f and log r are as tame as on the events
    themselves.
    """
    n = events.shape[0]
    room = max(n, n_points, 1)
    length = min(BLOCK_LENGTH, -(-room // _GRAIN) * _GRAIN)
    n_blocks = -(-room // length)
    given = rows.apply(events if n else rows.spare[None])
    columns = np.empty((n_blocks * length, given.shape[1]))
    columns[:n] = given[:n]
    columns[n:] = given[0]
    return Points(
        jnp.asarray(columns.reshape(n_blocks, length, -1).transpose(0, 2, 1)),
        _padded(weights, n_blocks, length),
        _padded(counts, n_blocks, length),
    )


def _padded(values: FloatArray, n_blocks: int, length: int) -> jax.Array:
    padded = np.zeros(n_blocks * length)
    padded[: values.size] = values
    return jnp.asarray(padded.reshape(n_blocks, length))
