"""Several models on one data set and the same toys: t, p and seconds of each, and the p of the smallest p."""

from wilks.models.table import ModelRow, ModelTable
from wilks.models.testing import model_table

__all__ = ["ModelRow", "ModelTable", "model_table"]
