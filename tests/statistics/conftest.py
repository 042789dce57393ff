"""What tests of all families share."""

from collections.abc import Iterator

import pytest

from tests.lab.compilations import Programs, counted


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    with counted() as counter:
        yield counter
