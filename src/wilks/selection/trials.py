"""Toys of an analysis at one clip and one effort of the search, and what was found on them."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.documents import canonical_json
from wilks.errors import CalibrationError, InputError
from wilks.hypotheses import Hypothesis
from wilks.laws.compatibility import Compatibility, judge
from wilks.samples import Sample
from wilks.search import Search
from wilks.selection.spread import Spread, spread_of
from wilks.statistics import Statistic
from wilks.typing import FloatArray, is_number

CHOOSING, JUDGING = "choosing", "judging"
_FEWEST_VALID = 5


class MakeToys(Protocol):
    """Toys 0 .. n - 1 of a hypothesis; those that were made before are not made again."""

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys: ...


@dataclass(frozen=True)
class Trial:
    """Toys at one clip, and how they compare with the chi-square of as many degrees of freedom as parameters.

    Attributes:
        stage: what they were made for.
        seconds: that a toy takes on one core, on average.
    """

    stage: str
    weight_clip: float
    n_starts: int
    compatibility: Compatibility
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Trial":
        """The inverse of `to_dict`."""
        return cls(**{**document, "compatibility": Compatibility(**document["compatibility"])})


def trial_of(toys: Toys, *, stage: str, weight_clip: float, n_starts: int) -> Trial:
    """Judge toys against the chi-square of as many degrees of freedom as there are parameters.

    Raises:
        CalibrationError: hardly any has a valid t.
    """
    valid = valid_t(toys)
    n_failed = toys.n_toys - valid.size
    if valid.size < min(_FEWEST_VALID, toys.n_toys):
        raise CalibrationError(
            f"toys must have a valid t, but {n_failed} of {toys.n_toys} at clip {weight_clip:g} failed: {toys}"
        )
    found = judge(valid, float(toys.n_parameters), n_failed=n_failed, is_estimated_dof=False)
    return Trial(stage, weight_clip, n_starts, found, seconds=float(np.mean(toys.seconds)))


def valid_t(toys: Toys) -> FloatArray:
    """t of the toys whose fit did not fail."""
    return toys.t[np.isfinite(toys.t)]


def weight_clip_of(model: Statistic) -> float:
    """The clip of a network.

    Raises:
        InputError: the model has none; the message says what its family has instead.
    """
    clip: object = getattr(model, "weight_clip", None)
    if is_number(clip):
        return float(clip)
    raise InputError(
        f"a weight clip is chosen for a network, such as wilks.MLP, but the model is {model.describe()}, which has "
        f"none. {model.without_clip}"
    )


def with_choice(
    analysis: Analysis,
    *,
    weight_clip: float | None = None,
    search: Search | None = None,
    hidden: tuple[int, ...] | None = None,
) -> Analysis:
    """The same analysis with another clip, another search, other layers; what is None stays."""
    model: Any = analysis.model
    given = {"weight_clip": weight_clip, "hidden": hidden}
    model = replace(model, **{name: value for name, value in given.items() if value is not None})
    return _remade(analysis, model=model, search=search or analysis.search, nuisances=analysis.nuisances)


def with_model(analysis: Analysis, model: Statistic) -> Analysis:
    """The same analysis with another model."""
    return _remade(analysis, model=model, search=analysis.search, nuisances=analysis.nuisances)


def with_reference(analysis: Analysis, reference: Sample) -> Analysis:
    """The same analysis with another reference, whose weights say how many events are expected."""
    return _remade(
        analysis, model=analysis.model, search=analysis.search, nuisances=analysis.nuisances, reference=reference
    )


def without_nuisances(analysis: Analysis) -> Analysis:
    """The same analysis as if nothing were uncertain: a clip is chosen so (section 2.5 of "Imperfect Machine")."""
    if not analysis.nuisances:
        return analysis
    return _remade(analysis, model=analysis.model, search=analysis.search, nuisances=())


def with_starts(search: Search, n_starts: int) -> Search:
    """The same search from so many starts, more than it has; one without a race stays without."""
    if n_starts == search.n_starts:
        return search
    n_kept = n_starts if search.n_kept >= search.n_starts else search.n_kept
    return replace(search, n_starts=n_starts, n_kept=n_kept)


def measured_spread(analysis: Analysis, make: MakeToys, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Spread:
    """t of the same toys with the seed of the search and with the next one."""
    return spread_beside(make(analysis, hypothesis, n_toys=n_toys, seed=seed), analysis, make)


def spread_beside(first: Toys, analysis: Analysis, make: MakeToys) -> Spread:
    """t of toys of an analysis, the first ones by their index, and of the same with the next seed of its search."""
    search = analysis.search
    other = _remade(
        analysis,
        model=analysis.model,
        search=replace(search, seed=search.seed + 1),
        nuisances=analysis.nuisances,
    )
    last = make(other, first.hypothesis, n_toys=first.n_toys, seed=first.seed)
    seconds = float(np.mean([first.seconds, last.seconds]))
    return spread_of(first.t, last.t, n_starts=search.n_starts, seconds=seconds)


def toy_seed(seed: int, purpose: str) -> int:
    """The seed of toys of a selection: those that choose, those that judge and those of the analysis are all different.

    >>> toy_seed(0, CHOOSING) != toy_seed(0, JUDGING) != toy_seed(1, JUDGING)
    True
    """
    text = canonical_json({"selection": seed, "toys": purpose})
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "little")


def _remade(
    analysis: Analysis, *, model: Statistic, search: Search, nuisances: Any, reference: Sample | None = None
) -> Analysis:
    return Analysis(
        reference=reference or analysis.reference,
        model=model,
        nuisances=nuisances,
        toy_source=analysis.toy_source,
        standardize=analysis.standardization,
        search=search,
        name=analysis.name,
    )
