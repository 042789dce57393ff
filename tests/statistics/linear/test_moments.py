"""Sums over events: they add over disjoint sets, can be taken away again, kept in files, and belong to one map."""

import dataclasses

import numpy as np
import pytest

import wilks
from wilks.errors import InputError, StoreError
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.moments import Moments

RNG = np.random.default_rng(0)
GAUSSIANS = Gaussians(RNG.normal(size=(300, 2)), 1.0)  # more than are mirrored at once
EVENTS, WEIGHTS = RNG.normal(size=(1000, 2)), RNG.uniform(0.5, 2.0, size=1000)


def moments_of(events: np.ndarray, weights: np.ndarray, *, n_blocks: int = 1) -> Moments:
    blocks = zip(np.array_split(events, n_blocks), np.array_split(weights, n_blocks), strict=True)
    values = ((GAUSSIANS.values(some), of_them) for some, of_them in blocks)
    return Moments.of(values, size=GAUSSIANS.n_values, digest=GAUSSIANS.digest())


def assert_close(one: Moments, other: Moments, *, rel: float = 1e-12) -> None:
    assert one.digest == other.digest and one.total == pytest.approx(other.total, rel=rel)
    np.testing.assert_allclose(one.first, other.first, rtol=rel)
    np.testing.assert_allclose(one.second, other.second, rtol=rel, atol=rel * np.max(np.abs(other.second)))


@pytest.fixture(scope="module")
def whole() -> Moments:
    return moments_of(EVENTS, WEIGHTS)


def test_moments_are_sums_over_events(whole):
    values = GAUSSIANS.values(EVENTS)
    assert whole.total == pytest.approx(np.sum(WEIGHTS), rel=1e-12)
    np.testing.assert_allclose(whole.first, WEIGHTS @ values, rtol=1e-12)
    np.testing.assert_allclose(whole.second, (values * WEIGHTS[:, None]).T @ values, rtol=1e-11)
    np.testing.assert_array_equal(whole.second, whole.second.T)


@pytest.mark.parametrize("n_parts", [2, 7])
def test_merged_chunks_are_the_whole(whole, n_parts):
    """Whether they come as blocks of one pass, or are added in any order."""
    assert_close(moments_of(EVENTS, WEIGHTS, n_blocks=n_parts), whole)
    chunks = zip(np.array_split(EVENTS, n_parts), np.array_split(WEIGHTS, n_parts), strict=True)
    parts = [moments_of(*chunk) for chunk in chunks]
    for order in (parts, parts[::-1]):
        total = order[0]
        for part in order[1:]:
            total = total + part
        assert_close(total, whole)


def test_a_window_slides(whole):
    first, second, third = (moments_of(EVENTS[rows], WEIGHTS[rows]) for rows in _thirds())
    window = first + second
    assert_close(window + third - first, moments_of(EVENTS[300:], WEIGHTS[300:]), rel=1e-11)
    assert_close(whole - third, window, rel=1e-11)


def _thirds() -> list[slice]:
    return [slice(0, 300), slice(300, 700), slice(700, 1000)]


def test_weights_of_either_sign_count():
    signs = np.where(np.arange(1000) % 3 == 0, -1.0, 1.0)
    mixed = moments_of(EVENTS, signs * WEIGHTS)
    plus, minus = (moments_of(EVENTS[signs == sign], WEIGHTS[signs == sign]) for sign in (1.0, -1.0))
    assert_close(mixed, plus - minus, rel=1e-11)
    np.testing.assert_array_equal(mixed.second, mixed.second.T)


def test_no_events_have_no_moments(whole):
    nothing = Moments.of([], size=300, digest=GAUSSIANS.digest())
    assert nothing.total == 0.0 and not np.any(nothing.first) and not np.any(nothing.second)
    assert_close(nothing + whole, whole)


def test_a_change_of_coordinates_is_that_of_the_values(whole):
    mix = RNG.normal(size=(300, 5))
    values = GAUSSIANS.values(EVENTS) @ mix
    expected = Moments.of([(values, WEIGHTS)], size=5, digest=GAUSSIANS.digest())
    assert_close(whole.turned(mix), expected, rel=1e-9)


def test_moments_about_a_center():
    small = Moments.of([(EVENTS, WEIGHTS)], size=2)
    away = EVENTS - [0.3, -1.0]
    expected = (away * WEIGHTS[:, None]).T @ away
    np.testing.assert_allclose(small.about(np.array([0.3, -1.0])), expected, rtol=1e-12)


def test_moments_of_different_maps_do_not_add(whole):
    other = dataclasses.replace(whole, digest=Gaussians(GAUSSIANS.centers, 1.1).digest())
    fewer = Moments.of([(EVENTS, WEIGHTS)], size=2, digest=whole.digest)
    for one in (other, fewer):
        for combine in (lambda a, b: a + b, lambda a, b: a - b):
            with pytest.raises(InputError, match="moments must be of one feature map to be added or subtracted"):
                combine(whole, one)


def test_moments_are_saved_and_merged_from_files(whole, tmp_path):
    """To the last bit; those of two machines make the whole."""
    for name, rows in zip("ab", (slice(0, 400), slice(400, 1000)), strict=True):
        moments_of(EVENTS[rows], WEIGHTS[rows]).save(tmp_path / name)
    first, second = (wilks.load(tmp_path / name) for name in "ab")
    assert_close(first + second, whole)
    whole.save(tmp_path / "whole")
    again = wilks.load(tmp_path / "whole")
    assert isinstance(again, Moments) and (again.total, again.digest) == (whole.total, whole.digest)
    np.testing.assert_array_equal(again.first, whole.first)
    np.testing.assert_array_equal(again.second, whole.second)
    with pytest.raises(StoreError):
        first.save(tmp_path / "whole")
