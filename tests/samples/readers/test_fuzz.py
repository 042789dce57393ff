"""A little of `python -m tests.lab.reader_fuzz`: damaged files give what was written, or a sentence."""

import contextlib
import sys

import pytest

from tests.lab.reader_files import FORMATS
from tests.lab.reader_fuzz import Child, line_of


@pytest.fixture(scope="module")
def child():
    with contextlib.closing(Child()) as process:
        yield process


@pytest.mark.skipif(sys.platform != "linux", reason="memory and time of the child are limited on Linux")
@pytest.mark.parametrize("n_mutants", [30, pytest.param(60, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_end_in_a_sentence(child, name, n_mutants):
    line = line_of(name, n=n_mutants, seed=11, child=child)
    assert not line.is_faulty, line.examples
    assert line.n == n_mutants and line.counts["refused"] > n_mutants // 5
