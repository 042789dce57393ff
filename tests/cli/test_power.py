"""`wilks power`: a signal from a file, beside other tests, gone on with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks

pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    study = make_study(tmp_path)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=12_000))
    study.write("signal.npz", x=rng.normal(4.5, 0.2, size=500), w=np.where(np.arange(500) % 2, 1.0, 0.5))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 100, "n_training": 3_000},
        "toys": {"n_toys": 30, "processes": 1},
        "model": {"kernel": {"n_centers": 10, "width": 1.0, "is_score": True}},
    }
    return study


WORDS = ("--n-signal", "3", "--n-signal", "10", "--n-null", "30", "--n-toys", "20")


def test_a_signal_file_beside_other_tests(study: Any, tmp_path: Path) -> None:
    done = study.run("power", "--signal", str(tmp_path / "signal.npz"), *WORDS)
    assert done.exit_code == 0, done.output
    assert "10 signal events" in done.output and "Kolmogorov-Smirnov" in done.output
    found = wilks.load(study.output / "power" / "table")
    assert found.n_signal == {"3 signal events": 3.0, "10 signal events": 10.0}
    assert (study.output / "power" / "power.png").stat().st_size > 10_000
    rows = study.result()["numbers"]["power"]["rows"]
    assert rows[0]["test"] == "model" and rows[0]["power"]["power_3_sigma"] is None
    again = study.run("power", "--signal", str(tmp_path / "signal.npz"), "--weight", "w", "--model-alone", *WORDS)
    assert again.exit_code == 0 and "Kolmogorov" not in again.output
    assert len(list((study.output / "power" / "toys").iterdir())) == 5  # of the reference, and of two signals twice


@pytest.mark.usefixtures("no_pictures")
def test_a_binned_search_and_a_contaminated_reference(study: Any, tmp_path: Path) -> None:
    study.config = study.config | {"define": {"y": "x**2", "z": "sqrt(y)"}}
    signal = ("--signal", str(tmp_path / "signal.npz"))
    words = ("--binned", "z", "--bins", "0,2,4,5,inf", "--contamination", "0.5", "--model-alone")
    done = study.run("power", *signal, *words, *WORDS)
    assert done.exit_code == 0, done.output
    assert "leaves at most 0.25 of the excess of t" in done.output and "Asimov Z" in done.output
    rows = study.result()["numbers"]["power"]["rows"]
    assert [row["test"] for row in rows[4:]] == [
        "model",
        "binned z (4 bins), q0",
        "binned z (4 bins), goodness of fit",
        "model, 0.5 of it in reference",
    ]
    q0 = rows[5]
    refused = study.run("power", *signal, "--binned", "mll", *WORDS)
    assert refused.exit_code == 2 and "must be computed from the features, x" in " ".join(refused.output.split())
    refused = study.run("power", *signal, "--auxiliary-offset", "yield=0.1", *WORDS)
    assert refused.exit_code == 2 and "'yield' came" in refused.output
    assert q0["asimov_z"] > 3 and abs(q0["asymptotic_z"] - q0["asimov_z"]) < 1 and "z_score" in q0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--signal", "none.npz"), "there is no file"),
        (("--signal", "nowhere:function"), "must be importable"),
        (("--signal", "signal.npz", "--n-signal", "0"), "not in the range"),
        (("--signal", "signal.npz", "--bins", "1;2"), "or edges, such as"),
        (("--signal", "signal.npz", "--contamination", "0"), "not in the range"),
    ],
)
def test_what_cannot_be_used_is_said(study: Any, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = study.run("power", *words, *WORDS)
    assert done.exit_code == 2 and message in " ".join(done.output.split())
