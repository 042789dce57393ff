"""The condition of --fail-on."""

import math

import click
import pytest

from wilks.cli.fail_on import parse_fail_on


@pytest.mark.parametrize(
    ("text", "p_value", "z_score", "expected"),
    [
        ("p<0.01", 0.009, 2.4, True),
        ("p<0.01", 0.01, 2.3, False),
        ("p <= 1e-2", 0.01, 2.3, True),
        ("P<0.5", 0.4, 0.2, True),
        ("z>3", 1e-4, 3.7, True),
        ("z > 3", 0.1, 1.3, False),
        ("Z>=2", 0.02, 2.0, True),
        ("p<0.5", math.nan, math.nan, False),
        ("z>-9", math.nan, math.nan, False),
    ],
)
def test_conditions(text: str, p_value: float, z_score: float, expected: bool) -> None:
    assert parse_fail_on(text).is_met(p_value=p_value, z_score=z_score) is expected


@pytest.mark.parametrize(
    "text", ["", "p", "p>0.01", "z<3", "p<0", "p<2", "p<nan", "p<-1", "t>3", "p<0.01 or z>3", "p<e"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="must be p<NUMBER"):
        parse_fail_on(text)
