"""Whether few points of one feature stand for all events of a reference where nuisances vary."""

import numpy as np

from wilks.problem import Problem
from wilks.samples import Sample, StandardizedEvents
from wilks.samples.checked_arrays import rows_in_order
from wilks.statistics.linear.basis import ReferencePoints
from wilks.typing import FloatArray

_TOLERANCE = 1e-8


def raw_points(problem: Problem, reference: ReferencePoints) -> FloatArray:
    """The points of a reference in the units of the user, shape (n, d).

    Where they are the events, to the last bit: a response may jump at a value that events have, which
    standardization and back need not give again.
    """
    if isinstance(reference.points, StandardizedEvents):
        return np.asarray(problem.reference.events[:])
    if not reference.is_condensed:
        events, weights = problem.reference.events[:], problem.reference.event_weights
        return np.asarray(events[rows_in_order(problem.standardized[:], weights)])
    raw: FloatArray = reference.points * problem.standardization.scale + problem.standardization.shift
    return raw


def is_faithful(problem: Problem, reference: ReferencePoints) -> bool:
    """Whether the points stand for all events where r varies: for every nuisance one sigma up and down, the sums of
    w r, w r^2 and w r x agree to 1e-8 of those of their sizes.

    They do for any smooth response, and do not for one that jumps, such as a binned one.
    """
    events = problem.reference.events
    given = Sample(raw_points(problem, reference), reference.weights, features=problem.reference.features)
    whole, few = (problem.nuisances.on(sample.events) for sample in (problem.reference, given))
    for direction in np.eye(len(problem.nuisances)):
        for z in (direction, -direction):
            sums = _sums(events, problem.reference.event_weights, whole.log_ratio(z))
            close = _sums(given.events, given.event_weights, few.log_ratio(z))
            sizes = _sums(np.abs(events), np.abs(problem.reference.event_weights), whole.log_ratio(z))
            if not np.all(np.abs(sums - close) <= _TOLERANCE * sizes):
                return False
    return True


def _sums(events: FloatArray, weights: FloatArray, log_ratio: FloatArray) -> FloatArray:
    moved = weights * np.exp(log_ratio)
    return np.concatenate([[np.sum(moved), moved @ np.exp(log_ratio)], moved @ events])
