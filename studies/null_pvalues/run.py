"""p-values of data that the reference describes: how often they are small, by each method, and what stopping saves.

    python -m studies.null_pvalues.run rates network      # 10,000 data sets against one calibration of 1,999 toys
    python -m studies.null_pvalues.run rates kernel
    python -m studies.null_pvalues.run stopped kernel     # 1,000 data sets, toys of its own for each

The exponential with 200 expected events and 2,000 of reference; the clip of the network, 6, brings the mean of t near
to its 7 parameters, by 300 toys of another seed. ``rates`` gives, for each method and size, the share of data sets with
a p as small. For ``empirical`` it is beta-binomial: a (n + 1) of n toys lie below a threshold, so that the true size is
Beta(a (n + 1), (1 - a)(n + 1)) over calibrations. For ``chi2``, whatever the decision, and ``gamma``, whatever its
reach, ``stated`` is the 68 % band that their answer gives at p = a.

``rates`` ends with 1,000 of these data sets among toys in an order of their own, without repetition, taken from the
others: p of all 999 toys, and p stopped at the 10th that reaches t. ``stopped`` does the same with `SequentialToys`, a
seed for each data set; all of its toys are new.
"""

from collections.abc import Iterator

import benchmarks.harness as harness
import numpy as np
from scipy import stats

import wilks
from wilks.campaign import toys_here
from wilks.laws import Calibration
from wilks.laws.chisquare import chi_square_answer, gamma_z_band, gamma_z_score
from wilks.laws.sequential import Stopping
from wilks.laws.sequential_law import tally_of
from wilks.problems import exponential
from wilks.significance import chi2_isf, p_value

SIZES, N_MOST, N_HITS = (0.1, 0.05, 0.01), 999, 10
SEEDS = {"reference": 0, "calibration": 1, "data": 2, "order": 3}
MODELS = {
    "network": wilks.MLP(hidden=(2,), weight_clip=6.0),
    "kernel": wilks.Kernel(n_centers=20, width=1.0, ridge=1.0, is_score=True),
    "set": wilks.KernelSet(widths=(0.3, 1.0, 3.0), ridges=(1.0,), n_centers=20),
    "histogram": wilks.Histogram(n_bins=8),
}
HERE = wilks.Generator(lambda rng, n, nuisances: rng.exponential(size=(n, 1)))  # known to this process alone
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)


def analysis(family: str, *, source: wilks.Generator = exponential.BACKGROUND) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(SEEDS["reference"]).exponential(size=2_000)),
        model=MODELS[family],
        expected_events=200.0,
        toy_source=source,
        search=wilks.Search(n_starts=4),
    )


@SCRIPT.part("rates", family=[*MODELS], n_toys=1_999, n_data=10_000, n_stopped=1_000)
def rates(options) -> Iterator[harness.Row]:
    made = analysis(options.family)
    toys, seconds = harness.timed(lambda: drawn(made, options.n_toys, seed=SEEDS["calibration"]))
    data, more = harness.timed(lambda: drawn(made, options.n_data, seed=SEEDS["data"]))
    calibration, t = wilks.calibrate(toys), data.t
    yield (
        {"model": made.model.describe(), "n_parameters": made.n_parameters}
        | about(calibration)
        | {
            "n_data": int(t.size),
            "n_failed_data": data.n_failed,
            "seconds_a_fit": (seconds + more) / (toys.n_toys + data.n_toys),
        }
    )
    for size in SIZES:
        yield counted(calibration, t, size=size)
    if calibration.compatibility is not None:
        for size in SIZES:
            yield chi_square(calibration, t, size=size)
            yield gamma(calibration, t, size=size)
    finite = t[np.isfinite(t)]
    yield saving(*stopped_among(finite, options.n_stopped), where="toys of the others")


def drawn(made: wilks.Analysis, n_toys: int, *, seed: int) -> wilks.Toys:
    return toys_here(made, wilks.Null(), n_toys=n_toys, seed=seed, progress=lambda n_done, n_total: None)


def about(calibration: Calibration) -> harness.Row:
    found = {"n_toys": calibration.n_toys, "n_failed": calibration.n_failed, "mean": float(calibration.t.mean())}
    judged = calibration.compatibility
    if judged is None:
        return found
    found |= {"variance_ratio": [judged.variance_ratio, judged.variance_ratio_error], "ks_p": judged.ks_p_value}
    return found | {"omnibus_p": judged.omnibus_p_value, "is_compatible": judged.is_compatible}


def share(t: np.ndarray, threshold: float) -> float:
    """Of data sets at or above a threshold; those that failed have no p."""
    return float(np.mean(t[np.isfinite(t)] >= threshold))


def counted(calibration: Calibration, t: np.ndarray, *, size: float) -> harness.Row:
    n, valid = calibration.n_toys, t[np.isfinite(t)]
    p = calibration.null.p_values(valid)
    rank = round(size * (n + 1))
    low, high = stats.betabinom.ppf([0.005, 0.995], valid.size, rank, n + 1 - rank) / valid.size
    rate = float(np.mean(p <= size))
    return {
        "method": "empirical",
        "size": size,
        "rate": rate,
        "expected": [low, high],
        "is_within": low <= rate <= high,
    }


def chi_square(calibration: Calibration, t: np.ndarray, *, size: float) -> harness.Row:
    threshold = chi2_isf(size, calibration.degrees_of_freedom)
    answer = chi_square_answer(threshold, calibration.compatibility, smallest_p_value=1e-9)
    return shape("chi2", size, share(t, threshold), t, [p_value(z) for z in answer.z_interval[::-1]])


def gamma(calibration: Calibration, t: np.ndarray, *, size: float) -> harness.Row:
    mean, ratio = calibration.t.mean(), calibration.t.var(ddof=1) / (2.0 * calibration.t.mean())
    threshold = ratio * chi2_isf(size, mean / ratio)
    assert np.isclose(p_value(gamma_z_score(threshold, mean, ratio)), size, rtol=1e-6)
    band = gamma_z_band(threshold, mean=mean, ratio=ratio, n=calibration.t.size)
    return shape("gamma", size, share(t, threshold), t, [p_value(z) for z in band[::-1]])


def shape(method: str, size: float, rate: float, t: np.ndarray, stated: list[float]) -> harness.Row:
    error = float(np.sqrt(rate * (1.0 - rate) / np.isfinite(t).sum()))
    found = {"method": method, "size": size, "rate": rate, "error": error, "stated": stated}
    return found | {"true_over_quoted": [rate / size, error / size]}


def stopped_among(t: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p of all toys, p of those up to the stop, and how many these are, for each of the first n data sets."""
    rows = []
    for i in range(n):
        order = np.random.default_rng([SEEDS["order"], i]).permutation(np.delete(np.arange(t.size), i))[:N_MOST]
        rows.append(both(t[order], t[i]))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def both(toys: np.ndarray, t: float) -> tuple[float, float, int]:
    stopping, whole = Stopping(N_HITS, toys.size), Stopping(None, toys.size)
    early, late = (tally_of(toys, observed_t=t, stopping=one) for one in (stopping, whole))
    p_early, p_late = early.probability("", stopping).p_value, late.probability("", whole).p_value
    return p_late, p_early, early.n_draws


def saving(fixed: np.ndarray, stopped: np.ndarray, used: np.ndarray, *, where: str) -> harness.Row:
    """How far p of the stop is from that of all toys, how often both are small, and how many toys were needed."""
    ratio = np.log(stopped / fixed)
    row = {"toys": where, "n_data": int(fixed.size), "mean_toys": float(used.mean()), "saving": N_MOST / used.mean()}
    for size in SIZES:
        low, high = stats.binom.ppf([0.005, 0.995], fixed.size, size) / fixed.size
        row |= {f"p <= {size}": [float(np.mean(fixed <= size)), float(np.mean(stopped <= size)), low, high]}
    row |= {"log_ratio_rms": float(np.sqrt(np.mean(ratio**2))), "log_ratio_mean": float(np.mean(ratio))}
    small = fixed <= 0.05
    return row | {"mean_toys_where_p_below_0.05": float(used[small].mean()) if small.any() else None}


@SCRIPT.part("stopped", family=["kernel", "set", "histogram"], n_data=1_000, n_signal=0)
def stopped(options) -> Iterator[harness.Row]:
    """With ``n_signal`` events of a peak in the tail added to each data set."""
    made, rows, n_made = analysis(options.family, source=HERE), [], 0
    for i in range(options.n_data):
        rng = np.random.default_rng([SEEDS["data"], i])
        background = rng.exponential(size=rng.poisson(200.0))
        fit = wilks.fit(made, np.concatenate([background, rng.normal(4.0, 0.3, size=options.n_signal)]))
        law = wilks.SequentialToys(until_exceeding=N_HITS, n_toys=N_MOST, seed=i).law(made, fit)
        toys = drawn(made, N_MOST, seed=i).t
        assert np.array_equal(law.t, toys[: law.tally.n_draws])
        rows.append(both(toys, fit.t))
        n_made += law.tally.n_draws
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    assert n_made == columns[2].sum()
    yield saving(*columns, where="new ones for each") | {"n_signal": options.n_signal}


if __name__ == "__main__":
    SCRIPT.main()
