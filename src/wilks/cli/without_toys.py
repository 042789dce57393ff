"""Answers where no toys are wanted: from the analytic null, or from toys made for one answer."""

from wilks.analysis import Analysis
from wilks.answer import MakeToys, answer_without_calibration
from wilks.campaign import Toys, toys_here
from wilks.cli.answers import (
    has_answer,
    load_answer,
    load_toys_of_answer,
    save_answer,
    save_toys_of_answer,
)
from wilks.cli.fail_on import FailOn
from wilks.cli.folder import TEST
from wilks.cli.prepare import Prepared, claim_output
from wilks.cli.progress import progress
from wilks.cli.session import IncompleteError, Session
from wilks.cli.steps import fit_data, gate_failures, judge_answer, note_answer, report_step
from wilks.fitting import FitResult
from wilks.hypotheses import Hypothesis
from wilks.laws import AnalyticGoodnessOfFit, GoodnessOfFit
from wilks.samples import Sample

Result = GoodnessOfFit | AnalyticGoodnessOfFit


class NewToys:
    """Makes the toys of an answer in this process, shows how far they are, and remembers them as ``made``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.made: Toys | None = None

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        self._session.interrupted = "interrupted while toys were made for the answer; nothing was written"
        self._session.note(f"the analytic null is too rough at this t: making {n_toys:,} toys")
        with progress(self._session.notes) as reporter:
            self.made = toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed, progress=reporter)
        return self.made


class StoredToys:
    """Reads the toys of the stored answer, and remembers them as ``made``."""

    def __init__(self, prepared: Prepared) -> None:
        self._output = prepared.output
        self.made: Toys | None = None

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        self.made = load_toys_of_answer(self._output)
        return self.made


def say_nothing_to_calibrate(session: Session, prepared: Prepared) -> None:
    """Say why there are no toys to make, in one line."""
    session.output = prepared.output
    path = prepared.loaded.path
    session.say(
        f"Nothing to calibrate: the analytic null of the score statistic answers, `wilks test {path}`; "
        "for a calibration from toys write toys: {n_toys: 1000} into the file"
    )


def answer_without_toys(session: Session, prepared: Prepared, *, fail_on: FailOn | None) -> tuple[Result, Toys | None]:
    """Fit the data, print and store the answer with the toys that it took; exit codes as with a calibration."""
    session.interrupted = "interrupted during the fit of the data; nothing was written"
    data, data_fit = fit_data(session, prepared)
    toys = NewToys(session)
    result = _answer(prepared, data_fit, data=data, make_toys=toys)
    claim_output(session, prepared)
    save_answer(prepared.output, data=data, fit=data_fit)
    if toys.made is not None:
        save_toys_of_answer(prepared.output, toys.made, analysis=prepared.analysis)
        gate_failures(session, prepared, toys.made)
    note_answer(session, result)
    judge_answer(session, result, fail_on=fail_on)
    return result, toys.made


def report_without_toys(session: Session, prepared: Prepared) -> None:
    """Write the report of the stored answer; nothing is fitted.

    Raises:
        IncompleteError: the data are not tested yet.
    """
    if not has_answer(prepared.output):
        raise IncompleteError(
            f"the data must be tested first, for there are no toys to report, but {prepared.output / TEST} holds no "
            f"answer; run `wilks test {prepared.loaded.path}`"
        )
    session.output = prepared.output
    data, data_fit = load_answer(prepared.output)
    toys = StoredToys(prepared)
    result = _answer(prepared, data_fit, data=data, make_toys=toys)
    note_answer(session, result)
    report_step(session, prepared, result, toys=toys.made, data=data)


def _answer(prepared: Prepared, data_fit: FitResult, *, data: Sample, make_toys: MakeToys) -> Result:
    with prepared.loaded.located("toys"):
        return answer_without_calibration(prepared.analysis, data_fit, data=data, make_toys=make_toys)
