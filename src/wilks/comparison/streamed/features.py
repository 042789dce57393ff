"""Which columns of two streams are compared: those that were asked for, or those that both have."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from wilks.errors import SampleError
from wilks.samples import Stream, bookkeeping, is_variation, looks_like_weight
from wilks.typing import FloatArray
from wilks.wording import listed, visible


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
        uses_weights: whether a column that is named as weights are must be 1 in every event; else it is left out.

    Raises:
        SampleError: there is none, or a column looks like weights.
    """
    names = [name for name in a.names if name in b.names]
    alone = tuple((name, "in one sample alone") for name in sorted({*a.names} ^ {*b.names}))
    asked = [one.features is not None for one in (a, b)]
    found = FeaturesInCommon(tuple(names), any(asked), alone)
    if not names:
        raise SampleError(
            f"two samples must have a feature in common, but the first has {listed(map(visible, a.names))} and the "
            f"second {listed(map(visible, b.names))}"
        )
    if any(asked):
        return found
    weights = [name for name in dict.fromkeys((*a.names, *b.names)) if looks_like_weight(name)]
    if uses_weights:
        for sample, which in ((a, "first"), (b, "second")):
            _require_ones(sample, [name for name in weights if name in sample.names], which=which)
    reasons = {name: "named as weights are" for name in weights if name in names}
    reasons |= _bookkeeping(a, b, [name for name in names if name not in reasons])
    return found.without(reasons) if reasons else found


def _require_ones(sample: Stream, names: list[str], *, which: str) -> None:
    """Raise where a column of weights is not 1 everywhere."""
    wanted = [name for name in names if not is_variation(name)]
    if not wanted:
        return
    columns = sample.of_features(wanted)
    for table in range(columns.n_tables):
        for unit in columns.units(table):
            for name, values in zip(wanted, unit.events.T, strict=True):
                if np.any(values != 1.0):
                    raise SampleError(
                        f"events that are streamed count one each, but {visible(name)!r} of the {which} sample looks "
                        "like a weight; name the features, as features=[...], say that every row counts one "
                        "(on the command line --no-weights), or unweight the sample first"
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
