"""Toys of NPLM and falkonhep, from files in the forms that these programs write."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import wilks
from wilks.cli import main
from wilks.errors import StoreError, WilksWarning

RNG = np.random.default_rng(1)
TAU, DELTA = RNG.chisquare(15, size=40), RNG.chisquare(2, size=40)


def texts(folder: Path, ending: str, values: np.ndarray) -> None:
    for seed, value in enumerate(values):
        (folder / f"seed{seed}_{ending}.txt").write_text(f"{value:.6f}\n")


def table(path: Path, values: np.ndarray, seeds: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("tvalues", data=values, compression="gzip")
        file.create_dataset("seeds", data=seeds.astype(float), compression="gzip")
        file.create_dataset("files_id", data=[f"seed{one}" for one in seeds], dtype=h5py.string_dtype())


def test_t_is_tau_less_delta_of_the_same_toy(tmp_path: Path) -> None:
    texts(tmp_path, "TAU", TAU)
    texts(tmp_path, "DELTA", DELTA)
    assert np.allclose(np.sort(wilks.read_nplm(tmp_path)), np.sort(TAU - DELTA), atol=2e-6)


def test_without_delta_t_is_tau(tmp_path: Path) -> None:
    texts(tmp_path, "TAU", TAU)
    assert np.allclose(np.sort(wilks.read_nplm(tmp_path)), np.sort(TAU), atol=1e-6)


def test_tables_are_brought_together_by_their_seeds(tmp_path: Path) -> None:
    seeds, order = np.arange(40) * 7, RNG.permutation(40)
    table(tmp_path / "TAU_final.h5", TAU, seeds)
    table(tmp_path / "DELTA_final.h5", DELTA[order], seeds[order])
    assert np.array_equal(wilks.read_nplm(tmp_path), TAU - DELTA)
    assert np.array_equal(wilks.read_nplm(tmp_path / "TAU_final.h5"), TAU)


def test_a_failed_toy_and_one_without_its_other_half_count(tmp_path: Path) -> None:
    texts(tmp_path, "TAU", np.array([12.0, -1.0, 14.0]))
    texts(tmp_path, "DELTA", np.array([2.0, 3.0]))
    (tmp_path / "seed9_DELTA.txt").write_text("1.0")
    with pytest.warns(WilksWarning, match="2 toys have tau or Delta alone"):
        found = wilks.read_nplm(tmp_path)
    assert np.array_equal(np.sort(found), [10.0, np.nan, np.nan, np.nan], equal_nan=True)


def test_the_last_epoch_is_that_of_the_largest_number(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "history.h5", "w") as file:
        for epoch in (1000, 9000, 10_000):
            file[str(epoch)] = TAU + epoch
    assert np.array_equal(wilks.read_nplm(tmp_path / "history.h5"), TAU + 10_000)


def test_the_second_column_of_falkonhep_is_t(tmp_path: Path) -> None:
    log = tmp_path / "reference.log"
    log.write_text("".join(f"{k},{t},20000.1,2.11,17,{k}\n" for k, t in enumerate(TAU)))
    assert np.array_equal(wilks.read_nplm(log), TAU)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [("a.log", "1,2,3\n", "line 1 must be toy, t"), ("seed1_t.txt", "abc", "could not convert"), ("x", "", "are none")],
)
def test_what_is_none_of_them_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(StoreError, match=message):
        wilks.read_nplm(tmp_path / name if name.endswith("log") else tmp_path)


def test_one_seed_twice_is_one_toy_twice(tmp_path: Path) -> None:
    for name in ("TAU_final.h5", "DELTA_final.h5"):
        table(tmp_path / name, TAU[:3], np.array([1, 1, 2]))
    with pytest.raises(StoreError, match="1 toys have the seed of another"):
        wilks.read_nplm(tmp_path)


def test_two_kinds_of_t_are_asked_about(tmp_path: Path) -> None:
    texts(tmp_path, "TAU", TAU)
    texts(tmp_path, "t", TAU)
    with pytest.raises(StoreError, match="leave one kind there"):
        wilks.read_nplm(tmp_path)


def test_the_command_takes_a_folder(tmp_path: Path) -> None:
    texts(tmp_path, "TAU", TAU)
    texts(tmp_path, "DELTA", DELTA)
    outcome = CliRunner().invoke(main, ["calibrate", str(tmp_path), "--observed", "60", "--degrees-of-freedom", "13"])
    assert outcome.exit_code == 0 and "p = 1/41 (0 of 40" in outcome.output
