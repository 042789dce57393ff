"""Columns made from others are made again in the right order; those that cannot be, are told."""

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import Origin, Sample, recomputed


def sample(features, definitions=None):
    origin = None if definitions is None else Origin(("a.csv",), None, None, definitions, None, 1, 1)
    return Sample(np.ones((1, len(features))), features=features, origin=origin)


def values(one, **new):
    return {name: np.array([new.get(name, 1.0)]) for name in one.features}


def test_chains_are_followed_whatever_their_order():
    one = sample(("log(b)", "b", "a"), {"b": "2*a", "c": "d + 1"})
    result = recomputed(one, values(one, a=4.0), given={}, changed={"a"})
    assert result["b"][0] == 8.0 and result["log(b)"][0] == pytest.approx(np.log(8.0)) and "c" not in result


def test_given_definitions_come_before_those_of_the_file():
    one = sample(("b", "a"), {"b": "2*a"})
    result = recomputed(one, values(one, a=4.0), given={"b": "3*a", "new": "b + 1"}, changed={"a", "b"})
    assert result["b"][0] == 12.0 and result["new"][0] == 13.0


def test_names_that_are_no_expressions_are_left_alone():
    one = sample(("pt [GeV]", "x-1 y", "a"))
    assert recomputed(one, values(one), given={}, changed={"a"}).keys() == {"pt [GeV]", "x-1 y", "a"}


def test_what_lacks_a_column_is_left_alone_until_it_matters():
    one = sample(("a*z", "a", "b"))
    assert recomputed(one, values(one), given={}, changed={"b"})["a*z"][0] == 1.0
    with pytest.raises(SampleError, match=r"carry=\['z'\]"):
        recomputed(one, values(one), given={}, changed={"a"})
    assert recomputed(one, values(one), given={}, changed={"a", "a*z"})["a*z"][0] == 1.0


def test_names_must_be_names():
    one = sample(("a",))
    with pytest.raises(SampleError, match="plain name and no function, but 'a b' came"):
        recomputed(one, values(one), given={"a b": "a"}, changed=set())
    with pytest.raises(SampleError, match=r"b -> .*b|b -> b"):
        recomputed(one, values(one), given={"b": "b + 1"}, changed=set())
