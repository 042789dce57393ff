"""Errors that a user can act on.

Every message says what must hold, what came, and what to do. ``InputError`` and its
subclasses end a command with exit code 2; anything else is a defect of the program. A message may hold
names from files that others wrote; printed, it holds no characters that a terminal would obey.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from wilks.wording import printable


class WilksError(Exception):
    """Base of every error raised on purpose by this package."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(WilksError):
    """The input, its configuration or its combination cannot be used as given."""

    role: str = ""  # of the argument that is to blame, where the message alone does not tell it


class SampleError(InputError):
    """A sample or the file that it comes from cannot be used as given."""


class ConfigError(InputError):
    """A configuration file cannot be used as given; the message names file, line and key."""


class StoreError(InputError):
    """A folder of results belongs to something else, or cannot be written or read."""


class CalibrationError(InputError):
    """A null distribution cannot answer the question asked of it."""


class ResponseError(InputError):
    """A learned response does not reproduce the samples that it is to describe."""


class WilksWarning(UserWarning):
    """Something that a user should know and that keeps nothing from going on."""

    def __str__(self) -> str:
        return printable(super().__str__())


class CampaignError(WilksError):
    """Some parts of a campaign of toys failed again and again; the others are finished and kept."""


@contextmanager
def blaming(role: str) -> Iterator[None]:
    """Say of an InputError that is raised inside which argument is to blame, unless something inside said so.

    >>> try:
    ...     with blaming("reference"):
    ...         raise InputError("a sum of weights must be positive")
    ... except InputError as error:
    ...     error.role
    'reference'
    """
    try:
        yield
    except InputError as error:
        error.role = error.role or role
        raise
