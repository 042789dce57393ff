"""Nuisance parameters and variations of an analysis file."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from wilks.config.build import Sources
from wilks.config.load import LoadedConfig
from wilks.config.nuisance_sections import CountedAuxiliary, NuisanceConfig, VariationConfig
from wilks.config.reading import (
    certified_of,
    draw,
    find_modules_beside,
    from_function,
    make_generator,
    read_selected,
    read_unselected,
    stream,
    yields_of,
)
from wilks.config.schema import resolved
from wilks.nuisances import (
    Auxiliary,
    Gaussian,
    LogNormal,
    Nuisance,
    Nuisances,
    PoissonCount,
    Unconstrained,
    Unselected,
    behavior,
    correlated,
    normalization,
)
from wilks.responses import Variation
from wilks.responses.variation import check_variations
from wilks.samples import Sample, find_files
from wilks.samples.readers import FilePath, TableFile
from wilks.typing import FloatArray

_Place = tuple[object, ...]

_VARIATION_STREAM = 2
_VARIATIONS_SEED = 0
_NAMED: dict[str, Auxiliary] = {"gaussian": Gaussian(), "log_normal": LogNormal(), "unconstrained": Unconstrained()}


@dataclass(frozen=True, eq=False)
class Systematics:
    """The nuisances of an analysis file, and the samples that their responses are learned from."""

    loaded: LoadedConfig
    sources: Sources

    def __len__(self) -> int:
        return len(self.loaded.config.nuisances)

    @cached_property
    def parameters(self) -> tuple[Nuisance, ...]:
        """All nuisances in their order; those to be learned have no response here."""
        find_modules_beside(self.loaded)
        found = []
        for name, config in self.loaded.config.nuisances.items():
            with self.loaded.located("nuisances", name):
                found.append(_nuisance(name, config))
        return tuple(found)

    @property
    def to_learn(self) -> tuple[str, ...]:
        """Names of the nuisances whose response must be learned."""
        return self.loaded.config.to_learn

    def nuisances(self, learned: Nuisances | None) -> Nuisances:
        """All nuisances with the responses that were ``learned``; without these, those with a formula alone."""
        if learned is None:
            return Nuisances(tuple(one for one in self.parameters if one.name not in self.to_learn))
        everything = Nuisances(self.parameters, learned.response, learned.log_yield)
        if self.loaded.config.covariance is None:
            return everything
        with self.loaded.located("covariance"):
            return correlated(everything, covariance=self.covariance)

    @property
    def covariance(self) -> FloatArray:
        """Of all auxiliary measurements, (j, j)."""
        matrix = np.diag([one.scale**2 for one in self.parameters])
        config = self.loaded.config.covariance
        if config is not None:
            names = [one.name for one in self.parameters]
            places = [names.index(name) for name in config.names]
            matrix[np.ix_(places, places)] = config.matrix
        return matrix

    def check_covariance(self) -> None:
        """Raise if the covariance cannot be one, whether or not responses are learned already."""
        if self.loaded.config.covariance is None:
            return
        with self.loaded.located("covariance"):
            plain = tuple(normalization(one.name, sigma=one.scale, auxiliary=one.auxiliary) for one in self.parameters)
            correlated(plain, covariance=self.covariance)

    def observed(self) -> dict[str, float]:
        """The auxiliary measurements of the data section, by name.

        Raises:
            InputError: a value that no nu can give.
        """
        data = self.loaded.config.data
        given = dict(data.auxiliaries) if data is not None else {}
        for one in self.parameters:
            if one.name in given:
                with self.loaded.located("data", "auxiliaries", one.name):
                    one.auxiliary.check_observed(given[one.name], name=one.name)
        return given

    @cached_property
    def variations(self) -> tuple[Variation, ...]:
        """The varied samples, each weighted to its yield in events of the data. They are read when first asked for.

        Raises:
            InputError: one that cannot be read or does not belong to the reference; it is named by its place.
        """
        unselected: dict[_Place, Unselected] = {}
        found = []
        learned = [one for one in self.parameters if one.name in self.to_learn]
        for index, config in enumerate(self.loaded.config.variations):
            with self.loaded.located("variations", index):
                variation = Variation(config.at, self._sample(config, unselected))
                check_variations(self.sources.reference, learned, [variation])
                found.append(variation)
        return tuple(found)

    def yield_ratio(self, variation: Variation) -> float:
        """N(nu) / N(0)."""
        return variation.sample.expected_events / self.sources.expected_events

    def _sample(self, config: VariationConfig, unselected: dict[_Place, Unselected]) -> Sample:
        sample = self._as_read(config, unselected)
        expected = config.expected_events
        return sample if expected is None or isinstance(expected, Mapping) else sample.rescaled(expected)

    def _as_read(self, config: VariationConfig, unselected: dict[_Place, Unselected]) -> Sample:
        """With the yield that its weights say."""
        sources = self.sources
        if config.generator is not None:
            made = config.generator
            rng = stream(made.seed, _VARIATION_STREAM, *_bits(config.at))
            events = draw(self.loaded, made, rng, made.n_events, nuisances=config.at)
            return from_function(self.loaded, events).rescaled(sources.expected_events)
        if config.transformed:
            source = self._unselected(config, unselected)
            with_transform = [one for one in self.parameters if one.transform is not None]
            factor = sources.expected_events / source.nominal().expected_events
            return _weighted(source.at(with_transform, config.at), factor)
        if config.is_reweighted:
            reference = sources.reference
            factor = sources.expected_events / reference.expected_events
            assert config.weight is not None
            weights, extras = sources.varied_weights[config.weight], reference.extras
            return Sample(reference.events, weights * factor, features=reference.features, extras=extras)
        yields = yields_of(config)
        sample = read_selected(self.loaded, config, weight=self._weight(config), yields=yields)
        return sample if yields else _weighted(sample, sources.expected_events / sources.whole_sum)

    def _unselected(self, config: VariationConfig, known: dict[_Place, Unselected]) -> Unselected:
        files = config if config.files is not None else self.loaded.config.reference
        weight, loose = self._weight(config), config.loose_where
        read_as = files.model_dump(include={"files", "per_file", "tree", "certified", "entry_start", "entry_stop"})
        place = (repr(read_as), weight, loose)
        if place not in known:
            known[place] = read_unselected(self.loaded, files, weight=weight, loose_where=loose, seed=_VARIATIONS_SEED)
        return known[place]

    def _weight(self, config: VariationConfig) -> str | None:
        """The own weight where the key is given (``weight:`` empty means none), else that of the reference."""
        return config.weight if "weight" in config.model_fields_set else self.loaded.config.reference.weight

    def described(self) -> dict[str, Any]:
        """What the learned responses depend on, as plain values; files by the digest of their content."""
        config = self.loaded.config
        return {
            "reference": self.sources.scaled_reference.without_extras().digest(),
            "features": list(config.features),
            "where": config.where,
            "define": dict(config.define),
            "sigma": {one.name: one.scale for one in self.parameters if one.name in self.to_learn},
            "variations": dict(self._described_variations()),
            "responses": config.responses.model_dump(exclude={"accept_poor"}),
        }

    def function_values(self) -> dict[str, list[float]]:
        """What the functions do from which responses are learned: generators and transforms (`nuisances.behavior`)."""
        found: dict[str, list[float]] = {}
        n_features = len(self.loaded.config.features)
        for one in self.loaded.config.variations:
            if one.generator is not None:
                generator = make_generator(self.loaded, one.generator)
                found |= behavior.generator_values(generator, n_features=n_features, nuisances=self.parameters)
        if any(one.transformed for one in self.loaded.config.variations):
            found |= behavior.moved_values(self.parameters, self.sources.reference)
            if isinstance(source := self.sources.toy_source, Unselected):  # it has all columns that transforms need
                moved = behavior.moved_values(self.parameters, source.sample)
                found |= {f"{name} of toys.unselected": values for name, values in moved.items()}
        return found

    def _described_variations(self) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for index, one in enumerate(self.loaded.config.variations):
            seen[one.text] = seen.get(one.text, 0) + 1
            name = one.text if seen[one.text] == 1 else f"{one.text} ({seen[one.text]})"
            plain = one.model_dump(exclude_none=True, exclude={"files", "per_file"}) | {"weight": self._weight(one)}
            plain |= {"per_file": one.per_file} if one.per_file else {}
            with self.loaded.located("variations", index):
                plain |= {"content": self._content(one)}
            if one.transformed:
                plain |= {"transforms": {name: self.loaded.config.nuisances[name].transform for name in one.at}}
            yield name, plain

    def _content(self, config: VariationConfig) -> Any:
        if config.generator is not None:
            return None
        if config.is_reweighted:
            weights = self._as_read(config, {}).event_weights
            return hashlib.sha256(np.ascontiguousarray(weights, dtype="<f8").data).hexdigest()
        given = config.files or self.loaded.config.reference.files or []
        paths = find_files([resolved(path, folder=self.loaded.folder) for path in given])
        golden = certified_of(self.loaded, config)
        return [_file_digest(path) for path in paths] + ([golden.load().digest] if golden else [])


def _nuisance(name: str, config: NuisanceConfig) -> Nuisance:
    auxiliary = config.auxiliary
    known = PoissonCount(auxiliary.poisson.expected) if isinstance(auxiliary, CountedAuxiliary) else _NAMED[auxiliary]
    if config.normalization:
        sigma = Nuisance(name, config.sigma, auxiliary=known).scale
        return normalization(name, sigma=sigma, center=config.center, auxiliary=known)
    return Nuisance(
        name,
        config.sigma,
        center=config.center,
        log_ratio=config.log_ratio,
        transform=config.transform,
        auxiliary=known,
    )


def _weighted(sample: Sample, factor: float) -> Sample:
    weights = sample.event_weights * factor
    return Sample(sample.events, weights, features=sample.features, extras=sample.extras, origin=sample.origin)


def _bits(values: Mapping[str, float]) -> tuple[int, ...]:
    """Numbers that stand for the values, so that equal seeds at different values make independent events."""
    digest = hashlib.sha256(repr(sorted((name, float(value)) for name, value in values.items())).encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))


def _file_digest(path: FilePath) -> str:
    with TableFile(path).open() as stream:
        return hashlib.file_digest(cast(Any, stream), "sha256").hexdigest()
