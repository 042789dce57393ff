"""Toys of the reference in the output folder: made, counted, read back."""

from wilks.campaign import LocalProcesses, Toys, run_toys, stored_toys
from wilks.cli.folder import TOYS
from wilks.cli.prepare import Prepared
from wilks.cli.progress import Reporter
from wilks.cli.session import IncompleteError
from wilks.hypotheses import Null
from wilks.laws import Calibration
from wilks.laws.notices import chi_square_notice
from wilks.models import MLP


def make_toys(prepared: Prepared, *, reporter: Reporter) -> Toys:
    """Make the toys that are not stored yet, in as many processes as the analysis file says."""
    n_processes = prepared.loaded.config.toys.processes
    if n_processes is None or count_toys(prepared) >= prepared.n_toys:
        return _run(prepared, executor=None, reporter=reporter)
    executor = LocalProcesses(n_processes)
    try:
        toys = _run(prepared, executor=executor, reporter=reporter)
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()
    return toys


def _run(prepared: Prepared, *, executor: LocalProcesses | None, reporter: Reporter | None) -> Toys:
    options = prepared.loaded.config.toys
    store = prepared.output / TOYS
    with prepared.loaded.located("toys"):
        return run_toys(
            prepared.analysis,
            Null(),
            n_toys=prepared.n_toys,
            seed=options.seed,
            store=store,
            executor=executor,
            progress=reporter,
        )


def count_toys(prepared: Prepared) -> int:
    """How many of the toys that are wanted are stored."""
    options = prepared.loaded.config.toys
    with prepared.loaded.located("toys"):
        toys = stored_toys(prepared.output / TOYS, analysis=prepared.analysis, hypothesis=Null(), seed=options.seed)
    return int((toys.index < prepared.n_toys).sum())


def judge_chi_square(prepared: Prepared, calibration: Calibration) -> tuple[str, bool]:
    """What to say where the toys disagree with the chi-square, and whether that ends the command with exit code 4.

    p is counted among the toys, whatever they follow: only `quality.require_chi2`, of a file whose chi-square is to be
    quoted, makes it an error. The mean of toys of a penalized model is no number of degrees of freedom: without that
    option nothing is said.
    """
    compatibility = calibration.compatibility
    is_required = prepared.loaded.config.quality.require_chi2
    is_looked_at = is_required or not compatibility.is_estimated_dof
    if not (compatibility.is_judged and is_looked_at) or compatibility.is_compatible:
        return "", False
    model = prepared.analysis.model
    clip = model.weight_clip if isinstance(model, MLP) else None
    return chi_square_notice(compatibility, weight_clip=clip), is_required


def how_to_resume(prepared: Prepared) -> str:
    """How many toys are stored, and the command that makes the rest."""
    return (
        f"{count_toys(prepared)} of {prepared.n_toys} toys are stored in {prepared.output / TOYS}; "
        f"`wilks calibrate {prepared.loaded.path}` makes the rest"
    )


def complete_toys(prepared: Prepared) -> Toys:
    """All toys that are wanted, from the store alone.

    Raises IncompleteError, saying how to go on, if some are missing.
    """
    if count_toys(prepared) < prepared.n_toys:
        raise IncompleteError(f"all toys must be there, but {how_to_resume(prepared)}")
    return _run(prepared, executor=None, reporter=None)
