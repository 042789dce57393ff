"""Models of the log-ratio f(x; w)."""

from wilks.models.base import Model
from wilks.models.mlp import MLP

__all__ = ["MLP", "Model"]
