"""What functions of the user do is kept beside what was made with them, and compared to six digits."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import FolderStore, plan_toys, stored_toys
from wilks.campaign.merge import merge_toys
from wilks.errors import StoreError
from wilks.hypotheses import Alternative, Generator, Null
from wilks.nuisances import Nuisance, Unselected, behavior
from wilks.samples import Sample
from wilks.statistics.histogram import Histogram
from wilks.storage import read_document, write_document

EXPONENTIAL = "wilks.problems.exponential"
RNG = np.random.default_rng(0)
REFERENCE, POOL = (Sample(RNG.exponential(size=n), features=("x",)) for n in (400, 900))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write the module ``users`` anew; its functions are those of nothing that was made before."""

    def write(factor: float = 1.0) -> None:
        module = ModuleType("users")
        functions: dict[str, Callable[..., Any]] = {
            "lr": lambda events, nu: factor * nu * events[:, 0],
            "draw": lambda rng, n, nuisances: factor * (1 + nuisances.get("tilt", 0.0)) * rng.exponential(size=n),
            "ratio": lambda nuisances: 1.0 + factor * nuisances.get("tilt", 0.0),
            "move": lambda columns, nu: {"x": columns["x"] * (1.0 + factor * nu)},
        }
        for name, function in functions.items():
            function.__module__, function.__qualname__ = "users", name
            setattr(module, name, function)
        monkeypatch.setitem(sys.modules, "users", module)

    write()
    return write


def tilted(**options: Any) -> Analysis:
    return Analysis(reference=REFERENCE, model=Histogram(n_bins=4), expected_events=100, **options)


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "log r of tilt": lambda: {"nuisances": [Nuisance("tilt", 0.1, log_ratio="users:lr")], "toy_source": POOL},
    "users:draw (feature 1)": lambda: {"toy_source": Generator("users:draw")},
    "the yield_ratio of users:draw": lambda: {
        "nuisances": [Nuisance("tilt", 0.1, log_ratio="wilks.nuisances.nuisance:yield_log_ratio")],
        "toy_source": Generator("users:draw", yield_ratio="users:ratio"),
    },
    "the transform of tilt (column x)": lambda: {
        "nuisances": [
            Nuisance("tilt", 0.1, log_ratio="wilks.problems.exponential:scale_log_ratio", transform="users:move")
        ],
        "toy_source": Unselected(POOL, where="x > 0.3"),
    },
}


@pytest.mark.parametrize("what", list(KINDS))
def test_a_function_that_was_changed_is_named(what, written, tmp_path) -> None:
    before = tilted(**KINDS[what]())
    before.save(tmp_path / "analysis")
    plan_toys(before, Null(), n_toys=4, seed=1, folder=tmp_path / "toys")
    written(1.0 + 1e-9)  # the last digits of another machine
    again = tilted(**KINDS[what]())
    again.save(tmp_path / "analysis")
    assert Analysis.load(tmp_path / "analysis").fingerprint() == before.fingerprint()
    assert stored_toys(tmp_path / "toys", analysis=again, hypothesis=Null(), seed=1).n_toys == 0
    written(1.001)
    changed = tilted(**KINDS[what]())
    assert changed.fingerprint() == before.fingerprint()
    for use in (
        lambda: changed.save(tmp_path / "analysis"),
        lambda: Analysis.load(tmp_path / "analysis"),
        lambda: FolderStore(tmp_path / "toys", analysis=changed, hypothesis=Null(), seed=1),
        lambda: FolderStore.open(tmp_path / "toys"),
    ):
        with pytest.raises(StoreError, match="other values than then come from") as caught:
            use()
        assert what in str(caught.value) and str(tmp_path) in str(caught.value)


def test_toys_of_a_signal_that_was_changed_are_not_taken(written, tmp_path) -> None:
    analysis, signal = tilted(toy_source=POOL), Alternative(signal=Generator("users:draw"), n_signal=5)
    ledger = plan_toys(analysis, signal, n_toys=4, seed=1, folder=tmp_path / "here")
    written(2.0)
    changed = Alternative(signal=Generator("users:draw"), n_signal=5)
    with pytest.raises(StoreError, match=r"users:draw \(feature 1\)"):
        stored_toys(tmp_path / "here", analysis=analysis, hypothesis=changed, seed=1)
    other = plan_toys(analysis, changed, n_toys=4, seed=1, folder=tmp_path / "there")
    with pytest.raises(StoreError, match="a function was changed between the two"):
        merge_toys(ledger, tmp_path / "toys.parquet", others=[other], is_partial=True)


def test_what_was_stored_without_values_is_taken_as_it_is(written, tmp_path) -> None:
    analysis = tilted(toy_source=Generator("users:draw"))
    plan_toys(analysis, Null(), n_toys=4, seed=1, folder=tmp_path)
    plan = read_document(tmp_path / "campaign.json", what="a plan")
    assert plan.pop("functions")
    write_document(tmp_path / "campaign.json", plan)
    assert stored_toys(tmp_path, analysis=analysis, hypothesis=Null(), seed=1).n_toys == 0


def test_an_analysis_without_functions_says_nothing_of_them(tmp_path) -> None:
    analysis = tilted(toy_source=POOL, nuisances=[])
    assert analysis.function_values == {} and "functions" not in analysis.to_document()


def test_what_functions_refuse_has_no_values(written) -> None:
    assert behavior.generator_values(Generator("math:exp"), n_features=1) == {}
    picky = Generator("users:draw", yield_ratio=lambda nuisances: {"tilt": 1.0}[next(iter(nuisances))])
    assert list(behavior.generator_values(picky, n_features=1, nu={"tilt": 1.0}).values())[1] == [1.0]
    nowhere = Nuisance("tilt", 0.1, log_ratio="math:exp", transform=lambda columns, nu: {"x": columns["y"]})
    assert behavior.moved_values([nowhere], POOL) == {}
    with pytest.raises(StoreError, match=r"come from f\. Undo"):
        behavior.require_same_functions({"f": [1.0]}, {}, place="it")
