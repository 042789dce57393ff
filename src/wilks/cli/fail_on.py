"""The condition of ``--fail-on``."""

import math
import re
from dataclasses import dataclass

import click

from wilks.cli.outcome import ExitCode
from wilks.cli.session import Session
from wilks.errors import ConfigError
from wilks.significance import p_value as p_value_of
from wilks.significance import z_score

_FORM = re.compile(r"^\s*(p|z)\s*(<=|<|>=|>)\s*([0-9.eE+-]+)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class FailOn:
    """``p`` below, or ``z`` above, a number; judged on the answer, empirical or analytic."""

    text: str
    is_p: bool
    is_or_equal: bool
    limit: float

    def is_met(self, *, p_value: float, z_score: float) -> bool:
        """Whether the answer trips the condition; an answer that does not exist (NaN) never does.

        >>> parse_fail_on("p < 0.01").is_met(p_value=0.005, z_score=2.6)
        True
        >>> parse_fail_on("z >= 3").is_met(p_value=0.005, z_score=2.6)
        False
        """
        if math.isnan(p_value):
            return False
        value, limit = (p_value, self.limit) if self.is_p else (-z_score, -self.limit)
        return value <= limit if self.is_or_equal else value < limit

    @property
    def p_limit(self) -> float:
        """The p below which it is met.

        >>> parse_fail_on("p<1e-4").p_limit, round(parse_fail_on("z>3").p_limit, 5)
        (0.0001, 0.00135)
        """
        return self.limit if self.is_p else p_value_of(self.limit)


def parse_fail_on(text: str) -> FailOn:
    """Read ``p<0.01`` or ``z>3``. Raises click.BadParameter for anything else."""
    match = _FORM.match(text)
    limit = _number(match[3]) if match else math.nan
    is_p = match is not None and match[1].lower() == "p"
    if match is None or not math.isfinite(limit) or is_p != (match[2][0] == "<") or (is_p and not 0 < limit <= 1):
        raise click.BadParameter(
            f"must be p<NUMBER with a number from 0 to 1, or z>NUMBER, but it is {text!r}; e.g. --fail-on 'p<0.01'"
        )
    return FailOn(text=text.strip(), is_p=is_p, is_or_equal=match[2].endswith("="), limit=limit)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def require_within_reach(
    condition: FailOn | None, *, n_draws: int, reach: float | None, what: str, remedy: str
) -> None:
    """Raise ConfigError for a condition that 1/(n + 1) of n draws can never meet, nor p by splitting down to ``reach``.

    Args:
        condition: what was asked for, if anything.
        n_draws: n.
        reach: the least p by splitting; None: there is none.
        what: the draws are.
        remedy: what to do.
    """
    smallest = min(1.0 / (n_draws + 1), 1.0 if reach is None else reach)
    if condition is not None and not condition.is_met(p_value=smallest, z_score=z_score(smallest)):
        raise ConfigError(
            f"--fail-on must be within the reach of the {what}, but {condition.text} can never be met: "
            f"{n_draws} {what} reach p = 1/{n_draws + 1} (Z = {z_score(smallest):.2f}); {remedy}"
        )


def judge(session: Session, condition: FailOn, *, p_value: float, z_score: float) -> bool:
    """Set exit code 5, and say so, if an answer meets the condition."""
    is_met = condition.is_met(p_value=p_value, z_score=z_score)
    if is_met:
        session.outcome.end_with(ExitCode.FAIL_ON)
        session.say(f"--fail-on {condition.text} is met")
    return is_met


fail_on_option = click.option(
    "--fail-on",
    callback=lambda context, option, text: parse_fail_on(text) if text is not None else None,
    metavar="CONDITION",
    help="End with exit code 5 if the answer, however it was found, meets it: 'p<0.01' or 'z>3'.",
)
