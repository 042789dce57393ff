"""What the pages take for granted: samples, an analysis, toys, and files of the names that they use; all small."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import uproot

import wilks
from wilks.campaign import toys_here

Names = dict[str, Any]
N_REFERENCE, N_POOL, N_DATA = 400, 1_200, 60


def columns(n: int, *, seed: int) -> dict[str, np.ndarray]:
    """Momenta, angles, and the mass that `where` and `carry` of the pages ask for."""
    rng = np.random.default_rng(seed)
    return {
        "pt": 20 + rng.exponential(20, n),
        "eta": rng.normal(0, 1.2, n),
        "mll": 60 + rng.exponential(60, n),
    }


def sample(n: int, *, seed: int, features: tuple[str, ...] = ("pt", "eta")) -> wilks.Sample:
    made = columns(n, seed=seed)
    extras = {name: values for name, values in made.items() if name not in features}
    return wilks.Sample(np.column_stack([made[name] for name in features]), features=features, extras=extras)


def analysis_of(**changes: Any) -> wilks.Analysis:
    model = changes.pop("model", wilks.Kernel(n_centers=10, width=1.0, is_score=True))
    features = changes.pop("features", ("pt", "eta"))
    reference, pool = (sample(n, seed=n, features=features) for n in (N_REFERENCE, N_POOL))
    return wilks.Analysis(reference=reference, toy_source=pool, expected_events=N_DATA, model=model, **changes)


def plain() -> Names:
    """An analysis of one kernel, its data and its answer."""
    analysis, data = analysis_of(), sample(N_DATA, seed=3)
    toys = toys_here(analysis, wilks.Null(), n_toys=20, seed=1)
    calibration = wilks.calibrate(toys)
    return {
        **{"wilks": wilks, "analysis": analysis, "reference": analysis.reference, "pool": analysis.nominal_pool},
        **{"data": data, "toys": toys, "calibration": calibration, "batch": sample(250, seed=5)},
        **{"result": wilks.goodness_of_fit(analysis, data, calibration=calibration), "signal": sample(30, seed=4)},
        **{"a": sample(40, seed=6), "b": sample(30, seed=7)},
    }


def stored() -> Names:
    """With what a run leaves in the folder ``results``."""
    names = plain()
    for name, part in {"analysis": "analysis", "result": "test/answer", "data": "test/data"}.items():
        names[name].save(Path("results") / part)
    return names


def mass() -> Names:
    """With the mass as its feature."""
    reference, pool, data, zprime = (
        sample(n, seed=k, features=("mll",)) for k, n in enumerate((N_REFERENCE, N_POOL, N_DATA, 100))
    )
    return plain() | {
        **{"analysis": analysis_of(features=("mll",)), "zprime": zprime, "data": data},
        **{"reference": reference.rescaled(N_DATA), "pool": pool, "density_ratio": lambda events: np.ones(len(events))},
    }


def _scaled(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> np.ndarray:
    return rng.exponential(np.exp(nuisances.get("scale", 0.0)), size=(n, 1))


def nuisances() -> Names:
    """With samples of the reference at other scales of one feature."""
    x = np.random.default_rng(1).exponential(size=N_REFERENCE)
    samples = {nu: wilks.Sample(x * np.exp(nu), features=["x"]) for nu in (0.0, -0.04, -0.02, 0.02, 0.04)}
    rng = np.random.default_rng(2)
    return plain() | {
        **{"reference": samples.pop(0.0), "samples": samples},
        **{"pool": wilks.Sample(rng.exponential(size=N_POOL), features=["x"])},
        **{"generator": wilks.Generator(_scaled)},
        **{"data": wilks.Sample(rng.exponential(size=N_REFERENCE), features=["x"])},
    }


def regions() -> Names:
    """Samples of two regions and their nuisances; a formula in a module of the user."""
    module = ModuleType("mymodule")
    exec("def turn_on(events, nu):\n    return nu * events[:, 0] / 100", vars(module))
    sys.modules["mymodule"] = module
    made = {
        name: sample(N_REFERENCE, seed=k).rescaled(N_DATA)
        for k, name in enumerate(("mc_signal", "mc_control", "pooled"))
    }
    pools = {
        f"pool_{name}": sample(N_REFERENCE, seed=10 + k) for k, name in enumerate(("signal", "control", "e", "mu"))
    }
    events = {f"events_{name}": sample(N_DATA, seed=20 + k) for k, name in enumerate(("signal", "control"))}
    three = {name: wilks.normalization(name, sigma=0.1) for name in ("scale", "luminosity", "fakes")}
    return {"wilks": wilks, "model": wilks.Histogram(n_bins=4), **made, **pools, **events, **three}


def tables() -> Names:
    """Frames, and an analysis of the columns that the page names."""
    return plain() | {
        **{"uproot": uproot, "pd": pd, "frame": pd.DataFrame({**columns(400, seed=1), "weight": np.ones(400)})},
        **{"pool_frame": pd.DataFrame(columns(N_POOL, seed=2)), "data_frame": pd.DataFrame(columns(60, seed=3))},
    }


def write_root(path: Path, tree: str, columns: dict[str, np.ndarray]) -> None:
    with uproot.recreate(path) as file:
        file[tree] = columns


def muons(n: int, *, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    momenta = {name: 25 + rng.exponential(20, n) for name in ("pt1", "pt2")}
    return {**columns(n, seed=seed), **momenta, **{one: rng.normal(size=n) for one in ("eta1", "eta2", "delta_phi")}}


def write_files(folder: Path) -> None:
    """The samples whose names the pages use."""
    (folder / "reference").mkdir()
    write_root(folder / "reference.root", "events", muons(N_POOL, seed=1))
    write_root(folder / "f.root", "Events", columns(N_REFERENCE, seed=1))
    with uproot.recreate(folder / "data.root") as file:
        file["events"] = muons(N_DATA, seed=2)
        file["Events"] = columns(N_DATA, seed=2)
    frame = pd.DataFrame(columns(N_REFERENCE, seed=1))
    frame.to_parquet(folder / "reference1.parquet")
    frame.assign(phi=frame["mll"] % 3, w=1.0).to_parquet(folder / "reference" / "a.parquet")
