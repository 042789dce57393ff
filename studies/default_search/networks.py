"""A network beside the default set: the same toys, drawn from several references."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.laws.empirical import Empirical
from wilks.problems import dimuon
from wilks.significance import chi2_z_score, z_score

from studies.common import summary_of_z

MODELS = {"set": wilks.KernelSet(), "network": wilks.MLP(hidden=dimuon.HIDDEN, weight_clip=1.5)}
N_REFERENCE, N_DATA = 100_000, 20_000
CONTACT, N_CONTACT = "contact term, S = 53", 53.0


class Problem(NamedTuple):
    """Events of the reference model, and signals by name."""

    background: wilks.Sample
    signals: dict[str, wilks.Alternative]


def muons(folder: Path) -> Problem:
    """Muon pairs above 60 GeV with the signals of "Learning multivariate new physics"."""
    samples = {
        name: dimuon.read_dimuons(folder / f"dimuon_{name}.h5").without_extras()
        for name in ("sm", "zprime200", "zprime300", "eft")
    }
    peaks = {
        f"Z' of {mass} GeV, S = {n}": wilks.Alternative(signal=samples[f"zprime{mass}"], n_signal=n)
        for mass, n in ((200, 80), (300, 40))
    }
    contact = wilks.Alternative(source=samples["eft"], expected_events=N_DATA + N_CONTACT)
    return Problem(samples["sm"], peaks | {CONTACT: contact})


def olympics(file: Path) -> Problem:
    """The signal region of the LHC Olympics; S replaces as many of the 20,000 events."""
    background, signal = (wilks.Sample(events) for events in olympics_events(file))
    mixed = {
        f"S = {n}": wilks.Alternative(signal=signal, n_signal=n, expected_background=N_DATA - n) for n in (136, 200)
    }
    return Problem(background, mixed)


def olympics_events(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """All events of the background, and of the signal; five features."""
    with np.load(file) as arrays:
        return np.concatenate([arrays["background"], arrays["background_extra"]]), arrays["signal_rd"]


PROBLEMS = {"muons": muons, "olympics": olympics}


def rows(problem: Problem, options) -> Iterator[harness.Row]:
    """The null, and of each signal by how far t moves, the median Z and power.

    Seeds do not depend on the model, so that all see the same references and toys. p of the network is that of the
    chi-square whose mean is that of the null toys, which are few; p of the set is counted among them.
    """
    hypotheses = {"null": wilks.Null()} | problem.signals
    t = toys_of(problem, hypotheses, options)
    null = t.pop("null")
    mean, deviation = null.mean(), null.std(ddof=1)
    yield {"model": options.model, "n_null": null.size, "mean": mean, "deviation": deviation}
    for name, found in t.items():
        if options.model == "set":
            z = np.array([z_score(p) for p in Empirical.of(null).p_values(found).tolist()])
        else:
            z = np.array([chi2_z_score(one, mean) for one in found.tolist()])
        yield {"signal": name, "mean": found.mean(), "distance": (found.mean() - mean) / deviation} | summary_of_z(z)


def toys_of(problem: Problem, hypotheses: dict[str, object], options) -> dict[str, np.ndarray]:
    """t of the toys of each hypothesis, those of all references together."""
    found = {name: [] for name in hypotheses}
    for k in range(options.n_references):
        reference, pool = wilks.split(problem.background, n_first=N_REFERENCE, seed=k)
        model, expected = MODELS[options.model], float(N_DATA)
        analysis = wilks.Analysis(reference=reference, model=model, toy_source=pool, expected_events=expected)
        for i, (name, hypothesis) in enumerate(hypotheses.items()):
            store = options.store / f"{options.problem}-{options.model}" / f"{k}-{i}" if options.store else None
            n_toys = options.n_toys if i else options.n_null
            toys = wilks.run_toys(analysis, hypothesis, n_toys=n_toys, seed=100 * k + i, store=store)
            print(f"reference {k}, {name}: {toys.t.round(1)}, {np.mean(toys.seconds):.1f} s a toy", flush=True)
            found[name].append(toys.t[np.isfinite(toys.t)])
    return {name: np.concatenate(each) for name, each in found.items()}
