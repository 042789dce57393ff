"""Which columns of two streams are compared: those that were asked for, or those that both have."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from wilks.comparison.checks import require_numbers
from wilks.errors import SampleError
from wilks.samples import Stream, bookkeeping, columns, is_nominal_weight, looks_like_weight
from wilks.samples.reading import columns_of_words
from wilks.typing import FloatArray
from wilks.wording import listed, visible

_WEIGHTS = "named as weights are"


@dataclass(frozen=True)
class FeaturesInCommon:
    """What is compared.

    Args:
        names: of the features.
        are_asked_for: whether both samples had them given.
        left_out: name of each other column, and why.
    """

    names: tuple[str, ...]
    are_asked_for: bool
    left_out: tuple[tuple[str, str], ...] = ()

    def without(self, reasons: Mapping[str, str]) -> "FeaturesInCommon":
        """The same without some of the names.

        Raises:
            SampleError: no other is left.
        """
        names = tuple(name for name in self.names if name not in reasons)
        found = replace(self, names=names, left_out=(*self.left_out, *reasons.items()))
        if not names:
            raise SampleError(f"two samples must have a feature in common, but {'; '.join(found.notices)}")
        return found

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on what was left out, one for each reason."""
        reasons = dict.fromkeys(why for _, why in self.left_out)
        names = {why: [visible(name) for name, other in self.left_out if other == why] for why in reasons}
        return tuple(f"{listed(some)} left out: {why}" for why, some in names.items())


def common_features(a: Stream, b: Stream, *, uses_weights: bool) -> FeaturesInCommon:
    """The features that both have; of columns that nobody chose none that number events, and no weights.

    Args:
        a, b: the samples.
        uses_weights: whether the weights of a sample whose features nobody chose must be 1 (`require_unweighted`).

    Raises:
        SampleError: there is none, or a column looks like weights.
    """
    names = [name for name in a.names if name in b.names]
    if not names:
        raise SampleError(
            f"two samples must have a feature in common, but the first has {listed(map(visible, a.names))} and the "
            f"second {listed(map(visible, b.names))}"
        )
    asked = {*(a.features or ()), *(b.features or ())}
    for one, which in ((a, "first"), (b, "second")):
        if uses_weights and one.features is None:
            require_unweighted(one, which=which, asked=asked)
    weights = {name: _WEIGHTS for one in (a, b) for name in _weights(one, asked)}
    alone = {name: "in one sample alone" for name in sorted({*a.names} ^ {*b.names}) if name not in weights}
    found = FeaturesInCommon(tuple(names), bool(asked), tuple(alone.items()))
    counters = {} if asked else _bookkeeping(a, b, [name for name in names if name not in weights])
    return found.without({**weights, **counters}) if weights or counters else found


def require_unweighted(sample: Stream, *, which: str, asked: Collection[str]) -> None:
    """Raise where a column that is named as weights are, and is none of the features asked for, is not 1 everywhere.

    Raises:
        SampleError: there is one, or one that holds no numbers.
    """
    words = columns_of_words(sample.files, tree=sample.tree) if sample.files else {}
    require_numbers([(name, why) for name, why in words.items() if is_nominal_weight(name)], which=which)
    _require_ones(sample, [*filter(is_nominal_weight, _weights(sample, asked))], which=which)


def _weights(sample: Stream, asked: Collection[str]) -> tuple[str, ...]:
    """Columns and definitions that are named as weights are, and that nobody named as features."""
    is_chosen = sample.features and sample.files
    there = (*columns(sample.files, tree=sample.tree), *sample.define) if is_chosen else sample.names
    return tuple(name for name in there if looks_like_weight(name) and name not in asked)


def _require_ones(sample: Stream, names: list[str], *, which: str) -> None:
    """Raise where a column of weights is not 1 everywhere."""
    if not names:
        return
    weights = sample.of_features(names)
    for table in range(weights.n_tables):
        for unit in weights.units(table):
            for name, values in zip(names, unit.events.T, strict=True):
                if np.any(values != 1.0):
                    raise SampleError(
                        f"events that are streamed count one each, but {visible(name)!r} of the {which} sample looks "
                        "like a weight; say that every row counts one (on the command line --no-weights, in Python "
                        "features=[...]), hold the samples in memory (--in-memory), or unweight the sample first"
                    )


def _bookkeeping(a: Stream, b: Stream, names: list[str]) -> dict[str, str]:
    """Columns that only number events, by the first events of both samples, and why."""
    reasons: dict[str, str] = {}
    for events in (_first_events(one.of_features(names)) for one in (a, b)):
        for name, values in zip(names, events.T, strict=True):
            why = bookkeeping(name, values) if np.any(values != values[:1]) else None
            if why is not None:
                reasons.setdefault(name, why)
    return reasons


def _first_events(sample: Stream) -> FloatArray:
    """Those of the first unit that has any."""
    units = (unit.events for table in range(sample.n_tables) for unit in sample.units(table))
    return next((events for events in units if events.size), np.empty((0, len(sample.names))))
