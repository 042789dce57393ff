"""Columns that are likely to be weights, by their names."""

import re

_WEIGHT = re.compile(r"w|(?i:wt|.*wgt|.*weights?|weights?[_.0-9].*)")  # W is a mass
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_VARIED = re.compile("up|down|dn|var|varied|variation|syst|stat|pdf|scale|hi|lo|plus|minus")


def looks_like_weight(name: str) -> bool:
    """Whether a column of this name is likely to be a weight.

    >>> looks_like_weight("w"), looks_like_weight("W"), looks_like_weight("WT")
    (True, False, True)
    >>> looks_like_weight("event_weight"), looks_like_weight("puWeightUp"), looks_like_weight("width")
    (True, True, False)
    """
    return _WEIGHT.fullmatch(name) is not None or "weight" in _words(name)


def is_variation(name: str) -> bool:
    """Whether a column of this name is likely to be a weight of varied conditions.

    >>> is_variation("puWeight"), is_variation("puWeightUp"), is_variation("weight_2_up")
    (False, True, True)
    """
    return any(map(_VARIED.fullmatch, _words(name)))


def is_nominal_weight(name: str) -> bool:
    """Whether a column of this name is likely to be the weight of its events, and not one of varied conditions.

    >>> is_nominal_weight("puWeight"), is_nominal_weight("puWeightUp"), is_nominal_weight("pt")
    (True, False, False)
    """
    return looks_like_weight(name) and not is_variation(name)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
