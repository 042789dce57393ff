import numpy as np
import pytest

from wilks.reports.rendering import _ENVIRONMENT
from wilks.reports.tables import Table, count, flat_rows, number, setting, words


@pytest.mark.parametrize(
    "value, text", [(0, "0"), (1234567.0, "1,234,567"), (1234567.25, "1,234,567.2"), (0.125, "0.125")]
)
def test_counts_are_readable(value, text):
    assert count(value) == text


def test_numbers_that_are_missing_say_so():
    assert number(float("nan")) == "not available"
    assert number(np.float64(0.123456)) == "0.1235"


def test_settings_are_flat_and_complete():
    rows = flat_rows({"a_b": (), "c": {"d": None, "e": {"f": 1e-9}}, "g": False})
    assert rows == (("a b", "none"), ("c d", "none"), ("c e f", "1e-09"), ("g", "no"))


def test_long_lists_say_what_is_left_out():
    assert words(range(30), limit=2) == "0, 1 and 28 more"
    assert setting("text") == "text"


def test_numbers_are_not_broken_and_texts_are():
    table = Table(
        "",
        (
            ("shift", "-0.21", "a long text of words"),
            ("rate", "0.5 ± 0.1", "1,234 of 5,000"),
            ("status", "converged", "of the fit"),
        ),
    )
    cell = "<td class=n>{}</td>"
    page = _ENVIRONMENT.from_string('{% from "macros.html.j2" import table %}{{ table(content) }}')
    found = page.render(content=table)
    assert all(cell.format(text) in found for text in ("-0.21", "0.5 ± 0.1", "1,234 of 5,000", "converged"))
    assert "<td>a long text of words</td>" in found
