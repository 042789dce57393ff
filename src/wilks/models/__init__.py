"""Models of the log-ratio f(x; w)."""

from wilks.models.base import Model, model_from_dict
from wilks.models.kernel import Kernel, Placement
from wilks.models.mlp import MLP

MODEL_KINDS: dict[str, type[Model]] = {"kernel": Kernel, "mlp": MLP}

__all__ = ["MLP", "MODEL_KINDS", "Kernel", "Model", "Placement", "model_from_dict"]
