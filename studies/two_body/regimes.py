"""The three regimes of section 4 of "Learning New Physics from an Imperfect Machine", and their events."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.optimize

import wilks
from wilks.problems import dimuon
from wilks.samples import unweight

NORMALIZATION, SIGMA_NORMALIZATION = "normalization", 0.025
_ACCEPTANCE = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4"
ENDCAPS = ("(abs(eta1) >= 2.1)*1", "(abs(eta2) >= 2.1)*1")


@dataclass(frozen=True)
class Regime:
    """A momentum scale and what is selected.

    Attributes:
        name: of the regime.
        sigma: of the scale, in the barrel.
        transform: of `wilks.problems.dimuon`.
        least_mass: of the pair, in GeV.
        expected_events: N(R_0).
        trained_at: values of the scale of which samples are made for the response.
        studied_at: values for `wilks.study_responses`.
        n_resonance: expected events of a Z' of 300 GeV.
        wilson: coefficient of the contact term, in 1/TeV^2.
        inputs: formulas that the networks of the response see beside the features.
        is_enriched: whether the reference keeps the weights of the simulation, which has more events in the tails.
        n_thinned: about how many events an enriched reference keeps, in which tails have no more than their share.
        file: with all events of the regime, unweighted, where it is only studied.
    """

    name: str
    sigma: float
    transform: str = "muon_scale"
    least_mass: float = 100.0
    expected_events: float = 8700.0
    trained_at: tuple[float, ...] = (-1.5e-2, -1.5e-3, 1.5e-3, 1.5e-2)
    studied_at: tuple[float, ...] = (-2e-2, -1.5e-2, -1e-2, -5e-3, -1.5e-3, 1.5e-3, 5e-3, 1e-2, 1.5e-2, 2e-2)
    n_resonance: float = 120.0
    wilson: float = 1.0
    inputs: tuple[str, ...] = (dimuon.MASS, *ENDCAPS)
    is_enriched: bool = False
    n_thinned: int | None = None
    file: str = ""

    @property
    def where(self) -> str:
        """The selection."""
        return f"{_ACCEPTANCE} and mll > {self.least_mass:g}"

    @property
    def scale(self) -> wilks.Nuisance:
        """The nuisance, whose response is to be learned."""
        return wilks.Nuisance(dimuon.MUON_SCALE, self.sigma, transform=f"{dimuon.__name__}:{self.transform}")

    @property
    def nuisances(self) -> tuple[wilks.Nuisance, ...]:
        """Scale and normalization."""
        return self.scale, wilks.normalization(NORMALIZATION, sigma=SIGMA_NORMALIZATION)

    def values(self, *, scale: float = 0.0, normalization: float = 0.0) -> dict[str, float]:
        """Values of the nuisances from their number of sigmas, without zeros."""
        given = {dimuon.MUON_SCALE: scale * self.sigma, NORMALIZATION: normalization * SIGMA_NORMALIZATION}
        return {name: value for name, value in given.items() if value}


REGIMES = {
    one.name: one
    for one in (
        Regime("muon", 5e-4),
        Regime("electron", 3e-3),
        Regime(
            "tau",
            3e-2,
            transform="tau_scale",
            least_mass=120.0,
            expected_events=8400.0,
            trained_at=(-0.09, -0.03, 0.03, 0.09),
            studied_at=(-0.09, -0.06, -0.03, 0.03, 0.06, 0.09),
            n_resonance=210.0,
            wilson=0.25,
            inputs=(dimuon.MASS,),
            is_enriched=True,
        ),
    )
}


VARIANTS = {
    "tau-100": dataclasses.replace(
        REGIMES["tau"],
        name="tau-100",
        least_mass=100.0,
        studied_at=(-0.15, -0.1, -0.06, -0.03, 0.03, 0.06, 0.1, 0.15),
        file="dimuon_sm.h5",
    ),
    "tau-thin": dataclasses.replace(REGIMES["tau"], name="tau-thin", n_thinned=42_000),
}
"""Tau-like above 100 GeV, where pairs of the Z peak come in and no Taylor expansion serves (figure 17), to be studied;
and with a reference of five events for each expected one that are no more in the tails than elsewhere (figure 19)."""


class Events:
    """The samples of a regime, from a folder of `studies.simulation.merge`.

    Args:
        folder: with ``dimuon_learning.parquet``, ``dimuon_reference.parquet`` and ``dimuon_pool.parquet``, which share
            no generated event.
        regime: what is selected.
        mass_is_input: whether mll is a sixth feature; otherwise it is carried along.
    """

    def __init__(self, folder: Path, regime: Regime, *, mass_is_input: bool = False) -> None:
        self.folder, self.regime = folder, regime
        self.features = (*dimuon.FEATURES, "mll") if mass_is_input else dimuon.FEATURES
        self._carried = [] if mass_is_input else ["mll"]
        self._define = {name: dimuon.MASS for name in self._carried}

    def loose(self, name: str) -> wilks.Sample:
        """Events before the selection, weights in pb."""
        if self.regime.file:
            return self.read(self.regime.file)
        return self.read(f"dimuon_{name}.parquet", weight="weight")

    def read(self, name: str, *, weight: str | None = None) -> wilks.Sample:
        """A file of the folder."""
        return wilks.read(self.folder / name, features=list(self.features), carry=self._carried, weight=weight)

    def at(self, sample: wilks.Sample, **sigmas: float) -> wilks.Sample:
        """What passes the selection at nuisances in sigmas."""
        values = self.regime.values(**sigmas)
        return wilks.vary(sample, self.regime.nuisances, values, where=self.regime.where, define=self._define)

    def reference(self, *, ratio: float = 5.0) -> wilks.Sample:
        """Unweighted events, ``ratio`` for each expected one; or with their weights, where it is enriched."""
        sample, rng = self.at(self.loose("reference")), np.random.Generator(np.random.Philox(1))
        if self.regime.is_enriched:
            n = self.regime.n_thinned
            return (sample if n is None else thinned(sample, n, rng=rng)).rescaled(self.regime.expected_events)
        rows = rng.permutation(unweight(sample, rng=rng))
        n = round(ratio * self.regime.expected_events)
        if rows.size < n:
            raise SystemExit(f"the reference must have {n} unweighted events, but {rows.size} are left; simulate more")
        weights = np.full(n, self.regime.expected_events / n)
        extras = {name: sample.column(name)[rows[:n]] for name in self._carried}
        return wilks.Sample(sample.events[rows[:n]], weights, features=sample.features, extras=extras)

    def toy_source(self) -> wilks.Unselected:
        """Where toys come from at any nuisances."""
        return wilks.Unselected(self.loose("pool"), where=self.regime.where, define=self._define)


def thinned(sample: wilks.Sample, n: int, *, rng: np.random.Generator) -> wilks.Sample:
    """About n events: those below a weight are kept in proportion to theirs and get that weight."""
    weights = sample.event_weights

    def excess(least: float) -> float:
        return float(np.minimum(1.0, weights / least).sum()) - n

    least = scipy.optimize.brentq(excess, weights.min(), weights.sum() / n)
    kept = sample.take(rng.random(weights.size) < weights / least)
    raised = np.maximum(kept.event_weights, least)
    return wilks.Sample(kept.events, raised, features=sample.features, extras=kept.extras)
