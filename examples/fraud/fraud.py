"""Two months of card payments, made up: does the second hold a kind of payment that the first does not?

    python examples/fraud/fraud.py --output fraud-output

writes ``march.csv`` and ``april.csv`` and compares them with nothing chosen. All numbers are synthetic; nobody's
payments are in them. In April eight in a thousand are of one pattern: stolen cards are tried out with
small sums, at night, far from home, one shortly after the other. Each single feature of such a payment is common; that
all come together is not. --share 0 leaves them out: then both months have one distribution.
"""

import argparse
from pathlib import Path

import numpy as np

import wilks

FEATURES = ("amount", "hour", "distance_km", "minutes_since_last", "merchant_risk")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-payments", type=int, default=10_000, help="in each month")
    parser.add_argument("--share", type=float, default=0.008, help="of the payments of April that are fraud")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("fraud-output"))
    return parser.parse_args()


def payments(rng: np.random.Generator, n: int) -> np.ndarray:
    """Usual payments, shape (n, 5): by day, mostly near home, many small and few large."""
    is_late = rng.random(n) < 0.25
    hour = np.where(is_late, rng.normal(20.0, 2.5, size=n), rng.normal(13.0, 3.5, size=n)) % 24.0
    amount = np.round(rng.lognormal(3.2, 1.1, size=n), 2)
    distance = rng.lognormal(1.2 + 0.3 * np.log(amount / 25.0), 1.3)
    since = rng.exponential(900.0, size=n)
    return np.column_stack([amount, hour, distance, since, rng.beta(2.0, 8.0, size=n)])


def fraud(rng: np.random.Generator, n: int) -> np.ndarray:
    """Cards that are tried out, shape (n, 5)."""
    amount = np.round(rng.uniform(1.0, 5.0, size=n), 2)
    hour = rng.normal(3.0, 0.8, size=n) % 24.0
    distance = rng.lognormal(5.0, 0.6, size=n)
    return np.column_stack([amount, hour, distance, rng.exponential(15.0, size=n), rng.beta(4.0, 6.0, size=n)])


def months(n_payments: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """March, and April with its share of fraud."""
    rng = np.random.default_rng(seed)
    n_fraud = round(share * n_payments)
    march, usual = payments(rng, n_payments), payments(rng, n_payments - n_fraud)
    return march, np.concatenate([usual, fraud(rng, n_fraud)])


def write(path: Path, events: np.ndarray) -> None:
    np.savetxt(path, events, delimiter=",", header=",".join(FEATURES), comments="", fmt="%.6g")


def main() -> None:
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    files = [options.output / name for name in ("march.csv", "april.csv")]
    for path, events in zip(files, months(options.n_payments, options.share, options.seed), strict=True):
        write(path, events)
    march, april = (wilks.read(path, features=list(FEATURES)) for path in files)
    result = wilks.compare(march, april)
    print(result)
    report = options.output / "report.html"
    wilks.reports.write_comparison_report(result, report, a=march, b=april, names=("March", "April"))
    print(f"wrote {report}; on the command line: wilks compare {files[0]} {files[1]}")


if __name__ == "__main__":
    main()
