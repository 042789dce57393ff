"""One nuisance parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks import lazy
from wilks.errors import InputError
from wilks.functions import NamedFunction
from wilks.nuisances.auxiliary import Auxiliary, Gaussian, PoissonCount, Unconstrained, auxiliary_from_dict
from wilks.typing import finite_number, is_number

# Nuisances are read and described by commands that fit nothing, and must not wait for JAX.
if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
else:
    jnp = lazy.Module("jax.numpy")

_LEAST_SIGMA, _LARGEST_SIGMA = 1e-100, 1e100
_EXPONENTIAL = "wilks.nuisances.nuisance:yield_log_ratio"
_FACTOR = "wilks.nuisances.nuisance:factor_log_ratio"


@dataclass(frozen=True)
class Nuisance:
    """A parameter nu of the reference that is known to an uncertainty; nu = 0 is the reference sample.

    Args:
        name: as it appears in results.
        sigma: its uncertainty, positive, in the user's units: inside the fit nu is measured in it. None only beside a
            `PoissonCount`, whose sigma is 1/sqrt(expected).
        center: the observed centre of the auxiliary measurement in the real data.
        log_ratio: log r(x; nu) where a formula is known: ``function(events, nu) -> (n,)`` of raw events (n, d), written
            with jax.numpy, since it is traced and differentiated; or ``"module:function"``. None: it is learned
            (`learn_responses`).
        transform: ``function(columns, nu) -> columns`` that makes events at nu from events at 0, before the selection;
            or ``"module:function"``. ``columns`` maps names, features and carried columns, to arrays (n,).
        auxiliary: the likelihood of the auxiliary measurement.

    Raises:
        InputError: a name, sigma or centre that cannot be used.

    >>> Nuisance("scale", sigma=0.15).describe()
    'scale: sigma 0.15, gaussian'
    """

    name: str
    sigma: float | None = None
    center: float = 0.0
    log_ratio: NamedFunction | str | Callable[..., Any] | None = None
    transform: NamedFunction | str | Callable[..., Any] | None = None
    auxiliary: Auxiliary = field(default_factory=Gaussian)

    def __post_init__(self) -> None:
        if not str(self.name).isidentifier():
            raise InputError(f"the name of a nuisance must be a plain name such as 'scale', but {self.name!r} came")
        if not isinstance(self.auxiliary, Auxiliary):
            raise InputError(
                f"the auxiliary of {self.name!r} must be wilks.Gaussian(), LogNormal(), PoissonCount(expected) or "
                f"Unconstrained(), but {self.auxiliary!r} came"
            )
        object.__setattr__(self, "sigma", self._checked_sigma())
        object.__setattr__(self, "center", finite_number(self.center, name=f"the center of {self.name!r}"))
        self.auxiliary.check_observed(self.observed, name=self.name)
        for what in ("log_ratio", "transform"):
            given = getattr(self, what)
            if given is not None and not isinstance(given, NamedFunction):
                object.__setattr__(self, what, NamedFunction(given, role=f"the {what} of {self.name!r}"))

    def _checked_sigma(self) -> float:
        sigma = self.sigma
        if sigma is None and isinstance(self.auxiliary, PoissonCount):
            sigma = float(1.0 / np.sqrt(self.auxiliary.expected))
        if not (is_number(sigma) and np.isfinite(sigma) and sigma > 0):
            raise InputError(
                f"sigma of {self.name!r} must be a positive number, but {sigma!r} came; give its uncertainty, or for "
                "an unconstrained nuisance the step in which it is moved"
            )
        if not _LEAST_SIGMA <= sigma <= _LARGEST_SIGMA:
            raise InputError(
                f"sigma of {self.name!r} must lie between {_LEAST_SIGMA:g} and {_LARGEST_SIGMA:g}, so that its square "
                f"is a number, but {sigma!r} came; measure the nuisance in another unit"
            )
        return float(sigma)

    @property
    def scale(self) -> float:
        """sigma, as a number."""
        assert self.sigma is not None
        return self.sigma

    @property
    def observed(self) -> float:
        """The auxiliary measurement in the real data: the centre, or the count that belongs to it."""
        return self.auxiliary.observed_at(self.center)

    @property
    def is_normalization(self) -> bool:
        """Whether it changes the number of events alone."""
        return isinstance(self.log_ratio, NamedFunction) and self.log_ratio.name in (_EXPONENTIAL, _FACTOR)

    @property
    def is_factor(self) -> bool:
        """Whether it is a normalization that multiplies the yield by 1 + nu, not by exp(nu)."""
        return isinstance(self.log_ratio, NamedFunction) and self.log_ratio.name == _FACTOR

    @property
    def yield_text(self) -> str:
        """By what a normalization multiplies the yield, for a person."""
        return "1 + nu" if self.is_factor else "exp(nu)"

    def yield_factor(self, nu: float) -> float:
        """By how much a normalization multiplies the yield."""
        return 1.0 + nu if self.is_factor else float(np.exp(nu))

    @property
    def is_constrained(self) -> bool:
        """Whether an auxiliary measurement says something about it."""
        return not isinstance(self.auxiliary, Unconstrained)

    @property
    def functions(self) -> tuple[NamedFunction, ...]:
        """Those of the user that it holds."""
        return tuple(one for one in (self.log_ratio, self.transform) if isinstance(one, NamedFunction))

    def describe(self) -> str:
        """One line for a person."""
        return f"{self.name}: sigma {self.scale:g}, {self.auxiliary.kind.replace('_', '-')}"

    def to_dict(self) -> dict[str, Any]:
        """What defines it."""
        functions = {"log_ratio": self.log_ratio, "transform": self.transform}
        return {
            "name": self.name,
            "sigma": self.sigma,
            "center": self.center,
            "auxiliary": self.auxiliary.to_dict(),
            **{role: one.mark() if isinstance(one, NamedFunction) else None for role, one in functions.items()},
        }


def normalization(name: str, *, sigma: float, center: float = 0.0, auxiliary: Auxiliary | None = None) -> Nuisance:
    """A nuisance that multiplies the yield by exp(nu) and leaves the shape alone: log r = nu, exactly.

    `LogNormal` and `PoissonCount` are about the factor 1 + nu. A normalization that they constrain multiplies the yield
    by that factor, log r = log(1 + nu), so that 40 % more in a control region are 40 % more here.

    >>> normalization("luminosity", sigma=0.025).yield_factor(0.4)
    1.4918246976412703
    >>> normalization("control", sigma=0.2, auxiliary=PoissonCount(25)).yield_factor(0.4)
    1.4
    """
    auxiliary = auxiliary or Gaussian()
    log_ratio = _FACTOR if auxiliary.is_of_factor else _EXPONENTIAL
    return Nuisance(name, sigma, center=center, log_ratio=log_ratio, auxiliary=auxiliary)


def factor_log_ratio(events: jax.Array, nu: jax.Array) -> jax.Array:
    """log r(x; nu) = log(1 + nu) for every event."""
    return yield_log_ratio(events, jnp.log1p(nu))


def yield_log_ratio(events: jax.Array, nu: jax.Array) -> jax.Array:
    """log r(x; nu) = nu for every event."""
    return jnp.broadcast_to(nu, (events.shape[0],))


def nuisance_from_dict(document: dict[str, Any]) -> Nuisance:
    """The nuisance that `Nuisance.to_dict` described."""
    functions = {role: document[role]["function"] if document[role] else None for role in ("log_ratio", "transform")}
    return Nuisance(
        document["name"],
        document["sigma"],
        center=document["center"],
        auxiliary=auxiliary_from_dict(document["auxiliary"]),
        **functions,
    )
