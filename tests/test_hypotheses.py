import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.documents import canonical_json
from wilks.errors import InputError
from wilks.hypotheses import (
    Alternative,
    Generator,
    Null,
    as_source,
    hypothesis_from_dict,
    whole_number,
)
from wilks.problems import exponential
from wilks.samples import Sample

ZEROS = Generator("numpy:zeros")
SIGNAL = Sample([1.0, 2.0])


@pytest.mark.parametrize(
    "hypothesis",
    [
        Null(),
        Null(n_events=7),
        Alternative(signal=ZEROS, n_signal=10),
        Alternative(signal=SIGNAL, n_signal=0.5),
        Alternative(source=Generator("numpy:zeros", version="2"), expected_events=80),
        Alternative(source=SIGNAL, expected_events=80),
    ],
)
def test_a_hypothesis_comes_back_from_its_dictionary(hypothesis) -> None:
    document = json.loads(canonical_json(hypothesis.to_dict()))
    samples = {role: x for role, x in hypothesis.sources.items() if isinstance(x, Sample)}
    back = hypothesis_from_dict(document, samples)
    assert type(back) is type(hypothesis)
    assert back.to_dict() == hypothesis.to_dict()
    assert back.describe() == hypothesis.describe()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Null(n_events=5), Null(n_events=np.int64(5))),
        (Null(n_events=5), Null(n_events=5.0)),
        (Alternative(signal=ZEROS, n_signal=10), Alternative(signal=ZEROS, n_signal=10.0)),
        (Alternative(signal=ZEROS, n_signal=10), Alternative(signal=ZEROS, n_signal=np.int32(10))),
        (Alternative(source=ZEROS, expected_events=10), Alternative(source=ZEROS, expected_events=np.float32(10))),
    ],
)
def test_equal_numbers_of_any_type_are_one_hypothesis(one, other) -> None:
    assert canonical_json(one.to_dict()) == canonical_json(other.to_dict())


def test_different_hypotheses_have_different_texts() -> None:
    hypotheses = [
        *(Null(), Null(n_events=5), Null(n_events=6)),
        *(Alternative(signal=ZEROS, n_signal=n) for n in (5, 6)),
        Alternative(signal=Generator("numpy:ones"), n_signal=5),
        Alternative(signal=Generator("numpy:zeros", version="2"), n_signal=5),
        Alternative(source=ZEROS, expected_events=5),
        Alternative(signal=SIGNAL, n_signal=5),
        Alternative(signal=SIGNAL.take([0]), n_signal=5),
    ]
    assert len({canonical_json(x.to_dict()) for x in hypotheses}) == len(hypotheses)


def test_the_text_of_a_hypothesis() -> None:
    assert Null(n_events=5).describe() == "Null(n_events=5)"
    assert Alternative(signal=SIGNAL, n_signal=2).describe() == "Alternative(signal=sample of 2 events, n_signal=2)"
    assert (
        Alternative(source=ZEROS, expected_events=1800.5).describe()
        == "Alternative(source=numpy:zeros, expected_events=1800.5)"
    )


@pytest.mark.parametrize("n_events", [0, -1, 1.5, True, "5", np.nan, np.inf])
def test_a_fixed_number_of_events_is_a_positive_whole_number(n_events) -> None:
    with pytest.raises(InputError, match="n_events must be a whole number of at least 1"):
        Null(n_events=n_events)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"signal": ZEROS},
        {"n_signal": 5},
        {"source": ZEROS},
        {"signal": ZEROS, "expected_events": 5},
        {"signal": ZEROS, "n_signal": 5, "expected_events": 5},
        {"signal": ZEROS, "n_signal": 5, "source": ZEROS},
    ],
)
def test_an_alternative_adds_or_replaces(arguments) -> None:
    with pytest.raises(InputError, match="either signal and n_signal, or source and expected_events") as caught:
        Alternative(**arguments)
    assert str(list(arguments)) in str(caught.value) or len(arguments) > 2


@pytest.mark.parametrize("mean", [-1, np.nan, np.inf, "5", True])
def test_a_mean_is_finite_and_not_negative(mean) -> None:
    with pytest.raises(InputError, match="n_signal must be a finite number that is not negative"):
        Alternative(signal=ZEROS, n_signal=mean)


@given(st.integers(0, 2**70))
def test_whole_numbers_come_back_exactly(number) -> None:
    result = whole_number(number, name="seed", least=0)
    assert result == number and type(result) is int


def test_a_generator_is_named_by_its_function() -> None:
    by_name = Generator("wilks.problems.exponential:background")
    by_function = Generator(exponential.background)
    assert by_name.to_dict() == by_function.to_dict() == {"generator": by_name.name, "version": "1"}
    assert by_name.is_portable and by_function.is_portable
    events = [x.draw(np.random.default_rng(1), 3, n_features=1) for x in (by_name, by_function)]
    np.testing.assert_array_equal(*events)


def test_only_functions_that_others_can_import_are_portable(monkeypatch) -> None:
    def nested(rng, n, nuisances):
        return rng.random(n)

    assert not Generator(lambda rng, n, nuisances: rng.random(n)).is_portable
    assert not Generator(nested).is_portable
    assert not Generator("__main__:__name__.upper").is_portable
    monkeypatch.setattr(nested, "__module__", "__main__")
    assert not Generator(nested).is_portable


def test_the_generator_gets_a_copy_of_the_nuisances() -> None:
    nuisances = {"scale": 0.1}

    def greedy(rng, n, nuisances):
        nuisances["scale"] = 5.0
        return np.zeros(n)

    Generator(greedy).draw(np.random.default_rng(0), 1, n_features=1, nuisances=nuisances)
    assert nuisances == {"scale": 0.1}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("numpy", "named 'module:function'"),
        (":zeros", "named 'module:function'"),
        ("no_such_module:draw", "must be importable, but ModuleNotFoundError.*PYTHONPATH"),
        ("numpy:no_such_function", "must be importable, but AttributeError"),
        ("numpy:pi", "must be a function, but it is a float"),
        (5, "must be a function or 'module:name', but 5 came"),
    ],
)
def test_a_generator_that_cannot_be_found_is_refused(function, message) -> None:
    with pytest.raises(InputError, match=message):
        Generator(function)


def test_a_module_that_breaks_on_import_is_the_inputs_fault(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken_toy_module.py").write_text("def draw(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="must be importable, but SyntaxError"):
        Generator("broken_toy_module:draw")


def test_sources_are_samples_or_generators() -> None:
    assert as_source(None) is None
    assert as_source(SIGNAL) is SIGNAL
    assert as_source(ZEROS) is ZEROS
    source = as_source(exponential.background)
    assert isinstance(source, Generator) and source.name == "wilks.problems.exponential:background"
