"""What a calibration is made from: a table of toys, or bare values of t."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.campaign.table import Toys
from wilks.errors import CalibrationError
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance, StorableHypothesis
from wilks.laws.empirical import LOWEST_T
from wilks.typing import FitStatus, FloatArray, IntArray, has_masked


@dataclass(frozen=True)
class ToySummary:
    """What toys say beyond their t: whose they are, and what is usual among them.

    ``is_combined``: t is made of several statistics, and there is no chi-square to compare it with.
    """

    fingerprint: str
    hypothesis: Hypothesis
    degrees_of_freedom: float | None
    overlap_z_error: float | None
    median_share_at_bound: float
    median_start_gap: float
    n_events_range: tuple[int, int]
    failures: tuple[tuple[FitStatus, int], ...] = ()
    is_combined: bool = False

    @property
    def is_penalized(self) -> bool:
        """Whether t has no number of degrees of freedom and depends on the nuisances: `Statistic.is_penalized`."""
        return self.degrees_of_freedom is None

    @property
    def is_null(self) -> bool:
        """Whether p can be counted among these toys: the reference, for a penalized t also with shifted nuisances.

        Toys reweighted with the response are none.
        """
        told = self.hypothesis
        is_shifted = isinstance(told, ShiftedNuisance) and not told.is_reweighted
        return isinstance(told, Null) or (self.is_penalized and is_shifted)

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        failures = [[int(code), n] for code, n in self.failures]
        return {**vars(self), "hypothesis": self.hypothesis.to_document(), "failures": failures}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ToySummary":
        """The inverse of `to_document`."""
        low, high = document["n_events_range"]
        restored = {
            "hypothesis": StorableHypothesis.from_document(document["hypothesis"]),
            "n_events_range": (low, high),
            "failures": tuple((FitStatus(code), n) for code, n in document["failures"]),
        }
        return cls(**{**document, **restored})


def toy_summary(toys: Toys) -> ToySummary:
    """Summarize a table of toys; toys that failed enter none of the medians."""
    done = np.isfinite(np.asarray(toys.t, dtype=np.float64))
    events = np.asarray(toys.n_events)[done]
    return ToySummary(
        fingerprint=toys.fingerprint,
        hypothesis=toys.hypothesis,
        degrees_of_freedom=toys.degrees_of_freedom,
        overlap_z_error=toys.expected_overlap_z_error,
        median_share_at_bound=_median(np.asarray(toys.share_at_bound)[done]),
        median_start_gap=_median(np.asarray(toys.start_gap)[done]),
        n_events_range=(int(events.min()), int(events.max())) if events.size else (0, 0),
        failures=_failures(np.asarray(toys.status)),
        is_combined=toys.is_combined,
    )


def t_values(toys: Toys | npt.ArrayLike) -> FloatArray:
    """Return the values of t (k,), NaN where a toy failed.

    Raises CalibrationError for values that are not one-dimensional, infinite, none at all,
    all failed, or negative: t is a maximum over a family that holds the null hypothesis, and a
    code such as -1 for a failed fit must become NaN.

    >>> t_values([12.5, float("nan"), 9.0])
    array([12.5,  nan,  9. ])
    """
    if has_masked(toys):
        raise CalibrationError("values of t must be plain numbers, but some are masked; NaN stands for a failed toy")
    try:
        t = np.asarray(toys.t if isinstance(toys, Toys) else toys, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CalibrationError(
            f"a calibration is made of toys, or of their values of t as numbers, but {toys!r:.80} came ({error})"
        ) from error
    if t.ndim != 1:
        raise CalibrationError(f"values of t must form one dimension, got an array of shape {t.shape}")
    n_done = int(np.isfinite(t).sum())
    if n_done == 0:
        raise CalibrationError(f"at least one toy must have a valid t, got {t.size} toys and none; see their status")
    if np.isinf(t).any():
        raise CalibrationError("values of t must be finite, or NaN for a failed toy; got an infinite one")
    if np.nanmin(t) < LOWEST_T:
        place = int(np.nanargmin(t))
        raise CalibrationError(
            f"t cannot be negative: toy {place} has t = {t[place]:g}. If this marks a failed fit, set it to NaN "
            "(failed toys are counted, not dropped); if not, the fit did not reach its minimum"
        )
    return t


def _median(values: npt.NDArray[np.generic]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def _failures(status: IntArray) -> tuple[tuple[FitStatus, int], ...]:
    counts = ((code, int((status == int(code)).sum())) for code in FitStatus if code.is_failure)
    return tuple((code, n) for code, n in counts if n)
