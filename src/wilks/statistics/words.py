"""What is true of t in one family of models and not in another, in words for those who read a report."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Sentences on f, t and their fit that a family of models gives; see `Model.words`.

    w are the parameters of f, w_e the weights of the reference events, and L is minus the logarithm of the extended
    likelihood ratio of alternative and reference: a report defines them, for they are those of every family.

    Attributes:
        formulas: of t, one a line, in plain characters.
        sentences: what f is and what holds its parameters; what t is; what a large t means.
        tau: what tau is, for the table of a fit.
        decrement, residual: what the Newton decrement and the KKT residual of a fit certify.
        is_searched: whether a fit goes from many starts to the best of many minima, with its parameters in a box.
    """

    formulas: tuple[str, ...]
    sentences: tuple[str, ...]
    tau: str
    decrement: str
    residual: str
    is_searched: bool


@dataclass(frozen=True)
class LawWords:
    """What is true of a null law that is computed from the reference, and of no other; for reports.

    Attributes:
        origin: what is computed, after "it is computed from the reference:".
        interval: what the interval is, after "the interval is".
        methods: what each method means.
        excess, terms: what these figures of the law are (`LawFigures`).
        limit: the name of its limit for large counts; ``limit_note``: what it lacks.
        remedy: what to do where it does not answer, apart from toys.
        correction: what p over that of the limit is.
        curve: its label in a figure; ``band`` that of its interval, empty where it is too narrow to be drawn.
        caption: of that figure, after "p against t by the null law".
    """

    origin: str
    interval: str
    methods: Mapping[str, str]
    excess: str
    terms: str
    limit: str
    limit_note: str
    remedy: str
    correction: str
    curve: str
    band: str
    caption: str
