"""What is known about a nuisance parameter from elsewhere: auxiliary likelihoods and their sampling laws."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from wilks import lazy
from wilks.errors import InputError
from wilks.typing import finite_number, is_number

if TYPE_CHECKING:  # as in wilks.nuisances.nuisance
    import jax
    import jax.numpy as jnp
else:
    jnp = lazy.Module("jax.numpy")

_EDGE = 1e-9


class Auxiliary(abc.ABC):
    """The likelihood L(nu | A) of one auxiliary measurement A, and how A scatters around a true nu.

    A is one number, the ``observed`` centre: an estimate of nu, or a count. nu is in the user's units. Instances are
    frozen dataclasses.
    """

    kind: str
    is_of_factor: ClassVar[bool] = False
    """Whether it is about the factor 1 + nu, so that a normalization which it constrains is that factor."""

    @abc.abstractmethod
    def log_ratio(self, nu: jax.Array, observed: jax.Array, sigma: float) -> jax.Array:
        """log[ L(nu | A) / L(0 | A) ], a scalar; 0 at nu = 0. Traced and differentiated by JAX."""

    @abc.abstractmethod
    def draw(self, rng: np.random.Generator, nu: float, sigma: float) -> float:
        """An observed centre for the true value ``nu``."""

    def observed_at(self, nu: float) -> float:
        """The observed centre that has its maximum likelihood at ``nu``."""
        return nu

    def estimate(self, observed: float) -> float:
        """The nu of largest likelihood: the inverse of `observed_at`."""
        return observed

    @property
    def least_nu(self) -> float:
        """No nu at or below this is possible."""
        return -np.inf

    def check_observed(self, observed: float, *, name: str) -> None:
        """Raise unless the measurement of the nuisance ``name`` can have come out so.

        Raises:
            InputError: it cannot, whatever nu is.
        """
        finite_number(observed, name=f"the measurement of {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values that define it, with its ``kind``."""
        return {"kind": self.kind, **vars(self)}


@dataclass(frozen=True)
class Gaussian(Auxiliary):
    """A ~ Normal(nu, sigma):  log ratio = -((A - nu)/sigma)^2 / 2 + (A/sigma)^2 / 2.

    Eq. 27 of "Learning New Physics from an Imperfect Machine".

    >>> float(Gaussian().log_ratio(jnp.asarray(0.1), jnp.asarray(0.1), 0.1))
    0.5
    """

    kind = "gaussian"

    def log_ratio(self, nu: jax.Array, observed: jax.Array, sigma: float) -> jax.Array:
        return (observed - 0.5 * nu) * nu / sigma**2

    def draw(self, rng: np.random.Generator, nu: float, sigma: float) -> float:
        return float(nu + sigma * rng.standard_normal())


@dataclass(frozen=True)
class LogNormal(Auxiliary):
    """log(1 + A) ~ Normal(log(1 + nu), sigma): a positive factor 1 + nu known to a relative uncertainty.

    >>> float(LogNormal().log_ratio(jnp.asarray(0.0), jnp.asarray(0.3), 0.1))
    0.0
    """

    kind = "log_normal"
    is_of_factor = True

    def log_ratio(self, nu: jax.Array, observed: jax.Array, sigma: float) -> jax.Array:
        return Gaussian().log_ratio(jnp.log1p(nu), jnp.log1p(observed), sigma)

    def draw(self, rng: np.random.Generator, nu: float, sigma: float) -> float:
        return float(np.expm1(np.log1p(nu) + sigma * rng.standard_normal()))

    @property
    def least_nu(self) -> float:
        return -1.0 + _EDGE

    def check_observed(self, observed: float, *, name: str) -> None:
        super().check_observed(observed, name=name)
        if observed <= -1.0:
            raise InputError(f"the log_normal measurement of {name!r} must be above -1, but {observed:g} came")


@dataclass(frozen=True)
class PoissonCount(Auxiliary):
    """A ~ Poisson(m (1 + nu)): a control region where m events are expected at nu = 0.

    log ratio = A log(1 + nu) - m nu; the uncertainty on nu is about 1/sqrt(m). The observed centre is the count.

    Args:
        expected: m, positive.

    >>> round(float(PoissonCount(100).log_ratio(jnp.asarray(0.1), jnp.asarray(110.0), 0.1)), 4)
    0.4841
    """

    expected: float
    kind = "poisson"
    is_of_factor = True

    def __post_init__(self) -> None:
        if not (is_number(self.expected) and np.isfinite(self.expected) and self.expected > 0):
            raise InputError(
                f"the expected events of a counting measurement must be positive, but {self.expected!r} came"
            )
        object.__setattr__(self, "expected", float(self.expected))

    def log_ratio(self, nu: jax.Array, observed: jax.Array, sigma: float) -> jax.Array:
        return observed * jnp.log1p(nu) - self.expected * nu

    def draw(self, rng: np.random.Generator, nu: float, sigma: float) -> float:
        return float(rng.poisson(self.expected * (1.0 + nu)))

    def observed_at(self, nu: float) -> float:
        return self.expected * (1.0 + nu)

    def estimate(self, observed: float) -> float:
        return observed / self.expected - 1.0

    @property
    def least_nu(self) -> float:
        return -1.0 + _EDGE

    def check_observed(self, observed: float, *, name: str) -> None:
        super().check_observed(observed, name=name)
        if observed < 0.0:
            raise InputError(f"the count of {name!r} must be 0 or more, but {observed:g} came")


@dataclass(frozen=True)
class Unconstrained(Auxiliary):
    """Nothing is known about nu; its sigma only says in which steps it is moved.

    If f can imitate its effect, the number of degrees of freedom of t falls by one.

    >>> float(Unconstrained().log_ratio(jnp.asarray(3.0), jnp.asarray(0.0), 1.0))
    0.0
    """

    kind = "unconstrained"

    def log_ratio(self, nu: jax.Array, observed: jax.Array, sigma: float) -> jax.Array:
        return jnp.zeros_like(nu)

    def draw(self, rng: np.random.Generator, nu: float, sigma: float) -> float:
        return float(nu)

    def estimate(self, observed: float) -> float:
        """0 whatever is observed: the fit of a toy must not begin at its truth, which that of data does not know."""
        return 0.0


_KINDS: dict[str, type[Auxiliary]] = {one.kind: one for one in (Gaussian, LogNormal, PoissonCount, Unconstrained)}


def auxiliary_from_dict(document: dict[str, Any]) -> Auxiliary:
    """The auxiliary that `Auxiliary.to_dict` described.

    Raises:
        InputError: its kind is unknown.
    """
    fields = dict(document)
    kind = fields.pop("kind", None)
    if kind not in _KINDS:
        raise InputError(f"the kind of an auxiliary likelihood must be one of {sorted(_KINDS)}, but {kind!r} came")
    return _KINDS[kind](**fields)
