"""Samples and the analysis that a configuration describes."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from wilks.config import LoadedConfig, build_analysis, load_config, read_data, read_sources
from wilks.errors import ConfigError, InputError, SampleError
from wilks.hypotheses import Generator
from wilks.samples import Sample
from wilks.statistics import Statistic
from wilks.statistics.linear import Kernel, KernelSet

BACKGROUND = "wilks.problems.exponential:background"


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, y = rng.exponential(size=200), rng.normal(size=200)
    np.savez(tmp_path / "r.npz", x=x, y=y, w=rng.uniform(0.5, 1, size=200), u=np.full(200, 0.25))
    np.savez(tmp_path / "d.npz", x=x[:20] + 1, y=y[:20])
    return {"features": ["x"], "reference": {"files": "r.npz"}, "data": {"files": "d.npz"}}


def loaded(folder: Path, config: dict[str, Any]) -> LoadedConfig:
    path = folder / "a.yaml"
    path.write_text(yaml.safe_dump(config))
    return load_config(path)


def test_training_part_stands_for_the_whole(tmp_path: Path, config: dict[str, Any]) -> None:
    config["reference"] |= {"weight": "u", "n_training": 50}
    sources = read_sources(loaded(tmp_path, config))
    assert sources.expected_events == 50.0
    assert sources.reference.n_events == 50
    assert isinstance(sources.toy_source, Sample)
    assert sources.toy_source.n_events == 150
    analysis = build_analysis(loaded(tmp_path, config), sources)
    assert analysis.expected_events == pytest.approx(50.0)


def test_definitions_and_selection_are_shared(tmp_path: Path, config: dict[str, Any]) -> None:
    config |= {"define": {"z": "x + 1"}, "where": "y > 0", "features": ["z", "log(z)"], "carry": ["y"]}
    data = read_data(loaded(tmp_path, config))
    assert data.features == ("z", "log(z)")
    assert np.all(data.column("y") > 0)
    assert data.origin is not None
    assert data.origin.n_read == 20


@pytest.mark.parametrize(("pool", "is_weighted"), [({}, True), ({"weight": None}, False), ({"weight": "u"}, True)])
def test_pool_takes_the_weight_of_the_reference(
    tmp_path: Path, config: dict[str, Any], pool: dict[str, Any], is_weighted: bool
) -> None:
    config["reference"]["weight"] = "w"
    shutil.copy(tmp_path / "r.npz", tmp_path / "pool.npz")
    config["toys"] = {"pool": {"files": "pool.npz"} | pool}
    source = read_sources(loaded(tmp_path, config)).toy_source
    assert isinstance(source, Sample)
    assert source.is_weighted is is_weighted


def test_generators(tmp_path: Path, config: dict[str, Any]) -> None:
    config["reference"] = {"generator": {"function": BACKGROUND, "n_events": 100, "seed": 3}, "expected_events": 30}
    config["toys"] = {"generator": {"function": BACKGROUND, "version": "2"}}
    config["data"] = {"generator": {"function": BACKGROUND, "expected_events": 50, "seed": 4}}
    sources = read_sources(loaded(tmp_path, config))
    assert sources.reference.n_events == 100
    assert sources.toy_source == Generator(BACKGROUND, version="2")
    data = read_data(loaded(tmp_path, config))
    assert np.array_equal(data.events, read_data(loaded(tmp_path, config)).events)
    config["data"]["inject"] = {"function": "wilks.problems.exponential:np1", "expected_events": 10}
    injected = read_data(loaded(tmp_path, config))
    assert np.array_equal(injected.events[: data.n_events], data.events)
    assert np.all(np.abs(injected.events[data.n_events :] - 6.4) < 1.0)


def test_equal_seeds_of_reference_and_data_make_no_equal_events(tmp_path: Path, config: dict[str, Any]) -> None:
    config["reference"] = {"generator": {"function": BACKGROUND, "n_events": 100, "seed": 3}, "expected_events": 30}
    config["data"] = {"generator": {"function": BACKGROUND, "expected_events": 50, "seed": 3}}
    config["toys"] = {"generator": {"function": BACKGROUND}}
    reference, data = read_sources(loaded(tmp_path, config)).reference, read_data(loaded(tmp_path, config))
    assert not np.isin(data.events, reference.events).any()


def test_a_module_beside_the_file_is_found(tmp_path: Path, config: dict[str, Any]) -> None:
    (tmp_path / "toys_beside.py").write_text("def two(rng, n, nuisances):\n    return rng.normal(size=(n, 2))\n")
    config["toys"] = {"generator": {"function": "toys_beside:two"}}
    assert read_sources(loaded(tmp_path, config)).toy_source == Generator("toys_beside:two")


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("def f(rng, n, nuisances):\n    return rng.normal(size=(n, 2))\n", r"data: .*shape \(\d+, 1\)"),
        ("def f(rng, n, nuisances):\n    return 0 * rng.normal(size=(n, 1)) / 0\n", r"data: .*(finite|raised)"),
        ("def f(rng, n):\n    return None\n", r"data: .*raised TypeError"),
        ("import nothing_of_this_name\n", r"data: .*nothing_of_this_name"),
        ("1 / 0\n", r"data: .*ZeroDivisionError"),
        ("", r"data: .*f"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_bad_generators(tmp_path: Path, config: dict[str, Any], module: str, message: str) -> None:
    name = f"bad_{abs(hash(module))}"
    (tmp_path / f"{name}.py").write_text(module)
    config["data"] = {"generator": {"function": f"{name}:f", "expected_events": 50}}
    with pytest.raises(InputError, match=message):
        read_data(loaded(tmp_path, config))


def test_model_search_and_standardization(tmp_path: Path, config: dict[str, Any]) -> None:
    config |= {
        "model": {"mlp": {"hidden": [3, 2], "weight_clip": 1.5, "activation": "tanh"}},
        "search": {"n_starts": 7, "seed": 5, "kkt_tolerance": 1e-4},
        "standardize": {"shift": [0.5], "scale": [2]},
    }
    analysis = build_analysis(loaded(tmp_path, config), read_sources(loaded(tmp_path, config)))
    assert analysis.model.describe() == "(3,2) tanh network, |w| <= 1.5"
    assert (analysis.search.n_starts, analysis.search.seed, analysis.search.kkt_tolerance) == (7, 5, 1e-4)
    assert analysis.standardization.scale.tolist() == [2.0]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"kernel": {"n_centers": 20, "width": 0.5, "ridge": 1, "is_score": True}}, Kernel(20, 0.5, 1.0, True)),
        ({"kernel": {"n_centers": 20}}, Kernel(20)),
        ({"kernel_set": {"widths": [0.3, 1], "n_centers": 20}}, KernelSet((0.3, 1.0), n_centers=20)),
        (
            {"kernel_set": {"widths": [0.3, 1], "ridges": [0.3, 3], "n_centers": [30, 20], "combination": "min_p"}},
            KernelSet((0.3, 1.0), (0.3, 3.0), (30, 20), "min_p"),
        ),
    ],
)
def test_kernels(tmp_path: Path, config: dict[str, Any], model: dict[str, Any], expected: Statistic) -> None:
    config["model"] = model
    analysis = build_analysis(loaded(tmp_path, config), read_sources(loaded(tmp_path, config)))
    assert analysis.model.to_dict() == expected.to_dict()


def test_what_a_model_refuses_is_told_with_its_place(tmp_path: Path, config: dict[str, Any]) -> None:
    config["model"] = {"kernel_set": {"widths": [1, 1]}}
    with pytest.raises(InputError, match=r"a\.yaml:\d+: model\.kernel_set: .*must differ"):
        build_analysis(loaded(tmp_path, config), read_sources(loaded(tmp_path, config)))


def test_no_data_section(tmp_path: Path, config: dict[str, Any]) -> None:
    del config["data"]
    with pytest.raises(ConfigError, match=r"add data: \{files"):
        read_data(loaded(tmp_path, config))


def test_one_event_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    np.savez(tmp_path / "d.npz", x=np.ones(1))
    with pytest.raises(SampleError, match=r"a\.yaml:\d+: data: .*more than one event"):
        read_data(loaded(tmp_path, config))
