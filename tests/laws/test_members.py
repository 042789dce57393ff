"""What an answer says of the members of a set of kernels."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from wilks.fitting import MemberFit
from wilks.laws import calibrate
from wilks.laws.members import has_members
from wilks.typing import FitStatus


def member(width: float, t: float, p: float) -> MemberFit:
    return MemberFit(width, 0.3, t, math.log(p))


MEMBERS = (member(0.4, 31.0, 0.0005), member(1.0, 9.0, 0.4), member(2.5, 1.2, 0.96))


@dataclass(frozen=True)
class Fit:
    members: tuple[MemberFit, ...]
    t: float = 15.2
    status: FitStatus = FitStatus.CONVERGED
    converged: bool = True
    share_at_bound: float = 0.0
    n_starts: int = 1
    start_gap: float = math.nan
    n_events: int = 2010
    fingerprint: str = ""


def answer_of(fit: Fit):
    return calibrate(np.linspace(0.0, 15.9, 1599)).evaluate(fit)


def test_golden_text() -> None:
    text = str(answer_of(Fit(MEMBERS)))
    assert GOLDEN in text


def test_json_has_the_members_and_what_the_global_p_is_beside_the_smallest() -> None:
    result = answer_of(Fit(MEMBERS))
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["members"] == [one.to_dict() for one in MEMBERS]
    assert document["over_smallest_p"] == pytest.approx(result.p_value / 0.0005, rel=1e-12)


def test_a_local_p_that_underflows_has_its_z_and_no_trials_factor() -> None:
    """exp(-5000) is 10^-2171.472; the Z of it is 99.9449 (`significance.log_p_value` is its inverse)."""
    result = answer_of(Fit((MemberFit(0.4, 0.3, 1e4, -5000.0), *MEMBERS)))
    assert "  0.4    0.3    10000.00  3.4e-2172  99.94\n" in str(result)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["members"][0] == {"width": 0.4, "ridge": 0.3, "t": 1e4, "p_value": 0.0, "log_p_value": -5000.0}
    assert document["over_smallest_p"] is None and "trials factor" not in str(result)


def test_where_no_toy_reaches_t_there_is_no_trials_factor() -> None:
    text = str(answer_of(Fit(MEMBERS, t=100.0)))
    assert "trials factor" not in text and "local p" in text


def test_other_fits_have_no_members() -> None:
    result = answer_of(Fit(()))
    assert not has_members(result.fit) and "members" not in result.to_dict() and "local p" not in str(result)


def test_a_failed_fit_has_no_table() -> None:
    result = answer_of(Fit(MEMBERS, t=math.nan, status=FitStatus.NOT_CONVERGED, converged=False))
    assert "local p" not in str(result)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["over_smallest_p"] is None


GOLDEN = """\
  width  ridge  t      local p  local Z
  0.4    0.3    31.00  0.00050  3.29
  1      0.3    9.00   0.40     0.25
  2.5    0.3    1.20   0.9600   -1.75
The global p is """
