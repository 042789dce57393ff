"""Samples of an analysis file: from files, before or after the selection, and from functions."""

import sys
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from wilks.config.load import LoadedConfig
from wilks.config.schema import AnalysisConfig, resolved
from wilks.config.sections import GeneratorConfig, SampleFiles
from wilks.errors import ConfigError, InputError, SampleError
from wilks.hypotheses import Generator
from wilks.nuisances import Unselected
from wilks.samples import Sample, parse_expression, parse_selection, read
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


def read_selected(
    loaded: LoadedConfig, config: SampleFiles, *, weight: str | None, also_carry: Iterable[str] = ()
) -> Sample:
    """The events of files that pass the selection of the analysis."""
    analysis = loaded.config
    return read(
        files_of(loaded, config),
        features=list(analysis.features),
        tree=config.tree or analysis.tree,
        where=analysis.where,
        weight=weight,
        define=dict(analysis.define),
        per_file=numbers_of(loaded, config),
        carry=(*analysis.carry, *also_carry),
    )


def read_unselected(
    loaded: LoadedConfig, config: SampleFiles, *, weight: str | None, loose_where: str | None, seed: int
) -> Unselected:
    """Events before the selection with every column that transforms, definitions and selection need.

    ``seed`` is of the random numbers of transforms that take some.
    """
    analysis = loaded.config
    needed = _needed(analysis)
    sample = read(
        files_of(loaded, config),
        features=list(analysis.features),
        tree=config.tree or analysis.tree,
        where=loose_where,
        weight=weight,
        define=dict(analysis.define),
        per_file=numbers_of(loaded, config),
        carry=[name for name in needed if name not in analysis.features],
    )
    define = {name: text for name, text in analysis.define.items() if name in needed}
    return Unselected(sample, where=analysis.where, define=define, seed=seed)


def _needed(config: AnalysisConfig) -> tuple[str, ...]:
    """Columns that are needed to make features, carried columns and the selection again, each once."""
    wanted = [*config.features, *config.carry, *(name for one in config.nuisances.values() for name in one.columns)]
    wanted += parse_selection(config.where).names if config.where is not None else ()
    found: dict[str, None] = {}
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found[name] = None
            wanted += parts_of(name, config.define)
    return tuple(found)


def parts_of(name: str, define: Mapping[str, str]) -> Iterator[str]:
    """Names that a column or expression is made of; of a definition, those of its formula."""
    try:
        yield from parse_expression(define.get(name, name)).names
    except SampleError:  # a column whose name is no expression, such as "pt [GeV]"
        return


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
