"""What a command says: quiet, with messages, and the script of completion."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import wilks
from wilks.cli import main

SHELLS = ("bash", "zsh", "fish")


def test_the_logger_has_no_handler_that_prints(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("wilks")
    assert [type(one) for one in logger.handlers] == [logging.NullHandler] and wilks.__version__
    logging.getLogger("wilks.campaign").warning("nobody listens")
    assert capfd.readouterr() == ("", "")


def test_errors_are_said_quietly_too() -> None:
    loud, quiet = (CliRunner().invoke(main, [*words, "init", "gone.npz"]) for words in ([], ["--quiet"]))
    assert loud.exit_code == quiet.exit_code == 2 and loud.stderr == quiet.stderr != ""


def test_notes_are_what_quiet_takes_away(make_study: type, tmp_path: Path, no_processes: None) -> None:
    study = make_study(tmp_path)
    study.config["model"] = {"kernel": {"width": 1.0, "n_centers": 5, "is_score": True}}
    del study.config["search"]
    assert study.run("calibrate").exit_code == 0
    for words, is_said in (([], True), (["-q"], False)):
        outcome = CliRunner().invoke(main, [*words, "calibrate", str(study.path)])
        assert "Null distribution of t" in outcome.stdout and ("3 of 3 toys are stored" in outcome.stderr) is is_said


def test_verbose_shows_messages_while_the_command_runs(make_study: type, tmp_path: Path, no_processes: None) -> None:
    study = make_study(tmp_path)
    study.config["model"] = {"kernel": {"width": 1.0, "n_centers": 5, "is_score": True}}
    del study.config["search"]
    study.run("check")
    outcome = CliRunner().invoke(main, ["-v", "calibrate", str(study.path)])
    assert "INFO wilks.campaign: shard 0 of " in outcome.stderr and " is done" in outcome.stderr
    assert [type(one) for one in logging.getLogger("wilks").handlers] == [logging.NullHandler]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_one(shell: str, tmp_path: Path) -> None:
    outcome = CliRunner().invoke(main, ["completion", shell])
    assert outcome.exit_code == 0 and "_WILKS_COMPLETE" in outcome.output and "wilks" in outcome.output
    if shutil.which(shell):
        (tmp_path / "script").write_text(outcome.output)
        subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


def test_bash_completes_commands_and_options() -> None:
    """As the script asks: words and the place of the cursor in the environment, once of a process of its own."""
    command = [sys.executable, "-m", "wilks"]
    environment = {**os.environ, **asked("wilks check --ti", 2)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,--time"]
    for words, place, expected in (("wilks comp", 1, ["compare", "completion"]), ("wilks toys sub", 2, ["submit"])):
        outcome = CliRunner(env=asked(words, place)).invoke(main, prog_name="wilks")
        assert outcome.stdout.split() == [f"plain,{word}" for word in expected]


def asked(words: str, place: int) -> dict[str, str]:
    return {"_WILKS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(place)}
