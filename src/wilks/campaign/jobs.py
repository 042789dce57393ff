"""What is written for batch systems: the script of an array of Slurm, and the description and script of HTCondor."""

import os
import re
import site
import sys
import sysconfig
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wilks.campaign.modules import NAMED
from wilks.campaign.processes import SINGLE_THREAD
from wilks.errors import InputError
from wilks.typing import whole_number
from wilks.wording import in_shell

JOB_FLAVOURS = ("espresso", "microcentury", "longlunch", "workday", "tomorrow", "testmatch", "nextweek")
USUAL_ARRAY_SIZE = 1000  # Slurm's MaxArraySize is 1001 where a site has not changed it
_CARRIED = ("PATH", "LD_LIBRARY_PATH", NAMED)
_OWN_OF_CONDOR = ("universe", "executable", "arguments", "initialdir")


@dataclass(frozen=True)
class JobOptions:
    """What jobs ask of their batch system.

    Args:
        retries: further tries of a shard that fails.
        memory_mb: memory of a job.
        max_running: jobs of one array (Slurm) or cluster (HTCondor) at a time; None: as many as the site lets run.
        log_folder: for what jobs print; None: ``logs`` beside the job files.
        sbatch_options: Slurm alone: ``--name=value``, each becomes a line of the script.
        max_array_size: Slurm alone: most jobs of one array, no more than the MaxArraySize of the site less 1; None:
            1,000.
        job_flavour: HTCondor of CERN alone: the longest time, by name, from espresso (20 minutes) to nextweek.
        condor_options: HTCondor alone: ``name = value``, each becomes a line of the submit description.

    Raises:
        InputError: an option that no batch system would take.
    """

    retries: int = 3
    memory_mb: int = 2000
    max_running: int | None = None
    log_folder: Path | None = None
    sbatch_options: tuple[str, ...] = ()
    max_array_size: int | None = None
    job_flavour: str | None = None
    condor_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        whole_number(self.retries, name="retries", least=0)
        for name in ("memory_mb", "max_running", "max_array_size"):
            if (value := getattr(self, name)) is not None:
                whole_number(value, name=name, least=1)
        if self.job_flavour not in (None, *JOB_FLAVOURS):
            raise InputError(f"job_flavour must be one of {', '.join(JOB_FLAVOURS)}, but {self.job_flavour!r} came")
        for option in self.sbatch_options:
            _check_sbatch_option(option)
        for option in self.condor_options:
            _check_condor_option(option)


@dataclass(frozen=True)
class Place:
    """Absolute paths of one submission: of the campaign, of its new folder of job files, and of the logs."""

    campaign: Path
    folder: Path
    logs: Path

    @property
    def job_name(self) -> str:
        """A name that every batch system takes."""
        return "wilks-" + re.sub(r"[^\w.-]", "_", self.campaign.name, flags=re.ASCII)


def slurm_script(place: Place, numbers: Sequence[int], options: JobOptions) -> str:
    """An array job that makes shard ``numbers[k]`` in its task k, with further tries.

    Raises:
        InputError: a path that cannot be written in it.
    """
    if "\\" in str(place.logs):
        raise InputError(
            f"the path of logs of Slurm must not hold a backslash, but {str(place.logs)!r} came; give log_folder"
        )
    limit = f"%{options.max_running}" if options.max_running else ""
    log = _line(place.logs).replace("%", "%%") + "/%A_%a.log"
    directives = [
        *(f"--job-name={place.job_name}", f"--array=0-{len(numbers) - 1}{limit}"),
        *("--ntasks=1", "--cpus-per-task=1", f"--mem={options.memory_mb}M"),
        # What a job says before it is requeued stays.
        *("--requeue", "--open-mode=append", "--output=" + _in_double_quotes(log)),
        *options.sbatch_options,
    ]
    shards = textwrap.fill(" ".join(map(str, numbers)), width=100, initial_indent="    ", subsequent_indent="    ")
    n_tries = options.retries + 1
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"#SBATCH {directive}" for directive in directives),
            *("shards=(", shards, ")", "shard=${shards[SLURM_ARRAY_TASK_ID]}"),
            *_setting(),
            "# A job that is to end is told so, all its processes at once: bash waits until python has kept its toys.",
            "trap : TERM",
            f"for ((try = 1; try <= {n_tries}; try++)); do",
            f'    {_command(place)} "$shard"',
            "    code=$?",
            "    # 0: done; 2: bad input; 3: stopped from outside; 4, 5: judged. Another try here changes nothing.",
            "    # 1: an unexpected error; 6: a fault of disk or network; a signal: tried again",
            "    case $code in 0 | [2-5]) break ;; esac",
            f'    echo "shard $shard: try $try of {n_tries} ended with exit code $code" >&2',
            "done",
            "exit $code\n",
        ]
    )


def condor_script(place: Place) -> str:
    """What a job runs, with the number of its shard as its argument; HTCondor tries again."""
    return "\n".join(["#!/bin/bash", *_setting(), f'exec {_command(place)} "$1"\n'])


def condor_description(place: Place, script: str, numbers: Sequence[int], options: JobOptions) -> str:
    """A submit description of one job for each shard, which runs the file ``script`` beside it.

    Raises:
        InputError: a path that cannot be written in it.
    """
    logs = _line(place.logs)
    if logs != logs.strip() or logs.endswith("\\"):
        raise InputError(
            f"the path of logs of HTCondor must not end with a blank or a backslash, but {logs!r} came; give log_folder"
        )
    # The script is named and not transferred: a scheduler may see less of the file systems than jobs do.
    argument = _line(place.folder / script).replace("'", "''").replace('"', '""')
    lines = [
        *("universe = vanilla", "executable = /bin/bash", "transfer_executable = False"),
        f"arguments = \"'{_without_macros(argument)}' $(shard)\"",
        f"initialdir = {_without_macros(logs)}",
        *("output = $(ClusterId).$(ProcId).out", "error = $(ClusterId).$(ProcId).err", "log = $(ClusterId).log"),
        *("should_transfer_files = YES", "when_to_transfer_output = ON_EXIT", 'transfer_output_files = ""'),
        *("request_cpus = 1", f"request_memory = {options.memory_mb} MB"),
        # Tried again are 1, an unexpected error, 6, a fault of disk or network, and a job without an exit code, which a
        # signal has killed.
        *(f"max_retries = {options.retries}", "retry_until = (ExitCode >= 2 && ExitCode <= 5) =?= True"),
        f'+JobBatchName = "{place.job_name}"',
        *([f"max_materialize = {options.max_running}"] if options.max_running else []),
        *([f'+JobFlavour = "{options.job_flavour}"'] if options.job_flavour else []),
        *options.condor_options,
    ]
    return "\n".join([*lines, "queue shard from (", *map(str, numbers), ")\n"])


def _setting() -> list[str]:
    """Lines of a script that make a job like this process, with one thread, in the same folder."""
    carried = {name: os.environ[name] for name in _CARRIED if os.environ.get(name)}
    variables = {**dict.fromkeys(SINGLE_THREAD, "1"), "JAX_PLATFORMS": "cpu", **carried, "PYTHONPATH": _module_path()}
    exports = [f"export {name}={_quoted(value)}" for name, value in variables.items() if value]
    return [*exports, f"cd {_quoted(os.getcwd())} || exit 6"]


def _command(place: Place) -> str:
    # Whether too many toys failed is a question to the whole campaign, not to a shard of few.
    arguments = ["toys", "run", str(place.campaign), "--max-failed-fraction", "1", "--shard"]
    return " ".join(map(_quoted, [sys.executable, "-P", "-m", "wilks", *arguments]))


def _module_path() -> str:
    """Where this process finds modules that another process of its Python would not find."""
    library = sysconfig.get_path("stdlib")
    archive = os.path.join(os.path.dirname(library), f"python{sys.version_info.major}{sys.version_info.minor}.zip")
    usual = {library, archive, sysconfig.get_config_var("DESTSHARED"), sysconfig.get_path("scripts")}
    usual |= {*site.getsitepackages(), site.getusersitepackages()}
    folders = [folder for folder in dict.fromkeys(map(os.path.abspath, sys.path)) if folder not in usual]
    if wrong := [folder for folder in folders if os.pathsep in folder]:
        raise InputError(f"folders of modules must not hold {os.pathsep!r} in their names, but {wrong[0]!r} came")
    return os.pathsep.join(folders)


def _quoted(text: str | Path) -> str:
    return in_shell(_line(text))


def _line(text: str | Path) -> str:
    """A text that stands on one line of a job file."""
    if not str(text).isprintable():
        raise InputError(
            f"what is written in job files must be one line of printable characters, but {str(text)!r} came"
        )
    return str(text)


def _in_double_quotes(text: str) -> str:
    """As lines of #SBATCH read it: a backslash guards what it precedes, and nothing is expanded."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _without_macros(text: str) -> str:
    return text.replace("$", "$(DOLLAR)")


def _check_sbatch_option(option: str) -> None:
    if not option.startswith("--") or not option.isprintable():
        raise InputError(f"an option of sbatch must be one line that begins with '--', but {option!r} came")
    if re.match(r"--array\b", option):
        raise InputError(f"the array is made of the shards that are missing, but {option!r} came; use max_running")


def _check_condor_option(option: str) -> None:
    found = re.fullmatch(r"([+\w.]+) *=.*", option)
    if not found or not option.isprintable() or option.endswith("\\"):
        raise InputError(f"an option of condor_submit must be one line 'name = value', but {option!r} came")
    if found[1].lower() in _OWN_OF_CONDOR:
        raise InputError(f"{found[1]} is what makes a job run its shard, but {option!r} came; leave it out")
