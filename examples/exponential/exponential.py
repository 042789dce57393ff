"""The exponential problem with a signal: calibrate, test, compare with the best possible test, write a report.

    python examples/exponential/exponential.py --signal NP1 --n-toys 100 --output exponential-output

The published size is 200,000 reference events; --n-reference 20000 is ten times faster and somewhat less sensitive.
"""

import argparse
from pathlib import Path

import wilks
from wilks.problems import exponential


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signal", choices=[signal.name for signal in exponential.SIGNALS], help="none if not given")
    parser.add_argument("--n-toys", type=int, default=100)
    parser.add_argument("--n-reference", type=int, default=exponential.N_REFERENCE)
    parser.add_argument("--n-starts", type=int, default=10)
    parser.add_argument("--output", type=Path, default=Path("exponential-output"))
    return parser.parse_args()


def build(n_reference: int, n_starts: int) -> wilks.Analysis:
    """The published analysis: network (1, 4, 1), weight clip 9, the feature as it is."""
    return wilks.Analysis(
        reference=exponential.reference(n_reference, seed=1),
        model=wilks.MLP(hidden=exponential.HIDDEN, weight_clip=exponential.WEIGHT_CLIP),
        toy_source=exponential.BACKGROUND,
        standardize=False,
        search=wilks.Search(n_starts=n_starts, n_kept=n_starts, seed=0),
        name="Exponential problem",
    )


def main() -> None:
    options = arguments()
    signal = next((signal for signal in exponential.SIGNALS if signal.name == options.signal), None)
    analysis = build(options.n_reference, options.n_starts)
    data = exponential.data(signal, seed=2)

    toys = wilks.run_toys(analysis, wilks.Null(), n_toys=options.n_toys, seed=3, store=options.output / "toys")
    calibration = wilks.calibrate(toys)
    print(calibration)
    result = wilks.goodness_of_fit(analysis, data, calibration=calibration)
    print(result)
    if signal is not None:
        print(f"best test of a known {signal.name}: median Z = {exponential.neyman_pearson_z(signal):.2f}")
    wilks.write_report(result, options.output / "report.html", analysis=analysis, data=data, toys=toys)
    print(f"wrote {options.output / 'report.html'}")


if __name__ == "__main__":
    main()
