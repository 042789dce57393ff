"""All nuisances of an analysis together: log r(x; nu), the yield and the auxiliary likelihood."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wilks import lazy
from wilks.errors import InputError
from wilks.functions import NamedFunction
from wilks.typing import FloatArray, IntArray, finite_number

# An analysis without nuisances holds an empty collection of them, and must not wait for JAX.
if TYPE_CHECKING:
    import jax

    from wilks import structures
    from wilks.nuisances import auxiliary, effect, formulas, nuisance
    from wilks.nuisances.effect import Auxiliaries, Effect, KnownYield
    from wilks.nuisances.formulas import Formulas
    from wilks.nuisances.nuisance import Nuisance
    from wilks.nuisances.response import Response, Term
else:
    jax, structures = lazy.Module("jax"), lazy.Module("wilks.structures")
    auxiliary, effect = lazy.Module("wilks.nuisances.auxiliary"), lazy.Module("wilks.nuisances.effect")
    formulas, nuisance = lazy.Module("wilks.nuisances.formulas"), lazy.Module("wilks.nuisances.nuisance")

REACH = 10.0
"""Nuisances are free within so many sigma."""


@dataclass(frozen=True)
class LogYield:
    """log[ N(nu) / N(0) ] = sum over terms of c times the product of nu_j^e_j / e_j!, for the nuisances ``names``."""

    names: tuple[str, ...]
    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers that define it."""
        return {
            "names": list(self.names),
            "terms": [list(term) for term in self.terms],
            "coefficients": list(self.coefficients),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> LogYield:
        """The inverse of `to_dict`."""
        terms = tuple(tuple(int(e) for e in term) for term in document["terms"])
        return cls(tuple(document["names"]), terms, tuple(document["coefficients"]))


@dataclass(frozen=True, eq=False)
class Nuisances:
    """The nuisances of an analysis, in order, with what changes when they do. An empty one changes nothing.

    log r(x; nu) is the sum of the formulas of those that have one and of ``response``, which covers the others. Inside
    the fit nuisances are measured in their sigmas, z = nu / sigma.

    Args:
        parameters: the nuisances.
        response: log r of those without a formula: learned, or binned.
        log_yield: if given, log r is shifted at every nu so that the reference sums to exactly this yield; it covers
            the nuisances of ``response``. None: the yield is what the response makes of the reference.
        correlation: matrix (j, j) of the auxiliary measurements; only Gaussian ones may be correlated.

    Raises:
        InputError: repeated names; a nuisance without response, or with two; a matrix that is no correlation.

    >>> from wilks.nuisances import Nuisance
    >>> tilt = Nuisances((Nuisance("tilt", 0.1, log_ratio=lambda events, nu: nu * events[:, 0]),))
    >>> tilt.log_ratio(np.array([[1.0], [2.0]]), {"tilt": 0.5}).tolist()
    [0.5, 1.0]
    """

    parameters: tuple[Nuisance, ...] = ()
    response: Response | None = None
    log_yield: LogYield | None = None
    correlation: FloatArray | None = field(default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _checked_parameters(self.parameters))
        _check_covered(self.parameters, self.response)
        if self.log_yield is not None:
            _check_names("the yield", self.log_yield.names, () if self.response is None else self.response.names)
        if self.correlation is not None:
            object.__setattr__(self, "correlation", _checked_correlation(self.correlation, self.parameters))

    def __len__(self) -> int:
        return len(self.parameters)

    def __iter__(self) -> Iterator[Nuisance]:
        return iter(self.parameters)

    def __getitem__(self, index: int) -> Nuisance:
        return self.parameters[index]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all nuisances, in order."""
        return tuple(one.name for one in self.parameters)

    @property
    def sigmas(self) -> FloatArray:
        """Shape (j,)."""
        return np.array([one.scale for one in self.parameters], dtype=np.float64)

    @property
    def observed(self) -> FloatArray:
        """The auxiliary measurements in the real data, shape (j,)."""
        return np.array([one.observed for one in self.parameters], dtype=np.float64)

    def observed_values(self, observed: Mapping[str, float]) -> FloatArray:
        """Auxiliary measurements by name as an array (j,); those that are not given are those of the real data.

        Raises:
            InputError: a name that no nuisance has, a value that is no finite number, or one that no nu can give.
        """
        given = self.values(observed)
        for one in self.parameters:
            if one.name in observed:
                one.auxiliary.check_observed(float(observed[one.name]), name=one.name)
        return np.where([name in observed for name in self.names], given, self.observed)

    def estimates(self, observed: FloatArray) -> FloatArray:
        """The nu that each auxiliary measurement alone prefers, shape (j,)."""
        return np.array([one.auxiliary.estimate(x) for one, x in zip(self, observed, strict=True)])

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Where z may lie, lower and upper, each (j,)."""
        least = np.array([one.auxiliary.least_nu / one.scale for one in self.parameters], dtype=np.float64)
        return np.maximum(-REACH, least), np.full(len(self), REACH)

    @property
    def functions(self) -> tuple[NamedFunction, ...]:
        """Functions of the user that they hold."""
        of_response = () if self.response is None else self.response.user_functions
        return (*(function for one in self.parameters for function in one.functions), *of_response)

    @cached_property
    def formulas(self) -> Formulas:
        """The response of those that have a formula."""
        known = [one for one in self.parameters if isinstance(one.log_ratio, NamedFunction)]
        functions = tuple(one.log_ratio for one in known if isinstance(one.log_ratio, NamedFunction))
        return formulas.Formulas(
            tuple(one.name for one in known), functions, tuple(one.is_normalization for one in known)
        )

    @cached_property
    def _parts(self) -> tuple[tuple[Response, tuple[int, ...]], ...]:
        """Each response with the positions of its nuisances."""
        given = (self.formulas, *(() if self.response is None else (self.response,)))
        return tuple((one, self._positions(one.names)) for one in given if one.names)

    def _positions(self, names: Sequence[str]) -> tuple[int, ...]:
        return tuple(self.names.index(name) for name in names)

    def rows(self, events: FloatArray) -> FloatArray:
        """What log r needs of raw events (n, d), shape (n, k)."""
        return np.concatenate([np.empty((events.shape[0], 0)), *(one.rows(events) for one, _ in self._parts)], axis=1)

    def effect(self, n_features: int) -> Effect:
        """What they do, as compiled programs know it, to events with ``n_features``."""
        nothing = np.zeros((0, n_features))
        widths = ((one, positions, one.rows(nothing).shape[1]) for one, positions in self._parts)
        parts = tuple(effect.Part(one.structure(width), positions, width) for one, positions, width in widths)
        return effect.Effect(self.sigmas, parts, self._known_yield, self._auxiliaries)

    @property
    def _known_yield(self) -> KnownYield | None:
        if self.log_yield is None:
            return None
        coefficients = np.array(self.log_yield.coefficients, dtype=np.float64)
        return effect.KnownYield(coefficients, self.log_yield.terms, self._positions(self.log_yield.names))

    @property
    def _auxiliaries(self) -> Auxiliaries:
        chosen = self._correlated
        matrix = np.eye(len(self)) if self.correlation is None else self.correlation
        inverse = tuple(map(tuple, np.linalg.inv(matrix[np.ix_(chosen, chosen)]).tolist()))
        kinds, sigmas = tuple(one.auxiliary for one in self), tuple(self.sigmas.tolist())
        return effect.Auxiliaries(kinds, sigmas, inverse, tuple(chosen.tolist()))

    def log_ratio(self, events: FloatArray, nu: Mapping[str, float]) -> FloatArray:
        """log r(x; nu) for raw events (n, d), at nu in the user's units; names that are not given are at 0.

        This is the response alone, without the shift that ``log_yield`` asks for.
        """
        return self.on(events).log_ratio(self.in_sigmas(nu))

    def on(self, events: FloatArray) -> ResponseOn:
        """log r of raw events (n, d) as a function of z, for several values of it."""
        return ResponseOn(self, events)

    def in_sigmas(self, nu: Mapping[str, float]) -> FloatArray:
        """z (j,) for nu by name; names that are not given are at 0.

        Raises:
            InputError: as `values`.
        """
        return self.values(nu) / self.sigmas

    def values(self, nu: Mapping[str, float]) -> FloatArray:
        """nu by name as an array (j,), 0 where not given.

        Raises:
            InputError: a name that no nuisance has, or a value that is no finite number.
        """
        _check_names("nuisance values", tuple(nu), self.names)
        given = {name: finite_number(value, name=f"the value of {name!r}") for name, value in nu.items()}
        return np.array([given.get(name, 0.0) for name in self.names])

    @property
    def is_shifted(self) -> bool:
        """Whether log r is shifted so that the reference sums to ``log_yield``."""
        return self.log_yield is not None

    def auxiliary_log_ratio(self, z: jax.Array, observed: jax.Array) -> jax.Array:
        """log[ L(nu | A) / L(0 | A) ] of all auxiliary measurements, a scalar; z and observed (j,). Traced."""
        return self._auxiliaries.log_ratio(z, observed)

    @cached_property
    def _correlated(self) -> IntArray:
        """Positions of those with correlated measurements, (c,)."""
        if self.correlation is None:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.any(self.correlation - np.eye(len(self)) != 0, axis=1))

    def draw_observed(self, rng: np.random.Generator, nu: FloatArray) -> FloatArray:
        """Auxiliary measurements of a toy around true values ``nu`` (j,), shape (j,)."""
        drawn = np.array([one.auxiliary.draw(rng, nu[j], one.scale) for j, one in enumerate(self.parameters)])
        if self.correlation is not None:
            chosen = self._correlated
            normal = np.linalg.cholesky(self.correlation[np.ix_(chosen, chosen)]) @ rng.standard_normal(chosen.size)
            drawn[chosen] = nu[chosen] + self.sigmas[chosen] * normal
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """All that defines them, ready for JSON."""
        return {
            "parameters": [one.to_dict() for one in self.parameters],
            "response": None if self.response is None else self.response.to_dict(),
            "log_yield": None if self.log_yield is None else self.log_yield.to_dict(),
            "correlation": None if self.correlation is None else self.correlation.tolist(),
        }

    def describe(self) -> dict[str, Any]:
        """What defines them in few words; a response by the digest of its numbers."""
        return self.to_dict() | {"response": None if self.response is None else digest_of(self.response)}


class ResponseOn:
    """log r of fixed raw events (n, d) at any z (j,), from rows that are made once."""

    def __init__(self, nuisances: Nuisances, events: FloatArray) -> None:
        rows = nuisances.rows(events)
        # Single operations are compiled as well: samples of about one size share them.
        columns = np.zeros((rows.shape[1], structures.rounded_up(rows.shape[0])))
        columns[:, : rows.shape[0]] = rows.T
        columns[:, rows.shape[0] :] = rows[:1].T
        self._effect, self._columns = nuisances.effect(events.shape[1]), jax.device_put(columns)
        self._n_events = rows.shape[0]

    def log_ratio(self, z: FloatArray) -> FloatArray:
        """The response alone, shape (n,)."""
        return np.asarray(self._effect.column_log_ratio(jax.device_put(z), self._columns))[: self._n_events]

    def shifted_log_ratio(self, z: FloatArray, event_weights: FloatArray) -> FloatArray:
        """With the shift to the known yield, where there is one, for events that are the reference; shape (n,)."""
        effect, at, log_r = self._effect, jax.device_put(z), self.log_ratio(z)
        if not effect.is_shifted:
            return log_r
        learned = np.asarray(effect.learned_column_log_ratio(at, self._columns))[: self._n_events]
        reached = np.log(np.sum(event_weights * np.exp(learned)) / np.sum(event_weights))
        return np.asarray(log_r + float(effect.log_yield_ratio(at)) - reached)


def digest_of(response: Response) -> dict[str, str]:
    """The kind of a response and the SHA-256 (hex) of all its numbers."""
    text = repr(sorted(response.to_dict().items()))
    return {"kind": response.kind, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _checked_parameters(parameters: object) -> tuple[Nuisance, ...]:
    given = tuple(parameters) if isinstance(parameters, Sequence | Nuisances) else (parameters,)
    for one in given:
        if not isinstance(one, nuisance.Nuisance):
            raise InputError(f"nuisances must be wilks.Nuisance, but {one!r} came")
    names = [one.name for one in given]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"nuisances must have different names, but {name!r} comes {names.count(name)} times")
    return given


def _check_covered(parameters: Sequence[Nuisance], response: Response | None) -> None:
    covered = () if response is None else response.names
    _check_names("the response", covered, tuple(one.name for one in parameters))
    for one in parameters:
        if one.log_ratio is None and one.name not in covered:
            raise InputError(
                f"every nuisance must have a log_ratio or a learned response, but {one.name!r} has none; give "
                "Nuisance(log_ratio=...) or learn it with wilks.learn_responses"
            )
        if one.log_ratio is not None and one.name in covered:
            raise InputError(
                f"every nuisance must have one response, but {one.name!r} has a log_ratio and a learned response"
            )


def _check_names(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"{what} must name nuisances of the analysis ({', '.join(known)}), but {unknown[0]!r} came")


def _checked_correlation(matrix: npt.ArrayLike, parameters: Sequence[Nuisance]) -> FloatArray:
    correlation = np.asarray(matrix, dtype=np.float64)
    n = len(parameters)
    if correlation.shape != (n, n) or not np.all(np.isfinite(correlation)):
        raise InputError(f"the correlation must be a finite matrix ({n}, {n}), but its shape is {correlation.shape}")
    if not (np.allclose(correlation, correlation.T) and np.allclose(np.diag(correlation), 1.0)):
        raise InputError("the correlation must be symmetric with ones on its diagonal; divide a covariance by sigmas")
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise InputError(
            "the correlation must be positive definite, but its smallest eigenvalue is "
            f"{np.linalg.eigvalsh(correlation)[0]:.2g}: two nuisances are one; leave one of them out"
        )
    for j, one in enumerate(parameters):
        if np.any(np.delete(correlation[j], j) != 0) and not isinstance(one.auxiliary, auxiliary.Gaussian):
            raise InputError(
                f"only Gaussian auxiliary measurements may be correlated, but that of {one.name!r} is "
                f"{one.auxiliary.kind}"
            )
    return correlation


def correlated(parameters: Sequence[Nuisance] | Nuisances, *, covariance: npt.ArrayLike) -> Nuisances:
    """The same nuisances with correlated Gaussian auxiliary measurements.

    Args:
        covariance: (j, j), in the user's units; its diagonal must be the squares of the sigmas.

    Raises:
        InputError: a matrix that is not symmetric, not positive definite or does not fit the sigmas.

    >>> from wilks.nuisances import Nuisance
    >>> pair = [Nuisance(name, 0.1, log_ratio=lambda x, nu: nu * x[:, 0]) for name in ("a", "b")]
    >>> correlated(pair, covariance=[[0.01, 0.005], [0.005, 0.01]]).correlation.round(9).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    given = parameters if isinstance(parameters, Nuisances) else Nuisances(tuple(parameters))
    matrix = np.asarray(covariance, dtype=np.float64)
    n = len(given)
    if matrix.shape != (n, n):
        raise InputError(f"the covariance must be a matrix ({n}, {n}), but its shape is {matrix.shape}")
    if not np.allclose(np.diag(matrix), given.sigmas**2, rtol=1e-6):
        raise InputError(
            f"the diagonal of the covariance must be the squares of the sigmas, {(given.sigmas**2).tolist()}, "
            f"but it is {np.diag(matrix).tolist()}"
        )
    correlation = matrix / np.outer(given.sigmas, given.sigmas)
    np.fill_diagonal(correlation, 1.0)
    return Nuisances(given.parameters, given.response, given.log_yield, correlation)
