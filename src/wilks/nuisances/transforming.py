"""Events at other values of the nuisances: the transforms, then the selection."""

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from wilks.errors import InputError, SampleError
from wilks.functions import NamedFunction
from wilks.nuisances.nuisance import Nuisance
from wilks.samples import Sample, closest, parse_selection, recomputed
from wilks.typing import BoolArray, FloatArray, finite_number, plain_numbers

_TOLERANCE = 1e-3
"""A transform must not move any column by more than this share of its spread at nu = 0."""


def vary(
    sample: Sample,
    nuisances: Iterable[Nuisance],
    nu: Mapping[str, float],
    *,
    where: str | None = None,
    define: Mapping[str, str] = MappingProxyType({}),
    seed: int = 0,
) -> Sample:
    """Events at nu from events at 0: the transforms, then the definitions, then the selection.

    Each nuisance whose value is not 0 changes the columns by its transform, in the order of ``nuisances``; one that
    changes counts alone multiplies the weights by exp(nu). Weights are otherwise kept, so that their sum is the yield
    at nu: give the events before the selection, and those that migrate across it are counted.

    Columns that are made from others are made again: those in ``define``, carried ones that `read` defined, and
    features or carried columns whose name is an expression. What a transform returned itself is kept, unless
    ``define`` names it.

    A transform with a third parameter named ``rng`` gets random numbers, ``transform(columns, nu, rng)``. They depend
    on ``seed`` and the name of the nuisance: as long as it draws equally many at every nu, each event keeps its own,
    and samples at different nu differ by nu alone.

    Args:
        sample: events at nu = 0, with all columns that the transforms, definitions and selection need (``carry``).
        nuisances: with transforms; others must have the value 0.
        nu: values by name, in the user's units; names that are not given are at 0.
        where: which events to keep at nu, as in `read`. None: all.
        define: columns as expressions over others, as in `read`; a column of this name is replaced.
        seed: of the random numbers of transforms that take some.

    Returns:
        A sample with the same features and carried columns.

    Raises:
        InputError: a nuisance without transform, or a transform that fails, returns something else than finite columns
            (n,) that the sample has, writes into its input, or changes events at nu = 0.
        SampleError: a definition or selection that cannot be used, or no event left.

    >>> scale = Nuisance("scale", 0.1, transform=lambda columns, nu: {"pt": columns["pt"] * np.exp(nu)})
    >>> events = Sample([19.0, 25.0, 40.0], features=("pt",))
    >>> vary(events, [scale], {"scale": 0.1}, where="pt > 20").events.ravel().round(1).tolist()
    [21.0, 27.6, 44.2]
    """
    chosen = _chosen(tuple(nuisances), nu)
    columns = {name: _column(sample, name) for name in (*sample.features, *sample.extras)}
    factor, touched = 1.0, set[str]()
    for nuisance, value in chosen:
        if nuisance.is_normalization:
            factor *= nuisance.yield_factor(value)
            continue
        changes = _transformed(nuisance, columns, value, seed=seed)
        columns |= changes
        touched |= set(changes)
    columns = recomputed(sample, columns, given=define, changed=touched)
    rows = np.arange(sample.n_events) if where is None else np.flatnonzero(_passing(sample, where, columns))
    if not rows.size:
        raise SampleError(
            f"at least one event must pass the selection {where!r} at {_values_text(chosen)}, but none of "
            f"{sample.n_events:,} does"
        )
    return Sample(
        np.column_stack([columns[name][rows] for name in sample.features]),
        factor * sample.event_weights[rows],
        features=sample.features,
        extras={name: columns[name][rows] for name in sample.extras},
        origin=sample.origin,
    )


def _passing(sample: Sample, where: str, columns: Mapping[str, FloatArray]) -> BoolArray:
    return parse_selection(where).at_precision(sample.precisions).evaluate(columns)


def _chosen(nuisances: tuple[Nuisance, ...], nu: Mapping[str, float]) -> list[tuple[Nuisance, float]]:
    """The nuisances that are not at 0, in order, each with its value."""
    names = [one.name for one in nuisances]
    for name, value in nu.items():
        if name not in names:
            raise InputError(
                f"values must be of the nuisances that were given, but {name!r} came; {closest(name, names)}"
            )
        finite_number(value, name=f"the value of {name!r}")
    chosen = [(one, float(nu.get(one.name, 0.0))) for one in nuisances if nu.get(one.name, 0.0)]
    for one, value in chosen:
        if one.transform is None and not one.is_normalization:
            raise InputError(
                f"events at {one.name} = {value:g} are made by a transform, but {one.name!r} has none; give "
                "Nuisance(transform=function(columns, nu) -> columns), or draw toys with a generator that knows it"
            )
        if one.transform is not None and one.is_normalization:
            raise InputError(
                f"a normalization changes counts alone, but {one.name!r} has a transform; leave one of the two out"
            )
    return chosen


def _transformed(
    nuisance: Nuisance, columns: Mapping[str, FloatArray], value: float, *, seed: int
) -> dict[str, FloatArray]:
    """The columns that the transform returns at ``value``, after a look at what it does at 0."""
    at_zero = _call(nuisance, columns, 0.0, seed=seed)
    for name, values in at_zero.items():
        before = columns[name]
        spread = float(np.std(before)) or float(np.max(np.abs(before), initial=0.0)) or 1.0
        n_moved = int(np.count_nonzero(np.abs(values - before) > _TOLERANCE * spread))
        if n_moved:
            raise InputError(
                f"{_role(nuisance)} must leave events as they are at {nuisance.name} = 0, but it changes {name!r} of "
                f"{n_moved:,} of {before.size:,} events; nu is a shift, so write exp(nu) or 1 + nu for a factor"
            )
    return _call(nuisance, columns, value, seed=seed)


def _call(nuisance: Nuisance, columns: Mapping[str, FloatArray], value: float, *, seed: int) -> dict[str, FloatArray]:
    assert isinstance(nuisance.transform, NamedFunction)
    function, role = nuisance.transform.call, f"{_role(nuisance)} at {nuisance.name} = {value:g}"
    more = {"rng": _random_numbers(nuisance.name, seed=seed)} if _takes_rng(nuisance.transform) else {}
    try:
        given = function(dict(columns), value, **more)
    except MemoryError:
        raise
    except Exception as error:  # a function of the user may raise anything
        advice = (
            "; it must return new columns and leave those that it is given, as in {'pt': columns['pt'] * exp(nu)}"
            if "read-only" in str(error)
            else ""
        )
        raise InputError(
            f"{role} must return columns, but it raised {type(error).__name__}: {error}{advice}"
        ) from error
    if not isinstance(given, Mapping):
        raise InputError(f"{role} must return columns by name, but it returned {type(given).__name__}")
    return {str(name): _checked(values, str(name), columns, role) for name, values in given.items()}


def _checked(values: object, name: str, columns: Mapping[str, FloatArray], role: str) -> FloatArray:
    if name not in columns:
        raise InputError(f"{role} must return columns that the sample has, but {name!r} came; {closest(name, columns)}")
    if values is columns[name]:
        return columns[name]
    try:
        array = plain_numbers(values).copy()
    except (TypeError, ValueError) as error:
        raise InputError(f"{role} must return numbers, but {name!r} cannot be read as such: {error}") from error
    n_events = columns[name].size
    if array.shape != (n_events,):
        raise InputError(
            f"{role} must return one number for each of {n_events:,} events, but the shape of {name!r} is "
            f"{array.shape}; the selection comes afterwards, so it must neither drop nor add events"
        )
    n_bad = int(np.count_nonzero(~np.isfinite(array)))
    if n_bad:
        raise InputError(
            f"{role} must return finite numbers, but {n_bad:,} of {n_events:,} values of {name!r} are NaN or infinite"
        )
    array.setflags(write=False)
    return array


def _column(sample: Sample, name: str) -> FloatArray:
    column = np.array(sample.column(name))
    column.setflags(write=False)
    return column


def _takes_rng(function: NamedFunction) -> bool:
    try:
        return "rng" in inspect.signature(function.call).parameters
    except (TypeError, ValueError):  # a compiled function that does not say
        return False


def _random_numbers(name: str, *, seed: int) -> np.random.Generator:
    key = int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


def _role(nuisance: Nuisance) -> str:
    return f"the transform of {nuisance.name!r}"


def _values_text(chosen: Iterable[tuple[Nuisance, float]]) -> str:
    return ", ".join(f"{one.name} = {value:g}" for one, value in chosen) or "nu = 0"
