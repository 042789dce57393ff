"""p of toys by the law that answers for data: counted among toys at nu = 0, or analytic."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.fitting import fit_events
from wilks.laws import AnalyticLaw, Calibration, Refusal, analytic_null
from wilks.laws.omnibus import N_SIMULATED, SharedLaw
from wilks.selection.trials import valid_t
from wilks.toys import draw_auxiliaries, draw_toy
from wilks.typing import FloatArray
from wilks.validation.uniformity import in_random_order

_PER_POINT = 400


class Answered(NamedTuple):
    """p of toys, of those that have one.

    Attributes:
        p: shape (n,).
        judged: the same with toys of equal t in a random order, where it is counted (`in_random_order`); shape (n,).
        n_refused: toys that the law refuses.
        n_failed: toys without a t.
    """

    p: FloatArray
    judged: FloatArray
    n_refused: int
    n_failed: int

    @property
    def has_equal(self) -> bool:
        """Whether t of any is that of toys among which it is counted."""
        return not np.array_equal(self.p, self.judged)


@dataclass(frozen=True, eq=False)
class AnsweringLaw:
    """The law of an analysis: of its calibration, or analytic where that is None."""

    analysis: Analysis
    calibration: Calibration | None

    def shared(self, n_points: int) -> SharedLaw:
        """What p of all toys share, simulated often enough for the smallest of so many p-values.

        Toys are conditional on the reference, and so is p that is counted among them. The analytic null is one over
        references as far as no pool tells where this one is off: Z given it is off by sqrt(1 - s) N(R_0)/N_R.
        """
        n_simulated = max(N_SIMULATED, _PER_POINT * n_points)
        if self.calibration is not None:
            return SharedLaw(self.calibration.n_toys, 0.0, n_simulated)
        share = self.analysis.reference_share  # no pool tells with nuisances
        error = share if self.analysis.nuisances else analytic_null(self.analysis).reference_z_error(share)
        return SharedLaw(None, error, n_simulated)

    @property
    def n_failed(self) -> int:
        """Those of them that failed."""
        return 0 if self.calibration is None else self.calibration.n_failed

    @property
    def words(self) -> str:
        """Where p comes from."""
        if self.calibration is not None:
            return f"counted among {self.calibration.n_toys:,} toys at nu = 0"
        at = " at the nuisances of Delta of each toy" if self.analysis.nuisances else ""
        return f"by the analytic null{at}"

    def answered(self, toys: Toys) -> Answered:
        """p of every toy that has a valid t."""
        n_failed = int(np.sum(~np.isfinite(toys.t)))
        if self.calibration is not None:
            null, t = self.calibration.null, valid_t(toys)
            return Answered(null.p_values(t), in_random_order(null, t), 0, n_failed)
        found = [self._analytic(toys, row) for row in np.flatnonzero(np.isfinite(toys.t)).tolist()]
        p = np.array([one for one in found if one is not None], dtype=np.float64)
        return Answered(p, p, len(found) - p.size, n_failed)

    def _analytic(self, toys: Toys, row: int) -> float | None:
        """None where the law refuses."""
        law = analytic_null(self.analysis) if not self.analysis.nuisances else self._profiled(toys, row)
        found = law.probability(float(toys.t[row]))
        return None if isinstance(found, Refusal) else found.p_value

    def _profiled(self, toys: Toys, row: int) -> AnalyticLaw:
        """The null at the nuisances of Delta of one toy."""
        analysis, told = self.analysis, {"seed": toys.seed, "index": int(toys.index[row])}
        events = draw_toy(analysis, toys.hypothesis, **told)
        observed = draw_auxiliaries(analysis, toys.hypothesis, **told)
        return analytic_null(analysis, fit_events(analysis, events, observed))
