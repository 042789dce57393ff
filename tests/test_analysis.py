import dataclasses
import json

import jax
import numpy as np
import pytest

from wilks.analysis import Analysis, require_float64
from wilks.documents import differences
from wilks.errors import InputError, SampleError, StoreError
from wilks.hypotheses import Generator
from wilks.nuisances import Nuisance
from wilks.problems import exponential
from wilks.samples import Origin, Sample, Standardization, split
from wilks.search import Search
from wilks.statistics.network import MLP
from wilks.storage import load, write_document

RNG = np.random.default_rng(0)
EVENTS = RNG.exponential(size=(500, 2))
REFERENCE = Sample(EVENTS, features=("a", "b"), extras={"m": RNG.random(500)})
POOL = Sample(RNG.exponential(size=(400, 2)), RNG.uniform(0.5, 1.5, size=400), features=("a", "b"))
BACKGROUND = Generator("wilks.problems.exponential:background")


def make(**changes) -> Analysis:
    return Analysis(**{"reference": REFERENCE, "model": MLP((2,), 3.0), "expected_events": 50, **changes})


def with_weight(sample: Sample, index: int, weight: float) -> Sample:
    weights = sample.event_weights.copy()
    weights[index] = weight
    return dataclasses.replace(sample, event_weights=weights)


def with_origin(expected_events: float | None) -> Sample:
    origin = Origin(("a.root",), None, "a > 0", {"b": "-log(u)"}, None, 500, 500, expected_events)
    sample = dataclasses.replace(REFERENCE, origin=origin)
    return sample if expected_events is None else sample.rescaled(expected_events)


def test_what_an_analysis_says() -> None:
    analysis = make(name="a name")
    assert analysis.features == ("a", "b")
    assert analysis.expected_events == pytest.approx(50, rel=1e-14)
    assert analysis.n_parameters == 9
    assert analysis.search == Search()
    assert (len(analysis.nuisances), analysis.toy_source, analysis.name) == (0, None, "a name")
    assert make(expected_events=None).expected_events == 500


CHANGES = {
    "nothing": {},
    "reference event": {"reference": Sample(np.nextafter(EVENTS, 9.0), features=("a", "b"))},
    "reference weight": {"reference": with_weight(REFERENCE, 3, 1.001)},
    "feature name": {"reference": Sample(EVENTS, features=("a", "c"))},
    "order of events": {"reference": Sample(EVENTS[::-1], features=("a", "b"))},
    "expected events": {"expected_events": 51},
    "hidden": {"model": MLP((3,), 3.0)},
    "clip": {"model": MLP((2,), 3.1)},
    "starts": {"search": Search(n_starts=5)},
    "search seed": {"search": Search(seed=1)},
    "tolerance": {"search": Search(kkt_tolerance=1e-4)},
    "no standardization": {"standardize": False},
    "own standardization": {"standardize": Standardization(np.zeros(2), np.full(2, 2.0))},
    "generator": {"toy_source": BACKGROUND},
    "generator version": {"toy_source": Generator(BACKGROUND.name, version="2")},
    "another generator": {"toy_source": Generator("numpy:zeros")},
    "pool": {"toy_source": POOL},
    "pool weight": {"toy_source": with_weight(POOL, 0, 2.0)},
    "part of the pool": {"toy_source": POOL.take(np.arange(399))},
}


def test_everything_that_defines_t_changes_the_fingerprint() -> None:
    fingerprints = {name: make(**change).fingerprint() for name, change in CHANGES.items()}
    assert len(set(fingerprints.values())) == len(CHANGES)
    assert all(len(x) == 64 for x in fingerprints.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"reference": Sample(EVENTS, features=("a", "b"))},
        {"reference": with_origin(None)},
        {"reference": REFERENCE.rescaled(50), "expected_events": None},
        {"search": Search()},
        {"toy_source": None},
    ],
)
def test_what_does_not_define_t_leaves_the_fingerprint(changes) -> None:
    assert make(**changes).fingerprint() == make().fingerprint()


def test_a_function_and_its_name_are_one_source() -> None:
    assert make(toy_source=exponential.background).fingerprint() == make(toy_source=BACKGROUND).fingerprint()


def test_two_lambdas_are_two_sources() -> None:
    first, second = (make(toy_source=lambda rng, n, nuisances, k=k: k * rng.random((n, 2))) for k in (1, 2))
    assert first.fingerprint() != second.fingerprint() == second.fingerprint()


@pytest.mark.parametrize("repeats", [2, 10])
def test_a_pool_that_repeats_its_events_is_refused(repeats) -> None:
    fresh = np.random.default_rng(9).random((400, 2))
    with pytest.raises(InputError, match="must hold each event once, but"):
        make(toy_source=Sample(np.repeat(fresh, repeats, axis=0), features=("a", "b")))


@pytest.mark.parametrize("repeats", [1, 10])
def test_a_pool_that_repeats_the_reference_is_refused(repeats) -> None:
    with pytest.raises(InputError, match="must share no event with the reference"):
        make(toy_source=Sample(np.repeat(EVENTS[:400], repeats, axis=0), features=("a", "b")))


@pytest.mark.parametrize("changes", [{"standardize": "no"}, {"search": {"n_starts": 3}}, {"expected_events": True}])
def test_options_of_another_kind_are_refused(changes) -> None:
    with pytest.raises(InputError):
        make(**changes)


def test_extreme_values_need_no_standard_deviation_where_none_is_used() -> None:
    reference = Sample([1.0, 2.0, 1e200], features=("a",))
    assert Analysis(reference=reference, model=MLP((1,)), standardize=False).features == ("a",)


@pytest.mark.parametrize("toy_source", [None, BACKGROUND, POOL])
@pytest.mark.parametrize("standardize", [True, False])
def test_a_saved_analysis_comes_back(tmp_path, toy_source, standardize) -> None:
    search = Search(n_starts=4, seed=2)
    analysis = make(toy_source=toy_source, standardize=standardize, search=search, name="n", reference=with_origin(50))
    analysis.save(tmp_path / "deep" / "folder")
    back = Analysis.load(tmp_path / "deep" / "folder")
    assert back.fingerprint() == analysis.fingerprint()
    assert back.describe() == analysis.describe()
    assert (back.name, back.model, back.search) == (analysis.name, analysis.model, analysis.search)
    assert back.reference.digest() == analysis.reference.digest()
    assert back.reference.origin == analysis.reference.origin
    params = np.linspace(-1, 1, analysis.n_parameters)
    np.testing.assert_array_equal(back.log_ratio(EVENTS[:9], params), analysis.log_ratio(EVENTS[:9], params))


def test_saving_twice_changes_nothing(tmp_path) -> None:
    make().save(tmp_path)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}
    make().save(tmp_path)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()} == before
    assert sorted(name[:9] for name in before) == ["analysis-", "analysis."]


def test_another_analysis_is_not_overwritten(tmp_path) -> None:
    make().save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StoreError, match=r"holds another one \(model.weight_clip, search.seed differ\)"):
        make(model=MLP((2,), 3.1), search=Search(seed=1)).save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be saved"):
        make().save(tmp_path / "file")


def test_an_analysis_that_nobody_could_load_is_not_saved(tmp_path) -> None:
    with pytest.raises(StoreError, match="put the function into a module"):
        make(toy_source=lambda rng, n, nuisances: rng.random((n, 2))).save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def edit(path, *keys, value) -> None:
    """Change a value and seal the document anew, as someone with intent could."""
    document = json.loads(path.read_text())
    inner = document["content"]
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    del document["digest"]
    write_document(path, document)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("model", "weight_clip"), 9.0, "another version of wilks"),
        (("search", "seed"), 7, "another version of wilks"),
        (("toy_source",), BACKGROUND.to_dict(), "another version of wilks"),
        (("fingerprint",), "0" * 64, "another version of wilks"),
        (("samples", "reference", "features"), ["a", "c"], "another version of wilks"),
        (("model", "kind"), "unknown", "the kind of a model must be one of"),
        (("model",), None, "cannot be read"),
        (("model", "weight_clip"), -1, "weight_clip"),
        (("search", "effort"), 7, "effort"),
        (("toy_source",), {"generator": "gone:gone", "version": "1"}, "must be importable"),
        (("samples",), [], "cannot be read"),
        (("samples", "reference", "features"), ["a"], "SampleError"),
        (("samples", "reference", "origin"), {"file": "x"}, "cannot be read"),
    ],
)
def test_a_changed_document_is_refused(tmp_path, keys, value, message) -> None:
    make().save(tmp_path)
    edit(tmp_path / "analysis.json", *keys, value=value)
    for read in (Analysis.load, load):
        with pytest.raises(StoreError, match=message) as caught:
            read(tmp_path)
        assert str(tmp_path) in str(caught.value)


def test_a_changed_name_is_refused_too(tmp_path) -> None:
    make(name="Search A").save(tmp_path)
    path = tmp_path / "analysis.json"
    path.write_text(path.read_text().replace("Search A", "Search B"))
    with pytest.raises(StoreError, match=r"analysis\.json must hold what was written"):
        Analysis.load(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.95])
def test_arrays_that_were_cut_short_are_refused(tmp_path, share) -> None:
    make(toy_source=POOL).save(tmp_path)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StoreError, match=r"analysis-\w+\.npz"):
        Analysis.load(tmp_path)


def test_one_changed_bit_of_the_arrays_is_refused(tmp_path) -> None:
    make().save(tmp_path)
    (path,) = tmp_path.glob("*.npz")
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError):
        Analysis.load(tmp_path)


def test_arrays_of_another_analysis_are_refused(tmp_path) -> None:
    make().save(tmp_path / "one")
    make(reference=with_weight(REFERENCE, 0, 2.0)).save(tmp_path / "other")
    (mine,), (theirs,) = ((tmp_path / name).glob("*.npz") for name in ("one", "other"))
    theirs.replace(mine)
    with pytest.raises(StoreError, match="must hold what was saved there"):
        Analysis.load(tmp_path / "one")


def test_an_empty_folder_holds_no_analysis(tmp_path) -> None:
    with pytest.raises(StoreError, match="must hold a saved analysis"):
        Analysis.load(tmp_path / "nowhere")


def test_expected_events_given_twice_must_be_equal() -> None:
    assert make(reference=with_origin(50), expected_events=None).expected_events == pytest.approx(50)
    assert make(reference=with_origin(50), expected_events=50).expected_events == pytest.approx(50)
    with pytest.raises(InputError, match=r"read with expected_events=50, but its weights now sum to 60"):
        make(reference=with_origin(50), expected_events=60)


def test_a_split_reference_says_what_to_give() -> None:
    train, pool = split(with_origin(50), n_first=300, seed=0)
    with pytest.raises(InputError, match=r"wilks\.split.*Analysis\(expected_events=50\)"):
        make(reference=train, toy_source=pool, expected_events=None)
    analysis = make(reference=train, toy_source=pool, expected_events=50)
    assert analysis.expected_events == pytest.approx(50)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nuisances": (1,)}, r"must be wilks\.Nuisance, but 1 came"),
        ({"nuisances": 1}, r"must be a list of wilks\.Nuisance, but 1 came"),
        ({"nuisances": (Nuisance("scale", 0.1),)}, "must have a log_ratio or a learned response"),
        ({"reference": 5}, r"reference must be a wilks\.Sample.*but 5 came"),
        ({"model": "mlp"}, r"such as wilks\.MLP.*str"),
        ({"reference": Sample([1.0]), "expected_events": None}, "at least 2 events"),
        ({"reference": Sample([1.0, 2.0], [1.0, -1.0])}, "positive sum of weights"),
        ({"expected_events": 0}, "expected_events must be a positive number"),
        ({"expected_events": np.nan}, "expected_events must be a positive number"),
        ({"reference": Sample([[1.0, 2.0], [1.0, 3.0]], features=("a", "b"))}, "'?a'?"),
        ({"standardize": Standardization(np.zeros(1), np.ones(1))}, "must have 2 features, but it has 1"),
        ({"toy_source": Sample(EVENTS + 1, features=("b", "a"))}, "features a, b in this order, but it has b, a"),
        ({"toy_source": REFERENCE.take([1, 2, 3])}, r"3 of its 3 events are in both; .*wilks\.split"),
        ({"toy_source": 5}, "must be a function"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_a_constant_feature_is_refused_even_without_standardization() -> None:
    reference = Sample([[1.0, 2.0], [1.0, 3.0]], features=("a", "b"))
    with pytest.raises(SampleError, match="a"):
        make(reference=reference, standardize=False)


def test_negative_reference_weights_are_allowed() -> None:
    analysis = make(reference=with_weight(REFERENCE, 0, -0.5))
    assert analysis.reference.has_negative_weights and analysis.expected_events == pytest.approx(50)


def test_the_error_that_toys_of_one_pool_share() -> None:
    unweighted = Sample(RNG.exponential(size=(1000, 2)), features=("a", "b"))
    fraction, rho = 50 / 1000, 50 / 500
    expected = np.sqrt(fraction**2 + 2 * fraction * rho)
    assert make(toy_source=unweighted).overlap_z_error == pytest.approx(expected)
    assert make().overlap_z_error is None
    assert make(toy_source=BACKGROUND).overlap_z_error is None
    assert (
        make(toy_source=POOL).overlap_z_error
        > make(toy_source=Sample(POOL.events, features=("a", "b"))).overlap_z_error
    )


def test_the_effective_number_counts_equal_weights_fully() -> None:
    assert Sample([1.0, 2.0], [3.0, 3.0]).n_effective == pytest.approx(2.0)
    assert Sample([1.0, 2.0], [1.0, 0.0]).n_effective == pytest.approx(1.0)


def test_the_learned_ratio_takes_raw_events() -> None:
    analysis = make()
    params = np.linspace(-1, 1, analysis.n_parameters)
    standardized = (EVENTS - EVENTS.mean(axis=0)) / EVENTS.std(axis=0)
    np.testing.assert_allclose(
        analysis.log_ratio(EVENTS, params), analysis.model.log_ratio(params, standardized), rtol=1e-12
    )


def test_what_is_costly_is_built_once() -> None:
    analysis = make()
    assert analysis.engine is analysis.engine and analysis.fingerprint() is analysis.fingerprint()
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.name = "other"


def test_switching_float64_off_is_an_error() -> None:
    require_float64()
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(InputError, match="jax_enable_x64"):
            require_float64()
    finally:
        jax.config.update("jax_enable_x64", True)


def test_differences_are_named() -> None:
    assert differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 1}, "c": 2}) == []
    assert differences({"a": {"b": 1}, "c": 2}, {"a": None, "d": 3}) == ["a", "c", "d"]
