import numpy as np
import pytest

from wilks.errors import InputError
from wilks.interpretation.variance_shares import decomposed

SIDE = np.sqrt(12.0)


@pytest.fixture(scope="module")
def uniform():
    return dict(zip("xyz", np.random.default_rng(0).uniform(-0.5, 0.5, size=(3, 40_000)), strict=True))


def shares(columns, f, weights=None):
    return decomposed(columns, f, weights=np.ones(f.size) if weights is None else weights, paired=tuple(columns))


def test_a_known_decomposition_is_found(uniform):
    """f = a u + b v + c u w of independent standardized u, v, w: shares a^2, b^2 and c^2 of their sum."""
    x, y, z = (SIDE * one for one in uniform.values())
    found = shares(uniform, 0.6 * x + 0.3 * y + 0.5 * x * z)
    total = 0.36 + 0.09 + 0.25
    assert found.deviation == pytest.approx(np.sqrt(total), rel=0.01)
    for name, expected in (("x", 0.36), ("y", 0.09), ("z", 0.0)):
        assert found.of(name).share == pytest.approx(expected / total, abs=0.02)
    for pair, own in ((("x", "z"), 0.25), (("x", "y"), 0.0), (("y", "z"), 0.0)):
        assert found.of(*pair).interaction == pytest.approx(own / total, abs=0.03)
    assert found.of("z", "x").share == pytest.approx(0.61 / total, abs=0.03)
    assert found.columns[0].columns == ("x",) and found.pairs[0].columns == ("x", "z")


def test_what_bins_explain_by_chance_is_taken_off(uniform):
    noise = np.random.default_rng(1).normal(size=40_000)
    assert all(abs(one.share) < 0.01 for one in shares(uniform, noise).columns)


def test_a_narrow_peak_in_a_tail_is_resolved():
    x = np.random.default_rng(2).exponential(size=40_000)
    found = shares({"x": x}, 3.0 * np.exp(-0.5 * ((x - 6.4) / 0.16) ** 2))
    assert found.of("x").share > 0.95


def test_columns_that_say_the_same_share_it():
    x = np.random.default_rng(3).normal(size=20_000)
    found = shares({"x": x, "twice": 2.0 * x, "part": np.where(x > 0, x, np.nan)}, x)
    assert found.of("x").share == pytest.approx(found.of("twice").share) and found.of("x").share > 0.99
    assert 0.5 < found.of("part").share < 0.99
    assert found.of("x", "twice").interaction == pytest.approx(0.0, abs=0.01)


def test_weights_are_those_of_the_reference(uniform):
    x, _, _ = (SIDE * one for one in uniform.values())
    weights = (uniform["y"] > 0).astype(float)
    f = np.where(uniform["y"] > 0, x, 100.0)
    assert shares(uniform, f, weights).of("x").share > 0.98


def test_a_constant_has_no_shares(uniform):
    with pytest.raises(InputError, match="one number"):
        shares(uniform, np.full(40_000, 0.3))
    with pytest.raises(InputError, match="there are x"):
        shares(uniform, uniform["x"]).of("w")
