"""Choosing a model on toys of the reference alone: its weight clip, the effort of its search, its layers."""

from wilks.selection.result import Stage, WeightClipSelection
from wilks.selection.scan import ArchitectureScan, Candidate
from wilks.selection.scanning import select_architecture
from wilks.selection.selecting import select_weight_clip
from wilks.selection.spread import Spread
from wilks.selection.trials import Trial

__all__ = [
    "ArchitectureScan",
    "Candidate",
    "Spread",
    "Stage",
    "Trial",
    "WeightClipSelection",
    "select_architecture",
    "select_weight_clip",
]
