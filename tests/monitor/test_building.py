"""References are the same when they are built again, hold what they say, and refuse what they cannot stand for."""

import dataclasses

import numpy as np
import pytest

import wilks
from wilks.monitor import BuildOptions, Decisions, Validity
from wilks.monitor.building import HeldOut
from wilks.storage import save

from tests.monitor.conftest import FEATURES, MODELS, SIZES, analysis_of, built, draw, shifted


def test_a_rebuild_has_the_same_digest_and_another_reference_another(references, tmp_path) -> None:
    again = built("kernel")
    assert again.digest == references["kernel"].digest
    assert len({one.digest for one in references.values()}) == len(references)
    assert dataclasses.replace(again, decisions=Decisions(bad=1e-4)).digest != again.digest
    save(again, tmp_path)
    save(references["kernel"], tmp_path)  # the same: nothing is done


def test_what_was_saved_judges_alike(reference, tmp_path) -> None:
    reference.save(tmp_path)
    loaded = wilks.load(tmp_path)
    assert loaded.digest == reference.digest and str(loaded) == str(reference)
    batch = draw(np.random.default_rng(1), 150)
    one, other = (wilks.Monitor(of, timer=lambda: 0.0).update(batch) for of in (reference, tmp_path))
    assert one == other


def test_a_flipped_bit_is_found(reference, tmp_path) -> None:
    reference.save(tmp_path)
    (path,) = tmp_path.glob("*.npz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(wilks.StoreError, match="changed since"):
        wilks.Monitor(tmp_path)
    with pytest.raises(wilks.StoreError):
        wilks.Monitor(tmp_path / "nothing")


def test_another_kind_is_no_reference(tmp_path) -> None:
    wilks.calibrate([1.0, 2.0, 3.0]).save(tmp_path)
    with pytest.raises(wilks.StoreError, match="must hold a reference of monitoring"):
        wilks.Monitor(tmp_path)


def test_calibration_batches_share_no_event_and_are_of_the_pool() -> None:
    source = HeldOut(analysis_of("kernel"), BuildOptions())
    for n in SIZES:
        batches = source.calibration(n)
        assert len(batches) == 8_000 // n
        rows = np.concatenate(batches)
        assert np.unique(rows, axis=0).shape == rows.shape
        assert {tuple(row) for row in rows} <= {tuple(row) for row in source.pool.events}


def test_calibration_and_null_agree(reference) -> None:
    """Z of the calibration batches by the null law of their size is about normal."""
    for z in reference.calibration:
        assert abs(np.mean(z)) < 0.5 and 0.6 < np.std(z) < 1.5


def test_power_grows_with_the_shift(reference) -> None:
    seen = {one.deviation: one for one in reference.power}
    assert len(seen) == 8 and {one.feature for one in seen.values()} == set(FEATURES)
    small, large = (seen[f"x shifted by {share:g} of its spread"].medium for share in (0.1, 0.3))
    assert large >= small and large > 0.3
    assert "x shifted by 0.3" in str(reference)


def test_the_null_is_given_this_reference() -> None:
    """A reference that happens to lie off nature has a null with a larger mean, which batches follow."""
    rng = np.random.default_rng(5)
    pool = wilks.Sample(draw(rng, 20_000), features=FEATURES)
    off = wilks.Sample(shifted(rng, 400, 0.2), features=FEATURES)
    analysis = wilks.Analysis(reference=off, toy_source=pool, model=MODELS["kernel"], expected_events=200)
    reference = wilks.build_reference(analysis, options=BuildOptions(n_toys=400, n_power=0))
    monitor = wilks.Monitor(reference)
    p = [monitor.update(draw(rng, 200)).null["p_value"] for _ in range(150)]
    assert 0.3 < np.mean(p) < 0.7 and np.mean(np.array(p) < 0.1) < 0.25


NEGATIVE = wilks.Sample(draw(np.random.default_rng(9), 500), np.where(np.arange(500) < 5, -1.0, 1.0), features=FEATURES)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"nuisances": (wilks.normalization("n", sigma=0.1),)}, "must have no nuisances"),
        ({"toy_source": None}, "needs events that it does not hold"),
        ({"toy_source": draw(np.random.default_rng(8), 500)}, "held-out events for 10 batches of 200"),
        ({"reference": NEGATIVE}, "no negative weights"),
    ],
)
def test_what_cannot_be_a_reference(changes, text: str) -> None:
    given = analysis_of("histogram")
    settings = {"reference": given.reference, "toy_source": given.toy_source, "model": MODELS["histogram"]}
    if "toy_source" in changes and changes["toy_source"] is not None:
        changes = {"toy_source": wilks.Sample(changes["toy_source"], features=FEATURES)}
    analysis = wilks.Analysis(**{**settings, "expected_events": 200, **changes})
    with pytest.raises(wilks.InputError, match=text):
        wilks.build_reference(analysis)


def test_sizes_far_from_the_grid_are_refused() -> None:
    with pytest.raises(wilks.InputError, match="within a factor of 2"):
        built("histogram", validity=Validity(most_events=1_000))


def test_few_held_out_events_are_said() -> None:
    analysis = analysis_of("histogram", n_events=800)
    found = wilks.build_reference(analysis, options=BuildOptions(n_toys=50, n_power=0)).notices
    assert any("rests on so few held-out events" in one for one in found)
    assert any("beyond the reach of 50 toys" in one and "n_toys=2,000" in one for one in found)


def test_a_generator_gives_as_many_calibration_batches_as_are_wanted() -> None:
    given = analysis_of("histogram")
    source = wilks.Generator(lambda rng, n, nuisances: draw(rng, n))
    analysis = wilks.Analysis(
        reference=given.reference, model=MODELS["histogram"], toy_source=source, expected_events=80
    )
    built_here = wilks.build_reference(analysis, options=BuildOptions(n_toys=50, n_calibration=70, n_power=4))
    assert built_here.calibration[0].size == 70 and built_here.n_held_out is None
