"""The keys of an analysis file.

Every key has a description; they appear in the JSON Schema that editors use.
"""

import glob
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from wilks.campaign.plan import MANY_TOYS
from wilks.config.model_sections import ModelConfig
from wilks.config.nuisance_sections import (
    CovarianceConfig,
    NuisanceConfig,
    ResponsesConfig,
    Values,
    VariationConfig,
)
from wilks.config.options import with_options_of
from wilks.config.sections import (
    Count,
    CountOrNone,
    EntryYields,
    Files,
    Formula,
    FunctionName,
    GeneratorConfig,
    PathText,
    Positive,
    SampleFiles,
    Section,
    Seed,
    Text,
    Yields,
    one_of,
    require_no_files_keys,
)
from wilks.monitor import BuildOptions, Decisions, Validity
from wilks.search import Search
from wilks.statistics import DEFAULT
from wilks.storage import as_path

OWN_MODEL = "model"
"""What `model` is called among those of `models`."""


class ReferenceGenerator(GeneratorConfig):
    """A reference made by a function in place of files."""

    n_events: Count = Field(description="Number of reference events to make.")
    seed: Seed = Field(default=0, description="Seed of the reference events.")


class DataGenerator(GeneratorConfig):
    """Simulated data in place of files: a Poisson number of events from a function."""

    expected_events: Positive = Field(description="Mean of the Poisson number of events.")
    seed: Seed = Field(default=0, description="Seed of the simulated data, injected signal included.")
    nuisances: Values = Field(default={}, description="True values of the nuisances that the function is told.")


class InjectedSignal(GeneratorConfig):
    """A signal added to simulated data."""

    expected_events: Positive = Field(description="Mean of the Poisson number of signal events.")


class ReferenceConfig(SampleFiles):
    """The sample of the reference hypothesis."""

    generator: ReferenceGenerator | None = Field(
        default=None, description="Make the reference by a function, not from files."
    )
    expected_events: Yields | None = Field(
        default=None,
        description="N(R_0): number of events that the reference predicts for the data. The weights are scaled to it; "
        "not given: the sum of the weights of all selected events. For several processes a mapping with a number for "
        "every entry of `files`, which the weights of its selected events are scaled to; N(R_0) is then their sum.",
    )
    n_training: Count | None = Field(
        default=None,
        description="Use this many events, drawn at random, as the reference of the fit; "
        "the rest becomes the pool that toys are drawn from.",
    )
    split_seed: Seed = Field(default=0, description="Seed of that random split.")
    data_driven: bool = Field(
        default=False,
        description="The reference comes from data, of a control region or a sideband, and may hold some of the "
        "signal: every command then says what that may cost.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        one_of(files=self.files, generator=self.generator)
        require_no_files_keys(self)
        if self.generator is not None and not isinstance(self.expected_events, float | int):
            raise ValueError(
                "`expected_events` must be given as one number with a generator, which does not say how many to expect"
            )
        return self


class DataConfig(SampleFiles):
    """The observed data: events of weight one."""

    weight: Text | None = Field(
        default=None,
        description="Column of event weights, to check that all are one: data are counts and weights are refused. Not "
        "given: that of the reference, if the data have it; null: rows count one each, whatever their columns hold.",
    )
    generator: DataGenerator | None = Field(
        default=None, description="Simulate the data by a function, in place of files."
    )
    inject: InjectedSignal | None = Field(default=None, description="Signal added to simulated data.")
    auxiliaries: Values = Field(
        default={},
        description="What the auxiliary measurements observed, by nuisance: a value of nu, or the count of a poisson "
        "one; those that are not given are at `center`.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        one_of(files=self.files, generator=self.generator)
        if self.inject is not None and self.generator is None:
            raise ValueError("`inject` adds a signal to simulated data; real data take none: delete it")
        require_no_files_keys(self)
        return self


class PoolConfig(SampleFiles):
    """Events that toys are drawn from; none of them may be an event of the reference."""

    files: Files = Field(
        description="File, glob or list of them, relative to this file; none may share an event with the reference."
    )
    weight: Text | None = Field(
        default=None,
        description="Column or expression of the event weight; without the key, that of the reference.",
    )
    expected_events: EntryYields | None = Field(
        default=None,
        description="A number for every entry of `files`, as in `reference`: how many events of each process toys have "
        "on average, up to a factor that is common to all.",
    )


class UnselectedConfig(PoolConfig):
    """Events before the selection, for toys at other values of the nuisances: transformed, then selected."""

    loose_where: Formula | None = Field(
        default=None,
        description="A looser selection with which the files are read: it must leave more room than nuisances move "
        "events. Not given: all events.",
    )


class ToyGenerator(GeneratorConfig):
    """The function that makes the events of a toy; it is told the nuisances of the hypothesis."""

    yield_ratio: FunctionName | None = Field(
        default=None,
        description='"module:function" of N(nu) / N(0): function(nuisances) -> number, where the expected events '
        "depend on nuisances other than normalizations.",
    )


class ToysConfig(Section):
    """The toys that calibrate the test. Without any source they come from the rest of the reference."""

    n_toys: CountOrNone = Field(
        default=400,
        le=MANY_TOYS,
        description="Least number of toys under the reference; n toys reach p = 1/(n + 1), and every finished toy in "
        "the output folder is used. 0, or no section `toys` at all: a kernel with is_score: true, or a histogram "
        "without nuisances, is looked up in its analytic null; a source of toys helps out where that is too rough.",
    )
    seed: Seed = Field(default=1, description="Root seed of the toys; toy i depends on it and on i alone.")
    generator: ToyGenerator | None = Field(default=None, description="Function that makes the events of a toy.")
    pool: PoolConfig | None = Field(default=None, description="Files that the events of a toy are drawn from.")
    unselected: UnselectedConfig | None = Field(
        default=None,
        description="Files read before the selection: toys at any values of nuisances with transforms are drawn from "
        "what passes the selection there.",
    )
    processes: Count | None = Field(default=None, description="Number of processes; not given: one for each core.")

    @model_validator(mode="after")
    def _has_at_most_one_source(self) -> Self:
        given = [name for name in ("generator", "pool", "unselected") if getattr(self, name) is not None]
        if len(given) > 1:
            names = " and ".join(f"`{name}`" for name in given)
            raise ValueError(f"toys come from one source, but {names} are given; keep one of them")
        return self

    @property
    def has_source(self) -> bool:
        """Whether a source of toys is named here."""
        return any(one is not None for one in (self.generator, self.pool, self.unselected))


class StandardizationConfig(Section):
    """Fixed standardization of the features: (x - shift) / scale."""

    shift: Annotated[list[float], Field(min_length=1)] = Field(description="Number subtracted from each feature.")
    scale: Annotated[list[Positive], Field(min_length=1)] = Field(description="Number that each feature is divided by.")


def _standardize_kind(value: object) -> str:
    return "fixed" if isinstance(value, dict | StandardizationConfig) else "switch"


Standardize = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[StandardizationConfig, Tag("fixed")], Discriminator(_standardize_kind)
]


@with_options_of(Search)
class SearchConfig(Section):
    """How the minimum is searched, for data and toys alike."""


class QualityConfig(Section):
    """What ends a command with exit code 4."""

    max_failed_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.05, description="Largest share of toys whose fit may fail."
    )
    require_chi2: bool = Field(
        default=False,
        description="Whether toys that disagree with the chi-square are an error, for who quotes it; p needs none.",
    )


@with_options_of(Validity)
@with_options_of(Decisions)
@with_options_of(BuildOptions)
class MonitorConfig(Section):
    """What `wilks reference build` makes a reference of monitoring with."""

    held_out: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5,
        description="Share of the selected events that the reference does not hold, for its null and its calibration "
        "batches; it counts where neither reference.n_training nor a source of toys is given.",
    )


class AnalysisConfig(Section):
    """An analysis: do the data agree with the reference?"""

    name: str = Field(default="", description="Title of the analysis in the report.")
    output: PathText = Field(
        default="results", description="Folder of everything that is written, relative to this file."
    )
    features: Annotated[list[Text], Field(min_length=1)] = Field(
        description='Inputs of the model: columns, defined names or expressions such as "log(pt1)".'
    )
    define: dict[Text, Formula] = Field(
        default={}, description="New columns as expressions of columns, for every sample."
    )
    where: Formula | None = Field(
        default=None, description='Selection, for every sample, e.g. "pt1 > 20 and abs(eta1) < 2.4".'
    )
    carry: list[Text] = Field(
        default=[], description="Columns that are not inputs but shown in the report, such as a mass."
    )
    tree: Text | None = Field(
        default=None, description="TTree, RNTuple or HDF5 table of every sample that names no other."
    )
    fill: dict[Formula, float] = Field(
        default={},
        description='What stands for an object that an event lacks, in every sample: {"Jet_pt[1]": 0}. Without it such '
        "an event is left out, and counted, where a feature, a weight or `where` needs the object.",
    )
    on_disk: PathText | None = Field(
        default=None,
        description="Folder, relative to this file, for the arrays of samples larger than memory: they are mapped from "
        "there while a command runs, not held.",
    )
    labels: dict[Text, Text] = Field(
        default={},
        description="Axis labels of figures by feature or carried column; formulas stand between dollar signs: "
        'pt1: "leading $p_T$ [GeV]".',
    )
    reference: ReferenceConfig = Field(description="What the data should look like if there is nothing new.")
    data: DataConfig | None = Field(
        default=None, description="The observed data, two events at least; calibrate does not read them."
    )
    toys: ToysConfig = Field(default=ToysConfig(), description="The toys that calibrate the test.")
    nuisances: dict[Text, NuisanceConfig] = Field(
        default={}, description="Nuisance parameters by name: how the reference may differ from nature."
    )
    covariance: CovarianceConfig | None = Field(
        default=None, description="Covariance of auxiliary measurements; not given: they are independent."
    )
    variations: list[VariationConfig] = Field(
        default=[], description="Samples of the reference with nuisances moved, from which responses are learned."
    )
    responses: ResponsesConfig = Field(
        default=ResponsesConfig.model_validate({}),
        description="How the responses are learned by `wilks learn-nuisances`.",
    )
    model: ModelConfig = Field(
        default=ModelConfig.model_validate({DEFAULT: {}}),
        description="The learned log ratio f(x; w) of data to reference. Left out: kernels of several widths, chosen "
        "from the reference alone.",
    )
    models: dict[Text, ModelConfig] = Field(
        default={},
        description="Other models by name, which `wilks models` and `wilks run` test on the same data and toys beside "
        "`model`: each is written as that, such as {bins: {histogram: {n_bins: 20}}}.",
    )
    standardize: Standardize = Field(
        default=True,
        description="true: subtract the mean and divide by the standard deviation of the reference (by quantiles where "
        "values far outside all others would set them); false: features as they are; or {shift: [...], scale: [...]}.",
    )
    search: SearchConfig = Field(default=SearchConfig(), description="How the minimum is searched.")
    monitor: MonitorConfig = Field(
        default=MonitorConfig(), description="References of monitoring: batches, rates and validity."
    )
    quality: QualityConfig = Field(
        default=QualityConfig(), description="Limits beyond which a command ends with exit code 4."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _no_repeats("features", self.features)
        _no_repeats("carry", self.carry)
        for name in self.carry:
            if name in self.features:
                raise ValueError(f"carry: {name!r} is a feature already; delete it from `carry`")
        if unknown := [name for name in self.labels if name not in (*self.features, *self.carry)]:
            raise ValueError(f"labels: {unknown[0]!r} is neither in `features` nor in `carry`; name one that is shown")
        if isinstance(self.standardize, StandardizationConfig):
            _same_length(self.standardize, len(self.features))
        if self.reference.generator is not None and (self.define or self.where or self.carry or self.fill):
            raise ValueError("define, where, carry and fill belong to files; delete them beside a reference.generator")
        return self

    @property
    def has_analytic_null(self) -> bool:
        """Whether the null distribution of t is known without toys."""
        return self.model.has_analytic_null(is_profiled=bool(self.nuisances))

    @property
    def n_toys(self) -> int:
        """Number of toys that calibrate the test; 0: the analytic null of the model does."""
        is_left_out = "toys" not in self.model_fields_set and self.has_analytic_null
        return 0 if is_left_out else self.toys.n_toys

    @property
    def to_learn(self) -> tuple[str, ...]:
        """Names of the nuisances whose response must be learned."""
        return tuple(name for name, one in self.nuisances.items() if one.is_learned)


def _no_repeats(key: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{key}: names must differ, but {name!r} comes {names.count(name)} times; keep one")


def _same_length(fixed: StandardizationConfig, n_features: int) -> None:
    for key, values in (("shift", fixed.shift), ("scale", fixed.scale)):
        if len(values) != n_features:
            raise ValueError(
                f"standardize.{key}: one number for each of the {n_features} features must be given, "
                f"but there are {len(values)}; the order is that of `features`"
            )


def json_schema() -> dict[str, Any]:
    """JSON Schema of an analysis file, for editors and other programs.

    >>> json_schema()["properties"]["output"]["default"]
    'results'
    """
    schema = AnalysisConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "wilks analysis"}


def resolved(path: str, *, folder: Path) -> str:
    """A path of the file as seen from the file's folder; remote names (``scheme://``) stay as they are.

    >>> resolved("data/*.root", folder=Path("/study"))
    '/study/data/*.root'
    """
    if "://" in path:
        return path
    return str((Path(glob.escape(str(folder))) if glob.has_magic(path) else folder) / as_path(path))
