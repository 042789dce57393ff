"""Events at other nuisances: transforms, definitions, selection, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError, SampleError
from wilks.nuisances import Nuisance, normalization, vary
from wilks.problems import exponential, smeared
from wilks.samples import Origin, Sample

X = np.array([1.0, 2.0, 3.0, 4.0])


def times(columns, nu):
    return {"x": columns["x"] * np.exp(nu)}


def shift(columns, nu):
    return {"x": columns["x"] + nu}


def smear(columns, nu, rng):
    return {"x": columns["x"] + nu * rng.standard_normal(columns["x"].size)}


def in_place(columns, nu):
    columns["x"] *= np.exp(nu)
    return columns


SCALE, SHIFT = Nuisance("scale", 0.1, transform=times), Nuisance("shift", 0.1, transform=shift)
SMEARING = Nuisance("smearing", 0.1, transform=smear)


def sample(events=X, **more):
    return Sample(events, features=("x",), **more)


def with_transform(function):
    return [Nuisance("scale", 0.1, transform=function)]


def test_nothing_changes_at_zero():
    before = sample(event_weights=[1.0, 2.0, 3.0, 4.0], extras={"y": -X})
    for nu in ({}, {"scale": 0.0}):
        assert vary(before, [SCALE], nu).digest() == before.digest()


def test_transforms_come_in_the_order_of_the_nuisances():
    nu = {"scale": np.log(2.0), "shift": 1.0}
    assert vary(sample(), [SCALE, SHIFT], nu).events.ravel() == pytest.approx(2 * X + 1)
    assert vary(sample(), [SHIFT, SCALE], nu).events.ravel() == pytest.approx(2 * (X + 1))


def test_selection_comes_after_the_transforms_so_that_events_migrate():
    before = sample(event_weights=[1.0, 2.0, 4.0, 8.0], extras={"row": np.arange(4.0)})
    up, down = (vary(before, [SHIFT], {"shift": nu}, where="x > 2.5") for nu in (1.0, -1.0))
    assert up.expected_events == 14.0 and up.column("row").tolist() == [1.0, 2.0, 3.0]
    assert down.expected_events == 8.0 and down.events.ravel().tolist() == [3.0]


def test_a_normalization_changes_weights_alone():
    varied = vary(sample(), [normalization("luminosity", sigma=0.1), SHIFT], {"luminosity": 0.2, "shift": 1.0})
    assert varied.event_weights == pytest.approx(np.full(4, np.exp(0.2)))
    assert varied.events.ravel().tolist() == [2.0, 3.0, 4.0, 5.0]


@given(st.floats(-1.0, 1.0), st.floats(0.5, 3.5))
def test_yield_is_what_passes_at_nu(nu, cut):
    expected = int(np.count_nonzero(X * np.exp(nu) > cut))
    if expected:
        assert vary(sample(), [SCALE], {"scale": nu}, where=f"x > {cut!r}").n_events == expected
    else:
        with pytest.raises(SampleError, match="none of 4 does"):
            vary(sample(), [SCALE], {"scale": nu}, where=f"x > {cut!r}")


@given(st.floats(-0.3, 0.3))
def test_exact_log_ratio_of_the_exponential_is_that_of_its_transform(nu):
    """The mean of r over events at 0 is 1, and r moves the mean of x to that of the transformed events."""
    x = (np.arange(20_000) + 0.5) / 20_000
    events = -np.log1p(-x)[:, None]
    ratio = np.exp(np.asarray(exponential.scale_log_ratio(jnp.asarray(events), jnp.asarray(nu))))
    moved = vary(Sample(events, features=("x",)), exponential.nuisances(0.1, 0.1), {"scale": nu}).events
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)
    assert (ratio * events[:, 0]).mean() == pytest.approx(moved.mean(), rel=0.02)


def test_random_numbers_of_an_event_are_the_same_at_every_nu():
    one, two = (vary(sample(), [SMEARING], {"smearing": nu}).events.ravel() - X for nu in (0.1, 0.2))
    assert two == pytest.approx(2 * one) and np.unique(one).size == 4
    again, other = (vary(sample(), [SMEARING], {"smearing": 0.1}, seed=seed).events.ravel() - X for seed in (0, 1))
    assert np.array_equal(again, one) and not np.any(other == one)
    renamed = Nuisance("another", 0.1, transform=smear)
    assert not np.any(vary(sample(), [renamed], {"another": 0.1}).events.ravel() - X == one)


def test_definitions_are_made_again_before_the_selection():
    before = sample(extras={"square": X**2})
    define = {"square": "x**2", "half": "square / 2"}
    varied = vary(before, [SHIFT], {"shift": 1.0}, where="half > 4", define=define)
    assert varied.column("square").tolist() == [9.0, 16.0, 25.0] and list(varied.extras) == ["square"]


def test_columns_that_reading_made_are_made_again():
    origin = Origin(("a.csv",), None, None, {"square": "x**2", "unused": "z"}, None, 4, 4)
    table = np.column_stack([X, np.log(X)])
    before = Sample(table, features=("x", "log(x)"), extras={"square": X**2, "sqrt(square)": X}, origin=origin)
    varied = vary(before, [SHIFT], {"shift": 1.0})
    assert varied.column("log(x)") == pytest.approx(np.log(X + 1))
    assert varied.column("square") == pytest.approx((X + 1) ** 2)
    assert varied.column("sqrt(square)") == pytest.approx(X + 1)


def test_what_a_transform_returns_itself_is_kept():
    both = Nuisance("both", 0.1, transform=lambda c, nu: {"x": c["x"] + nu, "log(x)": c["log(x)"] + 5 * nu})
    before = Sample(np.column_stack([X, np.log(X)]), features=("x", "log(x)"))
    assert vary(before, [both], {"both": 1.0}).column("log(x)") == pytest.approx(np.log(X) + 5)
    again = vary(before, [both], {"both": 1.0}, define={"log(x)": "log(x)"})
    assert again.column("log(x)") == pytest.approx(np.log(X + 1))


def test_a_column_that_cannot_be_made_again_is_an_error():
    before = Sample(np.column_stack([X, X]), features=("x", "x*z"))
    with pytest.raises(SampleError, match=r"'x\*z' is made from 'x', which changes, but also from 'z'"):
        vary(before, [SHIFT], {"shift": 1.0})
    assert vary(before, [SHIFT], {}).digest() == before.digest()
    with pytest.raises(SampleError, match="must not need themselves"):
        vary(sample(), [SHIFT], {"shift": 1.0}, define={"a": "b", "b": "a"})
    with pytest.raises(SampleError, match="needs the column 'z'"):
        vary(sample(), [SHIFT], {"shift": 1.0}, define={"a": "z"})
    with pytest.raises(SampleError, match="needs the column 'z'"):
        vary(sample(), [SHIFT], {"shift": 1.0}, where="z > 0")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda c, nu: 1 / 0, "raised ZeroDivisionError"),
        (in_place, "leave those that it is given"),
        (lambda c, nu: c["x"] * np.exp(nu), "columns by name, but it returned ndarray"),
        (lambda c, nu: None, "returned NoneType"),
        (lambda c, nu: {"y": c["x"]}, "columns that the sample has, but 'y' came"),
        (lambda c, nu: {"x": c["x"][: 4 - int(nu > 0)]}, r"shape of 'x' is \(3,\)"),
        (lambda c, nu: {"x": 1.0}, r"shape of 'x' is \(\)"),
        (lambda c, nu: {"x": np.array(["a"] * 4)}, "cannot be read as such"),
        (
            lambda c, nu: {"x": np.where(c["x"] > 2.5, nu * np.inf if nu else c["x"], c["x"])},
            "2 of 4 values of 'x' are",
        ),
        (lambda c, nu: {"x": c["x"] * nu}, r"at scale = 0, but it changes 'x' of 4 of 4 events"),
    ],
)
def test_a_transform_that_cannot_be_used_is_refused(function, words):
    with pytest.raises(InputError, match=words):
        vary(sample(), with_transform(function), {"scale": 0.1})


def test_values_that_cannot_be_used_are_refused():
    formula = Nuisance("tilt", 0.1, log_ratio=lambda x, nu: nu * x[:, 0])
    assert vary(sample(), [formula, SCALE], {"tilt": 0.0, "scale": 0.1}).n_events == 4
    with pytest.raises(InputError, match="'tilt' has none"):
        vary(sample(), [formula], {"tilt": 0.1})
    with pytest.raises(InputError, match=r"'scal' came; did you mean 'scale'"):
        vary(sample(), [SCALE], {"scal": 0.1})
    with pytest.raises(InputError, match="finite number, but nan"):
        vary(sample(), [SCALE], {"scale": np.nan})
    both = Nuisance("n", 0.1, log_ratio="wilks.nuisances.nuisance:yield_log_ratio", transform=times)
    with pytest.raises(InputError, match="leave one of the two out"):
        vary(sample(), [both], {"n": 0.1})


def test_transforms_of_the_smeared_problem_agree_with_its_generator():
    nu = {"scale": 0.3, "offset": -0.2, "resolution": 0.4}
    varied = vary(smeared.reference(1_000, seed=2), smeared.nuisances(), nu)
    y, z = varied.column("y"), varied.column("z")
    assert varied.events[:, 0] == pytest.approx(y - 0.2 + 0.3 * z, abs=1e-12)
    backwards = vary(smeared.reference(1_000, seed=2), smeared.nuisances()[::-1], nu)
    assert backwards.events == pytest.approx(varied.events, abs=1e-12)
