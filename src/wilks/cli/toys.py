"""Toys of the reference in the output folder: made, counted, read back."""

from wilks.campaign import LocalProcesses, Toys, run_toys, stored_toys
from wilks.cli.folder import TOYS
from wilks.cli.prepare import Prepared
from wilks.cli.progress import Reporter
from wilks.cli.session import IncompleteError
from wilks.hypotheses import Null


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
