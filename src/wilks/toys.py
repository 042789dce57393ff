"""Toy i of a hypothesis: its random numbers, its events, and whether they can be drawn at all."""

import hashlib
from typing import Protocol

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Null, Source, canonical_json
from wilks.samples import Sample, unweight
from wilks.typing import FloatArray

_MARGIN = 5.0
_TRIAL_EVENTS = 4


class _Described(Protocol):
    def to_dict(self) -> dict[str, object]: ...


def toy_rng(hypothesis: _Described, *, seed: int, index: int) -> np.random.Generator:
    """The random numbers of toy ``index``: Philox keyed by SHA-256(seed, hypothesis, index).

    They depend on nothing else, so that a toy is the same in any batch, process and order.

    >>> float(toy_rng(Null(), seed=1, index=0).random()) == float(toy_rng(Null(), seed=1, index=0).random())
    True
    """
    text = canonical_json({"seed": seed, "hypothesis": hypothesis.to_dict(), "index": index})
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


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
        InputError: no source; a pool that is too small, has negative weights or other features; a generator that
            fails, or returns something else than finite events of the right shape.
    """
    means: dict[str, tuple[Source, float]] = {}
    if isinstance(hypothesis, Null) or hypothesis.signal is not None:
        n_fixed = hypothesis.n_events if isinstance(hypothesis, Null) else None
        means["the toy source"] = (_toy_source(analysis), n_fixed or analysis.expected_events)
    if isinstance(hypothesis, Alternative) and hypothesis.signal is not None:
        means["the signal"] = (hypothesis.signal, float(hypothesis.n_signal or 0))
    if isinstance(hypothesis, Alternative) and hypothesis.source is not None:
        means["the alternative's source"] = (hypothesis.source, float(hypothesis.expected_events or 0))
    for role, (source, mean) in means.items():
        if isinstance(source, Sample):
            _check_pool_size(role, source, mean, analysis.features)
        else:
            rng = toy_rng(hypothesis, seed=0, index=-1)
            _draw(source, rng, _TRIAL_EVENTS, analysis.features)


def _toy_source(analysis: Analysis) -> Source:
    if analysis.toy_source is None:
        raise InputError(
            "toys need a source of events, but the analysis has none; give Analysis(toy_source=...): a sample that "
            "shares no event with the reference (wilks.split makes one) or wilks.Generator('module:function')"
        )
    return analysis.toy_source


def _draw(source: Source, rng: np.random.Generator, n: int, features: tuple[str, ...]) -> FloatArray:
    if isinstance(source, Generator):
        return _generated(source, rng, n, len(features))
    if not source.is_weighted or np.ptp(source.event_weights) == 0:
        usable = np.arange(source.n_events)
    else:
        usable = unweight(source, rng=rng)
    if usable.size < n:
        raise InputError(f"a toy of {n:,} events was asked of a pool that gives {usable.size:,}; enlarge the pool")
    return source.events[rng.choice(usable, n, replace=False)]


def _generated(source: Generator, rng: np.random.Generator, n: int, n_features: int) -> FloatArray:
    try:
        events = np.asarray(source.draw(rng, n, {}), dtype=np.float64)
    except Exception as error:
        raise InputError(
            f"the generator {source.name} must return {n} events, but it raised {type(error).__name__}: {error}"
        ) from error
    events = events[:, None] if events.ndim == 1 and n_features == 1 else events
    if events.shape != (n, n_features):
        raise InputError(
            f"the generator {source.name} must return an array of shape ({n}, {n_features}), "
            f"but its shape is {events.shape}"
        )
    if not np.all(np.isfinite(events)):
        raise InputError(f"the generator {source.name} must return finite events, but NaN or infinity is among them")
    return events


def _check_pool_size(role: str, pool: Sample, mean: float, features: tuple[str, ...]) -> None:
    if pool.features != features:
        raise InputError(
            f"{role} must have the features {', '.join(features)} in this order, but it has {', '.join(pool.features)}"
        )
    if pool.has_negative_weights:
        unweight(pool, rng=np.random.default_rng(0))  # refuses, and says why
    largest = float(np.max(pool.event_weights, initial=0.0))
    n_usable = pool.expected_events / largest if largest > 0 else 0.0
    needed = mean + _MARGIN * np.sqrt(mean)
    if n_usable < needed:
        raise InputError(
            f"{role} must hold at least {needed:,.0f} unweighted events (a Poisson mean of {mean:,.6g} and "
            f"{_MARGIN:g} standard deviations), but it gives {n_usable:,.0f}; enlarge it or lower the expected events"
        )
