"""What a toy is drawn from: frozen descriptions, and the generators that they name."""

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError
from wilks.samples import Sample
from wilks.typing import FloatArray, is_number, whole_number

GeneratorFunction = Callable[[np.random.Generator, int, Mapping[str, float]], npt.ArrayLike]


@dataclass(frozen=True)
class Generator:
    """A function that draws events: ``function(rng, n, nuisances) -> (n, d)`` raw events.

    Args:
        function: ``"module:name"``, or the function itself. Other processes import the function by its name; a
            lambda, a nested function or one of the main script works in this process only.
        version: part of what defines t's null: change it when the function changes its law.

    Raises:
        InputError: the text is not ``module:name``, or no such function can be imported.

    >>> Generator("numpy:zeros").name
    'numpy:zeros'
    """

    function: str | GeneratorFunction
    version: str = "1"
    _resolved: GeneratorFunction = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        resolved = _import_function(self.function) if isinstance(self.function, str) else self.function
        if not callable(resolved):
            raise InputError(f"a generator must be a function or 'module:name', but {self.function!r} came")
        object.__setattr__(self, "_resolved", resolved)

    @property
    def name(self) -> str:
        """``module:name`` of the function."""
        if isinstance(self.function, str):
            return self.function
        return f"{self.function.__module__}:{getattr(self.function, '__qualname__', repr(self.function))}"

    @property
    def is_portable(self) -> bool:
        """Whether another process can import the function by its name."""
        if isinstance(self.function, str):
            return not self.function.startswith("__main__:")
        if self.function.__module__ == "__main__":
            return False
        try:
            return _import_function(self.name) is self.function
        except InputError:
            return False

    def draw(
        self, rng: np.random.Generator, n: int, *, n_features: int, nuisances: Mapping[str, float] | None = None
    ) -> FloatArray:
        """``n`` raw events, shape (n, d), finite. The function is not asked for none: few think of it.

        Raises:
            InputError: the function raises an error or returns something else.
        """
        if n == 0:
            return np.empty((0, n_features))
        try:
            events = np.asarray(self._resolved(rng, n, dict(nuisances or {})), dtype=np.float64)
        except MemoryError:  # says nothing about the generator
            raise
        except Exception as error:
            raise InputError(
                f"the generator {self.name} must return {n} events, but it raised {type(error).__name__}: {error}"
            ) from error
        events = events[:, None] if events.ndim == 1 and n_features == 1 else events
        if events.shape != (n, n_features):
            raise InputError(
                f"the generator {self.name} must return an array of shape ({n}, {n_features}), "
                f"but its shape is {events.shape}; give one column for each feature"
            )
        if not np.all(np.isfinite(events)):
            raise InputError(f"the generator {self.name} must return finite events, but NaN or infinity is among them")
        return events

    def to_dict(self) -> dict[str, Any]:
        """Plain text that defines the generator."""
        return {"generator": self.name, "version": self.version}


Source = Sample | Generator


@dataclass(frozen=True)
class Null:
    """Toys of the reference itself, with a Poisson number of events, or ``n_events`` of them.

    >>> Null().describe()
    'Null()'
    """

    n_events: int | None = None

    def __post_init__(self) -> None:
        if self.n_events is not None:
            object.__setattr__(self, "n_events", whole_number(self.n_events, name="n_events", least=1))

    @property
    def sources(self) -> Mapping[str, Source]:
        """The events that the hypothesis brings itself, by role."""
        return {}

    def describe(self) -> str:
        return "Null()" if self.n_events is None else f"Null(n_events={self.n_events})"

    def to_dict(self) -> dict[str, Any]:
        return {"hypothesis": "null", "n_events": self.n_events}


@dataclass(frozen=True, eq=False)
class Alternative:
    """Toys with new physics: the reference plus a signal, or another distribution altogether.

    Args:
        signal: a sample, a generator or a function, added to a toy of the reference.
        n_signal: Poisson mean of the number of signal events.
        source: instead of these two: what replaces the whole distribution (interference, deficits).
        expected_events: Poisson mean of the number of events from ``source``.

    Raises:
        InputError: neither pair is given, or both are.

    >>> Alternative(signal=Generator("numpy:zeros"), n_signal=10).describe()
    'Alternative(signal=numpy:zeros, n_signal=10)'
    """

    signal: Source | None = None
    n_signal: float | None = None
    source: Source | None = None
    expected_events: float | None = None

    def __post_init__(self) -> None:
        for name in ("signal", "source"):
            object.__setattr__(self, name, as_source(getattr(self, name)))
        adds, replaces = (self.signal, self.n_signal), (self.source, self.expected_events)
        chosen, other = (adds, replaces) if self.signal is not None else (replaces, adds)
        if None in chosen or other != (None, None):
            raise InputError(
                "an Alternative must have either signal and n_signal, or source and expected_events; "
                f"it came with {[name for name in _ALTERNATIVE_FIELDS if getattr(self, name) is not None]}"
            )
        mean_name = "n_signal" if self.signal is not None else "expected_events"
        object.__setattr__(self, mean_name, _poisson_mean(getattr(self, mean_name), name=mean_name))

    @property
    def sources(self) -> Mapping[str, Source]:
        """The events that the hypothesis brings itself, by role."""
        given = {"signal": self.signal, "source": self.source}
        return {role: source for role, source in given.items() if source is not None}

    def describe(self) -> str:
        if self.signal is not None:
            return f"Alternative(signal={_label(self.signal)}, n_signal={self.n_signal:g})"
        return f"Alternative(source={_label(self.source)}, expected_events={self.expected_events:g})"

    def to_dict(self) -> dict[str, Any]:
        return {
            "hypothesis": "alternative",
            "n_signal": self.n_signal,
            "expected_events": self.expected_events,
            **{role: source_to_dict(source) for role, source in self.sources.items()},
        }


def hypothesis_from_dict(document: Mapping[str, Any], samples: Mapping[str, Sample]) -> "Hypothesis":
    """The inverse of `to_dict`; ``samples`` holds the sources that are samples, by role."""
    if document["hypothesis"] == "null":
        return Null(n_events=document["n_events"])
    roles = [role for role in ("signal", "source") if role in document]
    sources = {role: samples.get(role) or _generator(document[role]) for role in roles}
    return Alternative(n_signal=document["n_signal"], expected_events=document["expected_events"], **sources)


def _generator(document: Mapping[str, Any]) -> Generator:
    return Generator(document["generator"], version=document["version"])


_ALTERNATIVE_FIELDS = ("signal", "n_signal", "source", "expected_events")

Hypothesis = Null | Alternative


def canonical_json(document: Mapping[str, Any]) -> str:
    """One text for equal documents: sorted keys, no spaces, shortest floats that round-trip.

    >>> canonical_json({"b": 1.5, "a": None})
    '{"a":null,"b":1.5}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _poisson_mean(value: object, *, name: str) -> float:
    if is_number(value) and np.isfinite(value) and value >= 0:
        return float(value)
    raise InputError(f"{name} must be a finite number that is not negative, but {value!r} came")


def as_source(source: Source | GeneratorFunction | None) -> Source | None:
    """A sample or generator as it is, a bare function as a `Generator`, None as None."""
    return source if source is None or isinstance(source, Sample | Generator) else Generator(source)


def source_to_dict(source: Source) -> dict[str, Any]:
    """What defines a source of events: a digest of a sample, the name of a generator."""
    return source.to_dict() if isinstance(source, Generator) else {"sample": source.without_extras().digest()}


def _label(source: Source | None) -> str:
    return source.name if isinstance(source, Generator) else f"sample of {source.n_events if source else 0} events"


def _import_function(name: str) -> GeneratorFunction:
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise InputError(f"a generator must be named 'module:function', but {name!r} came")
    try:
        function: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            function = getattr(function, part)
    except Exception as error:  # a module of the user may raise anything while it is imported
        raise InputError(
            f"the generator {name!r} must be importable, but {type(error).__name__}: {error}; "
            "check the name, and that the module lies on the Python path of every process (PYTHONPATH, or an installed "
            "package)"
        ) from error
    if not callable(function):
        raise InputError(f"the generator {name!r} must be a function, but it is a {type(function).__name__}")
    result: GeneratorFunction = function
    return result
