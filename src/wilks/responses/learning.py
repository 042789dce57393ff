"""Learning log r(x; nu) from varied samples."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from wilks.nuisances import (
    LearnedPolynomial,
    LogYield,
    NetworkInputs,
    Nuisance,
    Nuisances,
    SeparatePolynomials,
    Term,
)
from wilks.nuisances.taylor import layer_shapes
from wilks.responses.closure import check_responses
from wilks.responses.counts import first_with_same_events
from wilks.responses.options import Training
from wilks.responses.polynomials import design, higher_terms, moved_together, term_units, terms_for, units_of
from wilks.responses.training import Group, train
from wilks.responses.variation import Variation, check_variations, points_of, warn_if_one_sided, warn_of_yields
from wilks.samples import Sample
from wilks.typing import FloatArray, whole_number


def learn_responses(
    reference: Sample,
    nuisances: Sequence[Nuisance],
    *,
    variations: Sequence[Variation],
    order: int | Mapping[str, int] = 2,
    terms: Sequence[Term] | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    training: Training | None = None,
    yields_from_samples: bool = True,
    accept_poor: bool = False,
) -> Nuisances:
    """The nuisances together with log r(x; nu), learned for those that have no ``log_ratio``.

    Networks c(x) minimise the quadratic classifier loss, eq. 17 of "Learning New Physics from an Imperfect Machine",

        sum over nu_i of [ sum over S_0(nu_i) of w c^2 + sum over S_1 of w (1 - c)^2 ],   c = 1 / (1 + r),

    with S_0(nu_i) the variations, S_1 the reference, each weighted to its own expected yield, and log r the polynomial
    in nu that has the outputs of the network as coefficients (eq. 16, mixed terms included). Nuisances that no sample
    moves together and no term connects have networks of their own: the loss is a sum over them.

    Args:
        reference: the central sample.
        nuisances: all of the analysis; those with a ``log_ratio`` keep their formula.
        variations: samples of the others at chosen values; more values than terms make it more accurate, and pairs of
            opposite sign are best (`study_responses` proposes some).
        order: of the polynomial, for all or by name. Mixed terms are learned of nuisances that some sample moves
            together.
        terms: the terms themselves, as exponents of the nuisances that are learned, in place of ``order``.
        inputs: formulas of features that the networks see beside the features, as a mass that has a narrow peak.
        seed: of the networks.
        training: networks and their training.
        yields_from_samples: whether log r is shifted at every nu so that the reference sums to the yield that the
            variations have (`yield_polynomial`); False: the yield is what log r makes of the reference.
        accept_poor: whether a response is returned that `check_responses` on these variations finds poor.

    Raises:
        InputError: variations that do not fit reference and nuisances, or cannot determine the terms.
        ResponseError: the response does not reproduce the variations.

    >>> rng = np.random.default_rng(0)
    >>> samples = {nu: Sample(rng.exponential(np.exp(nu), 2000), features=["x"]) for nu in (0.0, 0.2, -0.2)}
    >>> learned = learn_responses(samples[0.0], [Nuisance("scale", 0.1)], order=1, training=Training(hidden=()),
    ...     variations=[Variation({"scale": nu}, samples[nu]) for nu in (0.2, -0.2)])
    >>> bool(abs(learned.log_ratio(np.array([[2.0]]), {"scale": 0.1})[0] - 0.1) < 0.03)
    True
    """
    learned = [one for one in nuisances if one.log_ratio is None]
    names = tuple(one.name for one in learned)
    check_variations(reference, learned, variations)
    points = points_of(names, variations)
    chosen = terms_for(names, points, order=order, terms=terms)
    warn_if_one_sided(names, points)
    if yields_from_samples:
        warn_of_yields(reference, variations)
    samples = [reference, *(one.sample for one in variations)]
    seen = NetworkInputs.of(samples, inputs)
    response = _learn(_Task(samples, names, points, chosen), seen, training or Training(), seed=seed)
    log_yield = yield_polynomial(reference, names, variations, response.terms) if yields_from_samples else None
    result = Nuisances(tuple(nuisances), response, log_yield)
    if not accept_poor:
        check_responses(reference, result, variations=variations).require_good()
    return result


def yield_polynomial(
    reference: Sample, names: tuple[str, ...], variations: Sequence[Variation], terms: tuple[Term, ...]
) -> LogYield:
    """log[ N(nu) / N(0) ] by least squares on the sums of weights of the samples, for a response with these terms.

    Where the points allow, the polynomial is one order higher than the response: log N is curved even where log r is
    linear, by the variance of its coefficient.

    >>> two = [Variation({"scale": nu}, Sample([1.0], [np.exp(nu)])) for nu in (0.1, -0.1)]
    >>> [round(c, 6) for c in yield_polynomial(Sample([1.0]), ("scale",), two, ((1,),)).coefficients]
    [1.0, 0.0]
    """
    points = points_of(names, variations)
    terms = higher_terms(points, terms)
    units = units_of(points)
    ratios = np.array([one.sample.expected_events for one in variations]) / reference.expected_events
    solution, *_ = np.linalg.lstsq(design(points / units, terms), np.log(ratios), rcond=None)
    return LogYield(names, terms, tuple((solution / term_units(units, terms) + 0.0).tolist()))


class _Task(NamedTuple):
    """What is to be learned: coefficients of ``terms`` in nuisances ``names``, from the central sample and those at
    ``points`` (m, j) behind it.
    """

    samples: Sequence[Sample]
    names: tuple[str, ...]
    points: FloatArray
    terms: tuple[Term, ...]

    def parts(self) -> "Iterator[_Task]":
        """Nuisances that no sample moves together and no term connects, each with the samples that move it."""
        for together in moved_together(self.points, self.terms):
            moved = np.flatnonzero(np.any(self.points[:, together] != 0, axis=1))
            yield _Task(
                [self.samples[0], *(self.samples[int(i) + 1] for i in moved)],
                tuple(self.names[j] for j in together),
                self.points[np.ix_(moved, together)],
                tuple(tuple(term[j] for j in together) for term in self.terms if any(term[j] for j in together)),
            )


def _learn(
    task: _Task, inputs: NetworkInputs, training: Training, *, seed: int
) -> LearnedPolynomial | SeparatePolynomials:
    """Networks of their own for each part."""
    parts = tuple(_learn_part(part, inputs, training, seed=seed) for part in task.parts())
    return parts[0] if len(parts) == 1 else SeparatePolynomials(task.names, parts)


def _learn_part(task: _Task, inputs: NetworkInputs, training: Training, *, seed: int) -> LearnedPolynomial:
    # In units of the largest |nu| every monomial is of order one; the last layer takes them back to the user's units.
    units = units_of(task.points)
    groups = _groups(task.samples, inputs, design(task.points / units, task.terms))
    params = train(groups, training, seed=whole_number(seed, name="seed", least=0))
    hidden = training.layers(inputs.n_inputs)
    params = _in_user_units(params, inputs.n_inputs, hidden, term_units(units, task.terms))
    return LearnedPolynomial(task.names, task.terms, inputs, hidden, training.activation, params)


def _groups(samples: Sequence[Sample], inputs: NetworkInputs, monomials: FloatArray) -> list[Group]:
    """The central sample with all points, then the variations; those of the same events are one group."""
    owners = first_with_same_events(samples)
    groups = []
    for owner in dict.fromkeys(owners):
        columns = inputs.columns(samples[owner].events)
        members = [i - 1 for i, one in enumerate(owners) if one == owner and i > 0]
        central = samples[0].event_weights[None] if owner == 0 else np.zeros((1, columns.shape[1]))
        if members:
            varied = np.stack([samples[i + 1].event_weights for i in members])
            groups.append(Group(columns, monomials[members], varied, central))
        rest = [i for i in range(len(monomials)) if i not in members]
        if owner == 0 and rest:
            groups.append(Group(columns, monomials[rest], np.zeros_like(central), central))
    return groups


def _in_user_units(params: FloatArray, n_inputs: int, hidden: tuple[int, ...], units: FloatArray) -> FloatArray:
    """Outputs of the networks divided by ``units``: everything behind the last hidden layer, output by output."""
    n_in = layer_shapes(n_inputs, hidden, len(units))[-1][1]
    divisors = np.concatenate([np.repeat(units, n_in), units, np.repeat(units, n_inputs)])
    result = params.copy()
    result[:, params.shape[1] - divisors.size :] /= divisors
    return result
