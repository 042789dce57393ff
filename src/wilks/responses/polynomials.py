"""Polynomials in nu fitted to log ratios, and which terms some points can tell apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from wilks.errors import InputError
from wilks.nuisances import Term, all_terms, monomials
from wilks.typing import FloatArray, IntArray, whole_number


@dataclass(frozen=True, eq=False)
class PolynomialFit:
    """Generalised least squares in each cell.

    Args:
        coefficients: (b, k).
        covariance: of the coefficients, (b, k, k).
        residuals: measured less fitted, (m, b).
        residual_variance: expected of the residuals by statistics alone, (m, b).
        chi2: of each cell, (b,).
        dof: degrees of freedom of each cell.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    residual_variance: FloatArray
    chi2: FloatArray
    dof: int


def design(points: FloatArray, terms: Sequence[Term]) -> FloatArray:
    """The monomials of each point (m, j), shape (m, k).

    >>> design(np.array([[0.5], [-2.0]]), [(1,), (2,)]).tolist()
    [[0.5, 0.125], [-2.0, 2.0]]
    """
    return np.array([list(monomials(point, terms)) for point in points]).reshape(-1, len(terms))


def fit_polynomials(
    points: FloatArray, terms: Sequence[Term], values: FloatArray, covariance: FloatArray
) -> PolynomialFit:
    """c = (A^T C^-1 A)^-1 A^T C^-1 y in each cell, for y (m, b) at points (m, j) with covariance C (b, m, m)."""
    units = units_of(points)
    matrix = design(points / units, terms)
    inverse = np.linalg.inv(covariance)
    normal = np.linalg.inv(matrix.T @ inverse @ matrix)
    solution = normal @ matrix.T @ inverse
    fitted = np.einsum("bkm,mb->bk", solution, values)
    residuals = values - matrix @ fitted.T
    left = np.eye(len(points)) - matrix @ solution
    variance = np.einsum("bij,bjk,bik->ib", left, covariance, left)
    chi2 = np.einsum("ib,bij,jb->b", residuals, inverse, residuals)
    factors = 1.0 / term_units(units, terms)
    scaled = normal * factors[:, None] * factors[None, :]
    return PolynomialFit(fitted * factors, scaled, residuals, variance, chi2, len(points) - len(terms))


def units_of(points: FloatArray) -> FloatArray:
    """The largest abs(nu) of each nuisance, in which training is well conditioned."""
    return np.asarray(np.max(np.abs(points), axis=0))


def term_units(units: FloatArray, terms: Sequence[Term]) -> FloatArray:
    """The product of units_j^e_j of each term: a coefficient for nu in these units is so many times larger."""
    return np.array([np.prod(units ** np.array(term)) for term in terms])


def terms_for(
    names: Sequence[str], points: FloatArray, *, order: int | Mapping[str, int], terms: Sequence[Term] | None
) -> tuple[Term, ...]:
    """The terms to learn from samples at ``points`` (m, j).

    Without ``terms``: every power up to ``order`` of each nuisance, and products of those powers, up to the largest
    order in all, for nuisances that some sample moves together.

    Raises:
        InputError: the points cannot tell the terms apart; the message says which samples are missing.

    >>> terms_for(["a", "b"], np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), order={"a": 2, "b": 1}, terms=None)
    ((0, 1), (1, 0), (2, 0))
    """
    orders = _orders(names, order)
    if terms is None:
        every = all_terms(len(names), order=max(orders))
        chosen = tuple(term for term in every if _is_within(term, orders) and _is_moved(term, points))
    else:
        chosen = tuple(tuple(whole_number(e, name="an exponent", least=0) for e in term) for term in terms)
    _check_terms(names, points, chosen, orders)
    return chosen


def higher_terms(points: FloatArray, terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms with as many of the next order as the points can tell apart besides them.

    >>> higher_terms(np.array([[0.1], [-0.1]]), ((1,),))
    ((1,), (2,))
    >>> higher_terms(np.array([[0.1], [-0.1]]), ((1,), (2,)))
    ((1,), (2,))
    """
    order = max(sum(term) for term in terms)
    found = tuple(terms)
    for term in all_terms(points.shape[1], order=order + 1):
        if term not in found and _is_moved(term, points) and _rank(points, (*found, term)) > len(found):
            found = (*found, term)
    return found


def moved_together(points: FloatArray, terms: Sequence[Term]) -> list[IntArray]:
    """The positions of nuisances in sets that no point (m, j) and no term connects.

    The loss of eq. 17 is a sum over these sets: the coefficients of one are learned without the others.

    >>> points = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
    >>> [one.tolist() for one in moved_together(points, [(1, 0, 0), (0, 1, 0), (0, 0, 1)])]
    [[0, 2], [1]]
    """
    used = np.concatenate([points != 0, np.array(terms, dtype=bool)]).astype(np.int64)
    n, owner = connected_components(used.T @ used, directed=False)
    return [np.flatnonzero(owner == i) for i in range(n)]


def _rank(points: FloatArray, terms: Sequence[Term]) -> int:
    return int(np.linalg.matrix_rank(design(points / units_of(points), terms), tol=1e-9))


def _orders(names: Sequence[str], order: int | Mapping[str, int]) -> tuple[int, ...]:
    if not isinstance(order, Mapping):
        return (whole_number(order, name="order", least=1),) * len(names)
    missing = [name for name in names if name not in order]
    if missing or len(order) != len(names):
        raise InputError(f"order must be a number, or one for each of {', '.join(names)}, but {dict(order)} came")
    return tuple(whole_number(order[name], name=f"the order of {name!r}", least=1) for name in names)


def _is_within(term: Term, orders: Sequence[int]) -> bool:
    return all(exponent <= most for exponent, most in zip(term, orders, strict=True))


def _is_moved(term: Term, points: FloatArray) -> bool:
    """Whether a term is of one nuisance, or some point moves all of its nuisances."""
    used = np.flatnonzero(term)
    return used.size == 1 or bool(np.any(np.all(points[:, used] != 0, axis=1)))


def _check_terms(names: Sequence[str], points: FloatArray, terms: Sequence[Term], orders: Sequence[int]) -> None:
    for term in terms:
        if len(term) != len(names) or not any(term):
            raise InputError(f"a term must have one exponent for each of {', '.join(names)}, but {term} came")
        if not _is_moved(term, points):
            together = " and ".join(repr(name) for name, exponent in zip(names, term, strict=True) if exponent)
            raise InputError(
                f"the mixed term of {together} needs a sample at which both differ from 0, but there is none; "
                "give one, or leave the term out"
            )
    for j, name in enumerate(names):
        order = max((term[j] for term in terms if sum(term) == term[j]), default=0)
        distinct = np.unique(points[points[:, j] != 0, j])
        if distinct.size < order or not order:
            least = max(order, 1)
            raise InputError(
                f"order {least} in {name!r} needs samples at {least} or more different values of it that are not 0, "
                f"but there are {distinct.size}: {distinct.tolist()}; give more samples or a lower order"
            )
    rank = _rank(points, terms)
    if rank < len(terms):
        raise InputError(
            f"{len(points)} samples determine {rank} of {len(terms)} terms {list(terms)}; give samples at more values "
            "of the nuisances, or fewer terms"
        )
