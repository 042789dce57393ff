"""References of parts are those of all their events, whatever the order of the parts."""

import numpy as np
import pytest

import wilks
from wilks.monitor import BuildOptions, ReferencePart, merge_parts

from tests.monitor.conftest import FEATURES, MODELS, draw

WAY = {"where": "x > -3", "weight": None}


def part_of(seed: int, *, n: int = 1_500, reading: dict | None = None) -> ReferencePart:
    rng = np.random.default_rng(seed)
    return ReferencePart(*(wilks.Sample(draw(rng, n), features=FEATURES) for _ in range(2)), reading=reading or WAY)


def reference_of(first: wilks.Sample, second: wilks.Sample, *, model: str) -> wilks.MonitorReference:
    analysis = wilks.Analysis(reference=first, toy_source=second, model=MODELS[model], expected_events=100)
    return wilks.build_reference(analysis, options=BuildOptions(n_toys=100, n_power=4))


@pytest.mark.parametrize("model", list(MODELS))
def test_a_reference_of_parts_is_that_of_all_events(model: str, tmp_path) -> None:
    """To the last bit: null, calibration batches, windows and power among it."""
    for seed in range(3):
        part_of(seed).save(tmp_path / str(seed))
    merged = merge_parts(ReferencePart.load(tmp_path / name) for name in "201")
    found = reference_of(merged.reference, merged.held_out, model=model)
    in_order = sorted((part_of(seed) for seed in range(3)), key=lambda one: one.digest)
    whole = [
        wilks.Sample(np.concatenate([getattr(one, half).events for one in in_order]), features=FEATURES)
        for half in ("reference", "held_out")
    ]
    assert found.digest == reference_of(*whole, model=model).digest
    assert found.n_reference == pytest.approx(4_500) and found.n_held_out == 4_500


def test_a_part_comes_back_as_it_was(tmp_path) -> None:
    part = part_of(0)
    part.save(tmp_path)
    again = wilks.load(tmp_path)
    assert again.digest == part.digest and again.reading == WAY and str(again) == str(part)
    assert "1,500 for the reference, 1,500 held out" in str(part) and part.to_dict()["n_held_out"] == 1_500
    with pytest.raises(wilks.StoreError, match="must hold a reference of monitoring"):
        wilks.Monitor(tmp_path)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], "at least one part"),
        ([part_of(0), part_of(0)], "are in both; look for a file that is read twice"),
        ([part_of(0), part_of(1, reading={**WAY, "where": None})], "in the same way, but they differ in where"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts: list[ReferencePart], text: str) -> None:
    with pytest.raises(wilks.InputError, match=text):
        merge_parts(parts)


def test_events_that_one_part_holds_out_and_another_does_not_are_found() -> None:
    one = part_of(0)
    merged = merge_parts([one, ReferencePart(one.held_out, part_of(1).held_out, WAY)])
    with pytest.raises(wilks.InputError, match="share"):
        reference_of(merged.reference, merged.held_out, model="histogram")


def test_halves_of_other_features_are_no_part() -> None:
    with pytest.raises(wilks.InputError, match="same features"):
        ReferencePart(wilks.Sample([1.0], features=["x"]), wilks.Sample([1.0], features=["y"]))
