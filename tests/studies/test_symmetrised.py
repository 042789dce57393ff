"""What is trained without a box is the loss of the symmetrised network, and goes down."""

import numpy as np
import pytest
import scipy.stats

from studies.symmetrised.fits import binned
from studies.symmetrised.training import begun, cells_of, log_ratio, loss, padded


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.exponential(size=300).round(1), rng.exponential(1.5, size=200).round(1)


def test_the_loss_of_cells_is_that_of_events(pair) -> None:
    a, b = pair
    cells = cells_of(a, b)
    params = {name: value[0, 1] for name, value in begun(np.random.default_rng(2), (1, 2)).items()}
    of_b = type(cells)(*(side[1] for side in cells))
    both = np.concatenate([a, b])
    f = {"both": (both - both.mean()) / both.std(), "b": (b - both.mean()) / both.std()}
    f = {name: np.asarray(log_ratio(params, x)) for name, x in f.items()}
    assert float(loss(params, of_b)) == pytest.approx(200 / 500 * np.sum(np.expm1(f["both"])) - np.sum(f["b"]))


def test_padding_counts_nothing(pair) -> None:
    short, long = cells_of(*pair), cells_of(pair[0], pair[1][:20] + 7.05)
    together = padded([short, long])
    assert together.counts.shape[:2] == (2, 2)
    assert np.asarray(together.counts).sum(axis=2).tolist() == [[300.0, 200.0], [300.0, 20.0]]
    assert np.asarray(together.expected).sum(axis=2).ravel() == pytest.approx([300.0, 200.0, 300.0, 20.0])


def test_bins_of_both_samples_are_a_table_of_two_rows() -> None:
    rng = np.random.default_rng(3)
    both = rng.exponential(size=300), rng.exponential(1.5, size=200)
    edges = np.quantile(np.concatenate(both), np.arange(1, 20) / 20)
    table = np.array([np.bincount(np.searchsorted(edges, one), minlength=20) for one in both])
    expected = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert binned(*both) == pytest.approx(expected)
