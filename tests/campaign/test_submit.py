import dataclasses
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wilks.campaign.ledger import Ledger
from wilks.campaign.plan import Shard
from wilks.campaign.submit import BACKENDS, JOB_FLAVOURS, HTCondor, JobOptions, Slurm, Submission, submit_missing
from wilks.campaign.table import table_of
from wilks.errors import InputError, StoreError

SETTING = """\
export NPROC=1
export OMP_NUM_THREADS=1
export OPENBLAS_NUM_THREADS=1
export MKL_NUM_THREADS=1
export JAX_PLATFORMS=cpu
export PATH=/bin:/usr/bin
export LD_LIBRARY_PATH=/views/lib
export PYTHONPATH=/home/me/modules
cd /home/me || exit 6
"""

SLURM_SCRIPT = (
    """\
#!/bin/bash
#SBATCH --job-name=wilks-toys
#SBATCH --array=0-2%50
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2000M
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output="/home/me/toys/jobs/0001/logs/%A_%a.log"
#SBATCH --partition=long
#SBATCH --time=02:00:00
shards=(
    0 3 12
)
shard=${shards[SLURM_ARRAY_TASK_ID]}
"""
    + SETTING
    + """\
# A job that is to end is told so, all its processes at once: bash waits until python has kept its toys.
trap : TERM
for ((try = 1; try <= 4; try++)); do
    /venv/bin/python -P -m wilks toys run /home/me/toys --max-failed-fraction 1 --shard "$shard"
    code=$?
    # 0: done; 2: bad input; 3: stopped from outside; 4, 5: judged. Another try here changes nothing.
    # 1: an unexpected error; 6: a fault of disk or network; a signal: tried again
    case $code in 0 | [2-5]) break ;; esac
    echo "shard $shard: try $try of 4 ended with exit code $code" >&2
done
exit $code
"""
)

CONDOR_SCRIPT = (
    "#!/bin/bash\n"
    + SETTING
    + 'exec /venv/bin/python -P -m wilks toys run /home/me/toys --max-failed-fraction 1 --shard "$1"\n'
)

CONDOR_DESCRIPTION = """\
universe = vanilla
executable = /bin/bash
transfer_executable = False
arguments = "'/home/me/toys/jobs/0001/job.sh' $(shard)"
initialdir = /afs/me/logs
output = $(ClusterId).$(ProcId).out
error = $(ClusterId).$(ProcId).err
log = $(ClusterId).log
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
transfer_output_files = ""
request_cpus = 1
request_memory = 2000 MB
max_retries = 3
retry_until = (ExitCode >= 2 && ExitCode <= 5) =?= True
+JobBatchName = "wilks-toys"
max_materialize = 50
+JobFlavour = "longlunch"
+AccountingGroup = "group_u_X.y"
queue shard from (
0
3
12
)
"""

AWKWARD = "a \"q\" 'r' $HOME $(x) $ENV(HOME) 100%A;ü&"


def make_ledger(folder, *, seed=1):
    owner = {"analysis": {}, "hypothesis": {}, "seed": seed, "fingerprint": ""}
    ledger = Ledger(folder, {"schema_version": 2, **owner, "extents": [[14, 1]], "keep_params": True})
    ledger.save()
    return ledger


def shards_of(*numbers):
    return [Shard(number, number, number) for number in numbers]


@pytest.fixture
def ledger(tmp_path):
    return make_ledger(tmp_path / "me" / "toys")


@pytest.fixture
def fixed(tmp_path, monkeypatch):
    """A process whose folder, Python and variables are known; returns the text of a file without ``tmp_path``."""
    (tmp_path / "me" / "modules").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / "me")
    monkeypatch.setattr("sys.executable", "/venv/bin/python")
    monkeypatch.setattr("sys.path", [str(tmp_path / "me" / "modules")])
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/views/lib")
    return lambda path: path.read_text().replace(str(tmp_path), "/home").replace("/home/afs", "/afs")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Stands in for the programs of batch systems: makes one from the lines of a shell script."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")

    def make(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    return make


def test_a_script_of_slurm(ledger, fixed) -> None:
    options = JobOptions(max_running=50, sbatch_options=("--partition=long", "--time=02:00:00"))
    (path,) = Slurm().write(ledger, shards_of(0, 3, 12), options)
    assert path == ledger.folder / "jobs" / "0001" / "array-1.sh"
    assert fixed(path) == SLURM_SCRIPT
    assert os.access(path, os.X_OK) and (path.parent / "logs").is_dir()


def test_a_description_of_htcondor(ledger, fixed, tmp_path) -> None:
    options = JobOptions(
        max_running=50,
        job_flavour="longlunch",
        log_folder=tmp_path / "afs" / "me" / "logs",
        condor_options=('+AccountingGroup = "group_u_X.y"',),
    )
    (path,) = HTCondor().write(ledger, shards_of(0, 3, 12), options)
    assert path == ledger.folder / "jobs" / "0001" / "jobs.sub"
    assert fixed(path) == CONDOR_DESCRIPTION
    assert fixed(path.parent / "job.sh") == CONDOR_SCRIPT
    assert os.access(path.parent / "job.sh", os.X_OK) and options.log_folder.is_dir()


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_every_submission_has_a_folder_of_its_own(backend, ledger) -> None:
    (ledger.folder / "jobs").mkdir()
    (ledger.folder / "jobs" / "0002").write_text("something of the user")
    paths = [backend.write(ledger, shards_of(1), JobOptions())[0] for _ in range(3)]
    assert [path.parent.name for path in paths] == ["0001", "0003", "0004"]
    assert backend.write(ledger, [], JobOptions()) == []


def test_arrays_are_no_longer_than_slurm_takes(ledger) -> None:
    paths = Slurm().write(ledger, shards_of(*range(7)), JobOptions(max_array_size=3))
    texts = [path.read_text() for path in paths]
    assert [path.name for path in paths] == ["array-1.sh", "array-2.sh", "array-3.sh"]
    assert [text.count(f"--array=0-{n}\n") for text, n in zip(texts, (2, 2, 0), strict=True)] == [1, 1, 1]
    assert [text.partition("shards=(\n")[2].split(")")[0].split() for text in texts] == [
        list("012"),
        list("345"),
        ["6"],
    ]
    assert len(Slurm().write(ledger, shards_of(*range(1001)), JobOptions())) == 2


@pytest.mark.parametrize(("umask", "script", "other"), [(0o077, 0o700, 0o600), (0o022, 0o755, 0o644)])
def test_files_are_for_whom_the_user_lets_read(ledger, umask, script, other) -> None:
    before = os.umask(umask)
    try:
        paths = HTCondor().write(ledger, shards_of(1), JobOptions())
    finally:
        os.umask(before)
    files = [file for path in paths for file in path.parent.iterdir() if file.is_file()]
    modes = {file.suffix: stat.S_IMODE(file.stat().st_mode) for file in files}
    assert modes[".sh"] == script and modes[".sub"] == other


def test_modules_are_found_where_this_process_finds_them(ledger, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path, "own modules", "own modules"])
    (path,) = Slurm().write(ledger, shards_of(1), JobOptions())
    (line,) = [line for line in path.read_text().splitlines() if line.startswith("export PYTHONPATH=")]
    code = f"{line}; exec {sys.executable} -P -c 'import sys; print(*sys.path, sep=chr(10))'"
    found = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert found[0] == str(tmp_path) and str(tmp_path / "own modules") in found
    assert {os.path.abspath(folder) for folder in sys.path} == {os.path.abspath(folder) for folder in found}
    assert not {"site-packages", "lib-dynload"} & {Path(x).name for x in line.partition("=")[2].split(":")}
    monkeypatch.setattr("sys.path", ["/a:b"])
    with pytest.raises(InputError, match="must not hold ':' in their names, but '/a:b' came"):
        Slurm().write(ledger, shards_of(1), JobOptions())


REPORTER = """\
#!/bin/bash
printf '%s\\n' "$@" > seen
echo try >> tries
exit {code}
"""


@pytest.fixture
def run_script(tmp_path, monkeypatch):
    """Write the jobs of a campaign whose paths are awkward, and run one as the batch system does."""
    work = tmp_path / AWKWARD / "work"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    python = work / "python"
    monkeypatch.setattr("sys.executable", str(python))

    def run(backend, *, code="0", retries=3):
        python.write_text(REPORTER.format(code=code))
        python.chmod(0o755)
        (path,) = backend.write(make_ledger(work / "toys"), shards_of(2, 12), JobOptions(retries=retries))
        command = [str(path)] if isinstance(backend, Slurm) else ["/bin/bash", str(path.parent / "job.sh"), "12"]
        environment = {"SLURM_ARRAY_TASK_ID": "1", "PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_a_script_runs_its_shard_from_awkward_folders(backend, run_script, tmp_path) -> None:
    done = run_script(backend)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    campaign = str(tmp_path / AWKWARD / "work" / "toys")
    expected = ["-P", "-m", "wilks", "toys", "run", campaign, "--max-failed-fraction", "1", "--shard", "12"]
    assert Path("seen").read_text().splitlines() == expected


@pytest.mark.parametrize(("code", "n_tries"), [(0, 1), (1, 3), (2, 1), (3, 1), (4, 1), (137, 3)])
def test_a_script_of_slurm_tries_again_unless_the_input_is_bad(code, n_tries, run_script) -> None:
    done = run_script(Slurm(), code=str(code), retries=2)
    assert (done.returncode, len(Path("tries").read_text().split())) == (code, n_tries)
    if n_tries > 1:
        assert done.stderr.splitlines()[0] == f"shard 12: try 1 of 3 ended with exit code {code}"


def test_a_script_of_slurm_ends_with_the_first_success(run_script) -> None:
    done = run_script(Slurm(), code="$(($(wc -l < tries) < 2))")
    assert (done.returncode, len(Path("tries").read_text().split())) == (0, 2)


def test_a_script_of_htcondor_leaves_tries_to_the_scheduler(run_script) -> None:
    done = run_script(HTCondor(), code="1")
    assert (done.returncode, len(Path("tries").read_text().split())) == (1, 1)


def test_htcondor_reads_the_description(tmp_path) -> None:
    htcondor = pytest.importorskip("htcondor2", reason="pip install htcondor, for its parser of submit descriptions")
    ledger = make_ledger(tmp_path / AWKWARD)
    options = JobOptions(retries=5, memory_mb=1500, job_flavour="workday", condor_options=("request_disk = 2 GB",))
    (path,) = HTCondor().write(ledger, shards_of(0, 3, 12), options)
    job = htcondor.Submit(path.read_text())
    assert list(job.itemdata()) == [{"shard": "0"}, {"shard": "3"}, {"shard": "12"}]
    job["shard"] = "12"
    script = str(path.parent / "job.sh").replace("'", "''").replace('"', '""')
    assert job.expand("arguments") == f"\"'{script}' 12\""
    assert job.expand("initialdir") == str(path.parent / "logs")
    assert job.expand("executable") == "/bin/bash"
    assert {job.expand(name).count("/") for name in ("output", "error", "log")} == {0}
    assert (job.expand("max_retries"), job.expand("request_memory")) == ("5", "1500 MB")
    assert (job.expand("MY.JobFlavour"), job.expand("request_disk")) == ('"workday"', "2 GB")


def test_only_missing_shards_are_submitted(ledger, make_row, programs) -> None:
    programs("sbatch", "echo 4711")
    for shard in ledger.plan.shards():
        ledger.finish(shard, [table_of([make_row(shard.first)])])
    assert submit_missing(ledger, Slurm()) == submit_missing(ledger, HTCondor()) == Submission()
    assert not (ledger.folder / "jobs").exists()
    damaged, gone, failed = (ledger.shard_path(shard) for shard in shards_of(5, 9, 11))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    gone.unlink()
    failed.unlink()
    ledger.note_failure(ledger.plan.shard(11), {"error": "out of memory"})
    found = submit_missing(ledger, Slurm())
    assert [shard.number for shard in found.shards] == [5, 9, 11]
    assert found.job_ids == ("4711",)
    assert "    5 9 11\n" in found.files[0].read_text()
    assert damaged.exists(), "the job sets it aside"


def test_toys_of_another_campaign_are_not_made_again(ledger, make_row, tmp_path) -> None:
    other = make_ledger(tmp_path / "other", seed=2)
    other.finish(other.plan.shard(3), [table_of([make_row(3)])])
    shutil.copy(other.shard_path(other.plan.shard(3)), ledger.folder / "shards")
    with pytest.raises(StoreError, match="of another campaign: seed differ"):
        submit_missing(ledger, Slurm(), is_dry_run=True)


def test_files_are_submitted_in_their_order(ledger, programs, tmp_path) -> None:
    programs("sbatch", f'printf "%s " "$@" >> {tmp_path}/calls; echo "47$(wc -w < {tmp_path}/calls);a-cluster"')
    found = submit_missing(ledger, Slurm(), options=JobOptions(max_array_size=10))
    assert found.job_ids == ("472", "474")
    first, second = map(str, found.files)
    assert (tmp_path / "calls").read_text().split() == ["--parsable", first, "--parsable", second]


def test_the_cluster_of_htcondor_is_its_id(ledger, programs, tmp_path) -> None:
    programs("condor_submit", f'echo "$@" > {tmp_path}/call; echo "a notice of the site"; echo "812.0 - 812.13"')
    found = submit_missing(ledger, HTCondor())
    assert found.job_ids == ("812",)
    assert (tmp_path / "call").read_text() == f"-terse {found.files[0]}\n"


def test_a_refusal_says_what_the_program_says(ledger, programs, tmp_path) -> None:
    programs(
        "sbatch", f"echo x >> {tmp_path}/n; [ $(wc -l < {tmp_path}/n) = 1 ] && echo 12 || {{ echo no >&2; exit 1; }}"
    )
    with pytest.raises(InputError, match=r"sbatch must take .*array-2.sh, but says: no; jobs .* taken before: 12$"):
        submit_missing(ledger, Slurm(), options=JobOptions(max_array_size=10))
    programs("sbatch", "echo welcome")
    with pytest.raises(InputError, match=r"sbatch must take .*array-1.sh, but says: welcome$"):
        submit_missing(ledger, Slurm())
    programs("condor_submit", "exit 5")
    with pytest.raises(InputError, match="but says: exit code 5"):
        submit_missing(ledger, HTCondor())


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))
def test_a_missing_program_is_said_before_anything_is_written(backend, ledger, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=rf"{backend.program[0]} must be on the path, but is not; .*--dry-run"):
        submit_missing(ledger, backend)
    assert not (ledger.folder / "jobs").exists()
    found = submit_missing(ledger, backend, is_dry_run=True)
    assert found.files and not found.job_ids and len(found.shards) == 14


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retries": -1}, "retries must be a whole number of at least 0"),
        ({"max_array_size": 0}, "max_array_size must be a whole number of at least 1"),
        ({"memory_mb": 1.5}, "memory_mb must be a whole number"),
        ({"max_running": 0}, "max_running must be a whole number of at least 1"),
        ({"job_flavour": "lunch"}, r"one of espresso, .*, nextweek, but 'lunch' came"),
        ({"sbatch_options": ("-p long",)}, r"begins with '--', but '-p long' came"),
        ({"sbatch_options": ("--a\nrm -r x",)}, "must be one line"),
        ({"sbatch_options": ("--array=1-3",)}, "use max_running"),
        ({"condor_options": ("queue 5",)}, "one line 'name = value', but 'queue 5' came"),
        ({"condor_options": ("a = b\nqueue",)}, "one line 'name = value'"),
        ({"condor_options": ("a = b\\",)}, "one line 'name = value'"),
        ({"condor_options": ("Executable = x",)}, "Executable is what makes a job run its shard"),
    ],
)
def test_options_are_checked(options, message) -> None:
    with pytest.raises(InputError, match=message):
        JobOptions(**options)


def test_options_of_another_batch_system_are_refused(ledger) -> None:
    foreign = {
        Slurm: {"job_flavour": JOB_FLAVOURS[0], "condor_options": ("a = b",)},
        HTCondor: {"sbatch_options": ("--time=5",), "max_array_size": 5},
    }
    for backend, options in foreign.items():
        for name, value in options.items():
            with pytest.raises(InputError, match=rf"{name} is not for {backend.name}, but .* came; leave it out"):
                backend().write(ledger, shards_of(1), dataclasses.replace(JobOptions(), **{name: value}))
    assert not (ledger.folder / "jobs").exists()


@pytest.mark.parametrize(
    ("backend", "name", "message"),
    [
        (Slurm(), "back\\slash", "logs of Slurm must not hold a backslash"),
        (HTCondor(), "blank ", "logs of HTCondor must not end with a blank or a backslash"),
        (Slurm(), "two\nlines", "one line of printable characters"),
        (HTCondor(), "two\nlines", "one line of printable characters"),
    ],
)
def test_folders_that_have_no_way_of_writing_are_refused(backend, name, message, ledger, tmp_path) -> None:
    with pytest.raises(InputError, match=message):
        backend.write(ledger, shards_of(1), JobOptions(log_folder=tmp_path / name))
    assert not (ledger.folder / "jobs").exists()
