"""Events before the selection: a source of toys at any value of the nuisances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wilks import lazy
from wilks.errors import InputError
from wilks.samples import Sample
from wilks.samples.checked_arrays import require_finite
from wilks.typing import whole_number

if TYPE_CHECKING:
    from wilks.nuisances import transforming
    from wilks.nuisances.nuisance import Nuisance
else:
    transforming = lazy.Module("wilks.nuisances.transforming")


@dataclass(frozen=True, eq=False)
class Unselected:
    """Events before the selection, and the selection: toys at nu* are drawn from what passes at nu*.

    The sample must reach beyond the selection by more than the nuisances move events: those that would migrate into it
    from where the sample has none are missing, and nothing can tell. It must share no event with the reference; its
    weights matter up to a factor.

    Args:
        sample: events at nu = 0, with the columns that transforms, definitions and selection need (``carry``).
        where: the selection of the analysis, as in `read`; None: the analysis has none.
        define: columns that are made again at nu, as in `vary`.
        seed: of the random numbers of transforms that take some.

    Raises:
        InputError: something else than a sample; a selection that no event or every event passes; names that the sample
            does not have.

    >>> import numpy as np
    >>> from wilks.nuisances import Nuisance
    >>> events = Sample(np.arange(10.0, 60.0), features=("pt",))
    >>> scale = Nuisance("scale", 0.1, transform=lambda columns, nu: {"pt": columns["pt"] * np.exp(nu)})
    >>> source = Unselected(events, where="pt > 20")
    >>> source.nominal().n_events, source.at([scale], {"scale": 0.1}).n_events
    (39, 41)
    >>> round(source.yield_ratio([scale], {"scale": 0.1}), 4)
    1.0513
    """

    sample: Sample
    where: str | None = None
    define: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        _check_sample(self.sample)
        object.__setattr__(self, "define", MappingProxyType(dict(self.define)))
        object.__setattr__(self, "seed", whole_number(self.seed, name="seed", least=0))
        n_passing = self.nominal().n_events
        if self.where is not None and n_passing == self.sample.n_events:
            raise InputError(
                f"the events must be those before the selection, but all {n_passing:,} pass {self.where!r}, so that "
                "those that would migrate into it are missing; read them with a looser selection, or leave where out "
                "if the analysis has none"
            )

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return self.sample.features

    def at(self, nuisances: Iterable[Nuisance], nu: Mapping[str, float]) -> Sample:
        """The events that pass the selection at nu, with weights that sum to the yield there (`vary`).

        Raises:
            InputError: a nuisance that is not at 0 has no transform, or one that cannot be used.
        """
        return transforming.vary(self.sample, nuisances, nu, where=self.where, define=self.define, seed=self.seed)

    def nominal(self) -> Sample:
        """The events that pass the selection at nu = 0."""
        return self.at((), {})

    def yield_ratio(self, nuisances: Iterable[Nuisance], nu: Mapping[str, float]) -> float:
        """N(nu) / N(0): the sum of the weights that pass at nu over that at 0.

        Raises:
            InputError: a sum of weights that is not positive.
        """
        varied, nominal = self.at(nuisances, nu).expected_events, self.nominal().expected_events
        if not (varied > 0 and nominal > 0):
            raise InputError(
                "the weights that pass the selection must have a positive sum, but it is "
                f"{nominal:g} at nu = 0 and {varied:g} at {dict(nu)}"
            )
        return varied / nominal

    def require_features(self, features: tuple[str, ...]) -> None:
        """Raise unless the features are these, in this order.

        Raises:
            InputError: they differ.
        """
        if self.features != features:
            raise InputError(
                f"the events before the selection must have the features {', '.join(features)} in this order, but they "
                f"have {', '.join(self.features)}; carry=[...] is for columns that are not inputs"
            )

    def to_dict(self) -> dict[str, Any]:
        """What defines it; the sample by its digest, carried columns included, and by the definitions of these."""
        origin, columns = self.sample.origin, (*self.sample.features, *self.sample.extras)
        known = {} if origin is None else {name: text for name, text in origin.definitions.items() if name in columns}
        return {
            "unselected": self.sample.digest(),
            "definitions": known,
            "where": self.where,
            "define": dict(self.define),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], sample: Sample) -> Unselected:
        """What `to_dict` described, around its sample.

        Raises:
            InputError: the sample is another one.
        """
        if sample.digest() != document["unselected"]:
            raise InputError("the events before the selection are not those that were described; give the same sample")
        return cls(sample, where=document["where"], define=document["define"], seed=document["seed"])


def _check_sample(sample: object) -> None:
    if not isinstance(sample, Sample) or not sample.n_events:
        raise InputError(f"the events before the selection must be a wilks.Sample with events, but {sample!r} came")
    for name, values in sample.extras.items():  # transforms and the selection need them
        require_finite(values, name)
