"""Toys in portions, until there are enough of them."""

import numpy as np
import pytest

import wilks
from wilks.campaign import plan_toys, run_toys, run_toys_until, stored_toys
from wilks.campaign.shard import run_stored_shard

GENERATOR = "wilks.problems.exponential:background"
SEED = 3


def analysis(source: object = GENERATOR) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=600)),
        model=wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True),
        expected_events=100.0,
        toy_source=wilks.Generator(source),
    )


class Until:
    """Wants three toys at first, twice as many as there are until one exceeds ``t``; remembers what it saw."""

    def __init__(self, t: float) -> None:
        self._t, self.seen = t, []

    def __call__(self, t: np.ndarray) -> int:
        self.seen.append(t)
        return t.size if np.any(t > self._t) else max(3, 2 * t.size)


def test_toys_of_this_process_come_in_portions() -> None:
    made = analysis(lambda rng, n, nuisances: rng.exponential(size=(n, 1)))
    whole = run_toys(made, wilks.Null(), n_toys=20, seed=SEED)
    wanted, calls = Until(np.inf), []
    toys = run_toys_until(
        made, wilks.Null(), n_wanted=wanted, n_toys=20, seed=SEED, progress=lambda *numbers: calls.append(numbers)
    )
    assert [t.size for t in wanted.seen] == [0, 3, 6, 12, 20]
    np.testing.assert_allclose(toys.t, whole.t, rtol=1e-9)
    assert calls[-1] == (20, 20) and {total for _, total in calls} == {20}
    least = float(np.max(whole.t[:3])) + 1e-6
    expected = next(n for n in (6, 12, 20) if n == 20 or np.any(whole.t[:n] > least))
    early = run_toys_until(made, wilks.Null(), n_wanted=Until(least), n_toys=20, seed=SEED)
    assert early.n_toys == expected


def test_toys_of_this_process_cannot_go_elsewhere(tmp_path) -> None:
    made = analysis(lambda rng, n, nuisances: rng.exponential(size=(n, 1)))
    with pytest.raises(wilks.StoreError, match="this process alone"):
        run_toys_until(made, wilks.Null(), n_wanted=Until(0.0), n_toys=9, seed=SEED, store=tmp_path / "toys")
    with pytest.raises(wilks.InputError, match="no executor can run it"):
        run_toys_until(made, wilks.Null(), n_wanted=Until(0.0), n_toys=9, seed=SEED, executor=object())


def test_only_toys_without_a_gap_before_them_count(tmp_path, one_process) -> None:
    """Of a campaign whose second job is done and whose first is not, none count yet; then all of them do."""
    made, folder = analysis(), tmp_path / "toys"
    plan_toys(made, wilks.Null(), n_toys=8, seed=SEED, folder=folder, shard_size=4)
    run_stored_shard(str(folder), 1)
    wanted = Until(np.inf)
    toys = run_toys_until(made, wilks.Null(), n_wanted=wanted, n_toys=8, seed=SEED, store=folder, executor=one_process)
    assert [t.size for t in wanted.seen][:2] == [0, 3] and toys.index.tolist() == list(range(8))
    again = Until(np.inf)
    run_toys_until(made, wilks.Null(), n_wanted=again, n_toys=8, seed=SEED, store=folder)
    assert [t.size for t in again.seen] == [8], "they are there, and nothing is made"
    assert stored_toys(folder, analysis=made, hypothesis=wilks.Null(), seed=SEED).n_toys == 8
