"""Toys of the reference in the output folder: made, counted, read back; `wilks.cli.toy_counts` says which count."""

import warnings
from pathlib import Path

from wilks.campaign import LocalProcesses, Toys, run_toys, stored_toys
from wilks.campaign.files import DamagedError
from wilks.cli.places import TOYS
from wilks.cli.prepare import Prepared
from wilks.cli.progress import Reporter
from wilks.cli.session import IncompleteError
from wilks.cli.toy_counts import planned_toys
from wilks.errors import StoreError, WilksWarning
from wilks.hypotheses import Null
from wilks.wording import in_shell


def make_toys(prepared: Prepared, *, reporter: Reporter) -> Toys:
    """Every finished toy, after those were made that are missing, in as many processes as the analysis file says.

    Where as many are finished as the file wants, none is missing, whatever their indices.
    """
    toys = _stored(prepared)
    if toys.n_toys < prepared.n_toys:
        _make(prepared, reporter=reporter)
        toys = _stored(prepared)
    return _told(prepared, toys)


def complete_toys(prepared: Prepared) -> Toys:
    """Every finished toy, from the store alone.

    Raises IncompleteError, saying how to go on, if there are fewer than the analysis file wants.
    """
    toys = _stored(prepared)
    if toys.n_toys < prepared.n_toys:
        raise IncompleteError(f"all toys must be there, but {how_to_resume(prepared)}")
    return _told(prepared, toys)


def finished_toys(prepared: Prepared) -> Toys:
    """Every finished toy, however few."""
    return _stored(prepared)


def count_toys(prepared: Prepared) -> int:
    """How many toys are finished and stored."""
    return _stored(prepared).n_toys


def what_is_stored(prepared: Prepared) -> str:
    """How many toys are stored before any is made, in words; nothing if there are none."""
    n_stored, n_least = count_toys(prepared), prepared.n_toys
    if n_stored <= n_least:
        return f"{n_stored} of {n_least} toys are stored already" if n_stored else ""
    return f"{n_stored:,} toys are stored already, and all of them are used; the analysis file asks for {n_least:,}"


def how_to_resume(prepared: Prepared) -> str:
    """How many toys are stored, and the command that makes the rest."""
    return (
        f"{count_toys(prepared)} of {prepared.n_toys} toys are stored in {_folder(prepared)}; "
        f"`wilks calibrate {in_shell(prepared.loaded.path)}` makes the rest"
    )


def _make(prepared: Prepared, *, reporter: Reporter) -> None:
    n_processes = prepared.loaded.config.toys.processes
    if n_processes is None:
        _run(prepared, executor=None, reporter=reporter)
        return
    executor = LocalProcesses(n_processes)
    try:
        _run(prepared, executor=executor, reporter=reporter)
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()


def _run(prepared: Prepared, *, executor: LocalProcesses | None, reporter: Reporter) -> None:
    with prepared.loaded.located("toys"):
        run_toys(
            prepared.analysis,
            Null(),
            n_toys=prepared.n_toys,
            seed=prepared.loaded.config.toys.seed,
            store=_folder(prepared),
            executor=executor,
            progress=reporter,
        )


def _told(prepared: Prepared, toys: Toys) -> Toys:
    """The toys that are stored, with a warning if more are planned.

    Those that take long come last, so that the first ones of a campaign may differ a little from all of them.
    """
    n_planned = planned_toys(prepared.loaded)
    if toys.n_toys < n_planned:
        warnings.warn(
            f"{toys.n_toys:,} of {n_planned:,} planned toys are finished, and these calibrate the test; "
            f"`wilks toys run {in_shell(_folder(prepared))}` makes the rest",
            WilksWarning,
            stacklevel=2,
        )
    return toys


def _stored(prepared: Prepared) -> Toys:
    folder, seed = _folder(prepared), prepared.loaded.config.toys.seed
    with prepared.loaded.located("toys"):
        try:
            return stored_toys(folder, analysis=prepared.analysis, hypothesis=Null(), seed=seed)
        except DamagedError as error:
            raise StoreError(
                f"{error}. `wilks toys run {in_shell(folder)}` sets it aside and makes its toys again"
            ) from error


def _folder(prepared: Prepared) -> Path:
    return prepared.output / TOYS
