"""From a configuration to samples and the analysis. Nothing is fitted here."""

import sys
from dataclasses import dataclass

import numpy as np

from wilks.analysis import Analysis
from wilks.config.load import LoadedConfig
from wilks.config.schema import (
    DataConfig,
    GeneratorConfig,
    PoolConfig,
    ReferenceConfig,
    SampleFiles,
    StandardizationConfig,
    resolved,
)
from wilks.errors import ConfigError, InputError, SampleError
from wilks.hypotheses import Generator
from wilks.models import MLP
from wilks.optimize import Search
from wilks.samples import Sample, Standardization, check_data, read, split
from wilks.typing import FloatArray

_REFERENCE_STREAM, _DATA_STREAM = 0, 1


@dataclass(frozen=True, eq=False)
class Sources:
    """The reference of the fit, N(R_0), and what toys are drawn from (None: calibration is not possible)."""

    reference: Sample
    expected_events: float
    toy_source: Sample | Generator | None


def read_sources(loaded: LoadedConfig) -> Sources:
    """Read the reference and the toy pool.

    With ``n_training`` the reference is split; its training part is scaled to the expected events of the whole.
    """
    config = loaded.config.reference
    with loaded.located("reference"):
        whole = _read_reference(loaded, config)
        expected = config.expected_events or whole.expected_events
        reference, rest = _split(whole, config)
    return Sources(reference, expected, _toy_source(loaded, rest))


def build_analysis(loaded: LoadedConfig, sources: Sources) -> Analysis:
    """The frozen analysis that a configuration describes."""
    config = loaded.config
    mlp = config.model.mlp
    with loaded.located("model", "mlp"):
        model = MLP(hidden=tuple(mlp.hidden), weight_clip=mlp.weight_clip, activation=mlp.activation)
    with loaded.located("search"):
        search = Search(**config.search.model_dump())
    standardize = _standardize(loaded)
    with loaded.located():
        return Analysis(
            reference=sources.reference,
            model=model,
            nuisances=(),
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
        sample = (
            _simulated(loaded, config) if config.generator is not None else _read(loaded, config, weight=config.weight)
        )
        checked = check_data(sample, features=tuple(loaded.config.features))
        if checked.n_events == 1:
            raise SampleError(
                "the data must hold more than one event, but one is left after the selection; a single event is nearly "
                "always a wrong file, tree or `where`. Data that truly are one event: wilks.goodness_of_fit in Python"
            )
    return checked


def _read(loaded: LoadedConfig, config: SampleFiles, *, weight: str | None) -> Sample:
    analysis = loaded.config
    return read(
        [resolved(path, folder=loaded.folder) for path in config.files or ()],
        features=list(analysis.features),
        tree=config.tree or analysis.tree,
        where=analysis.where,
        weight=weight,
        define=dict(analysis.define),
        carry=tuple(analysis.carry),
    )


def _read_reference(loaded: LoadedConfig, config: ReferenceConfig) -> Sample:
    if config.generator is None:
        return _read(loaded, config, weight=config.weight)
    made = config.generator
    rng = _stream(made.seed, _REFERENCE_STREAM)
    return _from_function(loaded, _draw(loaded, made, rng, made.n_events))


def _stream(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers of one purpose: equal seeds of reference and data make no equal events."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(purpose,))))


def _split(whole: Sample, config: ReferenceConfig) -> tuple[Sample, Sample | None]:
    if config.n_training is None:
        return whole, None
    if config.n_training >= whole.n_events:
        raise SampleError(
            f"n_training must leave events for the toys, but it is {config.n_training} and the selected reference has "
            f"{whole.n_events} events; lower n_training, or delete it and give toys.pool or toys.generator"
        )
    return split(whole, n_first=config.n_training, seed=config.split_seed)


def _toy_source(loaded: LoadedConfig, rest: Sample | None) -> Sample | Generator | None:
    toys = loaded.config.toys
    if rest is not None and (toys.pool is not None or toys.generator is not None):
        raise ConfigError(
            loaded.document.message(
                ("toys",),
                "toys come from one source, but reference.n_training leaves one and `toys` names another; delete one",
            )
        )
    if toys.generator is not None:
        with loaded.located("toys", "generator"):
            return _make_generator(loaded, toys.generator)
    if toys.pool is not None:
        with loaded.located("toys", "pool"):
            return _read(loaded, toys.pool, weight=_pool_weight(loaded, toys.pool))
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
    rng = _stream(config.generator.seed, _DATA_STREAM)
    parts = []
    for part in (config.generator, config.inject):
        if part is not None:
            n_events = int(rng.poisson(part.expected_events))
            parts.append(_draw(loaded, part, rng, n_events))
    return _from_function(loaded, np.concatenate(parts))


def _make_generator(loaded: LoadedConfig, config: GeneratorConfig) -> Generator:
    """The function that a configuration names; modules beside the analysis file are found, after installed ones.

    Raises ConfigError if the function cannot be imported.
    """
    folder = str(loaded.folder)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        return Generator(config.function, version=config.version)
    except InputError:
        raise
    except Exception as error:
        raise ConfigError(
            f"the module of {config.function!r} must be importable, but it raised {type(error).__name__}: {error}; "
            "correct the module"
        ) from error


def _draw(loaded: LoadedConfig, made: GeneratorConfig, rng: np.random.Generator, n_events: int) -> FloatArray:
    """Events of a generator function, (n, d), one column for each feature."""
    return _make_generator(loaded, made).draw(rng, n_events, n_features=len(loaded.config.features))


def _from_function(loaded: LoadedConfig, events: FloatArray) -> Sample:
    return Sample(events, features=tuple(loaded.config.features))
