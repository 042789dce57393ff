"""Names that whoever made a file has chosen, through everything that is generated from them."""

import html.parser
import io
import re
import shlex
import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from rich.console import Console

from wilks import plots
from wilks.analysis import Analysis
from wilks.campaign.jobs import JobOptions, Place, condor_description, condor_script, slurm_script
from wilks.cli import main
from wilks.cli.session import Session
from wilks.config.templates import FoundSample, template
from wilks.errors import InputError
from wilks.plots.style import axis_label, new_figure, style, to_svg
from wilks.reports.campaign import CampaignPage
from wilks.reports.rendering import render
from wilks.reports.tables import Table
from wilks.samples import Sample
from wilks.statistics.linear import Kernel
from wilks.wording import in_shell, visible

PIECES = (
    *("\n", "\r", "\t", "\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\x7f", "\u202e", "\u2028", "\x85", "\ufeff"),
    *("$", r"\$", "\\", "#", ": ", "{", "}", "[", "]", "[/]", "[bold]", "[rad]", ",", "&", "*", "!", "|", ">", "%"),
    *("'", '"', "`", "$(touch x)", "<script>", "</td>", "</svg>", "]]>", "--", "&amp;", "é", "µ", ":smile:", "pt", " "),
)
NAMES = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=4).map("".join)
NAMES = NAMES.map(lambda name: f"n{name}".replace("\x00", ""))  # neither empty nor that of a weight
BEYOND = st.tuples(NAMES, st.sampled_from(["\x00", "\ud800", "\udc80", ""])).map("".join)  # no file has such a name
MANY_BEYOND = st.lists(BEYOND, min_size=1, max_size=4, unique=True)
MANY_NAMES = st.lists(NAMES, min_size=1, max_size=4, unique=True)
INJECTION = 'zz\nnuisances: {a: {sigma: 0.1, log_ratio: "helper:f"}}\n#'
SGR = re.compile(r"\x1b\[[\d;]*m")  # colors and styles of rich itself

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
slow = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(MANY_BEYOND, MANY_NAMES, st.booleans())
@example([INJECTION, "x"], ["mc.root\nwhere: x"], True)
def test_a_new_analysis_file_says_what_was_found_and_nothing_else(names, files, has_data):
    found = FoundSample(tuple(files), tuple(names), 1000)
    document = yaml.safe_load(
        template(found, data=found if has_data else None, tree=names[0], schema=f"{names[0]}.json")
    )
    ordinary = FoundSample(("r.root",), ("x",), 1000)
    plain = yaml.safe_load(template(ordinary, data=ordinary if has_data else None, tree="t"))
    expected = plain | {"features": names, "tree": names[0]}
    expected["reference"] = plain["reference"] | {"files": files}
    assert document == expected | ({"data": {"files": files}} if has_data else {})


def written(folder: Path, names: list[str]) -> Path:
    rng = np.random.default_rng(2)
    path = folder / "reference.parquet"
    parquet.write_table(pyarrow.table({name: rng.exponential(size=200) for name in names}), path)
    return path


@slow
@given(MANY_NAMES)
@example([INJECTION, "dphi [rad]"])
@example(["n results[/]", "n\x1b]0;owned\x07"])
def test_from_a_file_to_a_checked_analysis(tmp_path, names):
    (tmp_path / "helper.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')\n")
    target = tmp_path / "a.yaml"
    target.unlink(missing_ok=True)
    reference = written(tmp_path, names)
    made = CliRunner().invoke(main, ["init", str(reference), "--output", str(target)])
    assert made.exit_code == 0, made.output
    document = yaml.safe_load(target.read_text(encoding="utf-8"))
    assert document["features"] == names
    assert document["reference"]["files"] == [str(reference)] and "nuisances" not in document
    checked = CliRunner().invoke(main, ["check", str(target)])
    assert checked.exit_code == 0, checked.output
    assert not (tmp_path / "owned").exists()
    for said in (made.output, checked.output):
        assert SGR.sub("", said).replace("\n", "").isprintable()
    row = "".join(line.split("│")[2].strip() for line in checked.output.splitlines() if line.count("│") == 3)
    assert all("".join(visible(name).split()) in "".join(row.split()) for name in names)


@quick
@given(BEYOND, BEYOND)
@example("dphi [rad]", "results[/]")
@example(":smile:", "\x1b[2J\x1b]0;owned\x07")
def test_a_terminal_shows_names_and_obeys_none(name, text):
    for is_terminal in (False, True):
        session = Session("check", as_json=False)
        screen = io.StringIO()
        session._out = session.notes = Console(file=screen, width=4000, force_terminal=is_terminal)
        session.show(f"wilks check {name}", [(name, text), ("features", f"{name}, {text}")])
        session.say(f"column {name}")
        session.note(f"column {text}")
        session.warn(f"column {name}")
        said = SGR.sub("", screen.getvalue())
        assert said.replace("\n", "").replace("\t", " ").isprintable()
        row = next(line for line in said.splitlines() if "features" in line)
        assert f"{visible(name)}, {visible(text)}".strip() in row


class Reader(html.parser.HTMLParser):
    """Tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append((tag, [name for name, _ in attributes]))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def page_of(name: str) -> str:
    table = Table(name, ((name, name), ("n", name)), (name, "of"), name)
    content = CampaignPage(name, name, True, ((name, name),), table, table, table, table, ())
    return render("campaign.html.j2", page=content)


@quick
@given(BEYOND)
@example("<script>alert(1)</script>")
def test_a_page_holds_names_as_text(name):
    page = page_of(name)
    found, plain = read(page), read(page_of("plain"))
    # Cells of numbers and of short words have a class.
    assert [(tag, tag != "td" and names) for tag, names in found.tags] == [
        (tag, tag != "td" and names) for tag, names in plain.tags
    ]
    assert re.sub(r"[\n\t]", "", page).isprintable()
    shown = "".join(part if part in "\n\t" else visible(part) for part in re.split(r"([\n\t])", name))
    assert found.text.count(shown) >= plain.text.count("plain")


@slow
@given(BEYOND, st.none() | BEYOND)
@example("$x$\x1b", "$p_T$\x0c [GeV]")
@example(r"a\$b$c$", None)
def test_a_label_of_any_name_is_drawn_as_it_is(name, label):
    text = axis_label(name, {} if label is None else {name: label})
    assert text.isprintable()
    with warnings.catch_warnings(), style():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = new_figure(3.0, 2.0)
        figure.subplots().set_xlabel(text)
        ElementTree.fromstring(to_svg(figure))


def test_a_figure_of_a_hostile_name_is_well_formed():
    rng, name = np.random.default_rng(0), "$\\alpha$ -->\n\x1b[31m</svg>"
    reference, data = (Sample(rng.exponential(size=n), features=(name,)) for n in (200, 40))
    analysis = Analysis(reference=reference, model=Kernel(n_centers=5, width=1.0), expected_events=50)
    (figure,) = plots.ratios(analysis, data, columns=[name]).values()
    assert figure.axes[1].get_xlabel() == r"\$\alpha\$ -->\n\x1b[31m</svg>"
    ElementTree.fromstring(to_svg(figure))


@quick
@given(NAMES, st.booleans())
@example("my toys; touch x $(touch y)", True)
def test_jobs_run_on_the_campaign_whatever_its_name(name, has_own_logs):
    campaign = Path("/data") / name.replace("/", "_")
    place = Place(campaign, campaign / "jobs" / "0001", campaign / "logs" if has_own_logs else Path("/logs"))
    try:
        scripts = [slurm_script(place, [0, 1], JobOptions()), condor_script(place)]
        scripts.append(condor_description(place, "job.sh", [0, 1], JobOptions()))
    except InputError as error:
        assert not str(campaign).isprintable() or "\\" in str(place.logs) or str(place.logs) != str(place.logs).strip()
        assert str(error).isprintable()
        return
    for script in scripts[:2]:
        (line,) = [one for one in script.splitlines() if " -m wilks " in one]
        words = shlex.split(line)
        first = words.index("toys")
        assert words[first : first + 3] == ["toys", "run", str(campaign)]
    assert all("\n".join(script.splitlines()) + "\n" == script for script in scripts)
    assert [len(script.splitlines()) for script in scripts] == n_lines_of_a_plain_campaign()


def n_lines_of_a_plain_campaign() -> list[int]:
    plain = Place(Path("/data/toys"), Path("/data/toys/jobs/0001"), Path("/logs"))
    scripts = [slurm_script(plain, [0, 1], JobOptions()), condor_script(plain)]
    scripts.append(condor_description(plain, "job.sh", [0, 1], JobOptions()))
    return [len(script.splitlines()) for script in scripts]


@pytest.mark.parametrize("name", ["my toys", "a;touch x", "$(touch x)", "it's"])
def test_commands_to_copy_are_quoted(tmp_path, name):
    (tmp_path / "mc.csv").write_text("\n".join(["x", *map(str, np.linspace(0.0, 1.0, 400))]))
    target, folder = tmp_path / f"{name}.yaml", tmp_path / name
    made = CliRunner().invoke(main, ["init", str(tmp_path / "mc.csv"), "--output", str(target)])
    assert made.stdout.rstrip().endswith(f"then: wilks check {in_shell(target)}")
    planned = CliRunner().invoke(main, ["toys", "plan", str(target), str(folder), "--n-toys", "2"])
    assert planned.exit_code == 0, planned.output
    assert [shlex.split(line)[:4] for line in planned.stdout.splitlines()[1:]] == [
        ["wilks", "toys", verb, str(folder)] for verb in ("run", "submit")
    ]
    lacking = CliRunner().invoke(main, ["test", str(tmp_path / f"{name} not there.yaml")])
    assert f"`wilks init --output {in_shell(tmp_path / f'{name} not there.yaml')}`" in lacking.stderr
