"""The options of the search."""

import pytest

from wilks.errors import InputError
from wilks.optimize import Search


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_starts": 0}, "n_starts must be a whole number of at least 1"),
        ({"n_starts": 2.5}, "n_starts must be a whole number"),
        ({"n_starts": True}, "n_starts must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"kkt_tolerance": 0.0}, "kkt_tolerance must be positive"),
        ({"decrement_tolerance": float("nan")}, "decrement_tolerance must be positive"),
    ],
)
def test_options_outside_their_limits_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Search(**options)  # type: ignore[arg-type]


def test_no_more_ends_are_polished_than_there_are_starts() -> None:
    assert Search(n_starts=1, n_polished=3).n_polished == 1
