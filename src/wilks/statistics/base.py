"""What a family of models is: a statistic with its engine, its null law and its words."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.analytic import AnalyticCurve, AnalyticLaw
from wilks.statistics.fits import Data, FitResult
from wilks.statistics.words import Words
from wilks.typing import FloatArray


class Parts(NamedTuple):
    """tau and Delta of one data set at some point; t is their difference."""

    tau: float
    delta: float

    @property
    def t(self) -> float:
        """tau - Delta."""
        return self.tau - self.delta


class Engine(Protocol):
    """What depends on a problem and a model alone, and the fits that share it: compiled, summed, whitened once."""

    @property
    def n_together(self) -> int:
        """Data sets that are best fitted side by side."""

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        """The fits of data sets, each as if it were alone; without a fingerprint."""

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau and Delta on all events at the parameters and nuisances of a fit: what a saved fit must reproduce."""


class Statistic(abc.ABC):
    """A model of the log-ratio f(x; w), and with it t. Instances are frozen: two equal ones give the same numbers.

    Attributes:
        kind: what files call the family.
        summary: one sentence on what f is, for those who write an analysis file.
        version: of its t: raised where the same analysis and data give another number.
        without_clip: of a model without a weight clip: what is to be chosen in its place, for messages.
        known_null: of which models of the family the null is known without toys, for messages; empty for none.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    version: ClassVar[int]
    without_clip: ClassVar[str] = "Choose what bounds it on toys of the reference alone, and calibrate with others"
    known_null: ClassVar[str] = ""

    def placed(self, problem: Problem) -> Self:
        """This model as part of an analysis: what it takes from the reference alone, such as centers, it takes here."""
        return self

    @property
    def is_penalized(self) -> bool:
        """Whether the number of parameters says nothing about the distribution of t, which depends on the nuisances: t
        holds a penalty, or is the largest of many statistics.
        """
        return False

    @property
    def is_combined(self) -> bool:
        """Whether t is made of several statistics, the p-values of members or the largest of regions: nothing then
        makes it follow a chi-square.
        """
        return False

    def has_law(self, *, is_profiled: bool) -> bool:
        """Whether its null distribution is known without toys, without or with nuisances."""
        return False

    @property
    def is_convex(self) -> bool:
        """Whether the loss has one minimum, so that a fit needs no search."""
        return False

    @property
    def is_accelerated(self) -> bool:
        """Whether its fits go to an accelerator, which one process fills: more processes would wait for each other."""
        return False

    @abc.abstractmethod
    def n_parameters(self, n_features: int) -> int:
        """Length p of the parameter vector for ``n_features`` inputs."""

    @abc.abstractmethod
    def engine(self, problems: Sequence[Problem]) -> Engine:
        """The engine for these regions, of which there is one as yet.

        Raises:
            InputError: a reference that the model cannot be fitted to.
        """

    def law(
        self, engine: Any, *, at: FitResult | None, pool: Sample | None, n_events: int | None = None
    ) -> AnalyticLaw | None:
        """The null law of t, where it is known without toys (`has_law`).

        Args:
            engine: what `engine` made.
            at: with nuisances the fit at whose Delta the law is; else None.
            pool: further events of the reference, which tell where it is off nature.
            n_events: of every data set, where that is fixed; None: Poisson counts.
        """
        return None

    @classmethod
    def stored_law(cls, document: Mapping[str, Any]) -> AnalyticLaw:
        """A null law of this family as an answer kept it, from `Law.to_document`."""
        return AnalyticCurve.from_document(document)

    def notices(self, problem: Problem, data: Sample | None) -> tuple[str, ...]:
        """What must be known of this placed model beside an answer: sentences; ``data`` None: before there are any."""
        return ()

    def null_moments(self, engine: Any, *, z: FloatArray, n_events: int | None = None) -> tuple[float, float] | None:
        """Mean and variance of t under the null at nuisances z (j,), by the reference alone; None: not known."""
        return None

    @abc.abstractmethod
    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        """f(x; w) for standardized events (n, d), shape (n,).

        Raises:
            InputError: ``params`` has not p entries.
        """

    def log_ratios(self, params: Sequence[FloatArray], events: FloatArray) -> FloatArray:
        """f at several parameters (k, p) for standardized events (n, d), shape (k, n)."""
        return np.stack([self.log_ratio(one, events) for one in params])

    def portable(self, params: FloatArray) -> dict[str, Any]:
        """f(x; w) of standardized events as plain numbers, lists and words, for programs without this package.

        Its ``form`` names one of those that `wilks.interpretation.load_ratio` evaluates; numbers that JSON lacks stand
        as ``"inf"`` and ``"-inf"``.

        Raises:
            InputError: a family that does not say how.
        """
        raise InputError(
            f"f of this model ({self.describe()}) has no form that other programs read; write "
            f"{type(self).__name__}.portable, or keep the analysis and the fit, which wilks reads: save(folder)"
        )

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings that define the model, with its ``kind``."""

    @abc.abstractmethod
    def describe(self) -> str:
        """One line for a person."""

    @abc.abstractmethod
    def words(self, *, is_profiled: bool) -> Words:
        """What a report says of f, of t and of its fit that is true of this model alone, without or with nuisances."""

    def _check_params(self, params: FloatArray, n_features: int) -> None:
        """Raise InputError unless there are p parameters."""
        n_parameters = self.n_parameters(n_features)
        if np.shape(params) != (n_parameters,):
            raise InputError(
                f"params must be {n_parameters} numbers for {n_features} features, "
                f"but their shape is {np.shape(params)}"
            )
