"""Sums by halves are those over all combinations."""

import numpy as np
import pytest

from wilks.statistics.histogram.alike import alike
from wilks.statistics.histogram.halves import Halves


@pytest.fixture
def bins():
    """Two kinds, one of them twice, with few counts that matter."""
    return alike(np.array([0.5, 0.5, 0.8]), np.full(3, 20.0), np.array([0.025, 0.025, 0.04]), most=8.0)


def tilted(bins, s):
    """Shares of the counts in proportion to e^(-3 n + s g), and others with phases."""
    real = [np.exp(-3.0 * one.counts + s * one.terms) for one in bins]
    real = [share / share.sum() for share in real]
    return real, [share * np.exp(0.3j * one.counts) for share, one in zip(real, bins, strict=True)]


@pytest.mark.parametrize("s", [0.0, 0.2])
def test_halves_count_every_combination(bins, s):
    """Against three loops, at a value of T between others and at one of them."""
    real, turned = tilted(bins, s)
    halves = Halves.of(bins, real)
    assert sorted([*halves.first, *halves.second]) == sorted(k for k, one in enumerate(bins) for _ in range(one.n_bins))
    kept = [np.isin(one.counts, short.counts) for one, short in zip(bins, halves.bins, strict=True)]
    which = sorted([*halves.first, *halves.second])
    values = sum(np.ix_(*[halves.bins[k].terms for k in which]))
    own = float(np.sort(np.unique(values))[20])
    for t in (1.234, own):
        count = halves.counter(t, s=s)
        for shares in (real, turned):
            short = [share[keep] for share, keep in zip(shares, kept, strict=True)]
            whole = short[which[0]][:, None, None] * short[which[1]][:, None] * short[which[2]]
            is_beyond = values >= t * (1.0 - 1e-9)
            expected = np.sum(whole[is_beyond] * np.exp(-s * (values[is_beyond] - t)))
            assert count(short)[0] == pytest.approx(expected, rel=1e-12)


def test_counts_that_are_nothing_beside_the_others_are_left_out(bins):
    real, _ = tilted(bins, 0.0)
    halves = Halves.of(bins, real)
    for one, short, share in zip(bins, halves.bins, real, strict=True):
        assert short.counts.size < one.counts.size and share[np.isin(one.counts, short.counts)].min() >= 1e-12
    sizes = [halves.bins[k].counts.size for k in (0, 1)]
    assert halves.n_combinations <= sizes[0] * sizes[1] + max(sizes)
