"""The symmetrised network: its null at all size ratios, what the clip does, and what it sees.

    python -m studies.symmetrised.run null          # t of pairs of one distribution, by size ratio and clip
    python -m studies.symmetrised.run histogram     # the same for 13 bins, against the chi-square with 12
    python -m studies.symmetrised.run search        # the same pairs with more starts
    python -m studies.symmetrised.run epochs        # t of training that goes on, against boxes
    python -m studies.symmetrised.run sensitivity   # a peak in one of two samples, against the unsymmetrised test
    python -m studies.symmetrised.run published     # H -> tau e at the published luminosities, by several tests

t = t_{A+B}(A) + t_{A+B}(B) of `wilks.compare(model=MLP(hidden=(4,), weight_clip=W))`, 13 parameters, certified fits.
``null``: pairs of exponential samples; ``sizes`` are N_A and N_B. ``ratio`` is var/(2 mean), 1 for a chi-square, with
its error; ``above_12`` is the share above the 95 % point of the chi-square with 12 degrees of freedom, ``ks`` the KS
p-values against 12 and 13; ``share_of_a`` the mean of t_{A+B}(A) over that of t, and N_B/N beside it.

``sensitivity``: the collinear mass of two leptons in units of 100 GeV, made up for this study: 35 % Z at .90 +- .18 and
a broad rest, gamma of shape 4 and scale .3; H -> tau e at 1.25 +- .15 in A, in place of background. ``unsymmetrised``
is t_B(A), B being the reference of A. Power at 2 sigma among pairs of the null.

``epochs``: pairs of 1,000 and 1,000 exponential events, rounded to three hundredths, one network of the same size
without a box for each sample, all events in each step of Adam (learning rate .001); then the certified optimum in boxes
for the same pairs.

``published``: `wilks.problems.collinear`, 30 events of signal for an inverse femtobarn, x rounded to a whole GeV.
``known`` is sqrt(q0) of the test that knows signal and background, ``shape`` that of the test that knows the signal and
has B in place of the background. ``distance`` is by how many of its standard deviations the mean of t moves.
"""

from collections.abc import Callable, Iterator
from functools import partial

import benchmarks.harness as harness
import numpy as np
import scipy.special
import scipy.stats

import wilks
from wilks.problems import collinear
from wilks.significance import clopper_pearson, p_value

from studies.symmetrised.fits import against, binned, default_set, symmetrised, unsymmetrised
from studies.symmetrised.training import along, cells_of, padded

SCRIPT = harness.Script(__file__, __doc__, seed={"pairs": 1})
N_DOF = 12
SIZES = {0.1: (3_000, 300), 1.0: (1_000, 1_000), 10.0: (200, 2_000), 100.0: (30, 3_000)}


def rng_of(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def summary(t: np.ndarray) -> harness.Row:
    """Of t of pairs, against chi-squares."""
    done = t[np.isfinite(t)]
    n, mean = done.size, float(np.mean(done))
    threshold = scipy.stats.chi2.isf(0.05, N_DOF)
    k = int(np.count_nonzero(done > threshold))
    return {
        "n": n,
        "n_failed": int(t.size - n),
        "mean": [mean, float(np.std(done) / np.sqrt(n))],
        "ratio": [float(np.var(done) / (2 * mean)), float(np.sqrt(2 * (1 + 3 / mean) / n))],
        "above_12": [k / n, *clopper_pearson(k, n)],
        "ks": [float(scipy.stats.kstest(done, scipy.stats.chi2(dof).cdf).pvalue) for dof in (N_DOF, N_DOF + 1)],
        "largest": float(np.max(done)),
    }


@SCRIPT.part("null", clips=(3.0,), ratios=(0.1, 1.0, 10.0, 100.0), n_pairs=200, n_starts=8)
def null(options) -> Iterator[harness.Row]:
    for clip in options.clips:
        for ratio in options.ratios:
            n_a, n_b = SIZES[ratio]
            kept = [one for one in options.kept if (one["clip"], one["sizes"]) == (clip, [n_a, n_b])]
            if kept:
                yield kept[0]
                continue
            found = []
            for i in range(options.n_pairs):
                rng = rng_of(1, i, n_a, n_b)
                pair = rng.exponential(size=n_a), rng.exponential(size=n_b)
                found.append(symmetrised(*pair, clip=clip, n_starts=options.n_starts))
            each = np.array(found)
            done = each[np.isfinite(each).all(axis=1)]
            shares = {"share_of_a": float(np.sum(done[:, 0]) / np.sum(done)), "n_b_over_n": n_b / (n_a + n_b)}
            yield {"clip": clip, "ratio_of_sizes": ratio, "sizes": [n_a, n_b], **summary(each.sum(axis=1)), **shares}


@SCRIPT.part("histogram", ratios=(0.1, 1.0, 10.0, 100.0), n_pairs=2_000, n_bins=13)
def histogram(options) -> Iterator[harness.Row]:
    """The same with f constant in bins of equal chance, in closed form."""
    for ratio in options.ratios:
        n_a, n_b = SIZES[ratio]
        rng = rng_of(2, n_a, n_b)
        equal = np.full(options.n_bins, 1 / options.n_bins)
        a, b = (rng.multinomial(n, equal, size=options.n_pairs) for n in (n_a, n_b))
        pooled = a + b
        of_a, of_b = (
            2 * np.sum(scipy.special.xlogy(x, x * (n_a + n_b) / (n * np.maximum(pooled, 1))), axis=1)
            for x, n in ((a, n_a), (b, n_b))
        )
        share = {"share_of_a": float(np.mean(of_a) / np.mean(of_a + of_b)), "n_b_over_n": n_b / (n_a + n_b)}
        yield {"ratio_of_sizes": ratio, "sizes": [n_a, n_b], **summary(of_a + of_b), **share}


@SCRIPT.part("search", clips=(3.0, 9.0), n_pairs=60, n_starts=(8, 32))
def search(options) -> Iterator[harness.Row]:
    """What more starts find."""
    few, many = options.n_starts
    for clip in options.clips:
        found = []
        for i in range(options.n_pairs):
            rng = rng_of(1, i, *SIZES[1.0])
            pair = tuple(rng.exponential(size=n) for n in SIZES[1.0])
            found.append([symmetrised(*pair, clip=clip, n_starts=n).sum() for n in (few, many)])
        t = np.array(found)
        missed = t[:, 1] - t[:, 0]
        yield {"clip": clip, "n_pairs": options.n_pairs, "mean_gain": float(np.nanmean(missed))} | {
            "share_above_0.1": float(np.nanmean(missed > 0.1)),
            "largest_gain": float(np.nanmax(missed)),
        }


def background(rng: np.random.Generator, n: int) -> np.ndarray:
    is_z = rng.random(n) < 0.35
    return np.where(is_z, rng.normal(0.9, 0.18, size=n), rng.gamma(4.0, 0.3, size=n))


def pair_of(i: int, *, n_signal: int, n_events: int) -> tuple[np.ndarray, np.ndarray]:
    rng = rng_of(3, i, n_signal, n_events)
    a = np.concatenate([background(rng, n_events - n_signal), rng.normal(1.25, 0.15, size=n_signal)])
    return a, background(rng, n_events)


@SCRIPT.part("sensitivity", clips=(3.0,), signals=(160,), n_events=2_000, n_null=100, n_pairs=50, n_starts=8)
def sensitivity(options) -> Iterator[harness.Row]:
    for clip in options.clips:
        effort = {"clip": clip, "n_starts": options.n_starts}
        tests = {"symmetrised": lambda *pair, e=effort: symmetrised(*pair, **e).sum()}
        tests["unsymmetrised"] = lambda *pair, e=effort: unsymmetrised(*pair, **e)
        null_t: dict[str, np.ndarray] = {}
        for n_signal, n in ((0, options.n_null), *((s, options.n_pairs) for s in options.signals)):
            pairs = [pair_of(i, n_signal=n_signal, n_events=options.n_events) for i in range(n)]
            for name, test in tests.items():
                t = np.array([test(*pair) for pair in pairs])
                if not n_signal:
                    null_t[name] = t
                yield {"clip": clip, "test": name, "n_signal": n_signal, **seen(null_t[name], t)}


def seen(null_t: np.ndarray, t: np.ndarray) -> harness.Row:
    """Mean and spread of t, and the power at 2 sigma."""
    p = np.array([(1 + np.sum(~(null_t < one))) / (1 + null_t.size) for one in t])
    k = int(np.count_nonzero(p <= p_value(2.0)))
    spread = [float(np.nanmean(t)), float(np.nanstd(t))]
    return {"mean_and_deviation": spread, "power": [k / t.size, *clopper_pearson(k, t.size)], "n": t.size}


@SCRIPT.part("epochs", clips=(1.0, 3.0, 9.0, 30.0), n_pairs=8, epochs=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000))
def epochs(options) -> Iterator[harness.Row]:
    pairs = []
    for i in range(options.n_pairs):
        rng = rng_of(1, i, *SIZES[1.0])
        pairs.append([np.round(rng.exponential(size=n) / 0.03) * 0.03 for n in SIZES[1.0]])
    cells = padded([cells_of(*pair) for pair in pairs])
    found = along(cells, options.epochs, rng=rng_of(4))
    for n, (t, largest) in zip(options.epochs, found, strict=True):
        yield {"epochs": n, "t": t, "mean": mean_of(t), "largest_weight": float(np.median(largest))}
    for clip in options.clips:
        t = np.array([symmetrised(*pair, clip=clip, n_starts=8).sum() for pair in pairs])
        yield {"clip": clip, "t": t, "mean": mean_of(t)}


def mean_of(t: np.ndarray) -> list[float]:
    """With its error, of what is a number."""
    done = t[np.isfinite(t)]
    return [float(np.mean(done)), float(np.std(done, ddof=1) / np.sqrt(done.size))]


Test = Callable[[np.ndarray, np.ndarray], float]
QUICK: dict[str, Test] = {
    "20 bins, symmetrised": binned,
    "20 bins, B as reference": lambda a, b: against(a, b, wilks.Histogram(n_bins=20)),
    "scan, B as reference": lambda a, b: against(a, b, wilks.Scan()),
}
SLOW: dict[str, Test] = {
    "network, symmetrised": lambda a, b: float(symmetrised(a, b, clip=3.0, n_starts=8).sum()),
    "network, B as reference": partial(unsymmetrised, clip=3.0, n_starts=8),
    "default set, symmetrised": default_set,
    "default set, B as reference": lambda a, b: against(a, b, wilks.KernelSet()),
}


@SCRIPT.part(
    "published",
    luminosities=(5.0, 10.0, 15.0, 20.0, 30.0),
    n_null=200,
    n_pairs=100,
    slow=(20.0,),
    n_slow_null=45,
    n_slow_pairs=15,
)
def published(options) -> Iterator[harness.Row]:
    quick, slow = (options.n_null, options.n_pairs), (options.n_slow_null, options.n_slow_pairs)
    asked = [(one, name, QUICK[name], quick) for one in options.luminosities for name in QUICK]
    asked += [(one, name, test, slow) for name, test in SLOW.items() for one in options.slow]
    for luminosity, name, test, sizes in asked:
        key = {"luminosity_fb": luminosity, "test": name}
        kept = [one for one in options.kept if all(one[what] == value for what, value in key.items())]
        if kept:
            yield kept[0]
            continue
        clock = harness.Clock()
        null, signal = (_collinear(test, luminosity, n, rate) for n, rate in zip(sizes, (0.0, 30.0), strict=True))
        known = {"known": collinear.known_signal_z(luminosity), "shape": collinear.known_shape_z(luminosity)}
        distance = float((np.nanmean(signal) - np.nanmean(null)) / np.nanstd(null))
        null_row = {"n_null": null.size, "null": [float(np.nanmean(null)), float(np.nanstd(null))]}
        yield (
            key
            | known
            | null_row
            | seen(null, signal)
            | {"distance": distance}
            | clock.read("pair", shared_by=sum(sizes))
        )


def _collinear(test: Test, luminosity: float, n: int, signal_per_fb: float) -> np.ndarray:
    """t of n pairs."""
    t = []
    for i in range(n):
        rng = rng_of(5, i, int(luminosity), int(signal_per_fb))
        a, b = collinear.pair(rng, luminosity, signal_per_fb=signal_per_fb)
        t.append(test(np.round(a.events[:, 0], 2), np.round(b.events[:, 0], 2)))
    return np.array(t)


if __name__ == "__main__":
    SCRIPT.main()
