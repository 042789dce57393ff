"""Toy i of a hypothesis: its random numbers, its events, and whether they can be drawn at all."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Null, Source, canonical_json
from wilks.samples import Sample, shared_events, unweight
from wilks.typing import FloatArray

_MARGIN = 5.0
_FEW, _MANY = 4, 500  # events of a trial
_SIGNAL = "the signal"


class _Described(Protocol):
    def to_dict(self) -> dict[str, object]: ...


def toy_rng(hypothesis: _Described, *, seed: int, index: int) -> np.random.Generator:
    """The random numbers of toy ``index``: Philox keyed by SHA-256(seed, hypothesis, index).

    They depend on nothing else, so that a toy is the same in any batch, process and order.

    >>> float(toy_rng(Null(), seed=1, index=0).random()) == float(toy_rng(Null(), seed=1, index=0).random())
    True
    """
    return np.random.Generator(np.random.Philox(key=toy_key(hypothesis, seed=seed, index=index)))


def toy_key(hypothesis: _Described, *, seed: int, index: int) -> int:
    """The key of toy ``index``, 128 bits of SHA-256(seed, hypothesis, index)."""
    text = canonical_json({"seed": seed, "hypothesis": hypothesis.to_dict(), "index": index})
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def draw_toy(analysis: Analysis, hypothesis: Null | Alternative, *, seed: int, index: int) -> FloatArray:
    """Raw events (n, d) of toy ``index``; n may be 0.

    The number of events is Poisson with the expectation of the hypothesis. From a pool, events are drawn without
    replacement; a weighted pool is unweighted by hit or miss first, afresh for each toy.

    Raises:
        InputError: the source gives too few or unusable events.
    """
    rng = toy_rng(hypothesis, seed=seed, index=index)
    if isinstance(hypothesis, Null):
        n = hypothesis.n_events if hypothesis.n_events is not None else rng.poisson(analysis.expected_events)
        return _draw(_toy_source(analysis), rng, int(n), analysis.features)
    if hypothesis.source is not None and hypothesis.expected_events is not None:
        return _draw(hypothesis.source, rng, int(rng.poisson(hypothesis.expected_events)), analysis.features)
    assert hypothesis.signal is not None and hypothesis.n_signal is not None
    background = _draw(_toy_source(analysis), rng, int(rng.poisson(analysis.expected_events)), analysis.features)
    signal = _draw(hypothesis.signal, rng, int(rng.poisson(hypothesis.n_signal)), analysis.features)
    return np.concatenate([background, signal])


def check_drawable(analysis: Analysis, hypothesis: Null | Alternative) -> None:
    """Raise before anything long starts if toys of ``hypothesis`` cannot be drawn.

    Raises:
        InputError: no source; a pool that is too small, has negative weights or other features, or shares events with
            the reference; a generator that fails, returns something else than finite events of the right shape, or
            takes its random numbers from elsewhere than the rng it is given.
    """
    for role, source, n in _sources(analysis, hypothesis):
        if isinstance(source, Sample):
            _check_pool(role, source, analysis)
            _check_pool_size(role, source, n)
        else:
            _check_generator(role, source, analysis, hypothesis, may_repeat=role == _SIGNAL)


class _Count(NamedTuple):
    """Mean and variance of the number of events that a toy takes from a source."""

    mean: float
    variance: float


def _sources(analysis: Analysis, hypothesis: Null | Alternative) -> Iterator[tuple[str, Source, _Count]]:
    """What a toy draws from: role, source and how many events."""
    if isinstance(hypothesis, Null) and hypothesis.n_events is not None:
        yield "the toy source", _toy_source(analysis), _Count(hypothesis.n_events, 0.0)
    elif isinstance(hypothesis, Null) or hypothesis.signal is not None:
        yield "the toy source", _toy_source(analysis), _Count(analysis.expected_events, analysis.expected_events)
    if isinstance(hypothesis, Alternative) and hypothesis.signal is not None and hypothesis.n_signal is not None:
        yield _SIGNAL, hypothesis.signal, _Count(hypothesis.n_signal, hypothesis.n_signal)
    if isinstance(hypothesis, Alternative) and hypothesis.source is not None and hypothesis.expected_events is not None:
        mean = hypothesis.expected_events
        yield "the alternative's source", hypothesis.source, _Count(mean, mean)


def _toy_source(analysis: Analysis) -> Source:
    if analysis.toy_source is None:
        raise InputError(
            "toys need a source of events, but the analysis has none; give Analysis(toy_source=...): a sample that "
            "shares no event with the reference (wilks.split makes one) or wilks.Generator('module:function')"
        )
    return analysis.toy_source


def _draw(source: Source, rng: np.random.Generator, n: int, features: tuple[str, ...]) -> FloatArray:
    if isinstance(source, Generator):
        return source.draw(rng, n, n_features=len(features))
    if not source.is_weighted or np.ptp(source.event_weights) == 0:
        usable = np.arange(source.n_events)
    else:
        usable = unweight(source, rng=rng)
    if usable.size < n:
        raise InputError(f"a toy of {n:,} events was asked of a pool that gives {usable.size:,}; enlarge the pool")
    events: FloatArray = source.events[rng.choice(usable, n, replace=False)]
    return events


def _check_generator(
    role: str, source: Generator, analysis: Analysis, hypothesis: Null | Alternative, *, may_repeat: bool
) -> None:
    def trial(n: int, index: int) -> FloatArray:
        return _draw(source, toy_rng(hypothesis, seed=0, index=index), n, analysis.features)

    first, second, third = trial(_FEW, -1), trial(_FEW, -1), trial(_FEW, -2)
    if not np.array_equal(first, second):
        raise InputError(
            f"the generator {source.name} must take all its random numbers from the rng that it is given, so that "
            "a toy can be drawn again, but two calls with the same rng gave different events"
        )
    if np.array_equal(first, third) and not may_repeat:
        raise InputError(
            f"the generator {source.name} must take its random numbers from the rng that it is given, but two "
            "different rngs gave the same events: all toys would be one"
        )
    if n_shared := shared_events(analysis.reference, Sample(trial(_MANY, -3), features=analysis.features)):
        raise InputError(
            f"{role} must share no event with the reference, but {n_shared:,} of {_MANY:,} events from {source.name} "
            "are in it: toys that repeat events of the reference look too much like it"
        )


def _check_pool(role: str, pool: Sample, analysis: Analysis) -> None:
    features = analysis.features
    if pool.features != features:
        raise InputError(
            f"{role} must have the features {', '.join(features)} in this order, but it has {', '.join(pool.features)}"
        )
    if pool is not analysis.toy_source and (n_shared := shared_events(analysis.reference, pool)):
        raise InputError(
            f"{role} must share no event with the reference, but {n_shared:,} of its {pool.n_events:,} events are in "
            "both: toys that repeat events of the reference look too much like it"
        )
    if pool.has_negative_weights:
        unweight(pool, rng=np.random.default_rng(0))  # refuses, and says why


def _check_pool_size(role: str, pool: Sample, n: _Count) -> None:
    largest = float(np.max(pool.event_weights, initial=0.0))
    chances = pool.event_weights / largest if largest > 0 else np.zeros(1)
    n_usable = float(np.sum(chances))
    needed = n.mean + _MARGIN * np.sqrt(n.variance + np.sum(chances * (1.0 - chances)))
    if n_usable < needed:
        raise InputError(
            f"{role} must give at least {needed:,.0f} unweighted events ({n.mean:,.6g} and {_MARGIN:g} standard "
            f"deviations), but it gives {n_usable:,.0f}; enlarge it or lower the expected events"
        )
