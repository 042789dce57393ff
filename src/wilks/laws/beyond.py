"""Answers beyond the reach of toys: by multilevel splitting, where few toys reach the t of the data."""

import dataclasses
from dataclasses import dataclass

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.hypotheses import Hypothesis, Null
from wilks.laws.answer import GoodnessOfFit, evaluate
from wilks.laws.calibration import Calibration
from wilks.laws.notices import fit_notices, pool_notices
from wilks.laws.splitting.law import SplitLaw
from wilks.laws.splitting.tail import Report
from wilks.laws.splitting.toys import split_toys
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Refusal
from wilks.storage import Folder

ENOUGH = 20


@dataclass(frozen=True)
class Beyond:
    """How far p is wanted.

    Attributes:
        reach: the least p.
        store: a folder that keeps what splitting has done.
        report: called with how many runs are done, how many there will be, and with their name.
    """

    reach: float
    store: Folder | None = None
    report: Report = lambda done, wanted, what: None

    def of_counted(
        self, analysis: Analysis, counted: GoodnessOfFit, *, data: Sample, warnings: tuple[str, ...]
    ) -> GoodnessOfFit:
        """The same answer where 20 toys of its calibration reach t, or splitting finds none; else one by splitting."""
        law = counted.law
        if not (isinstance(law, Calibration) and counted.is_answered) or law.count(counted.t) >= ENOUGH:
            return counted
        told = law.summary.hypothesis if law.summary else Null()
        found = self._split(analysis, counted.fit, told, data=data)
        if isinstance(found, Refusal):
            text = f"There is no p by multilevel splitting: {found}"
            return dataclasses.replace(counted, warnings=(text, *counted.warnings))
        more = (*fit_notices(counted.fit, law.summary), *pool_notices(analysis.overlap_z_error))
        return evaluate(counted.fit, found, warnings=(*warnings, *more))

    def answer(
        self, analysis: Analysis, fit: FitResult, hypothesis: Hypothesis, *, data: Sample, warnings: tuple[str, ...]
    ) -> GoodnessOfFit:
        """The answer without a calibration, by toys of a hypothesis: for nuisances that of those of Delta.

        Raises:
            CalibrationError: splitting finds none.
        """
        found = self._split(analysis, fit, hypothesis, data=data)
        if isinstance(found, Refusal):
            raise CalibrationError(
                f"multilevel splitting {found.needs}, but {found.shortcoming}; run toys = run_toys(analysis, Null(), "
                "n_toys=10_000, seed=1) and give calibration=calibrate(toys)"
            )
        more = (*fit_notices(fit, None), *pool_notices(analysis.overlap_z_error))
        return evaluate(fit, found, warnings=(*warnings, *more))

    def _split(self, analysis: Analysis, fit: FitResult, hypothesis: Hypothesis, *, data: Sample) -> SplitLaw | Refusal:
        tail = split_toys(
            analysis, hypothesis, t=fit.t, data=data, reach=self.reach, store=self.store, report=self.report
        )
        if isinstance(tail, Refusal):
            return tail
        if isinstance(tail.answer, Refusal):
            return tail.answer
        return SplitLaw(tail, fit.fingerprint, hypothesis.describe())
