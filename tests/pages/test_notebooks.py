"""The notebooks of `examples/notebooks` run from their first cell to their last, and are kept without outputs."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import wilks

from tests.lab.here import Here
from tests.pages.markdown import ROOT

NOTEBOOKS = ROOT / "examples" / "notebooks"
SMALLER = {
    "exponential": {"n_toys=400": "n_toys=5", "reference(20_000": "reference(4_000"},
    "dimuon_nuisances": {"n_toys=400": "n_toys=5"},
    "two_csv_files": {
        "table(4_000": "table(1_200",
        "table(3_000": "table(800",
        "compare(first, second)": "compare(first, second, n_permutations=49)",
    },
}


def cells(name: str) -> list[dict[str, Any]]:
    document = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    found: list[dict[str, Any]] = document["cells"]
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Where each was run, and what it left."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wilks.campaign.coordinator.LocalProcesses", Here)
        patch.setattr("wilks.reports.picture._uri", lambda figure, *, is_vector: "data:,")
        for name, changes in SMALLER.items():
            folder, names = tmp_path_factory.mktemp(name), dict[str, Any]()
            patch.chdir(folder)
            text = "\n".join("".join(one["source"]) for one in cells(name) if one["cell_type"] == "code")
            for old, new in changes.items():
                assert old in text
                text = text.replace(old, new)
            exec(compile(text, f"{name}.ipynb", "exec"), names)
            found[name] = (folder, names)
    plt.close("all")
    return found


def test_the_notebooks_are_these() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(SMALLER)


@pytest.mark.parametrize("name", SMALLER)
def test_notebooks_are_kept_without_outputs(name: str) -> None:
    found = cells(name)
    assert len({one["id"] for one in found}) == len(found)
    assert all(one["outputs"] == [] and one["execution_count"] is None for one in found if one["cell_type"] == "code")


@pytest.mark.nightly
@pytest.mark.slow
def test_exponential(played: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    folder, names = played["exponential"]
    assert 1 / 6 <= names["result"].p_value <= 1 and (folder / "report.html").exists()


@pytest.mark.nightly
@pytest.mark.slow
def test_dimuon_with_nuisances(played: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    names = played["dimuon_nuisances"][1]
    fit = names["fit"]
    assert fit.tau > fit.t > 0 and fit.delta > 0 and isinstance(names["result"], wilks.GoodnessOfFit)
    scale = next(one for one in fit.delta_nuisances if one.name == "scale")
    assert 0.001 < scale.value < 0.01  # 0.005 is the truth


@pytest.mark.nightly
@pytest.mark.slow
def test_two_files(played: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    folder, names = played["two_csv_files"]
    assert isinstance(names["result"], wilks.Comparison) and np.isfinite(names["result"].p_value)
    assert (folder / "comparison.html").exists()
