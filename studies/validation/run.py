"""The page of `wilks validate`: how often a perfect analysis fails it, and what it sees of a wrong one.

    python -m studies.validation.run alarms                    # made-up toys, two nuisances
    python -m studies.validation.run alarms --n-nuisances 5 --n-pages 300
    python -m studies.validation.run caught                    # histograms on the exponential problem
    python -m studies.validation.run references                # Z of one data set over references

``alarms``: t is chi-square(13) at every point, nuisances scatter as they must, other references move Z by 0.3, another
seed does not. ``caught``: log r of the scale is that of a scale that is ``factor`` times as large; toys are right.
"""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterator

import benchmarks.harness as harness
import numpy as np
import pyarrow

import wilks
from wilks.campaign import Toys, toys_here
from wilks.documents import canonical_json
from wilks.hypotheses import Hypothesis
from wilks.nuisances import normalization
from wilks.problems import exponential
from wilks.responses import check_responses
from wilks.significance import clopper_pearson
from wilks.validation import Validation, Verdict
from wilks.validation.references import draw_check
from wilks.validation.validating import Options, validation_of

SCRIPT = harness.Script(__file__, __doc__, seed={"alarms": 0, "caught": 0})
DOF, SPREAD, N_EVENTS = 13, 0.3, 200
FACTORS, N_BINS, SIGMA = (0.5, 1.0, 2.0), 10, 0.15


def made_up(seed: int, *, shift: float = 0.0) -> Callable[..., Toys]:
    """Makes toys of a perfect analysis; with ``shift`` t of shifted ones is larger by so many standard deviations."""

    def make(analysis: wilks.Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int = seed) -> Toys:
        own, reference = (
            rng_of(seed, hypothesis.to_dict(), word) for word in ("toys", analysis.describe()["reference"])
        )
        z = math.sqrt(1.0 - SPREAD**2) * own.normal(size=n_toys) + SPREAD * reference.normal(size=n_toys)
        t = DOF * np.maximum(1.0 - 2.0 / (9.0 * DOF) + z * math.sqrt(2.0 / (9.0 * DOF)), 0.0) ** 3
        t = t + (shift * math.sqrt(2.0 * DOF) if hypothesis.nuisances else 0.0)
        nuisances, rho = analysis.nuisances, analysis.reference_share
        common = rng_of(seed, {}, "reference").normal(size=len(nuisances))
        off = own.normal(size=(n_toys, len(nuisances))) + math.sqrt(rho) * common
        at = nuisances.values(hypothesis.nuisances) + 0.3 * nuisances.sigmas * off
        return Toys(
            pyarrow.table(columns(t, at)), hypothesis, analysis.fingerprint(), seed, DOF, expected_overlap_z_error=None
        )

    return make


def columns(t: np.ndarray, nuisances: np.ndarray) -> dict[str, object]:
    n = t.size
    numbers = {name: np.zeros(n) for name in ("status", "share_at_bound", "start_gap")}
    return numbers | {
        "index": np.arange(n),
        "t": t,
        "tau": t + 20.0,
        "seconds": np.full(n, 0.1),
        "n_events": np.full(n, N_EVENTS),
        "began_at_delta": np.zeros(n, dtype=bool),
        "delta_nuisances": nuisances.tolist(),
    }


def rng_of(*words: object) -> np.random.Generator:
    text = canonical_json({"words": list(words)})
    return np.random.Generator(np.random.Philox(key=int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])))


def perfect(n_nuisances: int) -> wilks.Analysis:
    """An analysis whose toys are made up: only its reference and its names are looked at."""
    return wilks.Analysis(
        reference=np.random.default_rng(0).exponential(size=2_000),
        expected_events=N_EVENTS,
        model=wilks.MLP(hidden=(4,), weight_clip=9.0),
        nuisances=[normalization(f"nuisance_{k}", sigma=0.05) for k in range(n_nuisances)],
        toy_source=lambda rng, n, nuisances: rng.exponential(size=(n, 1)),
        standardize=False,
        search=wilks.Search(seed=0),
    )


@SCRIPT.part("alarms", n_pages=600, n_nuisances=2, n_toys=100, n_null=400, n_references=4, shift=0.0)
def alarms(options) -> Iterator[harness.Row]:
    given = Options(options.n_toys, options.n_null, options.n_references, seed=0)
    failed = alarms_of(perfect(options.n_nuisances), given, n_pages=options.n_pages, shift=options.shift)
    yield {"pages": options.n_pages} | rates(failed)


def alarms_of(analysis: wilks.Analysis, options: Options, *, n_pages: int, shift: float = 0.0) -> list[list[str]]:
    """The checks that fail on each of so many pages."""
    pages = (
        validation_of(analysis, made_up(page, shift=shift), dataclasses.replace(options, seed=page))
        for page in range(n_pages)
    )
    return [[one.name for one in page.failed] for page in pages]


def rates(failed: list[list[str]]) -> harness.Row:
    """How often pages failed, and which of their checks."""
    n_failed = sum(bool(one) for one in failed)
    names = sorted({name for one in failed for name in one})
    shares = {name: sum(name in one for one in failed) / len(failed) for name in names}
    return {"share": n_failed / len(failed), "interval": clopper_pearson(n_failed, len(failed)), "checks": shares}


@SCRIPT.part("caught", n_pages=10, n_toys=100, n_null=400, factors=FACTORS)
def caught(options) -> Iterator[harness.Row]:
    for factor in options.factors:
        analysis = wrong(factor)
        closure = check_responses(analysis.reference, analysis.nuisances, variations=varied())
        pages = [
            validation_of(analysis, toys_here, Options(options.n_toys, options.n_null, 0, seed=seed), closure=closure)
            for seed in range(options.n_pages)
        ]
        failed = [[one.name for one in page.failed] for page in pages]
        yield {"factor": factor} | rates(failed) | {"shifts": shifts(pages)}


def wrong(factor: float, *, n_bins: int = N_BINS) -> wilks.Analysis:
    """log r as if nu were ``factor`` times as large; 50,000 events for 2,000."""
    scale = wilks.Nuisance("scale", SIGMA, log_ratio=lambda x, nu: exponential.scale_log_ratio(x, factor * nu))
    return wilks.Analysis(
        reference=exponential.reference(50_000),
        model=wilks.Histogram(n_bins=n_bins),
        nuisances=[scale],
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )


def varied() -> list[wilks.Variation]:
    """Samples at one sigma down and up, for the closure."""
    found = []
    for k, nu in enumerate((-SIGMA, SIGMA)):
        events = exponential.background(np.random.default_rng(k), 100_000, {"scale": nu})
        weights = np.full(len(events), exponential.EXPECTED_EVENTS / len(events))
        found.append(wilks.Variation({"scale": nu}, wilks.Sample(events, weights, features=exponential.FEATURES)))
    return found


@SCRIPT.part("references", ratios=(5, 10, 100), n_toys=200, n_references=8, n_bins=20)
def references(options) -> Iterator[harness.Row]:
    """The spread of Z of one data set over references that are drawn anew, or with replacement from the first."""
    for ratio in options.ratios:
        for way in ("drawn", "resampled"):
            analysis = at_ratio(ratio, n_bins=options.n_bins, is_drawn=way == "drawn")
            first = toys_here(analysis, wilks.Null(), n_toys=options.n_toys, seed=1)
            found = draw_check(analysis, first, make=toys_here, n_references=options.n_references, seed=2)
            yield {"ratio": ratio, "way": way, "expected": math.sqrt(2.0 / ratio)} | dict(found.numbers)


def at_ratio(ratio: int, *, n_bins: int, is_drawn: bool) -> wilks.Analysis:
    """N_R = ratio N(R_0) = 2,000 ratio; toys from the generator, or from a pool of a million events."""
    return wilks.Analysis(
        reference=exponential.reference(2_000 * ratio),
        model=wilks.Histogram(n_bins=n_bins),
        toy_source=exponential.BACKGROUND if is_drawn else exponential.reference(1_000_000, seed=1),
        standardize=False,
    )


def shifts(pages: list[Validation]) -> list[float]:
    """Of the mean of t at every shifted point, in standard deviations, on average over pages."""
    found = [
        [point["shift"] for point in page.check("t at other nuisances").numbers["points"]]
        for page in pages
        if page.check("t at other nuisances").verdict is not Verdict.NOT_EVALUATED
    ]
    return np.mean(found, axis=0).tolist()


if __name__ == "__main__":
    SCRIPT.main()
