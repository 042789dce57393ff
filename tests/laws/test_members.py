"""What an answer says of the members of a set of kernels."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wilks.laws import GoodnessOfFit, calibrate
from wilks.statistics.fits import FitResult, MemberFit
from wilks.typing import FitStatus

Answer = Callable[..., GoodnessOfFit]


def member(width: float, t: float, p: float) -> MemberFit:
    return MemberFit(width, 0.3, t, math.log(p))


MEMBERS = (member(0.4, 31.0, 0.0005), member(1.0, 9.0, 0.4), member(2.5, 1.2, 0.96))


@pytest.fixture
def answer_of(fit_of: Callable[..., FitResult]) -> Callable[..., GoodnessOfFit]:
    """The answer for a fit with these members, among even values of t."""

    def make(members: tuple[MemberFit, ...], *, t: float = 15.2, **options: Any) -> GoodnessOfFit:
        return calibrate(np.linspace(0.0, 15.9, 1599)).evaluate(fit_of(t, members=members, **options))

    return make


def test_golden_text(answer_of: Answer) -> None:
    text = str(answer_of(MEMBERS))
    assert GOLDEN in text


def test_json_has_the_members_and_what_the_global_p_is_beside_the_smallest(answer_of: Answer) -> None:
    result = answer_of(MEMBERS)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["members"] == [one.to_dict() for one in MEMBERS]
    assert document["over_smallest_p"] == pytest.approx(result.p_value / 0.0005, rel=1e-12)


def test_a_local_p_that_underflows_has_its_z_and_no_trials_factor(answer_of: Answer) -> None:
    """exp(-5000) is 10^-2171.472; the Z of it is 99.9449 (`significance.log_p_value` is its inverse)."""
    result = answer_of((MemberFit(0.4, 0.3, 1e4, -5000.0), *MEMBERS))
    assert "  width 0.4  0.3    10000.00  3.4e-2172  99.94\n" in str(result)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    values = {"width": 0.4, "ridge": 0.3, "t": 1e4, "p_value": 0.0, "log_p_value": -5000.0}
    assert document["members"][0] == {"name": "width 0.4", **values, "z": []}
    assert document["over_smallest_p"] is None and "what it costs" not in str(result)


def test_a_member_without_a_width_is_called_by_its_name(answer_of: Answer) -> None:
    waves = MemberFit(math.nan, 0.1, 40.0, -9.0, name="waves of x, y", z=(0.2,))
    text, document = str(answer_of((waves, *MEMBERS))), waves.to_dict()
    assert "  waves of x, y  0.1 " in text and "nan" not in text
    assert ", waves of x, y and ridge 0.1: what it costs" in text
    assert document["name"] == "waves of x, y" and document["width"] is None and document["z"] == [0.2]


def test_where_no_toy_reaches_t_there_is_no_trials_factor(answer_of: Answer) -> None:
    text = str(answer_of(MEMBERS, t=100.0))
    assert "what it costs" not in text and "local p" in text


def test_other_fits_have_no_members(answer_of: Answer) -> None:
    result = answer_of(())
    assert "members" not in result.to_dict() and "local p" not in str(result)


def test_a_failed_fit_has_no_table(answer_of: Answer) -> None:
    result = answer_of(MEMBERS, t=math.nan, status=FitStatus.NOT_CONVERGED)
    assert "local p" not in str(result)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["over_smallest_p"] is None


GOLDEN = """\
  member     ridge  t      local p  local Z
  width 0.4  0.3    31.00  0.00050  3.29
  width 1    0.3    9.00   0.40     0.25
  width 2.5  0.3    1.20   0.9600   -1.75
The global p is """
