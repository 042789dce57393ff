"""False alarms of what is looked at in samples, and what a value that stands for a missing one does to Z.

    python -m studies.sample_checks.run far         # values far outside, and whose shift and scale change, by law
    python -m studies.sample_checks.run sentinel    # Z of stretched data with such values in the reference
    python -m studies.sample_checks.run ties        # events in two samples, or twice in one, that are only alike
    python -m studies.sample_checks.run likeness    # toy sources of the law of the reference that are refused or named

Minutes on one core.
"""

from collections.abc import Callable, Iterator

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.samples import far_values, repeated_events, shared_events
from wilks.samples.likeness import differences

Law = Callable[[np.random.Generator, int], np.ndarray]

SMOOTH: dict[str, Law] = {
    "exponential": lambda rng, n: rng.exponential(size=n),
    "normal": lambda rng, n: rng.normal(size=n),
    "log-normal, 1": lambda rng, n: np.exp(rng.normal(size=n)),
    "log-normal, 2": lambda rng, n: np.exp(2.0 * rng.normal(size=n)),
    "power law, index 5": lambda rng, n: 1.0 + rng.pareto(4.0, size=n),
    "power law, index 4": lambda rng, n: 1.0 + rng.pareto(3.0, size=n),
    "power law, index 3": lambda rng, n: 1.0 + rng.pareto(2.0, size=n),
    "Student, 3": lambda rng, n: rng.standard_t(3.0, size=n),
    "Cauchy": lambda rng, n: rng.standard_cauchy(size=n),
    "Breit-Wigner in a window": lambda rng, n: 91.0 + 1.25 * np.tan(rng.uniform(-1.53, 1.53, size=n)),
    "counts": lambda rng, n: rng.poisson(3.0, size=n).astype(float),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.exponential(size=n)),
}
STEPS: dict[str, Law] = {
    "continuous": lambda rng, n: rng.normal(size=(n, 3)),
    "one feature": lambda rng, n: rng.exponential(size=(n, 1)),
    "float32, one feature": lambda rng, n: rng.exponential(size=(n, 1)).astype(np.float32),
    "two decimals": lambda rng, n: np.round(rng.normal(size=(n, 2)), 2),
    "differences of decimals": lambda rng, n: np.round(rng.random((n, 1)), 3) - np.round(rng.random((n, 1)), 3),
    "integers": lambda rng, n: rng.integers(0, 100, (n, 2)),
    "few values": lambda rng, n: rng.geometric(0.5, (n, 1)),
    "steps of a converter": lambda rng, n: 0.0731 * rng.poisson(500, size=(n, 2)),
    "integer beside float32": lambda rng, n: np.column_stack(
        [rng.integers(0, 3, n), rng.normal(size=n).astype(np.float32)]
    ),
    "half of them zero": lambda rng, n: np.where(rng.random((n, 1)) < 0.5, 0.0, rng.normal(size=(n, 2))),
}
WEIGHTS: dict[str, Law] = {
    "one": lambda rng, n: np.ones(n),
    "log-normal, 0.7": lambda rng, n: np.exp(0.7 * rng.normal(size=n)),
    "log-normal, 1.5": lambda rng, n: np.exp(1.5 * rng.normal(size=n)),
    "a fifth negative": lambda rng, n: np.where(rng.random(n) < 0.2, -1.0, 1.0),
}


SCRIPT = harness.Script(__file__, __doc__, seed="by the number of events, or 0 to 9 and 3")


@SCRIPT.part("far")
def far_rows(options) -> Iterator[harness.Row]:
    """How often something is far, and how often mean and standard deviation are not shift and scale."""
    for name, law in SMOOTH.items():
        for n, n_samples in ((300, 4_000), (1_000, 4_000), (10_000, 1_000)):
            rng = np.random.default_rng([n, 1])
            n_far = n_changed = 0
            for _ in range(n_samples):
                x = law(rng, n)
                n_far += bool(far_values(x, np.ones(n)).any())
                n_changed += bool(wilks.Standardization.of(wilks.Sample(x)).scale[0] != x.std())
            yield {"law": name, "n_events": n, "n_samples": n_samples, "n_far": n_far, "n_changed": n_changed}


@SCRIPT.part("sentinel")
def sentinel_rows(options) -> Iterator[harness.Row]:
    """Z of 200 events stretched by 1.6 against 4,000 events, some of which have no first feature."""
    kernel = wilks.Kernel(n_centers=50, is_score=True)
    for value in (-9999.0, 99999.0, 1e30):
        for share in (0.0, 0.00025, 0.02, 0.3):
            z = []
            for seed in range(10):
                rng = np.random.default_rng(seed)
                reference = np.c_[rng.exponential(size=4_000), rng.normal(size=4_000)]
                data = np.c_[1.6 * rng.exponential(size=200), rng.normal(size=200)]
                reference[: round(4_000 * share), 0], data[: round(200 * share), 0] = value, value
                analysis = wilks.Analysis(reference=wilks.Sample(reference), model=kernel, expected_events=200)
                z.append(wilks.goodness_of_fit(analysis, data).z_score)
            yield {"value": value, "share": share, "median_z": float(np.median(z)), "error": float(np.std(z) / 10**0.5)}


@SCRIPT.part("ties")
def tie_rows(options) -> Iterator[harness.Row]:
    """How often independent samples, also one in single precision, share events, and independent events repeat."""
    for name, law in STEPS.items():
        for n, n_samples in ((200, 1_000), (3_000, 500), (30_000, 40)):
            rng = np.random.default_rng([n, 2])
            counts = np.zeros(3, dtype=int)
            for _ in range(n_samples):
                a, b = wilks.Sample(law(rng, n)), law(rng, max(n // 10, 50))
                counts += [
                    repeated_events(a) > 0,
                    shared_events(a, wilks.Sample(b)) > 0,
                    shared_events(a, wilks.Sample(np.asarray(b, dtype=np.float32))) > 0,
                ]
            found = dict(zip(("repeated", "shared", "shared_single"), counts.tolist(), strict=True))
            yield {"source": name, "n_events": n, "n_samples": n_samples} | found


@SCRIPT.part("likeness")
def likeness_rows(options) -> Iterator[harness.Row]:
    """How often a toy source of the law of the reference is refused or named, with the sizes of p below 0.01."""
    for name, law in SMOOTH.items():
        for weights, weigh in WEIGHTS.items():
            rng, n_pairs = np.random.default_rng(3), 1_000
            found = []
            for _ in range(n_pairs):
                pool, reference = (wilks.Sample(law(rng, n), weigh(rng, n)) for n in (2_000, 500))
                found += differences(pool, reference)
            yield {
                "law": name,
                "weights": weights,
                "n_pairs": n_pairs,
                "n_refused": sum(one.is_another_quantity for one in found),
                "n_named": sum(one.is_notable(2_000.0) for one in found),
                "n_below_one_percent": sum(one.p_value < 0.01 for one in found),
            }


if __name__ == "__main__":
    SCRIPT.main()
