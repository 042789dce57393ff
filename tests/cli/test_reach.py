"""`wilks test --reach` and `wilks run --reach`: p of a set of kernels beyond its toys, by splitting."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("no_processes", "cheap_figures")


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    """A set of kernels with 30 toys of a pool, and data with a peak that none of them reaches."""
    study = make_study(tmp_path)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=12_000))
    study.write("data.npz", x=np.append(rng.exponential(size=100), rng.normal(4.5, 0.2, size=8)))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 100, "n_training": 3_000},
        "data": {"files": "data.npz"},
        "toys": {"n_toys": 30, "processes": 1},
        "model": {"kernel_set": {"widths": [0.5, 2.0], "n_centers": 20}},
    }
    return study


def test_run_test_and_report(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.laws.splitting.toys.n_particles_for", lambda n_numbers: 200)
    done = study.run("run", "--reach", "1e-4", "--fail-on", "p<0.01")
    assert done.exit_code == 5, done.output
    answer = study.result()["numbers"]["answer"]
    assert answer["method"] == "splitting" and 1e-5 < answer["p_value"] < 0.01
    page = study.output / "report.html"
    assert "Runs of splitting" in page.read_text()
    done = study.run("test", "--reach", "1e-4")
    assert done.exit_code == 0, done.output
    assert study.result()["numbers"]["answer"]["p_value"] == answer["p_value"]
    done = study.run("report")
    assert done.exit_code == 0, done.output
    assert study.result()["numbers"]["answer"]["p_value"] == answer["p_value"]


def test_a_model_that_splitting_does_not_know_is_refused(study: Any) -> None:
    study.config["model"] = {"mlp": {"hidden": [4], "weight_clip": 9}}
    done = study.run("run", "--reach", "1e-4")
    assert done.exit_code == 2
    assert re.search(r"reach needs a model whose fit has\s+one minimum", done.output)
    assert not (study.output / "toys").exists()
