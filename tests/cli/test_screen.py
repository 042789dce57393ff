"""Outputs that know few characters, are full, or whose reader has gone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import plan_toys
from wilks.hypotheses import Null
from wilks.samples import Sample
from wilks.statistics.linear import Kernel

INLINE = "module://matplotlib_inline.backend_inline"  # that of notebooks


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    reference, pool = Sample(rng.normal(size=60)), Sample(rng.normal(size=60))
    analysis = Analysis(reference=reference, model=Kernel(n_centers=3, width=1.0), toy_source=pool, expected_events=9)
    folder = tmp_path_factory.mktemp("campaigns") / "\N{GREEK SMALL LETTER MU}"
    plan_toys(analysis, Null(), n_toys=3, seed=0, folder=folder)
    return folder


def status(folder: Path, *options: str, stdout: int | IO[str], **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wilks", "toys", "status", str(folder), *options]
    settings = os.environ | environment
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=settings, check=False)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_has_gone_ends_nothing(campaign: Path, options: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = status(campaign, *options, stdout=writer)
    finally:
        os.close(writer)
    assert ended.returncode == 3  # its toys are missing
    assert "Traceback" not in ended.stderr and "pipe" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_output_that_is_full_is_a_fault(campaign: Path, options: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = status(campaign, *options, stdout=full)
    assert ended.returncode in {3, 6} if options else ended.returncode == 6
    assert "No space left on device" in ended.stderr and "Traceback" not in ended.stderr


def test_what_cannot_be_encoded_is_replaced(campaign: Path) -> None:
    ended = status(campaign, stdout=subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert ended.returncode == 3
    assert f"{campaign.parent.name}/\\u03bc" in ended.stdout and ended.stdout.isascii()


def test_the_locale_c_ends_nothing() -> None:
    """Its outputs are ASCII too, and not strict: they only know bytes of file names."""
    code = "from wilks.cli.streams import make_streams_forgiving; make_streams_forgiving(); print('1 \\xb1 2')"
    settings = os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    settings.pop("PYTHONIOENCODING", None)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, env=settings, check=False)
    assert ended.stdout in {b"1 \\xb1 2\n", "1 \xb1 2\n".encode()}, ended.stderr


@pytest.mark.parametrize(
    "backend", ["no backend at all", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("tkagg", INLINE))]
)
def test_no_command_needs_a_backend(campaign: Path, backend: str) -> None:
    """matplotlib itself cannot be imported with the name of a backend that is not there."""
    (campaign / "campaign.html").unlink(missing_ok=True)
    words = ["toys", "status", str(campaign), "--html"]
    code = f"import sys; from wilks.cli import main\ntry: main({words})\nfinally: print('jax' in sys.modules)"
    settings = os.environ | {"MPLBACKEND": backend}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=settings, check=False)
    assert ended.returncode == 3, ended.stderr
    assert (campaign / "campaign.html").exists()
    assert ended.stdout.splitlines()[-1] == "False", "a page of a campaign needs no JAX"


def test_commands_load_no_matplotlib_before_they_draw() -> None:
    modules = "commands, learn, start, validate, campaign_plan, campaign_run, campaign_status, campaign_merge"
    code = f"import sys; from wilks.cli import {modules}; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
