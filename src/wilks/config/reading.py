"""Samples of an analysis file: from files, before or after the selection, and from functions."""

import sys
from collections.abc import Iterable, Mapping

import numpy as np

from wilks.config.formulas import closure
from wilks.config.load import LoadedConfig
from wilks.config.nuisance_sections import VariationConfig
from wilks.config.schema import AnalysisConfig, ReferenceConfig, resolved
from wilks.config.sections import GeneratorConfig, SampleFiles
from wilks.errors import ConfigError, InputError
from wilks.hypotheses import Generator
from wilks.nuisances import Unselected
from wilks.samples import Certified, Sample, parse_selection, read
from wilks.samples.recipe import fill_values
from wilks.storage import as_path
from wilks.typing import FloatArray


def files_of(loaded: LoadedConfig, config: SampleFiles) -> list[str]:
    """The files of a sample, as seen from here."""
    return [resolved(path, folder=loaded.folder) for path in config.files or ()]


def numbers_of(loaded: LoadedConfig, config: SampleFiles) -> dict[str, dict[str, float]]:
    """The columns that are one number in each file, with files as seen from here."""
    return {
        name: {resolved(path, folder=loaded.folder): number for path, number in of.items()}
        for name, of in config.per_file.items()
    }


def yields_of(config: ReferenceConfig | VariationConfig) -> Mapping[str, float] | None:
    """The sums of weights by entry of ``files``; None where one number is for all."""
    return config.expected_events if isinstance(config.expected_events, Mapping) else None


def certified_of(loaded: LoadedConfig, config: SampleFiles) -> Certified | None:
    """The golden JSON of a sample, as seen from here."""
    given = config.certified
    if given is None:
        return None
    if isinstance(given, str):
        return Certified(resolved(given, folder=loaded.folder))
    return Certified(resolved(given.file, folder=loaded.folder), run=given.run, lumisection=given.lumisection)


def read_selected(
    loaded: LoadedConfig,
    config: SampleFiles,
    *,
    weight: str | None,
    also_carry: Iterable[str] = (),
    yields: Mapping[str, float] | None = None,
) -> Sample:
    """The events of files that pass the selection of the analysis; ``yields`` are sums of weights by entry of files."""
    analysis = loaded.config
    carry = dict.fromkeys((*analysis.carry, *(text for text in also_carry if text not in analysis.features)))
    return _read(loaded, config, where=analysis.where, weight=weight, carry=carry, yields=yields)


def read_unselected(
    loaded: LoadedConfig, config: SampleFiles, *, weight: str | None, loose_where: str | None, seed: int
) -> Unselected:
    """Events before the selection with every column that transforms, definitions and selection need.

    ``seed`` is of the random numbers of transforms that take some.
    """
    analysis = loaded.config
    needed = _needed(analysis)
    carry = [name for name in needed if name not in analysis.features]
    sample = _read(loaded, config, where=loose_where, weight=weight, carry=carry)
    define = {name: text for name, text in analysis.define.items() if name in needed}
    return Unselected(sample, where=analysis.where, define=define, seed=seed)


def _read(
    loaded: LoadedConfig,
    config: SampleFiles,
    *,
    where: str | None,
    weight: str | None,
    carry: Iterable[str],
    yields: Mapping[str, float] | None = None,
) -> Sample:
    analysis, folder = loaded.config, loaded.folder
    return read(
        files_of(loaded, config),
        features=list(analysis.features),
        tree=config.tree or analysis.tree,
        where=where,
        weight=weight,
        define=dict(analysis.define),
        per_file=numbers_of(loaded, config),
        fill=_used(analysis, where=where, weight=weight, carry=carry),
        carry=carry,
        certified=certified_of(loaded, config),
        expected_events=yields and {resolved(path, folder=folder): number for path, number in yields.items()},
        entry_start=config.entry_start,
        entry_stop=config.entry_stop,
        on_disk=None if analysis.on_disk is None else folder / as_path(analysis.on_disk),
    )


def _used(config: AnalysisConfig, *, where: str | None, weight: str | None, carry: Iterable[str]) -> dict[str, float]:
    """Those of the values for absent objects that a reading needs."""
    texts = [*config.features, *carry, *filter(None, (where, weight))]
    needed = closure(texts, config.define)
    return {name: value for name, value in fill_values(config.fill).items() if name in needed}


def _needed(config: AnalysisConfig) -> tuple[str, ...]:
    """Columns that are needed to make features, carried columns and the selection again, each once."""
    wanted = [*config.features, *config.carry, *(name for one in config.nuisances.values() for name in one.columns)]
    wanted += parse_selection(config.where).names if config.where is not None else ()
    return tuple(closure(wanted, config.define))


def make_generator(loaded: LoadedConfig, config: GeneratorConfig, *, yield_ratio: str | None = None) -> Generator:
    """The function that a configuration names.

    Raises ConfigError if the function cannot be imported.
    """
    find_modules_beside(loaded)
    try:
        return Generator(config.function, version=config.version, yield_ratio=yield_ratio)
    except InputError:
        raise
    except Exception as error:
        raise ConfigError(
            f"the module of {config.function!r} must be importable, but it raised {type(error).__name__}: {error}; "
            "correct the module"
        ) from error


def find_modules_beside(loaded: LoadedConfig) -> None:
    """Let modules beside the analysis file be imported, after installed ones."""
    folder = str(loaded.folder)
    if folder not in sys.path:
        sys.path.append(folder)


def draw(
    loaded: LoadedConfig,
    made: GeneratorConfig,
    rng: np.random.Generator,
    n_events: int,
    *,
    nuisances: Mapping[str, float] | None = None,
) -> FloatArray:
    """Events of a generator function, (n, d), one column for each feature."""
    generator = make_generator(loaded, made)
    return generator.draw(rng, n_events, n_features=len(loaded.config.features), nuisances=nuisances)


def stream(seed: int, *purpose: int) -> np.random.Generator:
    """Random numbers of one purpose: equal seeds of reference and data make no equal events."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=purpose)))


def from_function(loaded: LoadedConfig, events: FloatArray, event_weights: FloatArray | None = None) -> Sample:
    """A sample of events that a function made."""
    return Sample(events, event_weights, features=tuple(loaded.config.features))
