"""Multilevel splitting of relabellings: sums, p, what is refused, what is kept. Keys are fixed."""

import numpy as np
import pytest

import wilks
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.nulls import Relabelling
from wilks.comparison.splitting import RelabelledSums
from wilks.comparison.statistics import ComparisonStatistics
from wilks.errors import InputError
from wilks.laws.splitting.subsets import Subsets
from wilks.samples import Sample

RNG = np.random.default_rng(12)


def events(n: int, shift: float = 0.0) -> np.ndarray:
    """A number that ties, and a normal feature; rows repeat, too."""
    found = np.column_stack([RNG.integers(0, 3, n), RNG.normal(shift, 1.0, n)])
    found[: n // 5, 1] = 0.5
    return found


A, B = Sample(events(120)), Sample(events(90))
FAR = Sample(events(90, 1.0))


def statistics_of(a: Sample, b: Sample) -> ComparisonStatistics:
    null = Relabelling.of(a, b)
    return ComparisonStatistics(null, tuple(DefaultSet().blocks(null, seed=0)))


@pytest.mark.parametrize("b", [B, FAR])
def test_all_kinds_of_members_come_out_of_coordinates(b: Sample) -> None:
    """t of the samples, of random labels, and after moves, as `ComparisonStatistics` has them."""
    statistics = statistics_of(A, b)
    null = statistics.null
    assert isinstance(null, Relabelling) and null.pool.n_rows < null.n_events
    sums = RelabelledSums(statistics, null)
    assert {block.members[0].kind for block in statistics.blocks} >= {
        "features",
        "pairs",
        "kernels",
        "kernels on ranks",
    }
    assert sums.observed() == pytest.approx(statistics.observed().total[0], rel=1e-9)
    rng = np.random.default_rng(0)
    particles = Subsets(sums, null.n_first).drawn(20, rng)
    for _ in range(5):
        particles.move(-np.inf, size=0.2, rng=rng)
    starts = np.concatenate([[0], np.cumsum(null.pool.masses[:-1])]).astype(int)
    drawn = np.add.reduceat(particles.inside, starts, axis=1)
    assert particles.t == pytest.approx(statistics.drawn(drawn).total, rel=1e-9)


def test_coordinates_need_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = statistics_of(A, B)
    assert isinstance(statistics.null, Relabelling)
    kept = RelabelledSums(statistics, statistics.null)
    monkeypatch.setattr("wilks.comparison.splitting._MOST_KEPT", 100)
    made = RelabelledSums(statistics, statistics.null)
    items = np.array([3, 50, 51])
    assert made.of_items(items) == pytest.approx(kept.of_items(items), rel=1e-9, abs=1e-11)
    assert made.observed() == pytest.approx(kept.observed(), rel=1e-9)


@pytest.mark.parametrize("n", [2_000, pytest.param(4_000, marks=pytest.mark.nightly)])
def test_p_agrees_with_many_relabellings(n: int) -> None:
    """Relabellings, of which some dozens reach t, against splitting; 4 errors of both."""
    b = Sample(events(90, 0.42))
    counted = wilks.compare(A, b, n_permutations=n)
    split = wilks.compare(A, b, n_permutations=49, reach=1e-6)
    assert counted.tally is not None and counted.tally.n_hits >= 10 and split.tail is not None
    error = np.hypot(1.0 / np.sqrt(counted.tally.n_hits), split.tail.relative_error)
    assert split.method == "splitting" and abs(np.log(split.p_value / counted.p_value)) < 4.0 * error


def test_what_relabellings_reach_is_counted() -> None:
    found = wilks.compare(A, B, reach=1e-7)
    assert found.method == "permutation" and found.tail is None
    assert found.p_value == wilks.compare(A, B).p_value


def test_beyond_the_reach_p_is_said_to_be_smaller(tmp_path) -> None:  # type: ignore[no-untyped-def]
    found = wilks.compare(A, FAR, n_permutations=99, reach=1e-3, store=tmp_path)
    assert found.p_value == pytest.approx(1e-3) and found.interval[0] == 0.0
    assert "p is below 0.0010, the reach that was asked for" in str(found)
    assert "0 of 99 drawn relabellings reach t" in str(found)
    found.save(tmp_path / "answer")
    loaded = wilks.load(tmp_path / "answer")
    assert (loaded.p_text, loaded.tail) == (found.p_text, found.tail)
    assert wilks.load(tmp_path) == found.tail


def test_weights_and_limits_are_refused() -> None:
    weighted = Sample(A.events, RNG.uniform(0.5, 1.5, 120))
    with pytest.raises(InputError, match="reach needs samples without weights"):
        wilks.compare(weighted, B, reach=1e-7)
    with pytest.raises(InputError, match="reach must be a p from 1e-12"):
        wilks.compare(A, B, reach=1e-30)


def test_samples_that_cannot_be_split_keep_their_counted_p() -> None:
    """Ten against ten without a common value: one of 184,756 relabellings, and its mirror image, reach t."""
    a, b = Sample(np.arange(10.0)), Sample(np.arange(20.0, 30.0))
    found = wilks.compare(a, b, n_permutations=99, reach=1e-7)
    assert found.method in ("permutation", "splitting")
    if found.method == "permutation":
        assert "no p by multilevel splitting" in found.warnings[-1]
    else:
        assert found.p_value == pytest.approx(2 / 184_756, rel=0.5)
