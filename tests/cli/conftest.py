"""A small study on disk, and the command run on it inside this process."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from wilks.cli import main


@dataclass
class Study:
    """Reference of 600 events (half of them the toy pool), 40 data events, and an analysis file for them."""

    folder: Path
    config: dict[str, Any] = field(default_factory=dict)
    first: Result | None = None

    def __post_init__(self) -> None:
        rng = np.random.default_rng(1)
        self.write(
            "reference.npz", x=rng.exponential(size=600), y=rng.normal(size=600), w=rng.uniform(0.5, 1, size=600)
        )
        self.write("data.npz", x=rng.exponential(size=40), y=rng.normal(size=40), w=np.ones(40))
        self.config = {
            "features": ["x", "y"],
            "reference": {"files": "reference.npz", "expected_events": 40, "n_training": 300},
            "data": {"files": "data.npz"},
            "model": {"kernel": {"n_centers": 6, "width": 1.0, "ridge": 1.0, "is_score": False}},
            "toys": {"n_toys": 3, "seed": 1, "processes": 1},
            "search": {"n_starts": 2},
        }

    @property
    def path(self) -> Path:
        return self.folder / "analysis.yaml"

    @property
    def output(self) -> Path:
        return self.folder / "results"

    def write(self, name: str, **columns: Any) -> None:
        np.savez(self.folder / name, **columns)

    def result(self) -> dict[str, Any]:
        return dict(json.loads((self.output / "result.json").read_text()))

    def run(self, command: str, *options: str) -> Result:
        self.path.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return CliRunner().invoke(main, [command, str(self.path), *options])


@pytest.fixture(scope="session")
def make_study() -> type[Study]:
    return Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that commands write beside their page are made and not drawn."""
    monkeypatch.setattr("wilks.plots.to_png", lambda figure: b"\x89PNG")


@pytest.fixture(autouse=True)
def _cheap(cheap_figures: None) -> None:
    """Pictures are drawn in what `done` fixtures make for a whole file."""
