"""The Python of the pages runs, from the first block of a page to its last, on small samples."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from tests.lab.here import Here
from tests.pages import worlds
from tests.pages.markdown import DOCS, blocks, run, with_python

TOYS = {f"n_toys={n}": "n_toys=3" for n in ("10_000", "1_000", "1000", "400", "100")}


@dataclass(frozen=True)
class Told:
    """What a page takes for granted, and what is made smaller.

    Attributes:
        world: makes the names that stand there.
        smaller: numbers of the page, and what they are here.
        elsewhere: what marks a block that cannot run here, as the page says.
    """

    world: Callable[[], worlds.Names] = worlds.plain
    smaller: dict[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()


PAGES = {
    "campaigns.md": Told(smaller={"OUTPUT/toys": "signal-toys"}, elsewhere=("dask_jobqueue",)),
    "comparison.md": Told(
        smaller={"weight_clip=3.0)": "weight_clip=3.0), n_permutations=3", "n_centers=100": "n_centers=10"}
    ),
    "families.md": Told(smaller={"n_bins=20": "n_bins=4"}),
    "figures.md": Told(worlds.stored),
    "getting-started.md": Told(
        smaller={
            "n_first=100_000": "n_first=400",
            "expected_events=20_000": "expected_events=60",
            "wilks.MLP(hidden=(5, 5, 5), weight_clip=2.16)": "wilks.Kernel(n_centers=10, is_score=True)",
        }
    ),
    "histogram.md": Told(worlds.mass, {"[0, 20, 50, 100,": "[60, 80, 100, 150,"}),
    "interpretation.md": Told(
        smaller={
            '{"pt1": pt1, "pt2": pt2}': "{name: reference.column(name) for name in reference.features}",
            "n_refits=50": "n_refits=4",
        }
    ),
    "kernels.md": Told(smaller={"n_centers=300": "n_centers=20", "(300, 100, 100)": "(20, 10, 10)"}),
    "monitor.md": Told(smaller={"batch_sizes=(250, 500)": "batch_sizes=(50, 100)"}),
    "nuisances.md": Told(
        worlds.nuisances,
        {
            "order=2": "order=1, training=wilks.responses.Training(hidden=())",
            "wilks.MLP(hidden=(5, 5))": "wilks.Kernel(n_centers=5, is_score=True)",
            "toy_source=pool": "toy_source=generator",
        },
    ),
    "parts.md": Told(),
    "power.md": Told(worlds.mass, {"run=wilks.run_toys": "n_null=20, n_toys=20, run=wilks.run_toys"}),
    "reading.md": Told(worlds.tables, {"toy_source=pool_frame, ...": "toy_source=pool_frame, expected_events=60"}),
    "regions.md": Told(worlds.regions, {"n_bins=20": "n_bins=4"}),
    "saving.md": Told(),
    "scan.md": Told(
        worlds.mass, {'features=("mass",)': 'features=("mll",)', "range(60, 205, 5)": "range(60, 205, 35)"}
    ),
}
NETWORKS = ("selection.md",)  # minutes; tests/selection
LONG, NIGHTLY = ("comparison.md", "nuisances.md", "regions.md"), (pytest.mark.nightly, pytest.mark.slow)
PLAYED = (
    "howto-data.md",
    "howto-statistics.md",
    "howto-running.md",
    "tutorial.md",
    "from-nplm.md",
)  # tests beside this one


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files of the pages, in which toys are made by this process and figures are not drawn."""
    monkeypatch.chdir(tmp_path)
    for module in ("campaign.coordinator", "campaign.run", "selection.selecting"):
        monkeypatch.setattr(f"wilks.{module}.LocalProcesses", Here)
    monkeypatch.setattr("wilks.plots.style._saved", lambda figure, print_figure: b"of tests/plots")
    worlds.write_files(tmp_path)
    yield tmp_path
    plt.close("all")


def test_every_page_with_python_is_run() -> None:
    told = {*PAGES, *NETWORKS, *PLAYED}
    assert {str(page.relative_to(DOCS)) for page in with_python()} <= told
    assert all((DOCS / page).exists() for page in told)


@pytest.mark.usefixtures("cheap_figures")
@pytest.mark.parametrize("page", [page if page not in LONG else pytest.param(page, marks=NIGHTLY) for page in PAGES])
def test_python_of_a_page_runs(page: str, place: Path) -> None:
    told = PAGES[page]
    names = told.world()
    python = [one for one in blocks(DOCS / page) if one.language == "python"]
    for change in told.smaller:
        assert any(change in one.text for one in python), f"{page} has no {change!r} any more"
    for block in python:
        if not any(word in block.text for word in told.elsewhere):
            run(block, names, smaller=TOYS | told.smaller)
