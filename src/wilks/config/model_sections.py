"""The keys of an analysis file that say what f(x; w) is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from wilks.config.sections import Count, Positive, Section, Seed, Text
from wilks.models import MLP, Kernel, KernelSet, Model

_MLP, _KERNEL, _SET = MLP(), Kernel(), KernelSet(widths=(1.0,))


class MLPConfig(Section):
    """A multilayer perceptron whose weights and biases are bounded."""

    hidden: Annotated[list[Count], Field(min_length=1)] = Field(
        default=[4], description="Neurons of each layer, e.g. [5, 5, 5]."
    )
    weight_clip: Positive = Field(default=_MLP.weight_clip, description="Bound W of every weight and bias: |w| <= W.")
    activation: Text = Field(
        default=_MLP.activation, description="Activation of the hidden layers: sigmoid, tanh, softplus or silu."
    )


class KernelConfig(Section):
    """A sum of Gaussians with a ridge penalty."""

    n_centers: Count = Field(default=_KERNEL.n_centers, description="Number of Gaussians; they stand in the reference.")
    width: Positive | None = Field(
        default=None,
        description="Their standard deviation, in standardized features; not given: the 90th percentile of distances.",
    )
    ridge: Positive = Field(default=_KERNEL.ridge, description="Strength of the penalty.")
    is_score: bool = Field(
        default=_KERNEL.is_score,
        description="Whether t is the score statistic, the first step of the fit, whose null needs no toys.",
    )
    seed: Seed = Field(default=_KERNEL.seed, description="Seed of the choice of centers.")


class KernelSetConfig(Section):
    """Kernels of several widths and ridges, tested together."""

    widths: Annotated[list[Positive], Field(min_length=1)] = Field(
        description="Standard deviations of the Gaussians, in standardized features, e.g. [0.3, 1.0]."
    )
    ridges: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=list(_SET.ridges), description="Strengths of the penalty; every width has every one."
    )
    n_centers: Count | list[Count] = Field(
        default=300, description="Number of Gaussians of each member, or a list with one number for each width."
    )
    combination: Text = Field(
        default=_SET.combination, description="Of the p-values of the members: product, min_p or average."
    )
    is_score: bool = Field(default=_SET.is_score, description="Whether the members have score statistics.")
    seed: Seed = Field(default=_SET.seed, description="Seed of the choice of centers.")


class ModelConfig(Section):
    """The learned f(x; w): one of these."""

    mlp: MLPConfig | None = Field(default=None, description="A multilayer perceptron.")
    kernel: KernelConfig | None = Field(default=None, description="A kernel.")
    kernel_set: KernelSetConfig | None = Field(default=None, description="Kernels of several widths.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            came = " and ".join(f"`{name}`" for name in given) or "none of them"
            raise ValueError(f"one of `mlp`, `kernel` and `kernel_set` must be given, but {came} came; give one")
        return self

    @property
    def kind(self) -> str:
        """Which of them is given: the key that an error points at."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def has_analytic_null(self) -> bool:
        """Whether the null distribution of t is known without toys."""
        return self.kernel is not None and self.kernel.is_score

    def build(self) -> Model:
        """The model of an analysis.

        Raises:
            InputError: an option that the model refuses.
        """
        if self.mlp is not None:
            return MLP(tuple(self.mlp.hidden), weight_clip=self.mlp.weight_clip, activation=self.mlp.activation)
        if self.kernel is not None:
            return Kernel(**self.kernel.model_dump())
        assert self.kernel_set is not None
        return KernelSet(**self.kernel_set.model_dump())
