import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.fixture
def write_text(tmp_path):
    def write(text):
        path = tmp_path / "events.csv"
        path.write_text(text)
        return path

    return write


def test_spaces_comments_and_exponents(write_text):
    path = write_text("# x , y\n 1e3 , -2\n+3.5,4\r\n")
    assert columns(path) == ("x", "y")
    assert read(path, features=["y", "x"]).events.tolist() == [[-2.0, 1000.0], [4.0, 3.5]]


def test_integers_followed_by_fractions_are_numbers(write_text):
    path = write_text("x\n" + "1\n" * 700_000 + "2.5\n" * 700_000)
    assert read(path, features=["x"]).expected_events == 1_400_000


def test_empty_fields_are_missing_values(write_text):
    path = write_text("x,y\n1,2\n,3\ninf,4\n")
    with pytest.raises(SampleError, match=r"2 values are not \(first: nan in row 1"):
        read(path, features=["x"])
    assert read(path, features=["y"]).n_events == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line of names, but is empty"),
        ("1.0,2.0\n3.0,4.0\n", "must hold the names"),
        ("x;y\n1;2\n", "separated by commas"),
        ("x y\n1 2\n", "separated by commas"),
        ("x,x\n1,2\n", "repeats 'x'"),
        ("x,y\n1,2\n3\n", "one value for each of 2 names, but row 1 has 1: .3."),
        ("x,y\n1,2\nabc,3\n", "'x' .*not all of its values are numbers"),
        ("x,y\ntrue,2\n", "words for true and false"),
        ("x,y\n", "at least one event"),
    ],
)
def test_tables_that_cannot_be_used(write_text, text, message):
    with pytest.raises(SampleError, match=message):
        read(write_text(text), features=["x"])


def test_text_far_below_is_found(write_text):
    path = write_text("x\n" + "1\n" * 3_000_000 + "abc\n")
    with pytest.raises(SampleError, match=r"events\.csv must hold numbers, but its value .abc. in row 3,000,000"):
        read(path, features=["x"])
