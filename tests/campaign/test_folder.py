import json
import shutil
import sys

import numpy as np
import pytest

from wilks.campaign import FolderStore, Ledger, plan_toys, stored_toys
from wilks.campaign.shard import run_stored_shard
from wilks.campaign.table import table_of
from wilks.documents import sealed
from wilks.errors import InputError, StoreError
from wilks.hypotheses import Alternative, Generator, Null
from wilks.samples import Sample

SIGNAL = Sample(np.linspace(5.0, 6.0, 50))


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def store(tmp_path, analysis) -> FolderStore:
    return FolderStore(tmp_path / "toys", analysis=analysis, hypothesis=Null(), seed=1)


def test_a_new_folder_says_whose_toys_it_holds(store, analysis) -> None:
    plan = json.loads((store.folder / "campaign.json").read_text())
    assert plan["fingerprint"] == analysis.fingerprint()
    assert plan["hypothesis"] == {"hypothesis": "null", "n_events": None}
    assert plan["seed"] == 1
    assert plan["extents"] == [] and plan["keep_params"] is True and plan["versions"].keys() >= {"wilks", "jax"}
    names = sorted(path.name for path in store.folder.iterdir())
    assert names == ["analysis", "campaign.json", "damaged", "failed", "hypothesis", "progress", "shards"]


@pytest.mark.parametrize(
    "hypothesis",
    [
        Null(n_events=5),
        Alternative(signal=SIGNAL, n_signal=10),
        Alternative(source=Generator("numpy:zeros", version="3"), expected_events=80),
    ],
)
def test_a_store_opens_with_all_that_its_toys_need(tmp_path, analysis, hypothesis) -> None:
    FolderStore(tmp_path / "toys", analysis=analysis, hypothesis=hypothesis, seed=2**60)
    back = FolderStore.open(tmp_path / "toys")
    assert back.analysis.fingerprint() == analysis.fingerprint()
    assert back.hypothesis.to_dict() == hypothesis.to_dict()
    assert back.seed == 2**60


def test_another_analysis_is_refused_by_name(store, make_row, make_analysis, tmp_path) -> None:
    store.write([make_row(0)])
    before = contents(store.folder)
    others = {
        "seed": {"seed": 2},
        "hypothesis.n_events": {"hypothesis": Null(n_events=5)},
        "hypothesis.hypothesis, hypothesis.n_signal, hypothesis.signal": {
            "hypothesis": Alternative(signal=SIGNAL, n_signal=10)
        },
        "analysis.toy_source.generator": {"analysis": make_analysis(Generator("campaign_generators:noisy"))},
        "analysis.toy_source.version, seed": {
            "analysis": make_analysis(Generator("campaign_generators:gated", version="2")),
            "seed": 2,
        },
    }
    for names, change in others.items():
        settings = {"analysis": store.analysis, "hypothesis": Null(), "seed": 1, **change}
        with pytest.raises(StoreError) as caught:
            FolderStore(store.folder, **settings)
        assert f": {names} differ;" in str(caught.value)
        assert "nothing was overwritten" in str(caught.value)
        with pytest.raises(StoreError, match="differ"):
            stored_toys(store.folder, **settings)
    assert contents(store.folder) == before


def test_a_folder_of_other_things_is_refused(tmp_path, analysis) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("")
    (tmp_path / "file").write_text("")
    for name in ("letters", "file"):
        with pytest.raises(StoreError, match="holds other things"):
            FolderStore(tmp_path / name, analysis=analysis, hypothesis=Null(), seed=1)
    with pytest.raises(StoreError, match="cannot be written"):
        FolderStore(tmp_path / "file" / "below", analysis=analysis, hypothesis=Null(), seed=1)


@pytest.mark.parametrize("last_step", ["hypothesis", "analysis", "plan"])
def test_a_beginning_that_was_interrupted_is_taken_up(tmp_path, analysis, last_step) -> None:
    hypothesis, folder = Alternative(signal=SIGNAL, n_signal=10), tmp_path / "toys"
    FolderStore(folder, analysis=analysis, hypothesis=hypothesis, seed=1)
    (folder / "campaign.json").replace(folder / "progress" / ".campaign.json.12.partial")
    if last_step != "plan":
        (folder / "analysis" / "analysis.json").unlink()
    if last_step == "hypothesis":
        shutil.rmtree(folder / "analysis")
        (folder / "hypothesis" / "hypothesis.json").unlink()
    FolderStore(folder, analysis=analysis, hypothesis=hypothesis, seed=1)
    assert FolderStore.open(folder).hypothesis.to_dict() == hypothesis.to_dict()


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("seed",), "x"),
        (("schema_version",), 99),
        (("hypothesis",), {}),
        (("hypothesis",), []),
        (("analysis", "expected_events"), 1.0),
        (("extents",), None),
        (("extents",), [[0, 1]]),
        (("extents",), [[5, -1]]),
        (("extents",), [[5]]),
        (("extents",), [["5", 1]]),
    ],
)
def test_a_changed_plan_is_refused(store, keys, value) -> None:
    path = store.folder / "campaign.json"
    plan = json.loads(path.read_text())
    (plan if len(keys) == 1 else plan[keys[0]])[keys[-1]] = value
    path.write_text(json.dumps(plan))
    with pytest.raises(StoreError, match=r"campaign\.json must hold what was written.*its digest does not fit"):
        FolderStore.open(store.folder)
    path.write_text(json.dumps(sealed(plan)))  # as another version of wilks may have written it
    with pytest.raises(StoreError):
        FolderStore.open(store.folder)


def _reads_the_same(text: str, other: str) -> bool:
    try:
        return json.loads(text) == json.loads(other)
    except ValueError:  # 012 is no number
        return False


def test_every_changed_digit_of_a_plan_is_found(store) -> None:
    store.ledger.extend(120, shard_size=40)
    path = store.folder / "campaign.json"
    text = path.read_text()
    places = [k for k, letter in enumerate(text) if letter.isdigit()]
    assert len(places) > 100
    for k in places:
        changed = f"{text[:k]}{(int(text[k]) + 1) % 10}{text[k + 1 :]}"
        if _reads_the_same(changed, text):  # beyond the digits of a float64
            continue
        path.write_text(changed)
        with pytest.raises(StoreError, match=r"campaign\.json must"):
            Ledger.open(store.folder)
    path.write_text(text)
    assert Ledger.open(store.folder).plan == store.ledger.plan


def test_a_plan_without_a_digest_is_refused_with_what_to_do(store) -> None:
    path = store.folder / "campaign.json"
    plan = json.loads(path.read_text())
    del plan["digest"]
    path.write_text(json.dumps(plan))
    with pytest.raises(StoreError, match=r"must carry the digest.*delete campaign\.json alone and plan the same toys"):
        Ledger.open(store.folder)


def test_the_advice_for_a_damaged_plan_keeps_every_toy(tmp_path, analysis, make_row) -> None:
    folder, own = tmp_path / "toys", {"analysis": analysis, "hypothesis": Null(), "seed": 1}
    ledger = plan_toys(analysis, Null(), n_toys=4, seed=1, folder=folder, shard_size=2)
    ledger.finish(ledger.plan.shard(1), [table_of([make_row(2), make_row(3)])])
    ledger.write([make_row(0)])
    before = stored_toys(folder, **own)
    path = folder / "campaign.json"
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(StoreError, match=r"campaign\.json must hold what was written"):
        plan_toys(analysis, Null(), n_toys=4, seed=1, folder=folder, shard_size=2)
    path.unlink()
    plan_toys(analysis, Null(), n_toys=4, seed=1, folder=folder, shard_size=2)
    assert repr(stored_toys(folder, **own).rows) == repr(before.rows)  # NaN among them
    assert before.index.tolist() == [0, 2, 3] and not Ledger.open(folder).damaged_paths()


def test_module_folders_stand_under_the_digest(store, tmp_path) -> None:
    path = store.folder / "campaign.json"
    plan = json.loads(path.read_text())
    assert plan["module_folders"]
    path.write_text(json.dumps(plan | {"module_folders": [str(tmp_path)]}))
    with pytest.raises(StoreError, match=r"campaign\.json must hold what was written"):
        run_stored_shard(str(store.folder), 0)
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "{"])
def test_a_plan_that_is_none_is_refused(store, text) -> None:
    (store.folder / "campaign.json").write_text(text)
    for verb in (FolderStore.open, lambda x: stored_toys(x, analysis=store.analysis, hypothesis=Null(), seed=1)):
        with pytest.raises(StoreError, match=r"campaign\.json must .*delete campaign\.json alone"):
            verb(store.folder)


def test_an_empty_folder_holds_no_store(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(
            StoreError, match=r"must hold a plan of toys, but .*campaign\.json is not there; `wilks toys"
        ):
            FolderStore.open(folder)


def test_a_plan_that_cannot_be_opened_now_is_not_called_damaged(tmp_path) -> None:
    (tmp_path / "campaign.json").mkdir()
    with pytest.raises(StoreError, match=r"cannot be read \(Is a directory\)$"):
        Ledger.open(tmp_path)


def test_a_hypothesis_whose_samples_were_changed_is_refused(tmp_path, analysis) -> None:
    folder = tmp_path / "toys"
    FolderStore(folder, analysis=analysis, hypothesis=Alternative(signal=SIGNAL, n_signal=10), seed=1)
    (path,) = (folder / "hypothesis").glob("*.npz")
    arrays = dict(np.load(path))
    np.savez(path, **{name: values + 1.0 for name, values in arrays.items()})
    with pytest.raises(StoreError, match=r"hypothesis-\w+\.npz must hold what was saved there"):
        FolderStore.open(folder)
    path.unlink()
    with pytest.raises(StoreError, match=r"hypothesis-\w+\.npz"):
        FolderStore.open(folder)


def test_a_generator_that_is_gone_is_said(tmp_path, analysis, monkeypatch) -> None:
    (tmp_path / "passing_generators.py").write_text("def draw(rng, n, nuisances):\n    return rng.random(n)\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        hypothesis = Alternative(source=Generator("passing_generators:draw"), expected_events=5)
    FolderStore(tmp_path / "toys", analysis=analysis, hypothesis=hypothesis, seed=1)
    monkeypatch.delitem(__import__("sys").modules, "passing_generators")
    with pytest.raises(InputError, match="'passing_generators:draw' must be importable"):
        FolderStore.open(tmp_path / "toys")


def test_reading_makes_no_folder(tmp_path, analysis) -> None:
    toys = stored_toys(tmp_path / "nowhere", analysis=analysis, hypothesis=Null(), seed=1)
    assert toys.n_toys == 0 and not (tmp_path / "nowhere").exists()
