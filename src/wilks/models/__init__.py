"""Models of the log-ratio f(x; w)."""

from wilks.models.base import Model, model_from_dict
from wilks.models.kernel import Kernel, Placement
from wilks.models.kernel_set import KernelSet
from wilks.models.mlp import MLP
from wilks.models.words import Words

MODEL_KINDS: dict[str, type[Model]] = {"kernel": Kernel, "kernel_set": KernelSet, "mlp": MLP}

__all__ = ["MLP", "MODEL_KINDS", "Kernel", "KernelSet", "Model", "Placement", "Words", "model_from_dict"]
