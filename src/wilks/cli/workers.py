"""Who works for a command: processes of this machine, or Dask."""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

import click

from wilks.campaign.processes import LocalProcesses, n_cores
from wilks.errors import InputError

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--processes", type=click.IntRange(min=1), help="Worker processes; as many as cores."),
    click.option(
        "--dask",
        is_flag=False,
        flag_value="",
        default=None,
        metavar="[ADDRESS]",
        help="Through Dask: a cluster of its own on this machine, or the scheduler at ADDRESS.",
    ),
)


def worker_options(command: _Command) -> _Command:
    """The options that `workers` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextlib.contextmanager
def workers(n_processes: int | None, dask: str | None) -> Iterator[tuple[Executor | None, int]]:
    """The executor and its number of workers; 0 where it is not known."""
    if dask is not None:
        with _dask(dask or None, n_processes) as executor:
            yield executor, 0 if dask else n_processes or n_cores()
        return
    executor = LocalProcesses(n_processes)
    is_finished = False
    try:
        yield executor, executor.n_processes
        is_finished = True
    finally:
        executor.shutdown(cancel_futures=not is_finished)


def _dask(address: str | None, n_processes: int | None) -> contextlib.AbstractContextManager[Executor]:
    try:
        module = importlib.import_module("wilks.campaign.dask")
    except ImportError as error:
        raise InputError(
            f"--dask needs the package distributed, but it cannot be imported ({error}); install wilks[dask]"
        ) from error
    manager: contextlib.AbstractContextManager[Executor] = module.dask_executor(address, n_processes=n_processes)
    return manager
