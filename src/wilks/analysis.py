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
from wilks.hypotheses import GeneratorFunction, ToySource
from wilks.nuisances import Nuisances, RegionSources, Unselected, behavior, sources
from wilks.problem import Problem, check_reference, check_yield, checked_nuisances, checked_search, standardization_of
from wilks.samples import (
    Events,
    Sample,
    Standardization,
    as_sample,
    check_data,
)
from wilks.search import Search
from wilks.statistics import Engine, Statistic, default_statistic, statistic_from_dict
from wilks.statistics.fits import FitResult
from wilks.statistics.regions import Regions, named_regions, region_fits, regions_of, settings_of_regions
from wilks.storage import Document, Folder, Storable, saved_kinds
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray
from wilks.wording import Printed, listed, stacked, table

if TYPE_CHECKING:
    from wilks.nuisances import Nuisance, documents
else:
    documents = lazy.Module("wilks.nuisances.documents")


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
    toy_source: ToySource | Unselected | RegionSources | None
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
        toy_source: ToySource | Unselected | RegionSources | GeneratorFunction | Events | None = None,
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
        check_yield(scaled)
        with blaming("toy_source"):
            source = sources.checked_source(toy_source, reference=scaled)
        standardization = standardization_of(scaled, standardize)
        told = checked_nuisances(nuisances, scaled)
        problem = Problem(scaled, standardization, told, checked_search(search))
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
        return self.expected_events / self.reference.n_effective

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
        fraction = n_events / pool.n_effective
        rho = n_events / self.reference.n_effective
        return float(np.sqrt(fraction**2 + 2 * fraction * rho))

    @cached_property
    def nominal_pool(self) -> Sample | None:
        """The pool that toys of the reference are drawn from; None where they come from elsewhere."""
        return sources.nominal_pool(self.toy_source)

    @cached_property
    def regions(self) -> dict[str, Analysis]:
        """The analysis of each region by its name, where there are several (`of_regions`); else none."""
        return {one.name: Analysis(**one._asdict()) for one in regions_of(self)}

    @classmethod
    def of_regions(cls, regions: Mapping[str, Analysis], *, name: str = "") -> Analysis:
        """Several analyses tested together: an f for each, nuisances of one name shared, t that of the joint fit.

        L = sum_k L_k[f_k, nu] - log[ L(nu|A) / L(0|A) ], with the auxiliary measurements once: t = tau - Delta is
        that of the joint fit, and without nuisances in common it is the sum of those of the regions. Data are a
        mapping of the names of the regions to samples, or a list in their order, wherever data are asked for.

        Args:
            regions: by name; ``analysis_a + analysis_b`` takes `Analysis.name`. Their models are of one family,
                or `wilks.Fixed`, f = 0, for control regions.
            name: of all together.

        Raises:
            InputError: see `wilks.statistics.regions.settings_of_regions`.
        """
        flat = {key: one for given, each in regions.items() for key, one in (each.regions or {given: each}).items()}
        return cls(**settings_of_regions(flat)._asdict(), standardize=False, name=name)

    def __add__(self, other: Analysis) -> Analysis:
        """`of_regions` of both, by their names."""
        if not isinstance(other, Analysis):
            return NotImplemented
        both = [one for given in (self, other) for one in given.regions.items() or [(given.name, given)]]
        return Analysis.of_regions(named_regions(both))

    def require_one_region(self, what: str) -> None:
        """Raise InputError for an analysis of several regions: ``what`` is made of one.

        Raises:
            InputError: there are several.
        """
        if isinstance(self.model, Regions):
            raise InputError(
                f"{what} looks at one region, but this analysis has several ({', '.join(self.model.names)}); give "
                "that of a region, analysis.regions[name]"
            )

    def split(self, data: Sample) -> dict[str, Sample]:
        """Data that `checked` made, of each region that has some; none where there is one region."""
        model = self.model
        if not isinstance(model, Regions):
            return {}
        return {name: one for name, one in zip(model.names, model.layout.split(data), strict=True) if one.n_events}

    def joined(self, samples: Mapping[str, Sample]) -> Sample:
        """Weighted samples of some regions by name as one, such as the signal of an `Alternative`; others are empty."""
        if not isinstance(self.model, Regions):
            raise InputError("samples of regions are joined, but this analysis has one region; give its sample itself")
        return self.model.layout.joined_by_name(samples)

    def region_fits(self, fit: FitResult, *, data: Any = None) -> dict[str, FitResult]:
        """A joint fit as each region sees it: its own f, and those nuisances that it has; none of one region alone.

        With the data that were fitted each is a fit of ``regions[name]`` and its data. t is that of all, without a p.
        """
        given = None if data is None else self.split(self.checked(data))
        return region_fits(self.model, fit, regions=self.regions, given=given)

    def checked(self, data: Any) -> Sample:
        """Data as a sample with the features of the analysis; of several regions by their names, or in their order.

        Raises:
            SampleError: data that cannot be tested against it.
        """
        given = self.model.layout.data(data) if isinstance(self.model, Regions) else data
        return check_data(given, features=self.features)

    @property
    def local_functions(self) -> tuple[str, ...]:
        """Names of functions that only this process can find: of the toy source and of the nuisances."""
        of_source = tuple(one.name for one in sources.generators_of(self.toy_source) if not one.is_portable)
        return (*of_source, *(one.name for one in self.nuisances.functions if not one.is_portable))

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
        return f"Analysis({'; '.join(f'{name}: {text}' for name, text in self._words().items())})"

    def __str__(self) -> str:
        return stacked(self.name or "Analysis", table(self._words().items()))

    def _words(self) -> dict[str, str]:
        events = f"{self.reference.n_events:,} events for {self.expected_events:,.6g} expected ones"
        own = {"features": listed(self.features), "model": self.model.describe(), "reference": events}
        return own | {"nuisances": listed(self.nuisances.names) or "none"}

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
        return sources.describe_source(self.toy_source)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that defines t and its null, functions by name; the name and carried columns do not."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha256(canonical_json(self.describe()).encode()).hexdigest()

    @cached_property
    def function_values(self) -> dict[str, list[float]]:
        """Values of the functions of the user on a few events, by what they are (`wilks.nuisances.behavior`)."""
        return behavior.function_values(self.nuisances, self.toy_source, self.reference)

    def require_same_functions(self, document: Mapping[str, Any], *, place: object = "a saved analysis") -> None:
        """Raise StoreError unless the functions do, to six digits, what they did when it was saved."""
        if kept := document.get("functions"):
            behavior.require_same_functions(kept, self.function_values, place=place)

    def save(self, folder: Folder) -> None:
        """Write the analysis to ``folder``; nothing is done if it is there already, under whatever name.

        Raises:
            StoreError: the folder holds another analysis or something else, or cannot be written; other processes
                could not find a function of this one.
        """
        if self.stored_as in saved_kinds(folder) and Analysis.stored_fingerprint(folder) == self.fingerprint():
            self.require_same_functions(Document(folder, self.stored_as).plain, place=folder)
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
            StoreError: nothing usable lies there, it was changed since, or a function that it names was.
        """
        analysis: Analysis = Document(folder, cls.stored_as).restored()
        return analysis

    @classmethod
    def stored_fingerprint(cls, folder: Folder) -> str:
        """That of the analysis in ``folder``, without reading its events.

        Raises:
            StoreError: as `load`.
        """
        return str(Document(folder, cls.stored_as).plain["fingerprint"])

    def to_document(self) -> dict[str, Any]:
        samples = {"reference": self.reference, **sources.samples_of(self.toy_source)}
        return {
            **self.describe(),
            "nuisances": self.nuisances.to_dict() if self.nuisances else None,
            "name": self.name,
            "samples": {role: sample.to_document() for role, sample in samples.items()},
            "fingerprint": self.fingerprint(),
            **({"functions": self.function_values} if self.function_values else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Analysis:
        samples = {role: Sample.from_document(one) for role, one in document["samples"].items()}
        analysis = cls(
            reference=samples["reference"],
            model=statistic_from_dict(document["model"]),
            nuisances=documents.nuisances_from_dict(document["nuisances"]) if document["nuisances"] else (),
            toy_source=sources.source_from_dict(document["toy_source"], samples),
            standardize=Standardization.from_dict(document["standardization"]),
            search=Search(**document["search"]),
            name=document["name"],
        )
        # The arrays were found to be those that were saved: to hash them again would tell nothing.
        vars(analysis)["_reference_digest"] = document["reference"]
        if len(samples) > 1:
            vars(analysis)["_toy_source_description"] = document["toy_source"]
        if analysis.fingerprint() != document["fingerprint"]:
            raise StoreError("the analysis was saved by another version of wilks: its t is not the same")
        analysis.require_same_functions(document)
        return analysis


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


def _check_model(model: object) -> None:
    if not isinstance(model, Statistic):
        raise InputError(f"model must be a model such as wilks.MLP, but a {type(model).__name__} came")
