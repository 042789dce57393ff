"""The keys of an analysis file that say what f(x; w) is."""

from typing import Self

from pydantic import Field, model_validator

from wilks.config.options import with_options_of
from wilks.config.sections import Section
from wilks.models import MLP, MODEL_KINDS, Kernel, KernelSet, Model


@with_options_of(MLP)
class MLPConfig(Section):
    """A multilayer perceptron whose weights and biases are bounded."""


@with_options_of(Kernel)
class KernelConfig(Section):
    """A sum of Gaussians with a ridge penalty."""

    is_score: bool


@with_options_of(KernelSet)
class KernelSetConfig(Section):
    """Kernels of several widths and ridges, tested together."""


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
        return MODEL_KINDS[self.kind](**getattr(self, self.kind).model_dump())
