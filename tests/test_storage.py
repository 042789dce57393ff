"""Saved results: whole or not at all, equal to the last bit when they come back, refused by name when they changed."""

import contextlib
import dataclasses
import hashlib
import json
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wilks
from wilks import storage
from wilks.documents import joined, sealed, split_arrays
from wilks.errors import StoreError
from wilks.hypotheses import Alternative, Null, ShiftedNuisance
from wilks.laws import AnalyticCurve, calibrate, evaluate, unanswered
from wilks.samples import Origin, Sample
from wilks.statistics.fits import FittedNuisance, MemberFit
from wilks.statistics.linear.score_law import ScoreNull
from wilks.storage import load, save, whole_file, write_document, write_text
from wilks.typing import FitStatus

Make = Callable[..., Any]
SAMPLE = Sample(
    [[1.0, -0.0], [2.0, 1e-300], [3.0, 5.0]],
    [0.1, -0.2, 1e9],
    features=("pt / GeV", "../b"),
    extras={"$array": [7.0, 8.0, 9.0], "a.events": [0.0, 0.0, 1.0]},
    origin=Origin(("a.root", "b.root"), "events", "x > 0", {"x": "-log(u)"}, "w", 9, 3, expected_events=20.0),
)
CHI_SQUARE = ScoreNull(np.ones(2), np.full((2, 2), 0.01), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))


def fits(fit_of: Make) -> dict[str, Any]:
    at = (FittedNuisance("scale", 0.1, 0.02, math.nan, 0.2),)
    members = (MemberFit(0.4, 0.3, 31.0, -5.5), MemberFit(1.0, 0.3, 9.0, -0.9))
    profiled = {"nuisances": at, "delta_nuisances": at, "observed": (0.25,), "began_at_delta": True}
    return {
        "fit": fit_of(12.5, start_gap=math.nan, params=np.array([0.1, -1e-300, 3.0])),
        "fit with nuisances": fit_of(12.5, **profiled),
        "fit of a set": fit_of(12.5, members=members),
        "failed fit": fit_of(math.nan, status=FitStatus.NON_FINITE, start_t=np.array([math.nan, math.inf])),
    }


@pytest.fixture
def results(fit_of: Make, toys_of: Make) -> dict[str, Any]:
    """One of every kind, and what is particular."""
    t = np.append(np.random.default_rng(1).chisquare(13, size=60), np.nan)
    calibration = calibrate(toys_of(t, hypothesis=Null(n_events=2000)))
    every = fits(fit_of)
    return {
        **every,
        "calibration": calibration,
        "bare calibration": calibrate(t),
        "penalized": calibrate(toys_of(t, hypothesis=ShiftedNuisance({"$array": 0.1}), degrees_of_freedom=None)),
        **{f"answer: {name}": calibration.evaluate(fit) for name, fit in every.items()},
        **{f"analytic answer: t {t}": evaluate(fit_of(t), CHI_SQUARE, warnings=("a",)) for t in (0.0, 8.0, 5000.0)},
        "answer without law": unanswered(every["failed fit"], warnings=("b",)),
    }


def same(one: Any, other: Any) -> bool:
    """Equal documents, arrays to the last bit."""
    documents = []
    for result in (one, other):
        arrays: dict[str, Any] = {}
        documents.append((split_arrays(result.to_document(), arrays), {k: v.tobytes() for k, v in arrays.items()}))
    return documents[0] == documents[1]


def test_every_result_comes_back(results: dict[str, Any], tmp_path: Path) -> None:
    for name, result in results.items():
        result.save(tmp_path / name)
        back = load(tmp_path / name)
        assert type(back) is type(result) and same(back, result), name
        assert str(back) == str(result) and back.to_dict() == result.to_dict(), name


def test_samples_and_hypotheses_come_back_with_every_bit(tmp_path: Path) -> None:
    for n, result in enumerate((SAMPLE, Sample(np.empty((0, 3))), Alternative(signal=SAMPLE, n_signal=3))):
        result.save(tmp_path / str(n))
        assert same(load(tmp_path / str(n)), result)
    back = load(tmp_path / "0")
    assert back.digest() == SAMPLE.digest() and np.signbit(back.events[0, 1]) and back.origin == SAMPLE.origin
    assert load(tmp_path / "2").describe() == "Alternative(signal=sample of 3 events, n_signal=3)"


def test_an_answer_that_was_saved_can_be_drawn_and_asked(fit_of: Make, tmp_path: Path) -> None:
    evaluate(fit_of(8.0), CHI_SQUARE).save(tmp_path)
    law = load(tmp_path).law
    assert isinstance(law, AnalyticCurve)
    for t in (2.0, 8.0, 15.0):
        assert law.p_value(t) == pytest.approx(CHI_SQUARE.p_value(t), rel=0.01)
    assert law.p_value(8.0) == CHI_SQUARE.p_value(8.0)
    assert wilks.plots.survival(load(tmp_path)).axes


def test_a_fresh_process_reads_the_same(results: dict[str, Any], tmp_path: Path) -> None:
    names = ("answer: fit with nuisances", "analytic answer: t 8.0", "answer: fit of a set")
    for n, name in enumerate(names):
        results[name].save(tmp_path / str(n))
    code = f"import wilks; [print(wilks.load(rf'{tmp_path}/{{n}}')) for n in range({len(names)})]"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "".join(f"{results[name]}\n" for name in names)


def test_saving_twice_changes_nothing_and_another_is_refused(fit_of: Make, tmp_path: Path) -> None:
    first, other = fit_of(12.5), fit_of(12.5, params=np.ones(13))
    first.save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    first.save(tmp_path)
    with pytest.raises(StoreError, match=r"another one \(params differ\); choose a new folder, nothing was overwri"):
        other.save(tmp_path)
    with pytest.raises(StoreError, match="it holds a saved fit; choose a new folder"):
        SAMPLE.save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    save(other, tmp_path, is_replacing=True)
    assert same(load(tmp_path), other) and len(list(tmp_path.iterdir())) == 2


def test_nothing_to_load_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoreError, match=r"must hold one result that was saved, but there is no analysis\.json"):
            load(folder)
    write_text(tmp_path / "test" / "fit" / "fit.json", "{}")
    with pytest.raises(StoreError, match=r"give the folder of one, such as \S+/test/fit\. Toys are read by"):
        load(tmp_path)
    write_text(tmp_path / "fit.json", "{}")
    write_text(tmp_path / "answer.json", "{}")
    with pytest.raises(StoreError, match=r"answer\.json and fit\.json; give the folder of one"):
        load(tmp_path)


def flipped(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The content with one digit or letter changed, at places spread over it."""
    places = [i for i, byte in enumerate(content) if chr(byte).isalnum()]
    for i in places[:: max(1, len(places) // 150)]:
        yield i, content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :]


def test_a_flipped_digit_in_any_file_is_refused_by_name(results: dict[str, Any], tmp_path: Path) -> None:
    for name in ("fit with nuisances", "calibration", "answer: fit of a set", "analytic answer: t 8.0"):
        results[name].save(tmp_path / name)
        for path in (tmp_path / name).iterdir():
            content = path.read_bytes()
            for place, changed in flipped(content):
                path.write_bytes(changed)
                try:
                    assert same(load(tmp_path / name), results[name]), (
                        f"{path} at {place}"
                    )  # as in a name of a zip file
                except StoreError as error:
                    assert str(tmp_path / name) in str(error)
            path.write_bytes(content)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_never_end_in_another_error(data: st.DataObject, fit_of: Make, tmp_path: Path) -> None:
    folder = tmp_path / "fuzzed"
    shutil.rmtree(folder, ignore_errors=True)
    original = fit_of(12.5)
    original.save(folder)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    path.write_bytes(bytes(content))
    with contextlib.suppress(StoreError):
        assert same(load(folder), original)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "\x00", "[" * 100_000])
def test_a_document_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "fit.json").write_text(text)
    with pytest.raises(StoreError, match=r"fit\.json must"):
        load(tmp_path)


def test_a_document_that_was_sealed_anew_must_still_make_sense(fit_of: Make, tmp_path: Path) -> None:
    fit_of(12.5).save(tmp_path)
    path = tmp_path / "fit.json"
    plain = json.loads(path.read_text())
    del plain["digest"]
    changes: list[tuple[dict[str, Any], str]] = [
        ({"content": {}}, "KeyError"),
        ({"content": plain["content"] | {"status": 99}}, "FitStatus"),
        ({"content": plain["content"] | {"nonsense": 1}}, "nonsense"),
        ({"kind": "answer"}, "it is a saved answer"),
        ({"schema_version": 3}, "its layout is number 3"),
        ({"schema_version": 0}, "its layout is number 0"),
        ({"arrays": None}, "TypeError"),
        ({"arrays": plain["arrays"] | {"file": "gone.npz"}}, "gone.npz must hold the arrays"),
        ({"arrays": plain["arrays"] | {"file": "../../etc/passwd"}}, "passwd must hold the arrays"),
    ]
    for change, message in changes:
        write_document(path, plain | change)
        with pytest.raises(StoreError, match=message):
            load(tmp_path)
    path.write_text(json.dumps(plain))
    with pytest.raises(StoreError, match="must carry the digest of what it holds"):
        load(tmp_path)


def test_no_object_is_ever_unpickled(fit_of: Make, tmp_path: Path) -> None:
    fit_of(12.5).save(tmp_path)
    (arrays,) = tmp_path.glob("*.npz")
    np.savez(arrays, params=np.array([{}], dtype=object), start_t=np.ones(2))
    plain = json.loads((tmp_path / "fit.json").read_text())
    plain["arrays"]["sha256"] = hashlib.sha256(arrays.read_bytes()).hexdigest()
    del plain["digest"]
    write_document(tmp_path / "fit.json", plain)
    with pytest.raises(StoreError, match="allow_pickle"):
        load(tmp_path)


def test_an_older_layout_goes_through_every_step(fit_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        return {("n_events" if kind == "fit" and name == "count" else name): x for name, x in content.items()}

    fit_of(12.5).save(tmp_path)
    path = tmp_path / "fit.json"
    plain = json.loads(path.read_text())
    plain["content"]["count"] = plain["content"].pop("n_events")
    plain["schema_version"] = 1
    del plain["digest"]
    write_document(path, plain)
    with pytest.raises(StoreError, match="cannot be read"):
        load(tmp_path)
    monkeypatch.setattr(storage, "MIGRATIONS", (renamed,))
    assert same(load(tmp_path), fit_of(12.5))
    fit_of(3.0).save(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "fit.json").read_text())["schema_version"] == 2


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    write_text(path, "one")
    with pytest.raises(RuntimeError), whole_file(path) as file:
        file.write(b"tw")
        raise RuntimeError
    assert path.read_text() == "one"
    assert [item.name for item in path.parent.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be_made_is_an_error(fit_of: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the fit cannot be saved to"):
        fit_of(1.0).save(tmp_path / "file")


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_keys = st.text(max_size=3) | st.sampled_from(["$array", "$number", "$items"])


@given(st.recursive(_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3)))
def test_plain_values_survive_json(value: Any) -> None:
    arrays: dict[str, Any] = {}
    text = json.dumps(sealed({"value": split_arrays(value, arrays)}), allow_nan=False)
    assert repr(joined(json.loads(text)["value"], arrays)) == repr(value)


def test_of_results_saved_at_once_one_is_there_and_the_others_are_refused(tmp_path):
    calibrations = [wilks.calibrate([1.0, 2.0, 3.0 + k]) for k in range(4)]
    begin = threading.Barrier(len(calibrations))

    def save_one(calibration):
        begin.wait()
        try:
            calibration.save(tmp_path / "one")
        except StoreError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(calibrations)) as pool:
        ends = list(pool.map(save_one, calibrations))
    assert ends.count("") == 1 and all("it holds another one" in end for end in ends if end)
    assert repr(load(tmp_path / "one").null.t.tolist()) == repr(calibrations[ends.index("")].null.t.tolist())
    assert len(list((tmp_path / "one").iterdir())) == 2


def test_a_disk_without_hard_links_takes_results(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(PermissionError(1, "not permitted")))
    wilks.calibrate([1.0, 2.0, 3.0]).save(tmp_path)
    with pytest.raises(StoreError, match="it holds another one"):
        wilks.calibrate([1.0, 2.0, 4.0]).save(tmp_path)


@pytest.mark.parametrize("is_set", [False, True])
def test_a_calibration_of_the_first_layout_is_judged_by_one_p_for_all(
    toys_of: Make, fit_of: Make, tmp_path: Path, is_set: bool
) -> None:
    """An answer says by its members that its t is made of p-values; a calibration alone did not know."""
    t = np.random.default_rng(1).chisquare(13, size=60)
    calibration = calibrate(toys_of(t))
    member = {"members": (MemberFit(1.0, 0.3, 9.0, -2.0),)} if is_set else {}
    answer = calibrate(toys_of(t, is_combined=is_set)).evaluate(dataclasses.replace(fit_of(12.5), **member))
    old = calibration.to_document()
    for name in ("omnibus_p_value", "is_tuned"):
        del old["compatibility"][name]
    del old["summary"]["is_combined"]
    for kind, saved, place in (("calibration", calibration, ()), ("answer", answer, ("law",))):
        saved.save(tmp_path / kind)
        path = tmp_path / kind / f"{kind}.json"
        plain = json.loads(path.read_text())
        content = plain["content"]
        for name in place:
            content = content[name]
        content["compatibility"] = dict(old["compatibility"])
        del content["summary"]["is_combined"], content["findings"], plain["digest"]
        write_document(path, plain | {"schema_version": 1})
        again = load(tmp_path / kind)
        assert again.to_dict() == saved.to_dict() and str(again) == str(saved)
