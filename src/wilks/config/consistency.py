"""Whether sections fit together: nuisances, and toys with the model; found before any sample is read."""

from collections.abc import Iterator, Mapping

from wilks.config.document import Location
from wilks.config.formulas import closure
from wilks.config.nuisance_sections import VariationConfig
from wilks.config.schema import OWN_MODEL, AnalysisConfig
from wilks.errors import SampleError
from wilks.samples import closest
from wilks.samples.recipe import fill_values
from wilks.statistics import known_nulls

Fault = tuple[Location, str]

_FACTORS = "give the factor of each file in its place, as a column of `per_file` in `weight`"


def nuisance_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """Places and texts of what does not fit together."""
    for name in config.nuisances:
        if not name.isidentifier():
            yield ("nuisances", name), "the name of a nuisance must be a plain word such as scale"
    yield from _unlearned(config)
    for index, variation in enumerate(config.variations):
        yield from _variation_faults(config, index, variation)
    yield from _named_faults(config)
    yield from _response_faults(config)


def model_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """A name of another model that is taken: in the table `model` is that of the file."""
    if OWN_MODEL in config.models:
        yield (
            ("models", OWN_MODEL),
            f"`{OWN_MODEL}` is the model of the file itself, which has a row of this name in the table; give the other "
            "one another name",
        )


def toy_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """Toys that are not wanted though the model needs them."""
    if config.toys.n_toys == 0 and not config.has_analytic_null:
        yield (
            ("toys", "n_toys"),
            f"only a model whose null is known without toys, {known_nulls()}, may have 0 of them, but the model is "
            f"{config.model.kind}{' with nuisances' if config.nuisances else ''}; give 1 or more",
        )


def yield_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """Yields by entry of the reference, with other samples whose processes would then count otherwise."""
    for place, section in (("pool", config.toys.pool), ("unselected", config.toys.unselected)):
        if section is not None and section.expected_events is not None and place == "unselected":
            yield ("toys", place, "expected_events"), f"yields are those after the selection, and {_FACTORS}"
    for index, one in enumerate(config.variations):
        if isinstance(one.expected_events, Mapping) and (one.files is None or one.transformed):
            yield (
                ("variations", index, "expected_events"),
                f"a mapping is for `files` that are read as they are; {_FACTORS}",
            )
    if not isinstance(config.reference.expected_events, Mapping):
        return
    pool, unselected = config.toys.pool, config.toys.unselected
    if pool is not None and pool.expected_events is None:
        yield (
            ("toys", "pool"),
            "the reference has a yield for each entry of `files`: give `expected_events` here as well",
        )
    if unselected is not None:
        yield ("toys", "unselected"), f"the reference has a yield for each entry of `files`; {_FACTORS}"
    for index, one in enumerate(config.variations):
        if one.transformed or (one.files is not None and one.expected_events is None):
            advice = _FACTORS if one.transformed else "give `expected_events` here as well"
            yield ("variations", index), f"the reference has a yield for each entry of `files`; {advice}"


def fill_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """Values for absent objects that nothing needs, or that are of something else."""
    weights = [one.weight for one in (config.reference, config.data, *config.variations) if one is not None]
    columns = [name for one in config.nuisances.values() for name in one.columns]
    texts = filter(None, [*config.features, *config.carry, config.where, *weights, *columns])
    needed = closure(texts, config.define)
    for text in config.fill:
        try:
            (name,) = fill_values({text: 0.0})
        except SampleError as error:
            yield ("fill", text), str(error)
        else:
            if name not in needed:
                yield ("fill", text), f"nothing uses {name!r}; {closest(name, tuple(needed))}"


def _unlearned(config: AnalysisConfig) -> Iterator[Fault]:
    moved = {name for one in config.variations for name, value in one.at.items() if value}
    for name in config.to_learn:
        if name not in moved:
            yield (
                ("nuisances", name),
                "its response must be learned, but no variation moves it; add it to `variations`, or give "
                "`normalization: true` or a `log_ratio`",
            )


def _variation_faults(config: AnalysisConfig, index: int, variation: VariationConfig) -> Iterator[Fault]:
    place = ("variations", index)
    for name in variation.at:
        if name not in config.nuisances:
            yield (*place, "at", name), _unknown(config, name)
        elif not config.nuisances[name].is_learned:
            yield (*place, "at", name), f"{name!r} has a formula, so that nothing is learned of it; delete it here"
        elif variation.transformed and config.nuisances[name].transform is None:
            yield (*place, "at", name), f"events cannot be transformed, for {name!r} has no `transform`; give it one"
    from_function = config.reference.generator is not None
    if from_function and (variation.is_reweighted or (variation.transformed and variation.files is None)):
        yield (
            place,
            "a variation made from the events of the reference needs its files, but the reference has a generator; "
            "give the variation a generator, too",
        )


def _named_faults(config: AnalysisConfig) -> Iterator[Fault]:
    """Names in the covariance and in the data."""
    for index, name in enumerate(config.covariance.names if config.covariance else ()):
        if name not in config.nuisances:
            yield ("covariance", "names", index), _unknown(config, name)
        elif config.nuisances[name].auxiliary != "gaussian":
            yield ("covariance", "names", index), f"only gaussian measurements are correlated, but {name!r} is another"
    if config.data is None:
        return
    for name in config.data.auxiliaries:
        if name not in config.nuisances:
            yield ("data", "auxiliaries", name), _unknown(config, name)


def _response_faults(config: AnalysisConfig) -> Iterator[Fault]:
    order = config.responses.order
    for name in order if isinstance(order, dict) else ():
        if name not in config.to_learn:
            yield (
                ("responses", "order", name),
                f"{name!r} is no nuisance that is learned; {closest(name, config.to_learn)}",
            )
    for name in config.responses.bins:
        if name not in config.features:
            yield ("responses", "bins", name), f"only features can be binned; {closest(name, config.features)}"
    if config.variations and not config.nuisances:
        yield ("variations",), "variations are of nuisances, but there are none; add `nuisances`"


def _unknown(config: AnalysisConfig, name: str) -> str:
    return f"there is no nuisance {name!r}; {closest(name, tuple(config.nuisances))}"
