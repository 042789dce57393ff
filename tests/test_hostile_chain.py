"""Names of every kind of malice at once, through everything that is written and shown."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import wilks
from wilks.campaign.run import toys_here
from wilks.cli import main
from wilks.wording import is_text

HOSTILE = (
    *("q'\"`$(touch owned)", "n\nnuisances: {a: {sigma: 1, log_ratio: 'helper:f'}}\n#", "r\r\x85\u2028x"),
    *("[bold]x[/] [/]", "\x1b[31m\x1b]0;owned\x07", "\x9b31m", "</script><script>alert(1)</script>", "</svg>]]><!--"),
    *("nul\x00x", "c\x01\x7f", "s\udc80\udcff", "\ud800", "\u202e\u200b", "$\\frac{", "%(x)s {0} {{7*7}} {% x %}"),
    *("'; touch owned #", "\\", "#SBATCH", " lead", "trail ", "-dash", "~tilde", "a,b;c", "=cmd|' /C calc'!A0"),
)
COLORS = re.compile(r"\x1b\[[\d;]*m")  # of rich itself


def sample(n: int, feature: str, seed: int) -> wilks.Sample:
    rng = np.random.default_rng(seed)
    extras = {name: rng.normal(size=n) for name in HOSTILE if name != feature and is_text(name)}  # others are refused
    return wilks.Sample(rng.exponential(size=(n, 1)), features=[feature], extras=extras)


def invoke(*words: object) -> Any:
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exit_code in {0, 3}, (found.output, found.exception)
    assert COLORS.sub("", found.output).replace("\n", "").isprintable()
    return found


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
@pytest.mark.parametrize("is_drawn", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_whole_study(
    is_drawn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Saved, read back, tested, reported, planned, run, merged, submitted; one is the feature and the title.

    Figures with such names are drawn in tests/test_hostile_names.py, too.
    """
    if not is_drawn:
        request.getfixturevalue("cheap_figures")
    name = HOSTILE[4]
    monkeypatch.chdir(tmp_path)
    reference, pool, data = (sample(n, name, seed) for seed, n in enumerate((120, 200, 20)))
    analysis = wilks.Analysis(
        reference=reference, model=wilks.Kernel(n_centers=3, width=1.0), toy_source=pool, expected_events=20, name=name
    )
    assert all(re.sub(r"\n", "", text).isprintable() for text in (repr(reference), repr(analysis)))
    analysis.save("saved")
    assert wilks.load("saved").features == (name,) and wilks.load("saved").fingerprint() == analysis.fingerprint()
    toys = toys_here(analysis, wilks.Null(), n_toys=3, seed=1)
    answer = wilks.goodness_of_fit(analysis, data, calibration=wilks.calibrate(toys))
    options: dict[str, Any] = {"analysis": analysis, "toys": toys, "title": name, "labels": {name: name}}
    page = wilks.write_report(answer, "report.html", data=data, **options).read_text(encoding="utf-8")
    assert re.sub(r"[\n\t]", "", page).isprintable() and "<script" not in page
    assert "could not be drawn" not in page
    ledger = wilks.plan_toys(analysis, wilks.Null(), n_toys=2, seed=1, folder="campaign")
    invoke("toys", "run", ledger.folder, "--shard", "0")
    status = invoke("toys", "status", ledger.folder, "--html", "--json")
    assert json.loads(status.stdout)["numbers"]["campaign"]["n_finished"] == 1
    page = (ledger.folder / "campaign.html").read_text(encoding="utf-8")
    assert re.sub(r"[\n\t]", "", page).isprintable() and "<script" not in page
    for suffix in ("parquet", "csv", "root"):
        invoke("toys", "merge", ledger.folder, "--partial", "--output", f"merged.{suffix}")
    for backend in ("slurm", "htcondor"):
        invoke("toys", "submit", ledger.folder, "--backend", backend, "--dry-run")
    assert not list(tmp_path.rglob("owned"))


@pytest.mark.parametrize("word", [word for word in HOSTILE if "\x00" not in word])  # which no command line can hold
def test_words_of_the_command_line_command_no_terminal(word: str, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    for words in (
        (word,),
        ("check", missing / word.replace("/", "_")),
        ("toys", "status", missing / word.replace("/", "_")),
        ("toys", "plan", missing, "--at", word),
        ("run", missing, "--fail-on", word),
        ("toys", "submit", missing, "--backend", word),
        ("init", "--output", missing, word),
    ):
        found = CliRunner().invoke(main, [str(one) for one in words])
        assert found.exit_code == 2, (words, found.output, found.exception)
        shown = COLORS.sub("", found.output)
        assert shown.replace("\n", "").isprintable(), ascii(shown)


@pytest.mark.parametrize("name", [name for name in HOSTILE if is_text(name.replace("\x00", ""))])
def test_files_of_any_name(name: str, tmp_path: Path) -> None:
    """From a file of this name to a checked analysis, and what is to be copied is one word for a shell.

    The readers have a word on names that are no UTF-8.
    """
    stem = name.replace("/", "_").replace("\x00", "")
    path = tmp_path / f"{stem}.csv"
    path.write_text("\n".join(["x", *map(str, np.linspace(0.0, 1.0, 300))]))
    target = tmp_path / f"{stem}.yaml"
    made = CliRunner().invoke(main, ["init", str(path), "--output", str(target)])
    if any(character in stem for character in "*?["):  # a pattern, which other files may match
        assert made.exit_code in (0, 2) and COLORS.sub("", made.output).replace("\n", "").isprintable()
        return
    assert made.exit_code == 0, made.output
    assert COLORS.sub("", made.output).replace("\n", "").isprintable()
    checked = CliRunner().invoke(main, ["check", str(target)])
    assert checked.exit_code == 0, checked.output
    command = made.stdout.rstrip().rpartition("then: ")[2]
    if "$'" not in command:  # bash's own quotes, which shlex does not know
        assert shlex.split(command) == ["wilks", "check", str(target)]
