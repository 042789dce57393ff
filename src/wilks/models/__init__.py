"""Models of the log-ratio f(x; w)."""

from wilks.models.base import Model, model_from_dict
from wilks.models.mlp import MLP

MODEL_KINDS: dict[str, type[Model]] = {"mlp": MLP}

__all__ = ["MLP", "MODEL_KINDS", "Model", "model_from_dict"]
