"""A little of `python -m tests.lab.reader_fuzz`: damaged files give what was written, or a sentence."""

import contextlib
import sys

import pytest

from tests.lab.reader_files import FORMATS
from tests.lab.reader_fuzz import Child, line_of

N_MUTANTS = 60


@pytest.fixture(scope="module")
def child():
    with contextlib.closing(Child()) as process:
        yield process


@pytest.mark.skipif(sys.platform != "linux", reason="memory and time of the child are limited on Linux")
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_end_in_a_sentence(child, name):
    line = line_of(name, n=N_MUTANTS, seed=11, child=child)
    assert not line.is_faulty, line.examples
    assert line.n == N_MUTANTS and line.counts["refused"] > N_MUTANTS // 5
