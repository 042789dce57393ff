"""wilks calibrate on values of t that another program made."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from wilks.cli.options import FilePath
from wilks.cli.session import Session
from wilks.errors import ConfigError, InputError, StoreError
from wilks.laws import Calibration, calibrate
from wilks.laws.empirical import check_observed
from wilks.laws.gof_json import GofToys, read_gof, write_gof
from wilks.laws.nplm_files import is_nplm, read_nplm
from wilks.significance.printing import decimals, plain
from wilks.typing import FloatArray
from wilks.wording import table

_Command = TypeVar("_Command", bound=Callable[..., Any])
TEXTS, BINARY, GOF = (".txt", ".dat", ".csv"), ".npy", ".json"


@dataclass(frozen=True)
class ValueOptions:
    """What is asked of values of t.

    Attributes:
        observed: values of t whose p is wanted.
        degrees_of_freedom: of the chi-square; None: the mean.
        gof: a gof.json to write.
        mass: what the toys are called there; None: as they were, or "0.0".
    """

    observed: tuple[float, ...]
    degrees_of_freedom: float | None
    gof: Path | None
    mass: str | None

    @property
    def is_given(self) -> bool:
        """Whether any of them was given."""
        return bool(self.observed) or self.degrees_of_freedom is not None or self.gof is not None or bool(self.mass)


def value_options(command: _Command) -> _Command:
    """The options of `ValueOptions` on a command."""
    return _observed(_dof(_gof(_mass(command))))


_observed = click.option("--observed", type=float, multiple=True, metavar="T", help="Of values: a t whose p is wanted.")
_dof = click.option(
    "--degrees-of-freedom", type=float, metavar="K", help="Of values: the chi-square that they are compared with."
)
_gof = click.option(
    "--write-gof", "gof", type=FilePath(), metavar="FILE", help="Of values: write them as the gof.json of combine."
)
_mass = click.option("--mass", metavar="NAME", help="Of values: what they are called in that file, such as 125.0.")


def is_values(path: Path) -> bool:
    """Whether a path holds values of t, by its ending, or toys of NPLM; JSON with a reference is an analysis file."""
    ending = path.suffix.lower()
    return is_nplm(path) or ending in (*TEXTS, BINARY) or (ending == GOF and not _is_analysis(path))


def _is_analysis(path: Path) -> bool:
    try:
        return "reference" in json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def calibrate_values(session: Session, path: Path, options: ValueOptions) -> None:
    """Print the null distribution that the values give, and p of what was observed; write a gof.json where asked.

    Raises:
        CalibrationError: an observed t that is none of a fit.
    """
    for t in options.observed:
        check_observed(t)
    found = _named(read_values(path), options)
    numbers: dict[str, Any] = {}
    for name, toys in found.items():
        calibration = calibrate(toys.t, degrees_of_freedom=options.degrees_of_freedom)
        session.outcome.warn(*calibration.findings)
        observed = [t for t in (toys.observed, *options.observed) if not math.isnan(t)]
        session.say("\n".join([*([f"{name}:"] if len(found) > 1 else []), str(calibration)]))
        for t in observed:
            session.say(answer_text(calibration, t))
        stored = toys.stored_p_value
        if stored is not None and not math.isclose(stored, toys.p_value):
            session.note(f"{path} says p = {stored:.6g}, which is not (k + 1)/(n + 1)")
        numbers[name] = {
            "calibration": calibration.to_dict(),
            "stored_p_value": stored,
            "observed": [_answer(calibration, t) for t in observed],
        }
    session.outcome.numbers["values"] = numbers
    if options.gof is not None:
        write_gof(options.gof, {name: _with_observed(toys, options) for name, toys in found.items()})
        session.outcome.files["gof"] = str(options.gof)
        session.say(f"The toys are in {options.gof}")


def require_analysis(options: ValueOptions) -> None:
    """Raise ConfigError for options that an analysis file has no use for."""
    if options.is_given:
        raise ConfigError(
            "--observed, --degrees-of-freedom, --write-gof and --mass are for files with values of t, .txt, .npy or "
            "gof.json; the data of an analysis file are tested by `wilks test`"
        )


def read_values(path: Path) -> dict[str, GofToys]:
    """Values of t by name: those of a gof.json by mass, others as "0.0".

    Raises:
        StoreError: the file cannot be read, or holds no numbers.
    """
    if path.suffix.lower() == GOF:
        return read_gof(path)
    if is_nplm(path):
        return {"0.0": GofToys(math.nan, read_nplm(path))}
    try:
        is_binary = path.suffix.lower() == BINARY
        values = np.load(path, allow_pickle=False) if is_binary else _numbers(path.read_text("utf-8"))
        return {"0.0": GofToys(math.nan, np.asarray(values, dtype=np.float64))}
    except (OSError, ValueError, TypeError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"{path} must hold values of t, NaN where a toy failed, but cannot be read: {reason}"
        ) from error


def answer_text(calibration: Calibration, t: float) -> str:
    """p and Z of an observed t, with the second answer.

    >>> print(answer_text(calibrate(np.linspace(5.0, 21.0, 17), degrees_of_freedom=13), 20.5))
      t        20.50
      p-value  0.11   [0.010, 0.18]  empirical
      Z        1.22   [0.91, 2.32]   empirical
    p = 2/18 (1 of 17)
    """
    found, second = calibration.probability(t), calibration.second(t)
    rows = [("t", decimals(t)), *found.rows(), *(second.rows() if second else ())]
    return f"{table(rows)}\n{calibration.p_text(t, found)}"


def _answer(calibration: Calibration, t: float) -> dict[str, object]:
    facts = {name: x for name, x in calibration.facts(t).items() if name != "calibration"}
    return {"t": t, **calibration.probability(t).to_dict(), **facts}


def _named(found: Mapping[str, GofToys], options: ValueOptions) -> dict[str, GofToys]:
    if options.mass is None:
        return dict(found)
    if len(found) > 1:
        raise InputError(f"--mass names one set of toys, but the file holds those of {', '.join(found)}; leave it out")
    return dict(zip((options.mass,), found.values(), strict=True))


def _with_observed(toys: GofToys, options: ValueOptions) -> GofToys:
    """With the one t that was given, where the file holds none."""
    if not math.isnan(toys.observed) or not options.observed:
        return toys
    if len(options.observed) > 1:
        given = ", ".join(map(plain, options.observed))
        raise InputError(f"a gof.json has one observed value a mass, but --observed came as {given}; give one")
    return GofToys(options.observed[0], toys.t)


def _numbers(text: str) -> FloatArray:
    """Numbers between blanks, commas and ends of lines; what follows # is left out."""
    return np.array(list(_read_numbers(text.splitlines())), dtype=np.float64)


def _read_numbers(lines: Iterable[str]) -> Iterable[float]:
    for number, line in enumerate(lines, 1):
        for word in line.partition("#")[0].replace(",", " ").split():
            try:
                yield float(word)
            except ValueError:
                raise ValueError(f"line {number} holds {word!r:.40}, which is no number") from None
