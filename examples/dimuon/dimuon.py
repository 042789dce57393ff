"""Muon pairs at full size: 20,000 events against 100,000, five variables, a network with 96 parameters.

    python examples/dimuon/dimuon.py FOLDER --output dimuon-output

FOLDER holds dimuon_sm.h5, the Standard Model, and dimuon_eft.h5, the Standard Model with a contact term, which plays
the data: HDF5 files with one data set per variable (pt1 pt2 eta1 eta2 delta_phi mll). With --null, events of the
first that nothing else uses play the data, and the second is not needed.

The first file is divided into three parts that share no event: reference, data, and the pool of the toys. The pool is
finite; its overlap between toys and the common error of Z that follows from it are part of what is printed.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import wilks
from wilks.problems import dimuon


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with dimuon_sm.h5 and dimuon_eft.h5")
    parser.add_argument("--null", action="store_true", help="data from dimuon_sm.h5, no signal")
    parser.add_argument("--n-reference", type=int, default=dimuon.N_REFERENCE)
    parser.add_argument("--expected-events", type=float, default=dimuon.EXPECTED_EVENTS)
    parser.add_argument("--n-toys", type=int, default=20)
    parser.add_argument("--n-starts", type=int, default=10)
    parser.add_argument("--output", type=Path, default=Path("dimuon-output"))
    return parser.parse_args()


def observed(source: wilks.Sample, expected_events: float, seed: int) -> tuple[wilks.Sample, wilks.Sample]:
    """A Poisson number of events of a sample to play the data, and the rest."""
    n_events = int(np.random.Generator(np.random.Philox(seed)).poisson(expected_events))
    return wilks.split(source, n_first=n_events, seed=seed)


def contact_data(folder: Path, standard_model: wilks.Sample, expected_events: float) -> wilks.Sample:
    """Data with the contact term; the yield follows from the Z peak."""
    contact = dimuon.read_dimuons(folder / "dimuon_eft.h5")
    hypothesis = dimuon.contact_interaction(standard_model, contact, expected_events=expected_events)
    return observed(contact, hypothesis.expected_events, seed=2)[0]


def main() -> None:
    options = arguments()
    standard_model = dimuon.read_dimuons(options.folder / "dimuon_sm.h5")
    print(standard_model)
    reference, rest = wilks.split(standard_model, n_first=options.n_reference, seed=0)
    data, pool = observed(rest, options.expected_events, seed=1)
    if not options.null:
        data = contact_data(options.folder, standard_model, options.expected_events)

    analysis = wilks.Analysis(
        reference=reference,
        model=wilks.MLP(hidden=dimuon.HIDDEN, weight_clip=dimuon.WEIGHT_CLIP),
        toy_source=pool,
        expected_events=options.expected_events,
        search=wilks.Search(n_starts=options.n_starts, seed=0),
        name="Di-muons",
    )
    start = time.perf_counter()
    fit = wilks.fit(analysis, data)
    print(fit)
    print(f"one fit of {data.n_events} events took {time.perf_counter() - start:.0f} s")

    toys = wilks.run_toys(analysis, wilks.Null(), n_toys=options.n_toys, seed=3, store=options.output / "toys")
    result = wilks.calibrate(toys).evaluate(fit)
    print(result)
    wilks.write_report(result, options.output / "report.html", analysis=analysis, data=data, toys=toys)
    print(f"wrote {options.output / 'report.html'}")


if __name__ == "__main__":
    main()
