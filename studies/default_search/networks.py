"""A network beside the default set: the same toys, drawn from several references."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.stats

import wilks
from wilks.laws.empirical import Empirical
from wilks.problems import dimuon
from wilks.significance import z_score

from studies.common import summary_of_z

MODELS = {"set": wilks.KernelSet(), "network": wilks.MLP(hidden=dimuon.HIDDEN, weight_clip=1.5)}
N_REFERENCE, N_DATA, CONTACT = 100_000, 20_000.0, 20_053.0


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
    contact = wilks.Alternative(source=samples["eft"], expected_events=CONTACT)
    return Problem(samples["sm"], peaks | {"contact term, S = 53": contact})


def olympics(file: Path) -> Problem:
    """The signal region of the LHC Olympics; S replaces as many of the 20,000 events."""
    with np.load(file) as arrays:
        background = wilks.Sample(np.concatenate([arrays["background"], arrays["background_extra"]]))
        signal = wilks.Sample(arrays["signal_rd"])
    mixed = {
        f"S = {n}": wilks.Alternative(signal=signal, n_signal=n, expected_background=N_DATA - n) for n in (136, 200)
    }
    return Problem(background, mixed)


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
        p = Empirical.of(null).p_values(found) if options.model == "set" else scipy.stats.chi2.sf(found, mean)
        z = np.array([z_score(one) for one in p.tolist()])
        yield {"signal": name, "mean": found.mean(), "distance": (found.mean() - mean) / deviation} | summary_of_z(z)


def toys_of(problem: Problem, hypotheses: dict[str, object], options) -> dict[str, np.ndarray]:
    """t of the toys of each hypothesis, those of all references together."""
    found = {name: [] for name in hypotheses}
    for k in range(options.n_references):
        reference, pool = wilks.split(problem.background, n_first=N_REFERENCE, seed=k)
        analysis = wilks.Analysis(
            reference=reference, model=MODELS[options.model], toy_source=pool, expected_events=N_DATA
        )
        for i, (name, hypothesis) in enumerate(hypotheses.items()):
            store = options.store / f"{options.problem}-{options.model}" / f"{k}-{i}" if options.store else None
            n_toys = options.n_toys if i else options.n_null
            toys = wilks.run_toys(analysis, hypothesis, n_toys=n_toys, seed=100 * k + i, store=store)
            print(f"reference {k}, {name}: {toys.t.round(1)}, {np.mean(toys.seconds):.1f} s a toy", flush=True)
            found[name].append(toys.t[np.isfinite(toys.t)])
    return {name: np.concatenate(each) for name, each in found.items()}
