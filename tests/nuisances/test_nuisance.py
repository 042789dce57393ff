import jax.numpy as jnp
import numpy as np
import pytest

from wilks.errors import InputError
from wilks.nuisances import LogNormal, Nuisance, Nuisances, PoissonCount, Unconstrained, normalization, vary
from wilks.nuisances.nuisance import nuisance_from_dict
from wilks.samples import Sample


def test_a_normalization_is_the_factor_that_its_measurement_is_about() -> None:
    """1.4 times the events of a control region are 1.4 times those of the sample; exp(nu) where a Gaussian knows nu."""
    x = np.zeros((3, 1))
    for auxiliary, factor in ((None, np.exp(0.4)), (LogNormal(), 1.4), (PoissonCount(25.0), 1.4)):
        one = normalization("n", sigma=0.2, auxiliary=auxiliary)
        assert one.is_normalization and one.yield_factor(0.4) == pytest.approx(factor)
        assert Nuisances((one,)).log_ratio(x, {"n": 0.4}) == pytest.approx(np.log(factor))
        assert vary(Sample(x), [one], {"n": 0.4}).expected_events == pytest.approx(3 * factor)
        assert one.yield_text == ("exp(nu)" if auxiliary is None else "1 + nu")
        assert nuisance_from_dict(one.to_dict()) == one


@pytest.mark.parametrize("sigma", [0, -0.1, float("nan"), float("inf"), "0.1", True, None])
def test_sigma_must_be_positive(sigma: object) -> None:
    with pytest.raises(InputError, match="sigma of 'scale' must be a positive number"):
        Nuisance("scale", sigma)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "two words", "1st", 5, "a-b"])
def test_a_name_must_be_plain(name: object) -> None:
    with pytest.raises(InputError, match="must be a plain name"):
        Nuisance(name, 0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize("center", [float("nan"), "0", None])
def test_the_center_must_be_finite(center: object) -> None:
    with pytest.raises(InputError, match="center of 'scale'"):
        Nuisance("scale", 0.1, center=center)  # type: ignore[arg-type]


def test_functions_are_found_by_name_or_refused() -> None:
    with pytest.raises(InputError, match="the log_ratio of 'scale' 'no_such:thing' must be importable"):
        Nuisance("scale", 0.1, log_ratio="no_such:thing")
    with pytest.raises(InputError, match="auxiliary of 'scale'"):
        Nuisance("scale", 0.1, auxiliary="gaussian")  # type: ignore[arg-type]


def test_a_count_brings_its_sigma() -> None:
    nuisance = Nuisance("background", auxiliary=PoissonCount(400.0), center=0.5)
    assert nuisance.scale == pytest.approx(0.05)
    assert nuisance.observed == pytest.approx(600.0)


def test_a_normalization_is_known_exactly() -> None:
    nuisance = normalization("luminosity", sigma=0.025)
    assert nuisance.is_normalization and nuisance.functions[0].is_portable
    assert not Nuisance("scale", 0.1, log_ratio=lambda events, nu: nu * events[:, 0]).is_normalization
    assert nuisance.log_ratio.call(jnp.zeros((3, 2)), 0.1).tolist() == [0.1] * 3


@pytest.mark.parametrize(
    "nuisance",
    [
        normalization("luminosity", sigma=0.025, center=0.01),
        Nuisance("scale", 0.1, auxiliary=LogNormal(), log_ratio="numpy:dot", transform="numpy:multiply"),
        Nuisance("count", auxiliary=PoissonCount(9.0)),
        Nuisance("free", 1.0, auxiliary=Unconstrained()),
    ],
)
def test_a_nuisance_comes_back_from_its_dictionary(nuisance: Nuisance) -> None:
    assert nuisance_from_dict(nuisance.to_dict()) == nuisance


def test_it_knows_its_functions() -> None:
    assert Nuisance("scale", 0.1).functions == ()
    both = Nuisance("scale", 0.1, log_ratio=lambda events, nu: np.zeros(len(events)), transform="numpy:multiply")
    assert [one.is_portable for one in both.functions] == [False, True]
