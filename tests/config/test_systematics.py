"""Nuisances and variations that a configuration describes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks.config import LoadedConfig, Systematics, build_analysis, load_config, read_data, read_sources
from wilks.errors import InputError
from wilks.nuisances import Nuisances, PoissonCount, Unselected

BACKGROUND = "wilks.problems.exponential:background"
GENERATOR = "wilks.problems.exponential:background"
TRANSFORM = "wilks.problems.exponential:scale_transform"


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, w = rng.exponential(size=400), np.full(400, 0.5)
    np.savez(tmp_path / "r.npz", x=x, w=w, up=1.2 * w, y=np.arange(400.0))
    np.savez(tmp_path / "u.npz", x=1.1 * rng.exponential(size=300), w=np.full(300, 0.8))
    np.savez(tmp_path / "pool.npz", x=rng.exponential(size=500), w=np.full(500, 2.0))
    return {
        "features": ["x"],
        "reference": {"files": "r.npz", "weight": "w", "expected_events": 50},
        "nuisances": {"scale": {"sigma": 0.1, "transform": TRANSFORM}, "yield": {"sigma": 0.2, "normalization": True}},
        "variations": [{"at": {"scale": 0.1}, "files": "u.npz"}],
    }


def loaded(folder: Path, config: dict[str, Any]) -> LoadedConfig:
    path = folder / "a.yaml"
    path.write_text(json.dumps(config, indent=1))  # JSON is YAML, without aliases
    return load_config(path)


def systematics(folder: Path, config: dict[str, Any]) -> Systematics:
    given = loaded(folder, config)
    return Systematics(given, read_sources(given))


def test_parameters(tmp_path: Path, config: dict[str, Any]) -> None:
    config["nuisances"] |= {
        "counted": {"normalization": True, "auxiliary": {"poisson": {"expected": 100}}},
        "free": {"sigma": 1, "center": 0.5, "normalization": True, "auxiliary": "unconstrained"},
        "exact": {"sigma": 0.1, "log_ratio": "wilks.problems.exponential:scale_log_ratio"},
    }
    scale, first, counted, free, exact = systematics(tmp_path, config).parameters
    assert (scale.name, scale.scale, scale.log_ratio) == ("scale", 0.1, None)
    assert scale.transform is not None and first.is_normalization
    assert counted.auxiliary == PoissonCount(100) and counted.scale == 0.1
    assert (free.center, free.is_constrained) == (0.5, False)
    assert exact.log_ratio is not None and not exact.is_normalization


def test_yields_of_files_follow_the_scale_of_the_reference(tmp_path: Path, config: dict[str, Any]) -> None:
    """The reference has 400 x 0.5 = 200, the variation 300 x 0.8 = 240: 1.2 times as many, of 50 expected."""
    made = systematics(tmp_path, config)
    assert made.variations[0].sample.expected_events == pytest.approx(60.0)
    assert made.yield_ratio(made.variations[0]) == pytest.approx(1.2)
    config["reference"]["n_training"] = 100
    assert systematics(tmp_path, config).variations[0].sample.expected_events == pytest.approx(60.0)
    del config["reference"]["expected_events"]
    assert systematics(tmp_path, config).variations[0].sample.expected_events == pytest.approx(240.0)
    config["variations"][0]["expected_events"] = 210
    assert systematics(tmp_path, config).variations[0].sample.expected_events == pytest.approx(210.0)
    config["variations"][0] |= {"weight": None}
    del config["variations"][0]["expected_events"]
    assert systematics(tmp_path, config).variations[0].sample.expected_events == pytest.approx(300.0)


def test_weights_of_the_reference(tmp_path: Path, config: dict[str, Any]) -> None:
    config["reference"]["n_training"] = 100
    config |= {"carry": ["y"], "variations": [{"at": {"scale": 0.1}, "weight": "up"}]}
    made = systematics(tmp_path, config)
    sample = made.variations[0].sample
    assert list(made.sources.reference.extras) == ["y"], "the weight is no column of the analysis"
    assert isinstance(made.sources.toy_source, type(sample)) and list(made.sources.toy_source.extras) == ["y"]
    np.testing.assert_array_equal(sample.events, made.sources.reference.events)
    assert sample.expected_events == pytest.approx(60.0)


def test_generators(tmp_path: Path, config: dict[str, Any]) -> None:
    made = {"function": BACKGROUND, "n_events": 2000, "seed": 3}
    config["reference"] = {"generator": made, "expected_events": 50}
    config["variations"] = [{"at": {"scale": nu}, "generator": made} for nu in (0.1, -0.1)]
    config["variations"][1]["expected_events"] = 40
    up, down = systematics(tmp_path, config).variations
    assert (up.sample.expected_events, down.sample.expected_events) == pytest.approx((50.0, 40.0))
    assert up.sample.events.mean() > 1.02 > 0.98 > down.sample.events.mean()
    assert not np.isin(up.sample.events * np.exp(-0.2), down.sample.events).any(), "events are independent"


def test_transformed_events_migrate(tmp_path: Path, config: dict[str, Any]) -> None:
    config |= {"where": "x > 1", "variations": [{"at": {"scale": 0.1}, "transformed": True}]}
    own = systematics(tmp_path, config)
    x = np.load(tmp_path / "r.npz")["x"]
    expected = 50 * np.sum(x * np.exp(0.1) > 1) / np.sum(x > 1)
    assert own.variations[0].sample.expected_events == pytest.approx(expected)
    config["variations"][0] |= {"files": "pool.npz", "loose_where": "x > 0.5"}
    other = systematics(tmp_path, config).variations[0].sample
    x = np.load(tmp_path / "pool.npz")["x"]
    assert other.n_events == np.sum(x * np.exp(0.1) > 1)
    assert other.expected_events == pytest.approx(50 * other.n_events / np.sum(x > 1)), "its own count says the yield"


def test_toys_from_events_before_the_selection(tmp_path: Path, config: dict[str, Any]) -> None:
    config |= {"where": "z > 1", "define": {"z": "x**2", "unused": "x + missing"}, "features": ["x", "log(x)"]}
    config["toys"] = {"unselected": {"files": "pool.npz", "loose_where": "x > 0.5"}}
    del config["define"]["unused"]
    made = systematics(tmp_path, config)
    source = made.sources.toy_source
    assert isinstance(source, Unselected)
    assert (source.where, dict(source.define)) == ("z > 1", {"z": "x**2"})
    varied = source.at(made.parameters, {"scale": 0.2})
    assert varied.n_events > source.nominal().n_events
    np.testing.assert_allclose(varied.column("log(x)"), np.log(varied.column("x")))


def test_columns_that_only_the_transform_needs(tmp_path: Path, config: dict[str, Any]) -> None:
    config["nuisances"]["scale"]["columns"] = ["y"]
    config["toys"] = {"unselected": {"files": "r.npz", "weight": "w"}}
    config["reference"]["files"] = "pool.npz"
    source = systematics(tmp_path, config).sources.toy_source
    assert isinstance(source, Unselected) and set(source.sample.extras) == {"y"}


def test_covariance(tmp_path: Path, config: dict[str, Any]) -> None:
    config["nuisances"]["scale"]["log_ratio"] = "wilks.problems.exponential:scale_log_ratio"
    config |= {"covariance": {"names": ["yield", "scale"], "matrix": [[0.04, 0.01], [0.01, 0.01]]}, "variations": []}
    made = systematics(tmp_path, config)
    made.check_covariance()
    assert made.nuisances(Nuisances()).correlation == pytest.approx(np.array([[1.0, 0.5], [0.5, 1.0]]))
    config["covariance"]["matrix"] = [[0.09, 0.01], [0.01, 0.01]]
    with pytest.raises(InputError, match=r"a\.yaml:\d+: covariance: the diagonal of the covariance must be"):
        systematics(tmp_path, config).check_covariance()
    config["covariance"]["matrix"] = [[0.04, 0.03], [0.03, 0.01]]
    with pytest.raises(InputError, match="positive definite"):
        systematics(tmp_path, config).check_covariance()


def test_observed_centres(tmp_path: Path, config: dict[str, Any]) -> None:
    config["data"] = {"files": "u.npz", "auxiliaries": {"scale": 0.02}}
    assert systematics(tmp_path, config).observed() == {"scale": 0.02}
    config["nuisances"]["yield"] = {"sigma": 0.1, "normalization": True, "auxiliary": "log_normal"}
    config["data"]["auxiliaries"] = {"yield": -1.5}
    with pytest.raises(InputError, match=r"data\.auxiliaries\.yield: the log_normal .* must be above -1"):
        systematics(tmp_path, config).observed()


def test_data_at_other_nuisances(tmp_path: Path, config: dict[str, Any]) -> None:
    made = {"function": BACKGROUND, "expected_events": 5000, "seed": 1}
    config["data"] = {"generator": made | {"nuisances": {"scale": 0.5}}}
    shifted = read_data(loaded(tmp_path, config))
    config["data"] = {"generator": made}
    central = read_data(loaded(tmp_path, config))
    np.testing.assert_allclose(shifted.events, central.events * np.exp(0.5))


def test_without_responses_the_analysis_has_those_with_formulas(tmp_path: Path, config: dict[str, Any]) -> None:
    made = systematics(tmp_path, config)
    assert made.to_learn == ("scale",)
    assert build_analysis(made.loaded, made.sources, made.nuisances(None)).nuisances.names == ("yield",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"variations": [{"at": {"scale": 0.1}, "files": "none.npz"}]},
            r"a\.yaml:\d+: variations\.0: there is no file",
        ),
        (
            {"features": ["x", "y"], "variations": [{"at": {"scale": 0.1}, "files": "u.npz"}]},
            r"variations\.0: .*no column 'y'",
        ),
        ({"variations": [{"at": {"scale": 0.1}, "weight": "nothing"}]}, r"reference: .*no column 'nothing'"),
    ],
)
def test_variations_that_cannot_be_read(
    tmp_path: Path, config: dict[str, Any], change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        _ = systematics(tmp_path, config | change).variations


def test_what_responses_depend_on(tmp_path: Path, config: dict[str, Any]) -> None:
    config["variations"] = [
        {"at": {"scale": 0.1}, "files": "u.npz"},
        {"at": {"scale": 0.1}, "weight": "up"},
        {"at": {"scale": 0.2}, "transformed": True},
    ]
    before = systematics(tmp_path, config).described()
    assert list(before["variations"]) == ["scale = 0.1", "scale = 0.1 (2)", "scale = 0.2"]
    config["nuisances"]["scale"]["center"] = 0.3
    config["responses"] = {"accept_poor": True}
    assert systematics(tmp_path, config).described() == before
    rng = np.random.default_rng(5)
    np.savez(tmp_path / "u.npz", x=rng.exponential(size=300), w=np.full(300, 0.8))
    after = systematics(tmp_path, config).described()
    changed = [name for name in before["variations"] if before["variations"][name] != after["variations"][name]]
    assert changed == ["scale = 0.1"]


def test_what_responses_are_learned_with_is_looked_at(tmp_path: Path, config: dict[str, Any]) -> None:
    assert systematics(tmp_path, config).function_values() == {}
    generated = {"at": {"scale": -0.1}, "generator": {"function": GENERATOR, "n_events": 50}}
    config["variations"] += [{"at": {"scale": 0.2}, "transformed": True}, generated]
    found = systematics(tmp_path, config).function_values()
    assert sorted(found) == ["the transform of scale (column x)", f"{GENERATOR} (feature 1)"]
