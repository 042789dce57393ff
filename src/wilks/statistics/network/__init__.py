"""Networks: certified fits in a box, from many starts."""

from wilks.models.mlp import MLP

__all__ = ["MLP"]
