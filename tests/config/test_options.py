"""Sections of the analysis file that are made from dataclasses of options."""

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from wilks.config.nuisance_sections import ResponsesConfig
from wilks.config.options import option_texts, with_options_of
from wilks.config.schema import SearchConfig
from wilks.config.sections import Section
from wilks.errors import InputError
from wilks.responses import Training
from wilks.search import Search
from wilks.statistics import STATISTICS, family_of
from wilks.typing import Count, Positive, check_options


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of a test.

    Args:
        n_bins: of the histogram,
            along each axis.
        width: ``None``: as wide as it is.
        names: what they are called.

    Raises:
        InputError: n_bins: not this.
    """

    n_bins: Count
    width: Positive | None = None
    names: tuple[str, ...] = ("a", "b")
    _found: int = dataclasses.field(default=0, init=False)

    def __post_init__(self) -> None:
        check_options(self, called="options.{}")


@with_options_of(Options)
class OptionsSection(Section):
    """A section."""


def test_names_defaults_and_texts_are_those_of_the_dataclass() -> None:
    made: Any = OptionsSection
    fields = made.model_fields
    assert list(fields) == ["n_bins", "width", "names"]
    assert fields["n_bins"].is_required() and (fields["width"].default, fields["names"].default) == (None, ["a", "b"])
    assert fields["n_bins"].description == "N bins of the histogram, along each axis."
    assert fields["names"].description == "What they are called."
    assert made.__doc__ == "A section." and made.__name__ == "OptionsSection"


def test_values_are_those_that_the_dataclass_takes() -> None:
    made: Any = OptionsSection
    assert Options(**made(n_bins=1e3, width=2).model_dump()) == Options(1000, 2.0, ["a", "b"])  # type: ignore[arg-type]
    for bad in ({}, {"n_bins": 0}, {"n_bins": 1.5}, {"n_bins": 1, "width": 0.0}, {"n_bins": 1, "names": []}, {"x": 1}):
        with pytest.raises(ValidationError):
            made(**bad)


@pytest.mark.parametrize(("options", "message"), [({"n_bins": 0}, "n_bins"), ({"n_bins": 1, "width": "1"}, "width")])
def test_the_dataclass_refuses_the_same_itself(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"options\.{message} must be a"):
        Options(**options)


def test_every_option_of_the_file_has_a_text() -> None:
    for options in (Search, Training, *map(family_of, STATISTICS)):
        names = {one.name for one in dataclasses.fields(options) if one.init}  # type: ignore[arg-type]
        assert names <= set(option_texts(options))
    search: Any = SearchConfig
    assert Search(**search().model_dump()) == Search()
    assert ResponsesConfig.model_validate({}).n_networks == Training().n_networks
