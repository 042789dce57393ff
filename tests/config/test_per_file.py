"""Numbers of single files in an analysis file: the weights of several processes, of variations too."""

from pathlib import Path

import numpy as np
import pytest

from wilks.config import load_config, read_sources
from wilks.config.systematics import Systematics
from wilks.errors import ConfigError, InputError

TEXT = """
features: [x]
reference:
  files: [a.npz, "b_*.npz"]
  per_file:
    lumi: {a.npz: 0.5, "b_*.npz": 0.25}
  weight: w*lumi
nuisances:
  tune: {sigma: 0.1}
  scale: {sigma: 0.1}
variations:
  - {at: {tune: 0.1}, weight: w_up*lumi}
  - {at: {scale: 0.1}, files: a.npz, per_file: {lumi: {a.npz: 2.0}}}
model: {kernel: {n_centers: 3, is_score: true}}
"""
OWN = np.repeat([0.5, 0.25, 0.25], 40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("a", "b_1", "b_2"):
        np.savez(tmp_path / f"{name}.npz", x=rng.exponential(size=40), w=np.full(40, 2.0), w_up=np.full(40, 3.0))
    return tmp_path


def load(folder: Path, text: str = TEXT):
    (folder / "a.yaml").write_text(text)
    return load_config(folder / "a.yaml")


def test_weights_of_the_reference_and_of_its_variations(folder: Path) -> None:
    loaded = load(folder)
    sources = read_sources(loaded)
    assert sources.reference.event_weights.tolist() == (2.0 * OWN).tolist()
    reweighted, of_files = Systematics(loaded, sources).variations
    np.testing.assert_allclose(reweighted.sample.event_weights, 3.0 * OWN, rtol=1e-15)
    np.testing.assert_allclose(of_files.sample.event_weights, np.full(40, 4.0), rtol=1e-15)


def test_a_file_without_its_number_is_refused(folder: Path) -> None:
    text = TEXT.replace('{a.npz: 0.5, "b_*.npz": 0.25}', "{a.npz: 0.5}")
    with pytest.raises(InputError, match=r"'lumi' one number for each entry of files"):
        read_sources(load(folder, text))


def test_a_generator_has_no_files(folder: Path) -> None:
    text = TEXT.replace('files: [a.npz, "b_*.npz"]', "generator: {function: 'a:b', n_events: 9}\n  expected_events: 3")
    with pytest.raises(ConfigError, match="belong to files"):
        load(folder, text)
