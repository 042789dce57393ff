"""Networks: certified fits in a box, from many starts."""

from wilks.statistics.network.mlp import MLP
from wilks.statistics.network.model import NetworkModel

__all__ = ["MLP", "NetworkModel"]
