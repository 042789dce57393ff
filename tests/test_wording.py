"""Text from outside in what is generated: each kind of text reads it back, or shows it, and obeys nothing in it."""

import json
import re
import subprocess
import warnings
from pathlib import Path

import matplotlib.cbook
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wilks.cli.outcome import strict_json
from wilks.config.document import parse_document
from wilks.errors import InputError, SampleError, WilksWarning
from wilks.wording import in_figure, in_shell, in_yaml, listed, printable, visible

PIECES = (
    *(
        "\n",
        "\r",
        "\t",
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\x00",
        "\x7f",
        "\u202e",
        "\u2028",
        "\x85",
        "\ufeff",
    ),
    *("$", "$$", r"\$", "\\", "#", ": ", "- ", "{", "}", "[", "]", "[/]", "[bold]", ",", "&", "*", "!", "|", ">", "%"),
    *("'", '"', "`", "$(touch x)", "; touch x", "<script>", "</td>", "&amp;", "é", "µ", "τ", "😀", "\ud800", "\udcff"),
    *("null", "no", "1e5", "0x1f", "12:30", "~", "pt", "GeV", " "),
)
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
HOSTILE = st.lists(st.sampled_from(PIECES) | TEXTS, min_size=1, max_size=5).map("".join)
INJECTION = 'zz\nnuisances: {a: {sigma: 0.1, log_ratio: "helper:f"}}\n#'

many = settings(max_examples=300)


@many
@given(HOSTILE)
def test_what_is_visible_is_one_printable_line_and_plain_text_stays(text):
    assert visible(text).isprintable()
    assert not text.isprintable() or visible(text) == text
    visible(text).encode()  # no lone surrogate is left


@many
@given(HOSTILE, HOSTILE)
def test_lines_stay_lines(a, b):
    found = printable(f"{a}\n{b}")
    assert found.replace("\n", "").replace("\t", "").isprintable()
    assert found.count("\n") == a.count("\n") + b.count("\n") + 1


@many
@given(HOSTILE, HOSTILE)
@example(INJECTION, "\n")
@example("no", "yes")
@example("1e5", ".5")
def test_yaml_reads_every_text_back(a, b):
    document = f"[{in_yaml(a)}, {in_yaml(b)}]"
    assert yaml.safe_load(document) == [a, b]
    text = f"features: {document}   # {listed([a, b])}\nname: {in_yaml(a)}\n"
    assert yaml.safe_load(text) == {"features": [a, b], "name": a}
    assert parse_document(text, path=Path("a.yaml")).values == {"features": [a, b], "name": a}


@settings(max_examples=60)
@given(st.lists(HOSTILE, min_size=1, max_size=4))
@example(["$(touch x)", "; touch x", "a'b\n\\", "\udcff"])
def test_a_shell_reads_every_word_back(words):
    words = [re.sub("[\x00\ud800-\udc7f\udd00-\udfff]", "", word) for word in words]  # no name of a file has them
    command = "printf '%s\\0' " + " ".join(map(in_shell, words))
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.split(b"\0")[:-1] == [word.encode("utf-8", "surrogateescape") for word in words]


@many
@given(HOSTILE)
def test_a_figure_takes_nothing_for_a_formula(text):
    assert in_figure(text).isprintable()
    assert not matplotlib.cbook.is_math_text(in_figure(text))
    assert in_figure(text).replace(r"\$", "$") == visible(text)


@many
@given(HOSTILE)
def test_messages_command_no_terminal(text):
    for kind in (InputError, SampleError, WilksWarning):
        said = str(kind(f"the column {text} must be there"))
        assert said.replace("\n", "").replace("\t", "").isprintable()
        assert said == f"the column {printable(text)} must be there"


def test_a_message_keeps_its_lines_and_its_words():
    assert str(InputError("a.yaml:1: pt1 [GeV]: µ\na.yaml:2: é")) == "a.yaml:1: pt1 [GeV]: µ\na.yaml:2: é"
    with pytest.warns(WilksWarning, match=r"^\\x1b\[0m$"):
        warnings.warn("\x1b[0m", WilksWarning, stacklevel=1)


WITHOUT_SURROGATES = HOSTILE.map(lambda text: re.sub("[\ud800-\udfff]", "", text))


@many
@given(st.dictionaries(WITHOUT_SURROGATES, WITHOUT_SURROGATES, max_size=3))
def test_json_is_exact_and_printable(document):
    text = strict_json(document)
    assert json.loads(text) == document
    assert text.replace("\n", "").isprintable()
