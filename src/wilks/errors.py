"""Errors that a user can act on.

Every message says what must hold, what came, and what to do. ``InputError`` and its
subclasses end a command with exit code 2, or with 6 where a disk or a network failed; anything else is a defect of the
program. A message may hold names from files that others wrote; printed, it holds no characters that a terminal would
obey.
"""

import errno
import re
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


class NoFileError(SampleError):
    """There is no file of the name, or of the pattern, that was given."""


class NoColumnError(SampleError):
    """A file has no column that is needed; ``needed_by`` says by what: 'pt1' in quotes, ``where``, a definition."""

    def __init__(self, message: str, *, needed_by: str = "") -> None:
        super().__init__(message)
        self.needed_by = needed_by


class ConfigError(InputError):
    """A configuration file cannot be used as given; the message names file, line and key."""


class StoreError(InputError):
    """A folder of results belongs to something else, or cannot be written or read."""


class FaultError(StoreError):
    """A disk or a network failed, by no fault of the input: the same may go well later, or elsewhere."""


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


# A disk that is full, read-only, broken or over its quota, and a network that does not answer.
_FAULTS = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EROFS", "EIO", "ESTALE", "ENOLCK", "EREMOTEIO", "ENOMEDIUM", "ENXIO"),
        *("ENETDOWN", "ENETUNREACH", "ENETRESET", "EHOSTDOWN", "EHOSTUNREACH", "ECONNABORTED", "ECONNREFUSED"),
        *("ECONNRESET", "ENOTCONN", "ESHUTDOWN", "ETIMEDOUT", "EAGAIN", "EBUSY", "EMFILE", "ENFILE", "ECOMM", "EPROTO"),
    )
    if hasattr(errno, name)
)
# What libraries say that keep the number to themselves: HDF5, and XRootD.
_NUMBER_IN_TEXT = re.compile(r"\berrno = (\d+)")
_FAULT_IN_TEXT = re.compile(
    r"connection (error|refused|reset)|operation expired|socket (error|timeout)|timed out", re.I
)


def is_fault(error: BaseException | None) -> bool:
    """Whether a disk or a network failed, by the error or by what it came from.

    >>> full = OSError(errno.ENOSPC, "No space left on device")
    >>> is_fault(full), is_fault(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    (True, False)
    """
    return any(_is_fault(one) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it came from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_fault(error: BaseException) -> bool:
    if isinstance(error, FaultError):
        return True
    if not isinstance(error, OSError) or isinstance(error, BrokenPipeError):
        return False
    if error.errno is not None:
        return error.errno in _FAULTS
    found = _NUMBER_IN_TEXT.search(str(error))
    if found is not None:
        return int(found[1]) in _FAULTS
    is_of_network = isinstance(error, ConnectionError | TimeoutError)
    return is_of_network or _FAULT_IN_TEXT.search(str(error)) is not None
