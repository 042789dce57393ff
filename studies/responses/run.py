"""Accuracy of learned responses: the exponential against its exact log r, muon pairs by closure.

    python -m studies.responses.run exponential
    python -m studies.responses.run muons --data FOLDER

The exponential: x -> exp(nu) x, samples of 200,000 for the reference and each nu_i, +-0.05 and +-0.1 for order 1,
+-0.05 and +-0.3 for order 2. Deviations are from exact log r; for order 1 also from its linear part alone, since the
rest is truncation. ``rms`` is over the reference distribution; over seeds, everything is a root mean square.

Muon pairs (``dimuon_sm.h5``): the momentum scale moved by +-1.5e-3 and +-1.5e-2, one half of the file for the
reference, the other for the variations, pt2 > 20 and mll > 60. Closure at these and at +-3e-3 and +-6e-3, of
N(R_0) = 20,000.

A row that the record has already is not measured again.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.problems import dimuon
from wilks.responses import Training, bin_responses, check_responses

N_EVENTS = 200_000
POINTS = {1: (0.05, -0.05, 0.1, -0.1), 2: (0.05, -0.05, 0.3, -0.3)}
SHOWN = (0.15, -0.15, 0.3)
TRAININGS = {
    "linear": Training(hidden=(), n_networks=4),
    "ReLU (4)": Training(hidden=(4,), activation="relu"),
    "ReLU (4), one network": Training(hidden=(4,), activation="relu", n_networks=1),
    "softplus (4)": Training(hidden=(4,), activation="softplus"),
    "tanh (4)": Training(hidden=(4,)),
    "tanh (4), one network": Training(hidden=(4,), n_networks=1),
    "tanh (4), 10 networks": Training(hidden=(4,), n_networks=10),
    "tanh (10)": Training(hidden=(10,)),
    "tanh (10,10)": Training(hidden=(10, 10)),
}

MASS, ENDCAPS = (dimuon.MASS,), ("(abs(eta1) >= 2.1)*1", "(abs(eta2) >= 2.1)*1")
MUON_TRAININGS = {
    "tanh (10)": (Training(hidden=(10,), n_networks=2), ()),
    "tanh (10), mass": (Training(hidden=(10,), n_networks=2), MASS),
    "tanh (10), mass, endcaps": (Training(hidden=(10,), n_networks=2), MASS + ENDCAPS),
    "tanh (10,10), mass, endcaps": (Training(hidden=(10, 10), n_networks=2), MASS + ENDCAPS),
    "ReLU (10,10,10,10,10)": (Training(hidden=(10,) * 5, activation="relu", n_networks=2), ()),
}
MUON_POINTS, MUON_CHECKS = (1.5e-3, -1.5e-3, 1.5e-2, -1.5e-2), (3e-3, -3e-3, 6e-3, -6e-3)
MUON_EVENTS = 20_000.0

SCRIPT = harness.Script(__file__, __doc__, seed="of samples and networks: 0, 1, ...")


def exponential(nu: float, seed: int) -> wilks.Sample:
    rng = np.random.default_rng([seed, round(1e4 * (nu + 1.0))])
    return wilks.Sample(rng.exponential(np.exp(nu), N_EVENTS), np.full(N_EVENTS, 2000.0 / N_EVENTS), features=("x",))


@SCRIPT.part("exponential", n_seeds=5)
def exponential_rows(options) -> Iterator[harness.Row]:
    known = {row["name"]: row for row in options.kept}
    for order, points in POINTS.items():
        for name in (*TRAININGS, "20 bins"):
            title = f"exponential, order {order}, {name}"
            if title in known:
                yield known[title]
                continue
            results = [one_exponential(seed, order, points, name) for seed in range(options.n_seeds)]
            seconds = np.mean([one.pop("seconds") for one in results])
            row = {"name": title, "n_seeds": options.n_seeds, "seconds": seconds}
            yield row | {key: np.sqrt(np.mean([one[key] ** 2 for one in results])) for key in results[0]}


def one_exponential(seed: int, order: int, points: tuple[float, ...], name: str) -> dict[str, float]:
    reference, nuisance = exponential(0.0, seed), (wilks.Nuisance("scale", sigma=0.15),)
    variations = [wilks.Variation({"scale": nu}, exponential(nu, seed)) for nu in points]
    shared = {"variations": variations, "order": order, "accept_poor": True}
    if name in TRAININGS:
        learn, chosen = wilks.learn_responses, {"training": TRAININGS[name], "seed": seed}
    else:
        learn, chosen = bin_responses, {"edges": {"x": 20}}
    learned, seconds = harness.timed(lambda: learn(reference, nuisance, **chosen, **shared))
    return {"seconds": seconds} | deviations(learned, order)


def deviations(learned: wilks.Nuisances, order: int) -> dict[str, float]:
    """rms over exp(-x), and values in the tail, of learned less exact log r."""
    x = np.linspace(0.0, 15.0, 3001)
    weights = np.exp(-x) / np.exp(-x).sum()
    result = {}
    for nu in SHOWN:
        log_r = learned.log_ratio(x[:, None], {"scale": nu})
        deviation = log_r - (-nu - x * np.expm1(-nu))
        result[f"rms at {nu:g}"] = float(np.sqrt(weights @ deviation**2))
        result |= {f"x = {at} at {nu:g}": float(np.interp(at, x, deviation)) for at in (8, 12)}
        if order == 1:
            result[f"rms at {nu:g} without truncation"] = float(np.sqrt(weights @ (log_r - nu * (x - 1.0)) ** 2))
    return result


@SCRIPT.part("muons", data=Path)
def muon_rows(options) -> Iterator[harness.Row]:
    known = {row["name"]: row for row in options.kept}
    reference, nuisance, trained, checked = muon_samples(options.data / "dimuon_sm.h5")
    for name, (training, inputs) in MUON_TRAININGS.items():
        title = f"muon scale, order 2, {name}"
        if title in known:
            yield known[title]
            continue
        chosen = {"training": training, "inputs": inputs, "accept_poor": True}
        learned, seconds = harness.timed(
            lambda chosen=chosen: wilks.learn_responses(reference, [nuisance], variations=trained, **chosen)
        )
        closure = check_responses(reference, learned, variations=[*trained, *checked])
        shift = {
            f"{row.values[dimuon.MUON_SCALE]:g}": {
                one.name: [round(one.chi2, 1), one.dof, round(one.shift_in_t, 2)] for one in row.columns
            }
            for row in closure.rows
        }
        yield {"name": title, "seconds": seconds, "n_events": reference.n_events, "chi2, bins, shift in t": shift}


def muon_samples(path: Path) -> tuple[wilks.Sample, wilks.Nuisance, list[wilks.Variation], list[wilks.Variation]]:
    """The reference, the nuisance, and its variations to train with and to check."""
    events = dimuon.read_unselected(path)
    first, second = wilks.split(events, n_first=events.n_events // 2, seed=0)
    nuisance = dimuon.muon_scale_nuisance(3e-3)
    central = wilks.vary(first, [nuisance], {}, where=dimuon.SELECTION)
    factor = MUON_EVENTS / central.expected_events * first.n_events / second.n_events

    def variation(nu: float) -> wilks.Variation:
        sample = wilks.vary(second, [nuisance], {dimuon.MUON_SCALE: nu}, where=dimuon.SELECTION)
        return wilks.Variation({dimuon.MUON_SCALE: nu}, sample.rescaled(factor * sample.expected_events))

    trained, checked = ([variation(nu) for nu in points] for points in (MUON_POINTS, MUON_CHECKS))
    return central.rescaled(MUON_EVENTS), nuisance, trained, checked


if __name__ == "__main__":
    SCRIPT.main()
