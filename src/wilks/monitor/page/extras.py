"""Packages that are not needed to judge batches."""

from wilks.errors import InputError


def missing(what: str, error: ImportError) -> InputError:
    """What to do where one is not there.

    >>> print(missing("the page", ImportError("No module named 'starlette'")))
    the page needs packages that cannot be imported (No module named 'starlette'): pip install 'wilks[monitor]'
    """
    return InputError(f"{what} needs packages that cannot be imported ({error}): pip install 'wilks[monitor]'")
