"""The file of toys that combine writes and draws."""

import json
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks import GofToys, read_gof, write_gof

COMBINE = {
    "120.0": {"obs": [40.0], "p": 0.0, "toy": [30.0, 31.5, -1.0, 28.25]},
    "125.0": {"htt_em": {"obs": [0.5], "p": 0.5, "toy": [0.4, 0.6]}, "htt_mt": {"obs": [0.1], "p": 1.0, "toy": [0.2]}},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "gof.json"
    file.write_text(json.dumps(COMBINE))
    return file


def test_masses_and_categories_are_read(path: Path) -> None:
    found = read_gof(path)
    assert list(found) == ["120.0", "125.0/htt_em", "125.0/htt_mt"]
    first = found["120.0"]
    assert (first.observed, first.stored_p_value) == (40.0, 0.0)
    np.testing.assert_array_equal(first.t, [30.0, 31.5, np.nan, 28.25])
    assert first.p_value == 2 / 5, "(k + m + 1)/(n + 1), where combine says 0"
    assert found["125.0/htt_mt"].p_value == 1.0


def test_what_is_written_is_read_again_and_has_the_layout_of_combine(path: Path, tmp_path: Path) -> None:
    found = read_gof(path)
    write_gof(tmp_path / "again.json", found)
    document = json.loads((tmp_path / "again.json").read_text())
    assert document["120.0"] == {"obs": [40.0], "p": 0.4, "toy": [30.0, 31.5, 28.25], "n_failed": 1}
    assert document["125.0"]["htt_em"] == {"obs": [0.5], "p": 2 / 3, "toy": [0.4, 0.6]}
    again = read_gof(tmp_path / "again.json")
    for name, one in found.items():
        np.testing.assert_array_equal(np.sort(again[name].t), np.sort(one.t))
        assert again[name].p_value == one.p_value == again[name].stored_p_value


def test_an_answer_is_written_with_its_toys(toys_of, fit_of, tmp_path: Path) -> None:
    t = np.append(np.random.default_rng(1).chisquare(13, size=50), np.nan)
    answer = wilks.calibrate(toys_of(t)).evaluate(fit_of(20.0))
    write_gof(tmp_path / "gof.json", {"0.0": answer})
    found = read_gof(tmp_path / "gof.json")["0.0"]
    assert found.p_value == answer.p_value == found.stored_p_value and found.t.size == 51
    without = wilks.laws.unanswered(fit_of(20.0))
    with pytest.raises(wilks.InputError, match="holds toys, but this answer has none"):
        write_gof(tmp_path / "gof.json", {"0.0": without})


def test_a_failed_fit_of_the_data_has_no_p(tmp_path: Path) -> None:
    """Combine writes -1 for a fit that failed, of data as of toys."""
    (tmp_path / "gof.json").write_text('{"120.0": {"obs": [-1.0], "p": 1.0, "toy": [1.0, -1.0, 3.0]}}')
    (found,) = read_gof(tmp_path / "gof.json").values()
    assert np.isnan(found.observed) and np.isnan(found.p_value) and np.isnan(found.t[1])


def test_toys_without_data_have_no_p(tmp_path: Path) -> None:
    write_gof(tmp_path / "gof.json", {"1.0": GofToys(float("nan"), np.array([1.0, 2.0]))})
    assert json.loads((tmp_path / "gof.json").read_text()) == {"1.0": {"toy": [1.0, 2.0]}}
    assert np.isnan(read_gof(tmp_path / "gof.json")["1.0"].p_value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"120.0": 3}', '{"120.0": {"toy": ["a"], "obs": [1]}}', "{"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "gof.json").write_text(text)
    with pytest.raises(wilks.StoreError, match=r"gof\.json must hold toys"):
        read_gof(tmp_path / "gof.json")
    with pytest.raises(wilks.StoreError, match="No such file"):
        read_gof(tmp_path / "gone.json")
