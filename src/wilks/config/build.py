"""From a configuration to samples and the analysis. Nothing is fitted here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wilks.analysis import Analysis
from wilks.config.data_weights import read_counts
from wilks.config.load import LoadedConfig
from wilks.config.reading import (
    draw,
    from_function,
    make_generator,
    read_selected,
    read_unselected,
    stream,
    yields_of,
)
from wilks.config.roles import check_roles
from wilks.config.schema import DataConfig, PoolConfig, ReferenceConfig, StandardizationConfig
from wilks.errors import ConfigError, SampleError
from wilks.hypotheses import Generator, require_holdable
from wilks.nuisances import Nuisances, Unselected
from wilks.samples import Sample, Standardization, check_data, split
from wilks.search import Search
from wilks.typing import FloatArray

_REFERENCE_STREAM, _DATA_STREAM = 0, 1
_TOYS_SEED = 1
_FACTOR = "(factor of the weights of its file)"


@dataclass(frozen=True, eq=False)
class Sources:
    """What an analysis file takes its events from.

    Attributes:
        reference: of the fit, with weights as they were read.
        expected_events: N(R_0).
        toy_source: what toys are drawn from (None: calibration is not possible).
        whole_sum: sum of the weights of all selected reference events, the training part being one of them.
        varied_weights: other weights (n,) of the events of ``reference``, by column or expression.
    """

    reference: Sample
    expected_events: float
    toy_source: Sample | Generator | Unselected | None
    whole_sum: float
    varied_weights: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def scaled_reference(self) -> Sample:
        """The reference with weights that sum to the expected events."""
        return self.reference.rescaled(self.expected_events)


def read_sources(loaded: LoadedConfig) -> Sources:
    """Read the reference and the toy pool.

    With ``n_training`` the reference is split; its training part is scaled to the expected events of the whole.

    Raises ConfigError, before anything is read, for a file in two roles.
    """
    check_roles(loaded)
    config = loaded.config.reference
    texts = _weight_texts(loaded)
    with loaded.located("reference"):
        whole = _read_reference(loaded, config, also_carry=texts)
        given = config.expected_events
        expected = given if isinstance(given, float | int) else whole.expected_events
        reference, rest = _split(whole, config)
        varied = {text: _scaled(reference, text) for text in texts}
        kept = loaded.config.carry
        reference, rest = _carrying(reference, kept), None if rest is None else _carrying(rest, kept)
    return Sources(reference, expected, _toy_source(loaded, rest), whole.expected_events, varied)


def build_analysis(loaded: LoadedConfig, sources: Sources, nuisances: Nuisances | None = None) -> Analysis:
    """The frozen analysis that a configuration describes."""
    config = loaded.config
    with loaded.located("model", config.model.kind):
        model = config.model.build()
    with loaded.located("search"):
        search = Search(**config.search.model_dump())
    standardize = _standardize(loaded)
    with loaded.located():
        return Analysis(
            reference=sources.reference,
            model=model,
            nuisances=nuisances or (),
            toy_source=sources.toy_source,
            expected_events=sources.expected_events,
            standardize=standardize,
            search=search,
            name=config.name,
        )


def read_data(loaded: LoadedConfig) -> Sample:
    """Read, or simulate, the observed data and check them against the features.

    Raises ConfigError without a ``data`` section, SampleError for data that cannot be observed data. One event alone
    is refused here, though a Poisson count of one is legal: in a file it nearly always is a mistake.
    """
    config = loaded.config.data
    if config is None:
        raise ConfigError(
            loaded.document.message(("data",), "the data must be named for this command; add data: {files: ...}")
        )
    with loaded.located("data"):
        is_simulated = config.generator is not None
        sample = _simulated(loaded, config) if is_simulated else read_counts(loaded, config)
        checked = check_data(sample, features=tuple(loaded.config.features))
        if checked.n_events == 1:
            raise SampleError(
                "the data must hold more than one event, but one is left after the selection; a single event is nearly "
                "always a wrong file, tree or `where`. Data that truly are one event: wilks.goodness_of_fit in Python"
            )
    return checked


def _weight_texts(loaded: LoadedConfig) -> tuple[str, ...]:
    """Weights of variations that are the reference's own events, each once."""
    config = loaded.config
    texts = dict.fromkeys(one.weight for one in config.variations if one.is_reweighted and one.weight is not None)
    return tuple(texts)


def _read_reference(loaded: LoadedConfig, config: ReferenceConfig, *, also_carry: tuple[str, ...]) -> Sample:
    if config.generator is None:
        whole = read_selected(loaded, config, weight=config.weight, also_carry=also_carry, yields=yields_of(config))
        return _with_factors(whole) if also_carry and whole.origin and whole.origin.scales else whole
    made = config.generator
    return from_function(loaded, draw(loaded, made, stream(made.seed, _REFERENCE_STREAM), made.n_events))


def _with_factors(whole: Sample) -> Sample:
    """A sample that carries by what the weight of each event was multiplied."""
    assert whole.origin is not None
    factors = np.concatenate([np.full(n, factor) for n, factor in whole.origin.scales])
    extras = {**whole.extras, _FACTOR: factors}
    return Sample(whole.events, whole.event_weights, features=whole.features, extras=extras, origin=whole.origin)


def _scaled(reference: Sample, text: str) -> FloatArray:
    """Another weight of the events, multiplied as their own."""
    return reference.column(text) * reference.extras.get(_FACTOR, 1.0)


def _carrying(sample: Sample, names: list[str]) -> Sample:
    """The sample without other carried columns."""
    if set(names) == set(sample.extras):
        return sample
    extras = {name: sample.extras[name] for name in names}
    return Sample(sample.events, sample.event_weights, features=sample.features, extras=extras, origin=sample.origin)


def _split(whole: Sample, config: ReferenceConfig) -> tuple[Sample, Sample | None]:
    if config.n_training is None:
        return whole, None
    if config.n_training >= whole.n_events:
        raise SampleError(
            f"n_training must leave events for the toys, but it is {config.n_training} and the selected reference has "
            f"{whole.n_events} events; lower n_training, or delete it and give toys.pool or toys.generator"
        )
    return split(whole, n_first=config.n_training, seed=config.split_seed)


def _toy_source(loaded: LoadedConfig, rest: Sample | None) -> Sample | Generator | Unselected | None:
    toys = loaded.config.toys
    if rest is not None and toys.has_source:
        raise ConfigError(
            loaded.document.message(
                ("toys",),
                "toys come from one source, but reference.n_training leaves one and `toys` names another; delete one",
            )
        )
    if toys.generator is not None:
        with loaded.located("toys", "generator"):
            return make_generator(loaded, toys.generator, yield_ratio=toys.generator.yield_ratio)
    if toys.unselected is not None:
        with loaded.located("toys", "unselected"):
            files, weight = toys.unselected, _pool_weight(loaded, toys.unselected)
            return read_unselected(loaded, files, weight=weight, loose_where=files.loose_where, seed=_TOYS_SEED)
    if toys.pool is not None:
        with loaded.located("toys", "pool"):
            weight = _pool_weight(loaded, toys.pool)
            return read_selected(loaded, toys.pool, weight=weight, yields=toys.pool.expected_events)
    return rest


def _pool_weight(loaded: LoadedConfig, pool: PoolConfig) -> str | None:
    """The pool's own weight where the key is given (``weight:`` empty means none), else that of the reference."""
    return pool.weight if "weight" in pool.model_fields_set else loaded.config.reference.weight


def _standardize(loaded: LoadedConfig) -> bool | Standardization:
    choice = loaded.config.standardize
    if isinstance(choice, StandardizationConfig):
        with loaded.located("standardize"):
            return Standardization(shift=np.array(choice.shift), scale=np.array(choice.scale))
    return choice


def _simulated(loaded: LoadedConfig, config: DataConfig) -> Sample:
    """A Poisson number of background events and, with ``inject``, of signal events."""
    assert config.generator is not None
    for one in (config.generator, config.inject):
        if one is not None:  # before the generator of random numbers refuses such a mean in words of its own
            require_holdable(one.expected_events, n_features=len(loaded.config.features), what="the simulated data")
    rng = stream(config.generator.seed, _DATA_STREAM)
    n_events = int(rng.poisson(config.generator.expected_events))
    parts = [draw(loaded, config.generator, rng, n_events, nuisances=config.generator.nuisances)]
    if config.inject is not None:
        n_signal = int(rng.poisson(config.inject.expected_events))
        parts.append(draw(loaded, config.inject, rng, n_signal))
    return from_function(loaded, np.concatenate(parts))
