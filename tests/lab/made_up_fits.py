"""Fits that cost nothing, for tests of what is done with many of them."""

from collections.abc import Callable, Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.significance import chi2_isf
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

FITTED = "wilks.campaign.shard.fit_together"
"""What makes the fits of toys, to be replaced."""


def fits_of_chi_square(
    fit_of: Callable[..., FitResult], *, clip: float
) -> Callable[[Analysis, Sequence[FloatArray], Sequence[FloatArray]], list[FitResult]]:
    """t is a number of the data alone, from the chi-square of the parameters, times the root of the clip over ``clip``.

    Hence toys follow their chi-square at that clip.
    """

    def fit_together(analysis: Analysis, data: Sequence[FloatArray], observed: Sequence[FloatArray]) -> list[FitResult]:
        k, scale = analysis.n_parameters, (analysis.model.weight_clip / clip) ** 0.5  # type: ignore[attr-defined]
        common = {
            "n_parameters": k,
            "params": np.zeros(k),
            "n_starts": analysis.search.n_starts,
            "fingerprint": analysis.fingerprint(),
        }
        uniform = [float(1e3 * np.sum(events) % 1.0) for events in data]
        found = [float(scale * chi2_isf(max(u, 1e-9), k)) for u in uniform]
        return [fit_of(t, n_events=len(events), **common) for t, events in zip(found, data, strict=True)]

    return fit_together
