"""Missing shards of a campaign as jobs of a batch system, Slurm or HTCondor: written, and submitted.

Each job runs ``python -m wilks toys run CAMPAIGN --shard K`` for one shard. What is there is never made again and two
jobs of one shard do each other no harm, so a campaign is completed by submitting again: only shards that are missing
(never run, failed, damaged) become jobs.

The files of a submission are CAMPAIGN/jobs/0001, 0002, ... and stand for themselves: any of them may be read, changed
and submitted by hand. Jobs work where the files are:

- The campaign, the Python that submits and the folder where it was called must be mounted on the machines of the batch
  system under the same names (AFS, EOS, NFS, Lustre). Nothing is copied there and back but what a job prints.
- A job runs on one core with one thread. It takes PATH, LD_LIBRARY_PATH and the places of modules from the process
  that submits: a Python of a virtual environment or of a software view needs no activation.
- Exit codes 2 to 5 say what no further try would change (2: bad input). Any other failure is tried again: by the
  script itself in Slurm, where not every site lets a job requeue itself, and by the scheduler in HTCondor, perhaps on
  another machine. A job that is stopped from outside keeps its finished toys.
- The schedulers of lxplus write the logs themselves and cannot do so on EOS: a campaign that lies there needs a
  ``log_folder`` on AFS. HTCondor's file transfer is on, with nothing to transfer: without it a job runs only where the
  pool declares one file system domain, which few do, whatever they mount.
"""

import itertools
import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, final

import pyarrow

from wilks.campaign.files import DamagedError
from wilks.campaign.jobs import (
    JOB_FLAVOURS,
    USUAL_ARRAY_SIZE,
    JobOptions,
    Place,
    condor_description,
    condor_script,
    slurm_script,
)
from wilks.campaign.ledger import JOBS, Ledger
from wilks.campaign.modules import confirmed_folders
from wilks.campaign.plan import Shard
from wilks.errors import InputError, StoreError
from wilks.storage import as_path

__all__ = ["BACKENDS", "JOB_FLAVOURS", "Backend", "HTCondor", "JobOptions", "Slurm", "Submission", "submit_missing"]


@dataclass(frozen=True)
class Submission:
    """What came of a submission.

    Attributes:
        shards: those that were missing.
        files: what was written for the batch system, in the order of submission; none if nothing was missing.
        job_ids: what it calls the jobs, one for each file; none if they were not submitted.
    """

    shards: tuple[Shard, ...] = ()
    files: tuple[Path, ...] = ()
    job_ids: tuple[str, ...] = ()


class Backend(ABC):
    """A batch system: the files that it reads, and the program that takes them.

    Attributes:
        name: what a user calls it.
        program: with the option that makes it print the id of the jobs in a line of its own.
        suffix: of the files that the program takes.
        id_pattern: finds the id of the jobs in what the program prints.
        foreign_options: fields of `JobOptions` that are not for it.
    """

    name: ClassVar[str]
    program: ClassVar[tuple[str, str]]
    suffix: ClassVar[str]
    id_pattern: ClassVar[re.Pattern[str]]
    foreign_options: ClassVar[tuple[str, ...]]

    @abstractmethod
    def texts(self, place: Place, numbers: Sequence[int], options: JobOptions) -> dict[str, str]:
        """The text of each file, by name, of the jobs of the shards with these numbers.

        Raises:
            InputError: a path that has no way of writing in such a file.
        """

    def write(self, ledger: Ledger, shards: Sequence[Shard], options: JobOptions) -> list[Path]:
        """Write the job files of shards to a new folder of the campaign; returns those that the program takes.

        Raises:
            InputError: options of another batch system, or a path that cannot be written in a job file.
            StoreError: the folder cannot be written.
        """
        if not shards:
            return []
        usual, numbers = JobOptions(), [shard.number for shard in shards]
        for name in self.foreign_options:
            if (value := getattr(options, name)) != getattr(usual, name):
                raise InputError(f"{name} is not for {self.name}, but {value!r} came; leave it out")
        campaign = Path(os.path.abspath(ledger.folder))
        for count in itertools.count(1):
            folder = campaign / JOBS / f"{count:04d}"
            if not folder.exists():
                place = Place(campaign, folder, Path(os.path.abspath(as_path(options.log_folder or folder / "logs"))))
                if _write(place, texts := self.texts(place, numbers, options)):
                    break
        return [folder / name for name in texts if name.endswith(self.suffix)]

    def submit(self, files: Sequence[Path]) -> list[str]:
        """Submit files in their order; returns the ids of their jobs.

        Raises:
            InputError: the program is missing, or refuses a file.
        """
        self.require_program()
        ids: list[str] = []
        for file in files:
            done = subprocess.run([*self.program, str(file)], capture_output=True, text=True, check=False)
            found = self.id_pattern.search(done.stdout)
            if done.returncode or not found:
                said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
                before = f"; jobs that it has taken before: {', '.join(ids)}" if ids else ""
                raise InputError(f"{self.program[0]} must take {file}, but says: {said}{before}")
            ids.append(found[1])
        return ids

    def require_program(self) -> None:
        """Raise InputError if jobs cannot be submitted from this machine."""
        if shutil.which(self.program[0]) is None:
            raise InputError(
                f"{self.program[0]} must be on the path, but is not; submit from a machine of the batch system, or use "
                "--dry-run, which writes the job files and submits nothing"
            )


@final
class Slurm(Backend):
    """Array jobs of Slurm: a script for each 1,000 shards or fewer, which holds their numbers."""

    name, foreign_options = "slurm", ("job_flavour", "condor_options")
    program, suffix, id_pattern = ("sbatch", "--parsable"), ".sh", re.compile(r"^(\d+)(;.*)?$", re.MULTILINE)

    def texts(self, place: Place, numbers: Sequence[int], options: JobOptions) -> dict[str, str]:
        size = options.max_array_size or USUAL_ARRAY_SIZE
        parts = [numbers[first : first + size] for first in range(0, len(numbers), size)]
        return {f"array-{k}.sh": slurm_script(place, part, options) for k, part in enumerate(parts, start=1)}


@final
class HTCondor(Backend):
    """A cluster of HTCondor jobs: a submit description, which holds the numbers of the shards, and a script."""

    name, foreign_options = "htcondor", ("sbatch_options", "max_array_size")
    program, suffix = ("condor_submit", "-terse"), ".sub"
    id_pattern = re.compile(r"^(\d+)\.\d+( - \d+\.\d+)?$", re.MULTILINE)

    def texts(self, place: Place, numbers: Sequence[int], options: JobOptions) -> dict[str, str]:
        return {"job.sh": condor_script(place), "jobs.sub": condor_description(place, "job.sh", numbers, options)}


BACKENDS: Final[Mapping[str, Backend]] = {backend.name: backend for backend in (Slurm(), HTCondor())}


def submit_missing(
    ledger: Ledger, backend: Backend, *, options: JobOptions | None = None, is_dry_run: bool = False
) -> Submission:
    """Jobs for all shards of a campaign that have no whole file; nothing is written if there are none.

    Args:
        options: None: the usual ones.
        is_dry_run: write the files and submit nothing.

    Raises:
        InputError: options that the batch system does not take, or no batch system on this machine.
        StoreError: the folder of the campaign cannot be written, or holds toys of another one, or its modules lie in a
            folder that nobody has confirmed.
    """
    missing = missing_shards(ledger)
    if not missing:
        return Submission()
    confirmed_folders(ledger.folder, ledger.document)
    if not is_dry_run:
        backend.require_program()
    files = backend.write(ledger, missing, options or JobOptions())
    ids = [] if is_dry_run else backend.submit(files)
    return Submission(tuple(missing), tuple(files), tuple(ids))


def missing_shards(ledger: Ledger) -> list[Shard]:
    """Shards that have no whole file. A damaged one stays where it is: the job that makes its toys sets it aside.

    Raises:
        StoreError: a file holds toys of another campaign.
    """
    done = set()
    for shard, outcome in ledger.read_shards():
        if isinstance(outcome, pyarrow.Table):
            done.add(shard.number)
        elif not isinstance(outcome, FileNotFoundError | DamagedError):
            raise outcome
    return [shard for shard in ledger.plan.shards() if shard.number not in done]


def _let_run(path: Path) -> None:
    """Whoever may read a script may run it: who that is, the umask of the user has decided."""
    mode = path.stat().st_mode
    path.chmod(mode | (mode & 0o444) >> 2)


def _write(place: Place, texts: Mapping[str, str]) -> bool:
    """Write files to a new folder; returns whether it was new."""
    try:
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        place.folder.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise StoreError(f"jobs cannot be written to {place.folder}: {error.strerror or error}") from error
    try:
        place.logs.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (place.folder / name).write_text(text, encoding="utf-8")
            if name.endswith(".sh"):
                _let_run(place.folder / name)
    except OSError as error:
        raise StoreError(f"{error.filename or place.folder} cannot be written: {error.strerror or error}") from error
    return True
