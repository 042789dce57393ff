"""Tables as spreadsheets, R, pandas and people write them: read right, or refused with what is wrong with them."""

import gzip

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.fixture
def written(tmp_path):
    def write(content, name="c.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "# made by me\nx,y\n1,2\n3,4\n",
        "# made by me\n# on Monday, at 7\n\nx,y\n1,2\n3,4\n",
        "# made by me\n# x,y\n1,2\n3,4\n",
        "sep=,\nx,y\n1,2\n3,4\n",
        "sep=,\r\nx,y\r\n1,2\r\n3,4\r\n",
        "\ufeffx,y\n1,2\n3,4\n",
        "\ufeffsep=,\nx,y\n1,2\n3,4\n",
        "x,y,\n1,2,\n3,4,\n",
        '"","x","y"\n"1",1,2\n"2",3,4\n',
        ",x,y\n0,1,2\n1,3,4\n",
        "x,,y,\n1,7,2,7\n3,7,4,7\n",
        "x,y\r1,2\r3,4\r",
        "x,y\n1,2\n\n3,4\n\n\n",
        "x,y\n1,2\n3,4",
        "\n\nx,y\n1,2\n3,4\n",
        'x,"y"\n"1","2"\n3,4\n',
    ],
)
@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_read_right(written, text, name):
    path = written(gzip.compress(text.encode()) if name.endswith("gz") else text, name)
    assert columns(path) == ("x", "y")
    assert read(path, features=["y", "x"]).events.tolist() == [[2.0, 1.0], [4.0, 3.0]]


def test_a_name_of_two_lines(written):
    path = written('"p\nt",y\n1,2\n')
    assert read(path, features=["p\nt"]).events.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\nGeV,rad\n1,2\n", r"line of names, 'x, y', but .* 'GeV,rad', has none; .* units, remove"),
        ("GeV,rad\nx,y\n1,2\n", r"'GeV, rad', but .* 'x,y', has none; if one of the two holds units"),
        ("x,y\n1,2\n3,4\nTotal,6\n", r"'x' .* 'Total' in row 2 is none"),
        ("x,y\n1,2\n# half\n3,4\n", r"row 1 has 1: '# half'; it is a comment"),
        ("x,y\n1,2 # bad\n", r"'2 # bad' in row 0 is none: a comment"),
        ("x,y\n1,2,\n3,4,\n", r"2 names, but row 0 has 3: '1,2,'; it ends with a comma"),
        ("x,y,\n1,2\n3,4\n", r"end with a comma, and .* '1,2', does not; remove that comma"),
        ('"x","y"\n"1",1,2\n"2",3,4\n', r"row 0 has 3: .* row.names = FALSE"),
        ("sep=;\nx;y\n1;2\n", r"separated by commas, but its first line says 'sep=;'"),
        ("x;y\n1,5;2,5\n", r"separated by commas, but its first line is 'x;y'"),
        ('x,y\n"1,5",2\n', r"'1,5' in row 0 is none: write a point for a decimal comma"),
        ("x\n1,5\n2,5\n", r"1 names, but row 0 has 2: '1,5'; if commas are decimal commas"),
        ("x,y\n1,2\n(2 rows)\n", r"row 1 has 1: '\(2 rows\)'; remove it if it holds a total"),
        ("x,y\n1.0D+02,2\n", r"'1.0D\+02' in row 0 is none: write e"),
        ("x,y\n0x10,2\n", r"'0x10' in row 0 is none"),
        ("x,y\n1,2\n1_000,3\n", r"'1_000' in row 1 is none"),
        ("x,y\n1,2\n\N{ARABIC-INDIC DIGIT THREE},3\n", "'\N{ARABIC-INDIC DIGIT THREE}' in row 1 is none"),
        ("x,y\n\N{NO-BREAK SPACE}1,2\n", r"'\\xa01' in row 0 is none"),
        ("x,y\n\N{MINUS SIGN}1,2\n", "'\N{MINUS SIGN}1' in row 0 is none"),
        ("x,y\n1,2\n".encode("utf-16"), "text in UTF-8, but is UTF-16"),
        ("x,y\n1,2\n".encode("utf-16-be"), "text in UTF-8, but is UTF-16"),
        ("x,y\n1,2\n".encode("utf-32"), "text in UTF-8, but is UTF-32"),
        ("x,mass \xe9\n1,2\n".encode("latin-1"), r"byte 7 is 0xe9; .* Latin-1 \('x,mass é'\) with iconv"),
        (b"x,y\n1,2\n\0\0\0\0\n", "it has zero bytes"),
        (gzip.compress(b"x,y\n1,2\n", mtime=0), r"compressed with gzip; let its name end with \.csv\.gz"),
        ("# x,y\n", "names alone"),
        ("\n \n", "line of names, but is empty"),
        ("x,y\n1,2\n3,abc\n" + "4,5\n" * 9, r"'y' .* 'abc' in row 1 is none"),
    ],
)
def test_named(written, content, message):
    path = written(content)
    with pytest.raises(SampleError, match=message):
        read(path, features=["x", "y"])


@pytest.mark.parametrize("last", ["Total,400", "Total,400\n", "sum ,400\n\n", "mean,"])
@pytest.mark.parametrize("rows", ["1,2\n3,4\n", "1,2\n" * 400_000])
def test_a_line_of_totals_is_no_event(written, last, rows):
    """The column that holds the word need not be one that is read."""
    with pytest.raises(SampleError, match=r"must be an event, but the last one, .* for 'pt'; remove it"):
        read(written("pt,eta\n" + rows + last), features=["eta"])


def test_a_column_of_words_beside_is_no_line_of_totals(written):
    path = written("x,name\n1,abc\n2,7\n3,def\n")
    assert read(path, features=["x"]).n_events == 3


def test_a_blank_line_of_one_column_is_a_missing_value(written):
    path = written("x\n1\n\n3\n\n")
    with pytest.raises(SampleError, match=r"1 value is not \(first: nan in row 1"):
        read(path, features=["x"])
    assert read(path, features=["x"], where="isfinite(x)").column("x").tolist() == [1.0, 3.0]


@pytest.mark.parametrize("word", ["NA", "n/a", "nan", "null", ""])
def test_words_for_missing_values(written, word):
    path = written(f"x,y\n1,{word}\n2,3\n")
    with pytest.raises(SampleError, match=r"'y' must be finite, but 1 value is not \(first: nan in row 0"):
        read(path, features=["y"])


def test_the_row_of_a_word_far_below(written):
    path = written("x,y\n" + "1,2\n" * 600_000 + "1,abc\n3,4\n")
    with pytest.raises(SampleError, match=r"'y' of .* must hold numbers, but its value 'abc' in row 600,000 is none"):
        read(path, features=["x", "y"])
    path = written("x,y\n" + "1,2\n" * 600_000 + "1\n3,4\n")
    with pytest.raises(SampleError, match=r"row 600,000 has 1: '1'"):
        read(path, features=["x"])


def test_values_are_those_of_python(written):
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-300, 300, 500)
    values = np.concatenate([rng.normal(size=500) * scales, [5e-324, 1.7976931348623157e308]])
    path = written("\n".join(["x", *map(repr, values.tolist())]))
    np.testing.assert_array_equal(read(path, features=["x"]).column("x"), values)
