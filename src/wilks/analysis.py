"""Everything that is fixed before the data are seen."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from wilks import lazy
from wilks.documents import canonical_json
from wilks.errors import InputError, StoreError, blaming
from wilks.hypotheses import Generator, GeneratorFunction, ToySource, as_source, generator_from_dict, source_to_dict
from wilks.nuisances import Nuisances, Unselected, require_finite_response
from wilks.problem import Problem
from wilks.samples import (
    Events,
    Sample,
    Standardization,
    as_sample,
    check_pool,
    effective_number,
    require_varying,
)
from wilks.search import Search
from wilks.statistics import Engine, Statistic, default_statistic, statistic_from_dict
from wilks.storage import Document, Folder, Storable, saved_kinds
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray
from wilks.wording import Printed, listed

if TYPE_CHECKING:
    from wilks.nuisances import Nuisance, documents
    from wilks.optimize import devices
else:
    devices, documents = lazy.Module("wilks.optimize.devices"), lazy.Module("wilks.nuisances.documents")

_YIELD_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Analysis(Printed, Storable):
    """Reference, model, search and source of toys: all that defines t and its null distribution.

    Args:
        reference: events of the reference model; its weights say how many events are expected. A table as `Sample`
            takes it, without weights: its columns are the features.
        model: f(x; w); None: kernels of several widths, chosen from the reference alone (`KernelSet`).
        nuisances: how the reference may differ from nature: `Nuisance` with formulas, or what `learn_responses` gives;
            ``()`` is the analysis without systematic uncertainties.
        toy_source: where toys come from: a sample that shares no event with the reference, a `Generator`, a function,
            or `Unselected`, events before the selection, which nuisances with a transform move across it. Of a table
            the columns of the reference are taken, by name. None: `run_toys` will say what to give.
        expected_events: N(R_0); the reference weights are rescaled to this sum. None keeps them. If `read` was given
            expected events too, the two must be equal.
        standardize: True: subtract the mean of the reference and divide by its standard deviation at the input of the
            model, or by what a handful of far events does not set (`Standardization.of`); False: features as they are;
            or a `Standardization`.
        search: the effort of the fit, the same for data and toys.
        name: for people.

    Raises:
        InputError: an argument that cannot be used, with what to do; samples that share events.

    >>> reference = Sample(np.random.default_rng(0).exponential(size=1000))
    >>> from wilks.statistics.network import MLP
    >>> analysis = Analysis(reference=reference, model=MLP(hidden=(4,)), expected_events=100)
    >>> analysis.n_parameters, round(analysis.expected_events, 9)
    (13, 100.0)
    """

    reference: Sample
    model: Statistic
    nuisances: Nuisances
    toy_source: ToySource | Unselected | None
    standardization: Standardization
    search: Search
    name: str
    problem: Problem = field(repr=False)
    stored_as: ClassVar[str] = "analysis"

    def __init__(
        self,
        *,
        reference: Sample | Events,
        model: Statistic | None = None,
        nuisances: Nuisances | Iterable[Nuisance] = (),
        toy_source: ToySource | Unselected | GeneratorFunction | Events | None = None,
        expected_events: float | None = None,
        standardize: bool | Standardization = True,
        search: Search | None = None,
        name: str = "",
    ) -> None:
        model = default_statistic() if model is None else model
        _check_model(model)
        with blaming("reference"):
            reference = as_sample(reference, what="reference")
            check_reference(reference)
        scaled = reference if expected_events is None else reference.rescaled(expected_events)
        _check_yield(scaled)
        with blaming("toy_source"):
            given = toy_source
            source = given if isinstance(given, Unselected) else as_source(given, features=scaled.features)
            if isinstance(source, Sample | Unselected):
                check_pool(source if isinstance(source, Sample) else source.nominal(), reference=scaled)
        standardization = _standardization(scaled, standardize)
        told = _checked_nuisances(nuisances, scaled)
        problem = Problem(scaled, standardization, told, _checked_search(search))
        settings = {
            "reference": scaled,
            "model": model.placed(problem),
            "nuisances": problem.nuisances,
            "toy_source": source,
            "standardization": standardization,
            "search": problem.search,
            "name": name,
            "problem": problem,
        }
        for key, value in settings.items():
            object.__setattr__(self, key, value)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the inputs of the model, in their order."""
        return self.reference.features

    @property
    def expected_events(self) -> float:
        """N(R_0), the sum of the reference weights."""
        return self.reference.expected_events

    @cached_property
    def reference_share(self) -> float:
        """N(R_0)/N_R: how many expected events one event of the reference stands for."""
        return self.expected_events / effective_size(self.reference)

    @property
    def n_parameters(self) -> int:
        """Parameters of the model."""
        return self.model.n_parameters(self.reference.n_features)

    @cached_property
    @one_blas_thread()
    def engine(self) -> Engine:
        """What fits share, made when it is first needed."""
        return self.model.engine([self.problem])

    @property
    def overlap_z_error(self) -> float | None:
        """`pool_z_error` for toys of N(R_0) events."""
        return self.pool_z_error(self.expected_events)

    def pool_z_error(self, n_events: float) -> float | None:
        """The error on Z that all toys of n events from one pool share: sqrt(f^2 + 2 f rho), f = n/N_P, rho = n/N_R.

        More toys do not reduce it. None where toys come from a generator, or from nowhere. For a weighted pool or
        reference the effective numbers (sum w)^2 / sum w^2 stand for N_P and N_R.
        """
        pool = self.nominal_pool
        if pool is None:
            return None
        fraction = n_events / effective_size(pool)
        rho = n_events / effective_size(self.reference)
        return float(np.sqrt(fraction**2 + 2 * fraction * rho))

    @cached_property
    def nominal_pool(self) -> Sample | None:
        """The pool that toys of the reference are drawn from; None where they come from elsewhere."""
        source = self.toy_source
        if isinstance(source, Unselected):
            return source.nominal()
        return source if isinstance(source, Sample) else None

    @property
    def local_functions(self) -> tuple[str, ...]:
        """Names of functions that only this process can find: of the toy source and of the nuisances."""
        generators = (self.toy_source,) if isinstance(self.toy_source, Generator) else ()
        return tuple(one.name for one in (*generators, *self.nuisances.functions) if not one.is_portable)

    def log_ratio(self, events: FloatArray, params: FloatArray) -> FloatArray:
        """The learned f(x; w) for raw events of shape (n, d); result (n,)."""
        return self.model.log_ratio(params, self.standardization.apply(np.asarray(events, dtype=np.float64)))

    def moved_weights(self, nuisances: Mapping[str, float]) -> FloatArray:
        """w r(x; nu) of the reference events (n,) at nuisances by name, in the user's units, with their known yield."""
        weights = self.reference.event_weights
        if not nuisances:
            return weights
        response, z = self.nuisances.on(self.reference.events), self.nuisances.in_sigmas(nuisances)
        return weights * np.exp(response.shifted_log_ratio(z, weights))

    def __repr__(self) -> str:
        return (
            f"Analysis({listed(self.features)}; {self.model.describe()}; {self.reference.n_events:,} reference events "
            f"for {self.expected_events:,.6g} expected ones; nuisances: {listed(self.nuisances.names) or 'none'})"
        )

    def describe(self) -> dict[str, Any]:
        """What defines t, as plain values; samples by the digest of their events."""
        return {
            "statistic_version": self.model.version,
            "features": list(self.features),
            "reference": self._reference_digest,
            "expected_events": self.expected_events,
            "model": self.model.to_dict(),
            "nuisances": self.nuisances.describe() if self.nuisances else [],
            "standardization": self.standardization.to_dict(),
            "search": asdict(self.search),
            "toy_source": self._toy_source_description,
        }

    @cached_property
    def _reference_digest(self) -> str:
        return self.reference.without_extras().digest()

    @cached_property
    def _toy_source_description(self) -> dict[str, Any] | None:
        source = self.toy_source
        if isinstance(source, Generator) and not source.is_portable:
            # Two lambdas of one module have one name; their toys are never stored, so that any mark will do.
            return source_to_dict(source) | {"local": id(source.function)}
        if isinstance(source, Unselected):
            return source.to_dict()
        return None if source is None else source_to_dict(source)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that defines t and its null; the name and carried columns do not."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha256(canonical_json(self.describe()).encode()).hexdigest()

    def save(self, folder: Folder) -> None:
        """Write the analysis to ``folder``; nothing is done if it is there already, under whatever name.

        Raises:
            StoreError: the folder holds another analysis or something else, or cannot be written; other processes
                could not find a function of this one.
        """
        if self.stored_as in saved_kinds(folder) and Analysis.stored_fingerprint(folder) == self.fingerprint():
            return
        if self.local_functions:
            raise StoreError(
                f"a saved analysis must be usable elsewhere, but {', '.join(self.local_functions)} can be found in "
                "this process alone; put the function into a module and name it 'module:function'"
            )
        super().save(folder)

    @classmethod
    def load(cls, folder: Folder) -> Analysis:
        """The analysis that `save` wrote, with the same fingerprint.

        Raises:
            StoreError: nothing usable lies there, or it was changed since.
        """
        document = Document(folder, cls.stored_as)
        analysis: Analysis = document.restored()
        if analysis.fingerprint() != document.plain["fingerprint"]:
            raise StoreError(f"the analysis in {folder} was saved by another version of wilks: its t is not the same")
        return analysis

    @classmethod
    def stored_fingerprint(cls, folder: Folder) -> str:
        """That of the analysis in ``folder``, without reading its events.

        Raises:
            StoreError: as `load`.
        """
        return str(Document(folder, cls.stored_as).plain["fingerprint"])

    def to_document(self) -> dict[str, Any]:
        samples = {"reference": self.reference}
        if isinstance(self.toy_source, Sample):
            samples["pool"] = self.toy_source
        if isinstance(self.toy_source, Unselected):
            samples["unselected"] = self.toy_source.sample
        return {
            **self.describe(),
            "nuisances": self.nuisances.to_dict() if self.nuisances else None,
            "name": self.name,
            "samples": {role: sample.to_document() for role, sample in samples.items()},
            "fingerprint": self.fingerprint(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Analysis:
        samples = {role: Sample.from_document(one) for role, one in document["samples"].items()}
        analysis = cls(
            reference=samples["reference"],
            model=statistic_from_dict(document["model"]),
            nuisances=documents.nuisances_from_dict(document["nuisances"]) if document["nuisances"] else (),
            toy_source=samples.get("pool") or _source_from_dict(document["toy_source"], samples),
            standardize=Standardization.from_dict(document["standardization"]),
            search=Search(**document["search"]),
            name=document["name"],
        )
        # The arrays were found to be those that were saved: to hash them again would tell nothing.
        vars(analysis)["_reference_digest"] = document["reference"]
        if len(samples) > 1:
            vars(analysis)["_toy_source_description"] = document["toy_source"]
        return analysis


def effective_size(sample: Sample) -> float:
    """(sum w)^2 / sum w^2: the number of unweighted events with the same relative error.

    >>> effective_size(Sample([1.0, 2.0, 3.0]))
    3.0
    """
    return effective_number(sample.event_weights)


def require_float64() -> None:
    """Raise if double precision was switched off after wilks was imported.

    Raises:
        InputError: ``jax_enable_x64`` is off.
    """
    jax = sys.modules.get("jax")  # where it was not needed, nothing has switched it off
    if jax and not jax.config.jax_enable_x64:
        raise InputError(
            "wilks needs float64, but jax_enable_x64 was switched off after wilks was imported; "
            "leave it on: jax.config.update('jax_enable_x64', True)"
        )


def check_reference(reference: Sample) -> None:
    """Raise unless a sample can be the reference of an analysis.

    Raises:
        InputError: fewer than 2 events, a sum of weights that is not positive, a feature that does not vary.
    """
    present = reference.expected_events
    if not (reference.n_events >= 2 and np.isfinite(present) and present > 0):
        raise InputError(
            "the reference must have at least 2 events and a positive sum of weights, "
            f"but {reference.n_events:,} events with a sum of {present:g} came; check the files, selection and weights"
        )
    require_varying(reference)


def _check_model(model: object) -> None:
    if not isinstance(model, Statistic):
        raise InputError(f"model must be a model such as wilks.MLP, but a {type(model).__name__} came")


def _check_yield(reference: Sample) -> None:
    """The expected events, given to `read` and again here or changed by a split, must be one number."""
    told = reference.origin.expected_events if reference.origin else None
    if told is not None and abs(reference.expected_events - told) > _YIELD_TOLERANCE * told:
        raise InputError(
            f"the reference was read with expected_events={told:.10g}, but its weights now sum to "
            f"{reference.expected_events:.10g}. After wilks.split, which shares the sum out, give "
            f"Analysis(expected_events={told:.10g}); for another number or selection, read the reference with it"
        )


def _checked_nuisances(nuisances: object, reference: Sample) -> Nuisances:
    if not isinstance(nuisances, Nuisances | Iterable):
        raise InputError(f"nuisances must be a list of wilks.Nuisance, but {nuisances!r} came")
    given = nuisances if isinstance(nuisances, Nuisances) else Nuisances(tuple(nuisances))
    if given:
        devices.backend()
    require_finite_response(given, reference.events, role="the reference")
    return given


def _checked_search(search: Search | None) -> Search:
    if search is not None and not isinstance(search, Search):
        raise InputError(f"search must be a wilks.Search or None, but {search!r} came")
    return Search() if search is None else search


def _standardization(reference: Sample, standardize: bool | Standardization) -> Standardization:
    if isinstance(standardize, Standardization):
        if standardize.n_features != reference.n_features:
            raise InputError(
                f"the standardization must have {reference.n_features} features, but it has {standardize.n_features}"
            )
        return standardize
    if not isinstance(standardize, bool):
        raise InputError(f"standardize must be True, False or a wilks.Standardization, but {standardize!r} came")
    return Standardization.of(reference) if standardize else Standardization.identity(reference.n_features)


def _source_from_dict(
    document: Mapping[str, Any] | None, samples: Mapping[str, Sample]
) -> Generator | Unselected | None:
    if document is None:
        return None
    if "unselected" in samples:
        return Unselected.from_dict(document, samples["unselected"])
    return generator_from_dict(document)
