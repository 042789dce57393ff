"""Models whose f is constant in bins."""

import abc
from typing import Any

import numpy as np

from wilks.statistics.base import Statistic
from wilks.statistics.histogram.bins import Bins
from wilks.statistics.histogram.edges import plain_numbers
from wilks.typing import FloatArray


class Stepped(Statistic):
    """f(x) = f_k in bin k and 0 outside all of them; the parameters are the f_k."""

    @property
    @abc.abstractmethod
    def bins(self) -> Bins:
        """Where they lie.

        Raises:
            InputError: the model is not part of an analysis yet.
        """

    @property
    def is_convex(self) -> bool:
        return True

    def n_parameters(self, n_features: int) -> int:
        return self.bins.n_bins

    def portable(self, params: FloatArray) -> dict[str, Any]:
        return {**self.bins.portable(), "values": plain_numbers(params)}

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        self._check_params(params, events.shape[1])
        ratios: FloatArray = np.append(params, 0.0)[self.bins.find(events)]  # -1, outside, is the last
        return ratios
