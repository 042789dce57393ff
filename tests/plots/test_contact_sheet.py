"""Every figure looks as it did: a coarse gray picture of each is compared with the one that is stored.

`python -m tests.plots.test_contact_sheet` stores them anew, after they were looked at.
"""

import base64
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from wilks import plots
from wilks.plots.style import Drawing
from wilks.typing import FloatArray

SCRIPT = Path(__file__).parents[2] / "docs" / "figures.py"
STORED = Path(__file__).with_name("looks.json")
NO_FIGURES = {
    *("common_columns", "figures_of", "numbers_of", "ratios", "save_figures", "styled"),
    *("to_csv", "to_hepdata", "to_pdf", "to_png", "to_svg"),
}
# Some seconds each: `make test-all` has them.
SLOW = {
    *("validation", "tau_and_t", "pulls", "overview", "corner"),
    *("power_curves", "sensitivity", "two_samples", "member_significances"),
}
_SHAPE, _DPI = (24, 32), 50
# Of 255: fonts and smoothing of other versions move 1 to 2 of the mean, a line or a label that is missing more.
_MOST_MEAN, _MOST_CELL = 4.0, 90.0


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_figures", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sheet() -> dict[str, Any]:
    return dict(load().sheet())


def coarse(figure: Drawing) -> FloatArray:
    """Mean gray of the cells of a grid, 0 to 255."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    gray = matplotlib.image.imread(io.BytesIO(stream.getvalue()))[:, :, :3].mean(axis=2)
    rows, columns = (np.array_split(np.arange(n), m) for n, m in zip(gray.shape, _SHAPE, strict=True))
    return np.array([[255.0 * gray[np.ix_(some, others)].mean() for others in columns] for some in rows])


def test_every_figure_is_on_the_sheet(sheet: dict[str, Any]) -> None:
    assert set(sheet) == set(plots.__all__) - NO_FIGURES == set(json.loads(STORED.read_text()))
    assert len(STORED.read_bytes()) < 60_000


def compare(sheet: dict[str, Any], name: str) -> None:
    stored = np.frombuffer(base64.b64decode(json.loads(STORED.read_text())[name]), dtype=np.uint8).reshape(_SHAPE)
    apart = np.abs(coarse(sheet[name].draw()) - stored)
    assert apart.mean() < _MOST_MEAN and apart.max() < _MOST_CELL, (name, apart.mean(), apart.max())


def test_every_third_figure_looks_as_it_did(sheet: dict[str, Any]) -> None:
    """All of them are made, and most are drawn, in tests/contract/test_figures.py."""
    for name in sorted(sheet.keys() - SLOW)[::3]:
        compare(sheet, name)


@pytest.mark.nightly
def test_the_others_look_as_they_did(sheet: dict[str, Any]) -> None:
    names = sorted(sheet.keys() - SLOW)
    for name in [*names[1::3], *names[2::3]]:
        compare(sheet, name)


@pytest.mark.nightly
def test_slow_figures_look_as_they_did(sheet: dict[str, Any]) -> None:
    for name in SLOW:
        compare(sheet, name)


def test_what_is_missing_is_seen(sheet: dict[str, Any]) -> None:
    """One line of many, and a legend, are more than the tolerance."""
    figure = sheet["null_distribution"].draw()
    stored = coarse(figure)
    figure.legends[0].remove()
    apart = np.abs(coarse(figure) - stored)
    assert apart.mean() > _MOST_MEAN or apart.max() > _MOST_CELL


if __name__ == "__main__":
    found = {
        name: base64.b64encode(np.round(coarse(one.draw())).astype(np.uint8).tobytes()).decode()
        for name, one in load().sheet().items()
    }
    STORED.write_text(json.dumps(found, indent=0) + "\n")
