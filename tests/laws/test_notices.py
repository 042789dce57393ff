from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wilks.hypotheses import Null, ShiftedNuisance
from wilks.laws import calibrate
from wilks.statistics.fits import FitResult, FittedNuisance

Make = Callable[..., Any]


def warnings_of(make_toys: Make, fit: Any, **options: Any) -> tuple[str, ...]:
    return calibrate(make_toys(options.pop("n", 400), **options)).evaluate(fit).warnings


def test_a_clean_answer_has_no_warning(make_toys: Make, make_fit: Make) -> None:
    assert warnings_of(make_toys, make_fit(20.0)) == ()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"n": 40}, "Only 40 toys: no p below 0.024 (Z 1.97) can be seen"),
        ({"n_failed": 2}, "2 of 400 toys failed; the interval covers both outcomes"),
        (
            {"expected_overlap_z_error": 0.31},
            "The toys were drawn from a finite pool: a common error of 0.31 on Z, "
            "which more toys do not reduce, comes on top of the interval",
        ),
    ],
)
def test_warnings_about_toys(make_toys: Make, make_fit: Make, options: dict[str, Any], text: str) -> None:
    assert warnings_of(make_toys, make_fit(20.0), **options) == (text,)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"start_gap": 2.5},
            "The best of 10 starts exceeds the second best by 2.50 in t (median gap of the toys 0.50): no second "
            "start confirms this minimum. p stays valid, because toys are searched alike; a longer search may find "
            "a larger t",
        ),
        (
            {"share_at_bound": 0.62},
            "62 % of the parameters are at their bound (median share of the toys 0.25): "
            "the weight clip shapes the learned ratio",
        ),
        (
            {"n_events": 900},
            "The data hold 900 events, the toys 2000 to 2000: the count alone makes t large; "
            "check the expected number of events",
        ),
    ],
)
def test_warnings_about_the_fit(make_toys: Make, make_fit: Make, options: dict[str, Any], text: str) -> None:
    assert warnings_of(make_toys, make_fit(20.0, **options)) == (text,)


def test_an_overlap_too_small_to_matter_is_silent(make_toys: Make, make_fit: Make) -> None:
    assert warnings_of(make_toys, make_fit(20.0), expected_overlap_z_error=0.01) == ()


def profiled(fit: FitResult) -> FitResult:
    """The same fit with a nuisance, 0.8 of its sigma of 0.1 away from 0 at Delta."""
    at_tau, at_delta = (FittedNuisance("scale", value, 0.01, 0.0, 0.1) for value in (0.1, 0.08))
    return replace(fit, tau=30.0, delta=10.0, nuisances=(at_tau,), delta_nuisances=(at_delta,))


@pytest.mark.parametrize("hypothesis", [Null(), ShiftedNuisance({"scale": 0.2})])
def test_toys_of_a_penalized_t_at_other_nuisances_are_named(
    make_toys: Make, make_fit: Make, hypothesis: object
) -> None:
    options = {"hypothesis": hypothesis, "degrees_of_freedom": None}
    sigmas = "+0.8" if isinstance(hypothesis, Null) else "-1.2"
    text = (
        f"The data lie {sigmas} sigma in scale from the nuisances of the toys, and t of this model depends on "
        "them; run toys of ShiftedNuisance({'scale': 0.08})"
    )
    assert text in warnings_of(make_toys, profiled(make_fit(20.0)), **options)


def test_toys_near_the_nuisances_of_the_data_are_silent(make_toys: Make, make_fit: Make) -> None:
    near = {"hypothesis": ShiftedNuisance({"scale": 0.1}), "degrees_of_freedom": None}
    for options in (near, {}):
        assert not any("sigma in" in text for text in warnings_of(make_toys, profiled(make_fit(20.0)), **options))


def test_bare_values_say_what_is_not_known(make_toys: Make, make_fit: Make) -> None:
    warnings = calibrate(make_toys(400).t).evaluate(make_fit(20.0, start_gap=2.0)).warnings
    assert warnings[0].startswith("The values of t came without their analysis")
    assert warnings[1].startswith("The number of degrees of freedom is the mean of these toys")
    assert "median" not in warnings[2]
