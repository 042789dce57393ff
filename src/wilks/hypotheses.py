"""What a toy is drawn from: frozen descriptions, and the generators that they name."""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError
from wilks.functions import NamedFunction
from wilks.samples import Events, Sample, as_sample, is_events
from wilks.storage import Storable
from wilks.typing import FloatArray, finite_number, is_number, plain_numbers, whole_number

MOST_NUMBERS = 2**31
GeneratorFunction = Callable[[np.random.Generator, int, Mapping[str, float]], npt.ArrayLike]


@dataclass(frozen=True)
class Generator:
    """A function that draws events: ``function(rng, n, nuisances) -> (n, d)`` raw events.

    Args:
        function: ``"module:name"``, or the function itself. Other processes import the function by its name; a
            lambda, a nested function or one of the main script works in this process only.
        version: part of what defines t's null: change it when the function changes its law. A change that shows in a
            few events of a fixed seed is found where stored toys are used again.
        yield_ratio: ``function(nuisances) -> N(nu) / N(0)``, or its name, where the expected number of events depends
            on nuisances other than normalisations. None: it does not.

    Raises:
        InputError: the text is not ``module:name``, or no such function can be imported.

    >>> Generator("numpy:zeros").name
    'numpy:zeros'
    """

    function: str | GeneratorFunction
    version: str = "1"
    yield_ratio: str | Callable[[Mapping[str, float]], float] | None = None
    _named: NamedFunction = field(init=False, repr=False, compare=False)
    _named_ratio: NamedFunction | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_named", NamedFunction(self.function, role="the generator"))
        given = self.yield_ratio
        ratio = None if given is None else NamedFunction(given, role=f"the yield_ratio of {self.name}")
        object.__setattr__(self, "_named_ratio", ratio)

    @property
    def name(self) -> str:
        """``module:name`` of the function."""
        return self._named.name

    @property
    def is_portable(self) -> bool:
        """Whether another process can import the function, and that of the yield, by name."""
        return all(one.is_portable for one in (self._named, self._named_ratio) if one is not None)

    def yield_at(self, nuisances: Mapping[str, float]) -> float:
        """N(nu) / N(0) of what it draws: 1 unless ``yield_ratio`` says otherwise.

        Raises:
            InputError: ``yield_ratio`` gives no positive number.
        """
        ratio = 1.0 if self._named_ratio is None else self._named_ratio.call(dict(nuisances))
        if not (is_number(ratio) and np.isfinite(ratio) and ratio > 0):
            raise InputError(f"the yield_ratio of {self.name} must give a positive number, but it gave {ratio!r}")
        return float(ratio)

    def draw(
        self, rng: np.random.Generator, n: int, *, n_features: int, nuisances: Mapping[str, float] | None = None
    ) -> FloatArray:
        """``n`` raw events, shape (n, d), finite. The function is not asked for none: few think of it.

        Raises:
            InputError: the function raises an error or returns something else.
        """
        if n == 0:
            return np.empty((0, n_features))
        require_holdable(n, n_features=n_features, what=f"what the generator {self.name} is asked for")
        try:
            events = plain_numbers(self._named.call(rng, n, dict(nuisances or {})))
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
        ratio = {} if self._named_ratio is None else {"yield_ratio": self._named_ratio.name}
        return {"generator": self.name, "version": self.version} | ratio


ToySource = Sample | Generator


def require_holdable(n_events: float, *, n_features: int, what: str) -> None:
    """Raise unless so many events are of a size that memory can be thought to hold.

    Raises:
        InputError: more than 2^31 numbers, 16 GiB of them.

    >>> require_holdable(1e12, n_features=1, what="a toy")
    Traceback (most recent call last):
    wilks.errors.InputError: a toy must fit into memory, but 1e+12 events of 1 feature take 7,451 GiB; lower it
    """
    if n_events * n_features > MOST_NUMBERS:
        size = 8.0 * n_events * n_features / 2**30
        features = "1 feature" if n_features == 1 else f"{n_features} features"
        raise InputError(
            f"{what} must fit into memory, but {n_events:.4g} events of {features} take {size:,.0f} GiB; lower it"
        )


def require_hypothesis(hypothesis: object) -> None:
    """Raise unless it is a hypothesis that toys are drawn from, made and not only named.

    Raises:
        InputError: a class, such as `Null` without brackets, or anything else.
    """
    if isinstance(hypothesis, StorableHypothesis):
        return
    names = "wilks.Null(), wilks.ShiftedNuisance({...}) or wilks.Alternative(...)"
    if isinstance(hypothesis, type):
        raise InputError(f"a hypothesis must be made, but the class came; write wilks.{hypothesis.__name__}(...)")
    raise InputError(f"toys are drawn from a hypothesis, {names}, but a {type(hypothesis).__name__} came")


class StorableHypothesis(Storable):
    """A hypothesis with the samples that it brings."""

    stored_as = "hypothesis"

    @property
    def sources(self) -> Mapping[str, ToySource]:
        """The events that the hypothesis brings itself, by role."""
        return {}

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain values that define it; samples by their digest."""

    def to_document(self) -> dict[str, Any]:
        samples = {role: x.to_document() for role, x in self.sources.items() if isinstance(x, Sample)}
        return {"hypothesis": self.to_dict(), "samples": samples}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Any:
        samples = {role: Sample.from_document(one) for role, one in document["samples"].items()}
        return hypothesis_from_dict(document["hypothesis"], samples)


@dataclass(frozen=True)
class Null(StorableHypothesis):
    """Toys of the reference itself, with a Poisson number of events, or ``n_events`` of them.

    >>> Null().describe()
    'Null()'
    """

    n_events: int | None = None

    nuisances: ClassVar[Mapping[str, float]] = MappingProxyType({})
    auxiliary_offsets: ClassVar[Mapping[str, float]] = MappingProxyType({})
    is_reweighted: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.n_events is not None:
            object.__setattr__(self, "n_events", whole_number(self.n_events, name="n_events", least=1))

    def describe(self) -> str:
        """One line for a person."""
        return "Null()" if self.n_events is None else f"Null(n_events={self.n_events})"

    def to_dict(self) -> dict[str, Any]:
        return {"hypothesis": "null", "n_events": self.n_events}


@dataclass(frozen=True, eq=False)
class ShiftedNuisance(StorableHypothesis):
    """Toys of the reference at true nuisances nu*: nothing new, but the reference sample is not quite right.

    Events are drawn from R_nu*: by the generator, or by the transforms of the nuisances from events before the
    selection (`wilks.Unselected`). The auxiliary measurements scatter around nu*.

    Args:
        nuisances: nu* by name, in the user's units; names that are not given are at 0.
        is_reweighted: draw events of the pool with the learned log r itself. Such toys are labelled, and validate
            nothing: an error of the response is in them as it is in the fit.

    Raises:
        InputError: no values, or one that is no finite number.

    >>> ShiftedNuisance({"scale": 0.15}).describe()
    'ShiftedNuisance(scale=0.15)'
    """

    nuisances: Mapping[str, float]
    is_reweighted: bool = False
    auxiliary_offsets: ClassVar[Mapping[str, float]] = MappingProxyType({})

    def __post_init__(self) -> None:
        values = _finite_values(self.nuisances, name="nuisances")
        if not values:
            raise InputError("a ShiftedNuisance must have at least one value, but none came; wilks.Null() is nu = 0")
        object.__setattr__(self, "nuisances", values)

    def describe(self) -> str:
        """One line for a person."""
        label = ", reweighted with the response" if self.is_reweighted else ""
        return f"ShiftedNuisance({_values_text(self.nuisances)}{label})"

    def to_dict(self) -> dict[str, Any]:
        label = {"reweighted": True} if self.is_reweighted else {}
        return {"hypothesis": "shifted_nuisance", "nuisances": dict(self.nuisances)} | label


@dataclass(frozen=True, eq=False)
class Alternative(StorableHypothesis):
    """Toys with new physics: the reference plus a signal, or another distribution altogether.

    Args:
        signal: a sample, a generator or a function, added to a toy of the reference. A table as `Sample` takes it is
            a sample of all its columns: choose those of the analysis, in its order.
        n_signal: Poisson mean of the number of signal events.
        source: instead of these two: what replaces the whole distribution (interference, deficits).
        expected_events: Poisson mean of the number of events from ``source``.
        expected_background: beside a signal, Poisson mean of the events of the reference, where that is not N(R_0): a
            reference that holds some of the signal itself expects more.
        nuisances: true values nu* of the reference under the signal, as in `ShiftedNuisance`; the signal itself has no
            nuisances. A ``source`` that is a generator is given them.
        auxiliary_offsets: by name, in the user's units: auxiliary measurements scatter around nu* plus this, the bias
            of section 3.5 of "Learning New Physics from an Imperfect Machine".

    Raises:
        InputError: neither pair is given, or both are; only the offsets may stand alone.

    >>> Alternative(signal=Generator("numpy:zeros"), n_signal=10).describe()
    'Alternative(signal=numpy:zeros, n_signal=10)'
    """

    signal: ToySource | None = None
    n_signal: float | None = None
    source: ToySource | None = None
    expected_events: float | None = None
    nuisances: Mapping[str, float] = field(default_factory=dict)
    auxiliary_offsets: Mapping[str, float] = field(default_factory=dict)
    expected_background: float | None = None
    is_reweighted: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._check_background()
        for name in ("nuisances", "auxiliary_offsets"):
            object.__setattr__(self, name, _finite_values(getattr(self, name), name=name))
        for name in ("signal", "source"):
            object.__setattr__(self, name, as_source(getattr(self, name), what=name))
        adds, replaces = (self.signal, self.n_signal), (self.source, self.expected_events)
        if self.auxiliary_offsets and (*adds, *replaces) == (None,) * 4:
            return
        chosen, other = (adds, replaces) if self.signal is not None else (replaces, adds)
        if None in chosen or other != (None, None):
            raise InputError(
                "an Alternative must have either signal and n_signal, or source and expected_events; "
                f"it came with {[name for name in _ALTERNATIVE_FIELDS if getattr(self, name) is not None]}"
            )
        mean_name = "n_signal" if self.signal is not None else "expected_events"
        object.__setattr__(self, mean_name, _poisson_mean(getattr(self, mean_name), name=mean_name))

    def _check_background(self) -> None:
        if self.expected_background is None:
            return
        if self.signal is None:
            raise InputError("expected_background must stand beside a signal, but none came; give signal and n_signal")
        background = _poisson_mean(self.expected_background, name="expected_background")
        object.__setattr__(self, "expected_background", background)

    @property
    def sources(self) -> Mapping[str, ToySource]:
        given = {"signal": self.signal, "source": self.source}
        return {role: source for role, source in given.items() if source is not None}

    def describe(self) -> str:
        """One line for a person."""
        parts = [f"{role}={_label(source)}" for role, source in self.sources.items()]
        numbers = {"n_signal": self.n_signal, "expected_events": self.expected_events, **self._background}
        parts += [f"{name}={value:g}" for name, value in numbers.items() if value is not None]
        values = {"at": self.nuisances, "auxiliary offset": self.auxiliary_offsets}
        parts += [f"{name} {_values_text(given)}" for name, given in values.items() if given]
        return f"Alternative({', '.join(parts)})"

    @property
    def _background(self) -> dict[str, float]:
        return {} if self.expected_background is None else {"expected_background": self.expected_background}

    def to_dict(self) -> dict[str, Any]:
        # What is empty is left out, so that toys without nuisances keep the random numbers that they always had.
        values = {"nuisances": dict(self.nuisances), "auxiliary_offsets": dict(self.auxiliary_offsets)}
        return {
            "hypothesis": "alternative",
            "n_signal": self.n_signal,
            "expected_events": self.expected_events,
            **self._background,
            **{role: source_to_dict(source) for role, source in self.sources.items()},
            **{name: given for name, given in values.items() if given},
        }


def hypothesis_from_dict(document: Mapping[str, Any], samples: Mapping[str, Sample]) -> "Hypothesis":
    """The inverse of `to_dict`; ``samples`` holds the sources that are samples, by role."""
    if document["hypothesis"] == "null":
        return Null(n_events=document["n_events"])
    if document["hypothesis"] == "shifted_nuisance":
        return ShiftedNuisance(document["nuisances"], is_reweighted=document.get("reweighted", False))
    roles = [role for role in ("signal", "source") if role in document]
    sources = {role: samples.get(role) or generator_from_dict(document[role]) for role in roles}
    return Alternative(
        n_signal=document["n_signal"],
        expected_events=document["expected_events"],
        nuisances=document.get("nuisances", {}),
        auxiliary_offsets=document.get("auxiliary_offsets", {}),
        expected_background=document.get("expected_background"),
        **sources,
    )


def generator_from_dict(document: Mapping[str, Any]) -> Generator:
    """The generator that `Generator.to_dict` described."""
    return Generator(document["generator"], version=document["version"], yield_ratio=document.get("yield_ratio"))


_ALTERNATIVE_FIELDS = ("signal", "n_signal", "source", "expected_events")

Hypothesis = Null | ShiftedNuisance | Alternative


def _finite_values(given: object, *, name: str) -> Mapping[str, float]:
    if not isinstance(given, Mapping):
        raise InputError(f"{name} must be values by name, such as {{'scale': 0.15}}, but {given!r} came")
    values = {str(key): finite_number(given[key], name=f"the value of {key!r} in {name}") for key in sorted(given)}
    return MappingProxyType(values)


def _values_text(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in values.items())


def _poisson_mean(value: object, *, name: str) -> float:
    if is_number(value) and np.isfinite(value) and value >= 0:
        return float(value)
    raise InputError(f"{name} must be a finite number that is not negative, but {value!r} came")


def as_source(
    source: ToySource | GeneratorFunction | Events | None,
    *,
    what: str = "toy_source",
    features: Sequence[str] | None = None,
) -> ToySource | None:
    """A sample or generator as it is, a bare function as a `Generator`, tables and arrays as samples, None as None.

    Args:
        source: what a user gave.
        what: how a message names it.
        features: the columns of a table that are taken, and the names of those of an array.
    """
    if source is None or isinstance(source, Sample | Generator):
        return source
    if is_events(source):
        return as_sample(source, what=what, features=features)
    return Generator(cast(GeneratorFunction, source))


def source_to_dict(source: ToySource) -> dict[str, Any]:
    """What defines a source of events: a digest of a sample, the name of a generator."""
    return source.to_dict() if isinstance(source, Generator) else {"sample": source.without_extras().digest()}


def _label(source: ToySource | None) -> str:
    return source.name if isinstance(source, Generator) else f"sample of {source.n_events if source else 0} events"
