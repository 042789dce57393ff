"""The keys of an analysis file that speak of nuisances: what they are, and how their responses are learned."""

import math
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from wilks.config.options import with_options_of
from wilks.config.sections import (
    Count,
    Formula,
    FunctionName,
    GeneratorConfig,
    Positive,
    SampleFiles,
    Section,
    Seed,
    Text,
    Yields,
)
from wilks.responses import Training

Values = dict[Text, float]


class PoissonConfig(Section):
    """A count in a control region."""

    expected: Positive = Field(description="Events that are expected there at nu = 0; the uncertainty is 1/sqrt of it.")


class CountedAuxiliary(Section):
    """An auxiliary measurement that is a count."""

    poisson: PoissonConfig = Field(description="A ~ Poisson(expected (1 + nu)); the observed value is the count.")


def _auxiliary_kind(value: object) -> str:
    return "counted" if isinstance(value, dict | CountedAuxiliary) else "named"


Auxiliary = Annotated[
    Annotated[Literal["gaussian", "log_normal", "unconstrained"], Tag("named")]
    | Annotated[CountedAuxiliary, Tag("counted")],
    Discriminator(_auxiliary_kind),
]


class NuisanceConfig(Section):
    """One nuisance parameter nu; the reference is at nu = 0. Without `log_ratio` or `normalization` it is learned."""

    sigma: Positive | None = Field(
        default=None, description="Its uncertainty; for an unconstrained one, the step in which it is moved."
    )
    center: float = Field(
        default=0.0, description="What the auxiliary measurement says of nu; `data.auxiliaries` has priority."
    )
    normalization: bool = Field(
        default=False,
        description="Whether it multiplies the yield by exp(nu), "
        "or by the factor 1 + nu that a log_normal or poisson auxiliary is about, and no more.",
    )
    log_ratio: FunctionName | None = Field(
        default=None,
        description='"module:function" of the exact log r: function(events, nu) -> (n,), written with jax.numpy.',
    )
    transform: FunctionName | None = Field(
        default=None,
        description='"module:function" that moves events: function(columns, nu) -> columns, before the selection.',
    )
    columns: list[Text] = Field(
        default=[],
        description="Columns that the transform needs beside features, `carry`, and those in `where` and `define`.",
    )
    auxiliary: Auxiliary = Field(
        default="gaussian", description="gaussian, log_normal, unconstrained, or {poisson: {expected: 100}}."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.sigma is None and not isinstance(self.auxiliary, CountedAuxiliary):
            raise ValueError("`sigma` must be given, but it is missing; only beside a poisson auxiliary it is known")
        if self.normalization and (self.log_ratio or self.transform):
            raise ValueError("a normalization changes counts alone; delete `log_ratio` and `transform` beside it")
        if self.columns and self.transform is None:
            raise ValueError("`columns` are for a transform, but none is given; delete them")
        return self

    @property
    def is_learned(self) -> bool:
        """Whether its response must be learned from variations."""
        return not self.normalization and self.log_ratio is None


class VariationGenerator(GeneratorConfig):
    """A function that makes the varied events; it is given the values `at`."""

    n_events: Count = Field(description="Number of events to make.")
    seed: Seed = Field(
        default=0, description="Seed of these events; equal seeds make different events at other values."
    )


class VariationConfig(SampleFiles):
    """The reference with nuisances moved: files, a function, other weights of the reference, or transformed events."""

    at: Annotated[Values, Field(min_length=1)] = Field(
        description="Values of the nuisances, e.g. {scale: 0.1}; the others are at 0."
    )
    weight: Text | None = Field(
        default=None,
        description="Column or expression of the event weight; without the key, that of the reference. Without files "
        "the variation is the reference's own events with this weight. Weights are multiplied by the same factor as "
        "those of the reference, so that the ratio of the two sums, each over all events that pass the selection, is "
        "the ratio of the yields: both must count equally many generated events alike.",
    )
    generator: VariationGenerator | None = Field(default=None, description="Make the events by a function.")
    transformed: bool = Field(
        default=False,
        description="Whether events are moved by the transforms of the nuisances, then selected: those of `files`, or "
        "of the reference, read before the selection.",
    )
    loose_where: Formula | None = Field(
        default=None, description="For transformed ones: a looser selection with which the files are read."
    )
    expected_events: Yields | None = Field(
        default=None,
        description="Yield at these values, in events of the data: the weights are scaled to it, or, by a mapping as "
        "in `reference`, those of each entry of `files` to its number. Not given: their sum, scaled as that of the "
        "reference; for a generator the yield of the reference.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if not any(self.at.values()):
            raise ValueError("a variation must move a nuisance, but all values of `at` are 0; the reference is there")
        if self.generator is not None and (self.files or self.of_files or self.transformed):
            keys = [*(key for key in ("files", "transformed") if getattr(self, key)), *self.of_files]
            raise ValueError(f"{', '.join(f'`{key}`' for key in keys)} are not for a `generator`; delete them")
        if not (self.files or self.generator or self.transformed or self.weight):
            raise ValueError(
                "a variation must have `files`, a `generator`, another `weight` of the reference, or `transformed: "
                "true`, but it has none of them"
            )
        if self.loose_where is not None and not self.transformed:
            raise ValueError(
                "`loose_where` is for transformed events; the selection of all others is `where` at the top"
            )
        return self

    @property
    def is_reweighted(self) -> bool:
        """Whether it is the reference's own events with another weight."""
        return self.files is None and self.generator is None and not self.transformed

    @property
    def text(self) -> str:
        """Its values in words."""
        return ", ".join(f"{name} = {value:g}" for name, value in self.at.items())


def _order_kind(value: object) -> str:
    return "by_name" if isinstance(value, dict) else "one"


Order = Annotated[
    Annotated[Count, Tag("one")] | Annotated[dict[Text, Count], Tag("by_name")], Discriminator(_order_kind)
]


@with_options_of(Training, only=("hidden", "activation", "n_networks"))
class ResponsesConfig(Section):
    """How log r(x; nu) of the nuisances without a formula is learned by `wilks learn-nuisances`."""

    order: Order | None = Field(
        default=None,
        description="Order of the polynomial in nu, for all or by name; then all variations train. Not given: order "
        "and training points are those that the binned study proposes.",
    )
    bins: dict[Text, Count] = Field(
        default={},
        description="Features with a number of bins of equal contents: log r is then constant in bins, and no network "
        "is trained.",
    )
    inputs: list[Text] = Field(
        default=[], description="Formulas of features that the networks see as well, such as a mass with a peak."
    )
    hidden: list[Count] | None
    activation: Text
    n_networks: Count
    seed: Seed = Field(default=0, description="Seed of the networks.")
    yields_from_samples: bool = Field(
        default=True,
        description="Whether the yield at nu is a polynomial through those of the variations; false: what log r makes "
        "of the reference.",
    )
    accept_poor: bool = Field(
        default=False, description="Whether to go on with a response that does not reproduce the variations."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.bins and (self.inputs or self.hidden is not None):
            raise ValueError("`inputs` and `hidden` are for networks, but `bins` asks for none; delete one of the two")
        return self


class CovarianceConfig(Section):
    """Covariance of Gaussian auxiliary measurements, in the units of the nuisances."""

    names: Annotated[list[Text], Field(min_length=2)] = Field(description="The nuisances that are correlated.")
    matrix: list[list[float]] = Field(
        description="Rows of the covariance, in the order of `names`; its diagonal must be the squares of the sigmas."
    )

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        n = len(self.names)
        if len(self.matrix) != n or any(len(row) != n for row in self.matrix):
            sizes = ", ".join(str(len(row)) for row in self.matrix)
            raise ValueError(f"the matrix must have {n} rows of {n} numbers, but it has rows of {sizes or 'nothing'}")
        pairs = [(i, j) for i in range(n) for j in range(i)]
        if not all(math.isclose(self.matrix[i][j], self.matrix[j][i], rel_tol=1e-6, abs_tol=1e-300) for i, j in pairs):
            raise ValueError("the matrix must be symmetric, but it is not; the entry of a and b is that of b and a")
        return self
