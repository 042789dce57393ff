"""Sums of Gaussians: linear in their parameters, hence a convex fit with one optimum."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wilks.errors import InputError
from wilks.models.base import Model
from wilks.models.centers import choose_centers, percentile_width, squared_distances
from wilks.models.kernel_words import kernel_words
from wilks.models.words import Words
from wilks.typing import Count, FloatArray, Positive, Seed, check_options, is_number


@dataclass(frozen=True, eq=False)
class Placement:
    """The Gaussians of a kernel: centers (m, d) in standardized features, and their common width."""

    centers: FloatArray
    width: float

    def kernel(self, events: FloatArray) -> FloatArray:
        """k(x, z_m) = exp(-|x - z_m|^2 / (2 width^2)) for standardized events (n, d), shape (n, m), to be read only.

        For more than one feature the exponents are one product of matrices, and compiled code takes the exponentials:
        that is where most time goes.

        >>> Placement(np.array([[0.0]]), 2.0).kernel(np.array([[2.0]])).round(6).tolist()
        [[0.606531]]
        """
        if events.shape[1] == 1:
            exponents = squared_distances(events, self.centers)
            exponents *= -0.5 / self.width**2
            return np.exp(exponents, out=exponents)
        n = int(events.shape[0])
        x, z = np.zeros((_padded(n), events.shape[1])), self.centers / self.width
        np.divide(events, self.width, out=x[:n])
        left = np.column_stack([x, -0.5 * np.sum(x**2, axis=1), np.ones(x.shape[0])])
        right = np.column_stack([z, np.ones(z.shape[0]), -0.5 * np.sum(z**2, axis=1)])
        return np.asarray(_gaussians(left, right))[:n]


@jax.jit
def _gaussians(left: jax.Array, right: jax.Array) -> jax.Array:
    """exp(l.r) for all pairs of rows, with exponents that rounding has made positive set to 0."""
    return jnp.exp(jnp.minimum(left @ right.T, 0.0))


def _padded(n: int) -> int:
    """At least n, at most an eighth more, and one of few numbers: each is compiled once.

    >>> [_padded(n) for n in (1, 9, 33, 1000)]
    [8, 16, 40, 1024]
    """
    step = max(8, 1 << max(0, n.bit_length() - 4))
    return -(-n // step) * step


@dataclass(frozen=True)
class Kernel(Model):
    """f(x) = sum_m a_m k(x, z_m) with Gaussians k and a ridge penalty; the parameters are a, of length m.

    With the loss L of the analysis and K_mn = k(z_m, z_n)

        t = -2 min_a { L[f] + ridge a^T K a },

    penalty included, which is convex: no starts, no box, one optimum. ``is_score`` replaces the braces by their
    second-order expansion at f = 0, whose minimum is one linear solve; t is then the score statistic

        q = b^T (H + 2 ridge)^-1 b,   b = sum_D phi - sum_R w phi,   H = sum_R w phi phi^T,   phi = K^-1/2 k(x, .)

    (kernel logistic regression with Gaussians as a model of f: "Learning new physics efficiently with nonparametric
    methods", Eur. Phys. J. C 82 (2022) 879; there with another loss). Data enter q through the sum of their features
    alone, so that many thousand toys take a second, and its null distribution is known beyond the reach of toys.

    With nuisances L is that of both together and t what f adds to Delta, the fit of the nuisances alone; the score
    statistic is expanded at f = 0 and the nuisances of Delta.

    Args:
        n_centers: how many Gaussians. They stand where `choose_centers` puts them, from the reference alone, as soon as
            the kernel is part of an analysis.
        width: their standard deviation, in standardized features; None: the 90th percentile of the distances between
            events of the reference, as published.
        ridge: strength of the penalty, positive. Events move f where they are more than about ridge.
        is_score: whether t is the score statistic, the first step of the fit, whose null needs no toys.
        seed: of the choice of centers.

    Raises:
        InputError: an option outside these limits.

    >>> Kernel(n_centers=100, width=0.5, ridge=0.1).describe()
    'kernel of 100 Gaussians of width 0.5, ridge 0.1'
    """

    n_centers: Count = 300
    width: Positive | None = None
    ridge: Positive = 0.3
    is_score: bool = False
    seed: Seed = 0
    _placement: Placement | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def placement(self) -> Placement:
        """Where the Gaussians stand.

        Raises:
            InputError: the kernel is not part of an analysis yet.
        """
        if self._placement is None:
            raise InputError("the centers of a kernel come from the reference: take the model of a wilks.Analysis")
        return self._placement

    def placed(self, events: FloatArray, weights: FloatArray) -> "Kernel":
        rng = np.random.Generator(np.random.Philox(self.seed))
        centers = choose_centers(rng, events, weights, self.n_centers)
        return self.at(Placement(centers, percentile_width(rng, events, weights) if self.width is None else self.width))

    def at(self, placement: Placement) -> "Kernel":
        """This kernel with its Gaussians where another one has them."""
        placed = dataclasses.replace(self)
        object.__setattr__(placed, "_placement", placement)
        return placed

    @property
    def is_penalized(self) -> bool:
        return True

    def n_parameters(self, n_features: int) -> int:
        return self.n_centers

    def bounds(self, n_features: int) -> tuple[FloatArray, FloatArray]:
        upper = np.full(self.n_centers, np.inf)
        return -upper, upper

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return params @ self.column_jacobian(params, columns)

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        centers = jnp.asarray(self.placement.centers, columns.dtype)
        squares = jnp.sum(centers**2, axis=1)[:, None] + jnp.sum(columns**2, axis=0) - 2.0 * centers @ columns
        return jnp.exp(-0.5 / self.placement.width**2 * jnp.maximum(squares, 0.0))

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        return jnp.zeros((params.size, params.size), params.dtype)

    def starting_points(self, rng: np.random.Generator, n_starts: int, *, events: FloatArray) -> FloatArray:
        """f = 0, from where every descent reaches the one optimum."""
        return np.zeros((n_starts, self.n_centers))

    def flat_point(self, rng: np.random.Generator, *, events: FloatArray) -> FloatArray:
        return np.zeros(self.n_centers)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "kernel",
            "n_centers": self.n_centers,
            "width": self.width,
            "ridge": self.ridge,
            "is_score": self.is_score,
            "seed": self.seed,
        }

    def describe(self) -> str:
        width = self._placement.width if self._placement else self.width
        wide = "the 90th percentile of distances" if width is None else f"{width:.4g}"
        score = ", score statistic" if self.is_score else ""
        return f"kernel of {self.n_centers} Gaussians of width {wide}, ridge {self.ridge:g}{score}"

    def words(self, *, is_profiled: bool) -> Words:
        return kernel_words(is_score=self.is_score, is_profiled=is_profiled)


def positive_option(value: object, name: str) -> float:
    """An option of a kernel as a plain float.

    Raises:
        InputError: it is no positive, finite number.
    """
    if not (is_number(value) and np.isfinite(value) and value > 0):
        raise InputError(f"{name} of a kernel must be a positive number, but {value!r} came")
    return float(value)
