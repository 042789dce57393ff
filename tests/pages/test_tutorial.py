"""The tutorial runs on the simulated pairs that the package ships, from its data to its figure and its report."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import wilks

from tests.lab.here import Here
from tests.pages.markdown import DOCS, blocks, run

REAL, SHIPPED = "read_csv", "small_sample"
SMALLER = {"n_toys=400": "n_toys=10", "[:10_000]": "[:4_000]", "20_000, seed=1": "3_000, seed=1", "100_000": "6_000"}


def table_of_cms(path: Path) -> None:
    """A table with the columns of CMS, made of simulated pairs."""
    simulated = wilks.problems.dimuon.small_data()
    pairs = pd.DataFrame(simulated.events, columns=simulated.features)
    phi = np.random.default_rng(1).uniform(-np.pi, np.pi, len(pairs))
    second = (phi - pairs["delta_phi"] + np.pi) % (2 * np.pi) - np.pi
    pairs.assign(Run=1, Event=pairs.index, phi1=phi, phi2=second, Q1=1, Q2=-1).drop(columns="delta_phi").to_csv(path)


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.usefixtures("cheap_figures")
def test_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wilks.campaign.coordinator.LocalProcesses", Here)
    table_of_cms(tmp_path / "Zmumu.csv")
    names: dict[str, object] = {}
    python = [one for one in blocks(DOCS / "tutorial.md") if one.language == "python"]
    assert REAL in python[0].text and SHIPPED in python[1].text
    for block in python:
        run(block, names, smaller=SMALLER)
        if REAL in block.text:
            angle = names["pairs"]["delta_phi"]  # type: ignore[index]
            expected = wilks.problems.dimuon.small_data().column("delta_phi")
            assert np.allclose(angle, expected, atol=1e-9)
    result = names["result"]
    assert isinstance(result, wilks.GoodnessOfFit) and result.p_value == pytest.approx(1 / 11)
    assert result.t > 20 and (tmp_path / "mll.png").stat().st_size > 5_000 and (tmp_path / "report.html").exists()
    plt.close("all")
