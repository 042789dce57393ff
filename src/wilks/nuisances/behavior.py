"""What functions of the user do: their values on a few events, kept beside what was made with them.

A fingerprint knows a function by its name. Its values do not enter it, for their last digits differ between machines:
they are kept, and compared to six digits when what was made with them is used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wilks.errors import InputError, StoreError
from wilks.hypotheses import Generator, ToySource
from wilks.nuisances.collection import Nuisances
from wilks.nuisances.region_sources import RegionSources
from wilks.nuisances.unselected import Unselected
from wilks.samples import Sample
from wilks.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from wilks.nuisances.nuisance import Nuisance

Values = dict[str, list[float]]
_N_ROWS, _N_DRAWN = 32, 16
_STEPS = (-2.0, -1.0, 1.0, 2.0)  # in sigma
_DIGITS, _TOLERANCE = 9, 1e-6


def function_values(
    nuisances: Nuisances, source: ToySource | Unselected | RegionSources | None, reference: Sample
) -> Values:
    """Values of all functions of the user that an analysis has, by what they are; {} where it has none."""
    found: Values = {}
    if any(not one.name.startswith("wilks.") for one in nuisances.functions):
        found |= dict(_responses(nuisances, reference.events[_rows(reference)]))
    for one, n_features in _parts(source, reference.n_features):
        if isinstance(one, Unselected):
            found |= moved_values(nuisances, one.sample)
        if isinstance(one, Generator):
            found |= generator_values(one, n_features=n_features, nuisances=nuisances)
    return found


def generator_values(
    generator: Generator, *, n_features: int, nuisances: Iterable[Nuisance] = (), nu: Mapping[str, float] | None = None
) -> Values:
    """A few events of a fixed seed, feature by feature, and yields.

    Args:
        generator: the function.
        n_features: of its events.
        nuisances: that it may know; they are moved by one sigma, one after the other.
        nu: where events are drawn beside nu = 0.
    """
    places = [{}, *({one.name: one.scale} for one in nuisances), *([dict(nu)] if nu else [])]
    drawn = [one for at in places if (one := _drawn(generator, at, n_features=n_features))]
    if not drawn:
        return {}
    events = np.concatenate([events for events, _ in drawn])
    found = {f"{generator.name} (feature {k + 1})": _told(events[:, k]) for k in range(n_features)}
    yields = {f"the yield_ratio of {generator.name}": _told([ratio for _, ratio in drawn])}
    return found | ({} if generator.yield_ratio is None else yields)


def moved_values(nuisances: Iterable[Nuisance], sample: Sample) -> Values:
    """Columns of a few events of the sample as transforms leave them; a transform that needs others is left out."""
    few, found = sample.take(_rows(sample)), dict[str, list[float]]()
    known = Unselected(few)
    for one in nuisances:
        if one.transform is None:
            continue
        try:
            varied = [known.at([one], {one.name: step * one.scale}) for step in _STEPS]
        except InputError:  # it is refused where events are moved
            continue
        for name in (*sample.features, *sample.extras):
            values = np.concatenate([given.column(name) for given in varied])
            found[f"the transform of {one.name} (column {name})"] = _told(values)
    return found


def changed_functions(kept: Mapping[str, Sequence[float]], now: Mapping[str, Sequence[float]]) -> list[str]:
    """Which functions, of those that are known of both times, give other values, beyond the sixth digit.

    >>> changed_functions({"f": [1.0, 3.0], "g": [1.0, 0.0]}, {"f": [1.0, 3.00001], "g": [1.0, 1e-9]})
    ['f']
    """
    return [name for name in kept if name in now and not _is_same(np.array(kept[name]), np.array(now[name]))]


def require_same_functions(
    kept: Mapping[str, Sequence[float]], now: Mapping[str, Sequence[float]], *, place: object
) -> None:
    """Raise unless the functions do what they did when ``place`` was written.

    Raises:
        StoreError: one gives other values, or none any more.
    """
    if changed := [*changed_functions(kept, now), *(name for name in kept if name not in now)]:
        raise StoreError(
            f"{place} must be used with the functions that it was made with, but other values than then come from "
            f"{', '.join(changed)}. Undo the change of the function; or choose a new folder, or delete that one, and "
            "make what it holds anew. Nothing was overwritten"
        )


def _is_same(kept: FloatArray, now: FloatArray) -> bool:
    """Whether values are equal to six digits, of themselves and of how far they are apart."""
    if kept.shape != now.shape:
        return False
    return bool(np.allclose(now, kept, rtol=_TOLERANCE, atol=_TOLERANCE * float(np.ptp(kept))))


def _parts(source: object, n_features: int) -> list[tuple[object, int]]:
    """Each source with the number of its features, of several regions one after the other."""
    if isinstance(source, RegionSources):
        return [(one, len(names)) for one, names in zip(source.sources, source.layout.features, strict=True)]
    return [(source, n_features)]


def _drawn(generator: Generator, at: Mapping[str, float], *, n_features: int) -> tuple[FloatArray, float] | None:
    """Events and yield at values of the nuisances; None where the function knows no such nuisance or fails."""
    rng = np.random.Generator(np.random.Philox(0))
    try:
        return generator.draw(rng, _N_DRAWN, n_features=n_features, nuisances=at), generator.yield_at(at)
    except Exception:  # a function of the user may raise anything; where toys are drawn it is said
        return None


def _responses(nuisances: Nuisances, events: FloatArray) -> Iterator[tuple[str, list[float]]]:
    """log r of the events, a nuisance after the other moved by some sigmas."""
    response = nuisances.on(events)
    for j, one in enumerate(nuisances):
        if not one.is_normalization:
            z = np.zeros((len(_STEPS), len(nuisances)))
            z[:, j] = _STEPS
            values = np.concatenate([response.log_ratio(at) for at in z])
            if np.all(np.isfinite(values)):
                yield f"log r of {one.name}", _told(values)


def _rows(sample: Sample) -> IntArray:
    """A few rows: equally spaced ones, and those with the least and the largest value of each feature."""
    events = sample.events
    spaced = np.linspace(0, sample.n_events - 1, _N_ROWS).astype(int)
    return np.unique(np.concatenate([spaced, np.argmin(events, axis=0), np.argmax(events, axis=0)]))


def _told(values: FloatArray | Sequence[float]) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
