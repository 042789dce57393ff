"""Documents: one text for equal ones, a seal that finds every change."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.documents import sealed, unsealed
from wilks.errors import StoreError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.text().filter(lambda key: key != "digest"), PLAIN, max_size=4)


def test_the_digest_is_sha256_of_the_rest_with_sorted_keys_and_no_spaces():
    document = {"seed": 7, "extents": [[40, 4]], "t": 3.17}
    text = '{"extents":[[40,4]],"seed":7,"t":3.17}'
    assert sealed(document) == document | {"digest": hashlib.sha256(text.encode()).hexdigest()}


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_a_document_comes_back_from_its_text(document):
    assert unsealed(json.loads(json.dumps(sealed(document))), place="x.json") == document


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.data())
def test_every_changed_digit_is_found(document, data):
    text = json.dumps(sealed(document), indent=1)
    places = [k for k, letter in enumerate(text) if letter.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda x: x != text[place]))
    try:
        changed = json.loads(text[:place] + digit + text[place + 1 :])
    except ValueError:  # 012 is no number
        return
    if changed == sealed(document):  # a digit beyond those that a float64 keeps
        return
    with pytest.raises(StoreError, match=r"x\.json"):
        unsealed(changed, place="x.json")


def test_sealing_again_replaces_the_digest():
    assert sealed(sealed({"a": 1}) | {"a": 2}) == sealed({"a": 2})


def test_a_tuple_has_the_seal_of_its_list():
    assert sealed({"a": (1, 2)})["digest"] == sealed({"a": [1, 2]})["digest"]


@pytest.mark.parametrize("document", [{}, {"seed": 1}])
def test_a_document_without_a_digest_is_refused(document):
    with pytest.raises(StoreError, match=r"x\.json must carry the digest.*make it anew"):
        unsealed(document, place="x.json")


def test_a_number_that_json_does_not_have_is_neither_sealed_nor_taken():
    with pytest.raises(ValueError, match="not JSON compliant"):
        sealed({"t": float("nan")})
    with pytest.raises(StoreError, match=r"x\.json must hold what was written"):
        unsealed({"t": float("nan"), "digest": "0" * 64}, place="x.json")


@pytest.mark.parametrize("digest", ["", None, 0, "0" * 64])
def test_another_digest_is_refused(digest):
    with pytest.raises(StoreError, match=r"x\.json must hold what was written.*has changed since"):
        unsealed({"seed": 1, "digest": digest}, place="x.json")
