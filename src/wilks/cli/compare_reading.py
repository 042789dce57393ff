"""What `wilks compare` reads of its files: options that name columns, values and golden JSON files."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from wilks.comparison.contents import Asked
from wilks.samples import Certified, looks_like_weight
from wilks.samples.recipe import unused_definitions

_SIDE = re.compile(r"^([AB])=(?!=)")
_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--feature",
        "features",
        multiple=True,
        metavar="EXPRESSION",
        help='A column or expression to compare, such as "Muon_pt[0]", "len(Jet_pt)" or "log(mass)"; may be repeated. '
        "Without it all columns of numbers are compared.",
    ),
    click.option(
        "--define",
        multiple=True,
        metavar="NAME=EXPRESSION",
        help="A column made of others; may be repeated. It is compared as well, beside --feature if nothing else uses "
        "it; one that is named as weights are weighs the events, as a column does.",
    ),
    click.option("--where", metavar="EXPRESSION", help='Which events to keep, such as "pt > 20 and abs(eta) < 2.4".'),
    click.option(
        "--fill",
        multiple=True,
        metavar="OBJECT=NUMBER",
        help='What stands for an object that an event lacks, such as "Jet_pt[1]=0"; without it the event is left out.',
    ),
    click.option(
        "--golden-json",
        multiple=True,
        metavar="[A=|B=]FILE",
        help="Events of lumisections that the file does not certify are left out, of A, of B, or of both. Simulation "
        "is certified by none.",
    ),
    click.option(
        "--run-columns",
        default="run,luminosityBlock",
        show_default=True,
        metavar="RUN,LUMISECTION",
        help="The columns that a golden JSON is about.",
    ),
    click.option(
        "--weight",
        multiple=True,
        metavar="[A=|B=]EXPRESSION",
        help="The weight of events, of A, of B, or of both.",
    ),
    click.option("--no-weights", is_flag=True, help="Every row counts one, whatever its columns hold."),
    click.option("--tree", metavar="NAME", help="TTree, RNTuple or HDF5 table inside the files."),
    click.option(
        "--entry-stop", type=click.IntRange(min=1), metavar="N", help="Read the first N rows of each sample alone."
    ),
)


def reading_options(command: _Command) -> _Command:
    """The options that `asked_of` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked_of(options: Mapping[str, Any]) -> tuple[Asked, Asked]:
    """What is read of A, and of B.

    Raises:
        click.UsageError: options that exclude each other, or are not written as they must be.
    """
    if options["weight"] and options["no_weights"]:
        raise click.UsageError("--weight and --no-weights exclude each other")
    weights, golden = (_of_sides(options[key], option) for key, option in _SIDED)
    define = _pairs(options["define"], "--define", "NAME=EXPRESSION")
    features = _with_defined(options["features"], define, (*filter(None, [options["where"]]), *weights.values()))
    first, second = (
        Asked(
            features=features,
            tree=options["tree"],
            where=options["where"],
            weight=weights.get(side),
            define=define,
            fill=_numbers(_pairs(options["fill"], "--fill", "OBJECT=NUMBER")),
            certified=_certified(golden.get(side), options["run_columns"]),
            entry_stop=options["entry_stop"],
        )
        for side in "AB"
    )
    return first, second


def _with_defined(features: Sequence[str], define: Mapping[str, str], others: Sequence[str]) -> tuple[str, ...]:
    """The features that are asked for, and the definitions that nothing uses and that are not named as weights are."""
    unused = unused_definitions(define, (*features, *others)) if features else ()
    return (*features, *(name for name in unused if not looks_like_weight(name)))


_SIDED = (("weight", "--weight"), ("golden_json", "--golden-json"))


def _of_sides(texts: Iterable[str], option: str) -> dict[str, str]:
    """The text of each sample: "A=..." is of A, "..." of both."""
    found: dict[str, str] = {}
    for text in texts:
        side = _SIDE.match(text)
        for name in side[1] if side else "AB":
            if name in found:
                raise click.UsageError(f"{option} is given twice for {name}: {found[name]!r} and {text!r}")
            found[name] = text[2:] if side else text
    return found


def _pairs(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in (text.partition if option == "--define" else text.rpartition)("="))
        if not (name and value) or name in found:
            raise click.UsageError(f"{option} must be {form}, each name once, but {text!r} came")
        found[name] = value
    return found


def _numbers(texts: Mapping[str, str]) -> dict[str, float]:
    try:
        return {name: float(value) for name, value in texts.items()}
    except ValueError as error:
        raise click.UsageError(f"--fill must give numbers, but {error}") from error


def _certified(file: str | None, names: str) -> Certified | None:
    columns = tuple(name.strip() for name in names.split(","))
    if len(columns) != 2 or not all(columns):
        raise click.UsageError(f"--run-columns must be two names with a comma, but {names!r} came")
    return None if file is None else Certified(file, run=columns[0], lumisection=columns[1])
