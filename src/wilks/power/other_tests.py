"""Other tests of data against a reference, behind one interface: statistics of libraries, none of them written here.

Each is made ready for a reference once, and is then a function of the events of a data set, larger where these differ
more. None has a law of its own here: p comes from toys of the reference, the same for all.
"""

import abc
import importlib
import importlib.util
import warnings
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import scipy.stats

from wilks.errors import InputError
from wilks.power.binning import N_BINS, equal_contents, merged
from wilks.problem import Problem
from wilks.samples import Sample, unweight
from wilks.typing import FloatArray

Value = Callable[[FloatArray], float]
_MOST_EVENTS, _PER_EXPECTED, _MOST_PAIRED, _N_DIRECTIONS = 20_000, 5, 1_000, 20


class OtherTest(abc.ABC):
    """A test by a statistic of data and reference.

    Attributes:
        name: in tables.
        sees_count: whether it knows how many events are expected; else it compares distributions alone.
        needs: the library that is no dependency, by the name of its import; empty for none.
    """

    name: ClassVar[str]
    sees_count: ClassVar[bool] = False
    needs: ClassVar[str] = ""

    @abc.abstractmethod
    def of(self, problem: Problem) -> Value:
        """The statistic of raw events (n, d), for one reference: any number, larger where they differ more."""

    def require(self) -> None:
        """Raise unless it can be used here.

        Raises:
            InputError: its library is not installed.
        """
        if self.needs and importlib.util.find_spec(self.needs) is None:
            raise InputError(f"the test {self.name!r} needs the library {self.needs}, which is not installed")


class Count(OtherTest):
    """``|N - N(R_0)|``: the number of events alone."""

    name, sees_count = "number of events", True

    def of(self, problem: Problem) -> Value:
        expected = problem.expected_events
        return lambda events: abs(events.shape[0] - expected)


class BinnedChiSquare(OtherTest):
    """sum_k (n_k - b_k)^2 / b_k in 20 bins of equal content of each feature, summed over the features.

    Bins in which the weights of the reference sum to less than two standard errors are merged (`binning.merged`).
    """

    name, sees_count = "binned chi-square", True

    def of(self, problem: Problem) -> Value:
        reference = problem.reference
        edges = [_edges(reference, j) for j in range(reference.n_features)]
        contents = [
            np.histogram(column, one, weights=reference.event_weights)[0]
            for column, one in zip(reference.events.T, edges, strict=True)
        ]

        def value(events: FloatArray) -> float:
            counts = (np.histogram(column, one)[0] for column, one in zip(events.T, edges, strict=True))
            return float(sum(np.sum((n - b) ** 2 / b) for n, b in zip(counts, contents, strict=True)))

        return value


def _edges(reference: Sample, place: int) -> FloatArray:
    values, weights = reference.events[:, place], reference.event_weights
    return merged(equal_contents(values, weights, n_bins=N_BINS), values, weights, what=reference.features[place])


class _PerFeature(OtherTest):
    """The largest over features of a statistic of one feature."""

    def of(self, problem: Problem) -> Value:
        reference = rows_of(problem)

        def value(events: FloatArray) -> float:
            if not events.shape[0]:
                return 0.0
            x = problem.standardization.apply(events)
            return max(self.statistic(one, other) for one, other in zip(x.T, reference.T, strict=True))

        return value

    @abc.abstractmethod
    def statistic(self, data: FloatArray, reference: FloatArray) -> float:
        """Of two arrays of one feature."""


class KolmogorovSmirnov(_PerFeature):
    """The largest distance of the distribution functions (scipy.stats.ks_2samp), the largest of any feature."""

    name = "Kolmogorov-Smirnov"

    def statistic(self, data: FloatArray, reference: FloatArray) -> float:
        return float(scipy.stats.ks_2samp(data, reference, method="asymp").statistic)


class CramerVonMises(_PerFeature):
    """scipy.stats.cramervonmises_2samp, the largest of any feature."""

    name = "Cramer-von Mises"

    def statistic(self, data: FloatArray, reference: FloatArray) -> float:
        return float(scipy.stats.cramervonmises_2samp(data, reference, method="asymptotic").statistic)


class AndersonDarling(_PerFeature):
    """scipy.stats.anderson_ksamp of both samples plus 2, which makes it positive, the largest of any feature."""

    name = "Anderson-Darling"

    def statistic(self, data: FloatArray, reference: FloatArray) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on its own p, which is not looked at
            return 2.0 + float(scipy.stats.anderson_ksamp([data, reference]).statistic)


class _Sliced(OtherTest):
    """The mean over directions of a distance of one-dimensional projections: the features, and 20 random ones."""

    def of(self, problem: Problem) -> Value:
        reference = rows_of(problem)
        d = reference.shape[1]
        directions = np.eye(d)
        if d > 1:
            drawn = np.random.Generator(np.random.Philox(0)).normal(size=(_N_DIRECTIONS, d))
            directions = np.concatenate([directions, drawn / np.linalg.norm(drawn, axis=1, keepdims=True)])
        projected = reference @ directions.T

        def value(events: FloatArray) -> float:
            if not events.shape[0]:
                return 0.0
            x = problem.standardization.apply(events) @ directions.T
            return float(np.mean([self.distance(one, other) for one, other in zip(x.T, projected.T, strict=True)]))

        return value

    @abc.abstractmethod
    def distance(self, data: FloatArray, reference: FloatArray) -> float:
        """Of two arrays."""


class Energy(_Sliced):
    """scipy.stats.energy_distance of projections."""

    name = "energy distance, sliced"

    def distance(self, data: FloatArray, reference: FloatArray) -> float:
        return float(scipy.stats.energy_distance(data, reference))


class Wasserstein(_Sliced):
    """scipy.stats.wasserstein_distance of projections."""

    name = "Wasserstein distance, sliced"

    def distance(self, data: FloatArray, reference: FloatArray) -> float:
        return float(scipy.stats.wasserstein_distance(data, reference))


class Classifier(OtherTest):
    """The area under the curve, on one half of the events, of boosted trees trained on the other (scikit-learn)."""

    name, needs = "classifier", "sklearn"

    def of(self, problem: Problem) -> Value:
        self.require()
        ensemble, metrics = (importlib.import_module(f"sklearn.{name}") for name in ("ensemble", "metrics"))
        reference = rows_of(problem)

        def value(events: FloatArray) -> float:
            x = np.concatenate([problem.standardization.apply(events), reference])
            y = np.arange(x.shape[0]) < events.shape[0]
            is_trained = np.arange(x.shape[0]) % 2 == 0
            if not (np.any(y[is_trained]) and np.any(y[~is_trained])):
                return 0.5
            weights = np.where(y, y.size / max(y.sum(), 1), 1.0)
            trees = ensemble.HistGradientBoostingClassifier(max_iter=50, random_state=0)
            trees.fit(x[is_trained], y[is_trained], sample_weight=weights[is_trained])
            return float(metrics.roc_auc_score(y[~is_trained], trees.predict_proba(x[~is_trained])[:, 1]))

        return value


class Mmd(OtherTest):
    """The maximum mean discrepancy (hyppo), plus 1, for the estimate is unbiased and may be negative.

    It holds all pairs of events: of more than 1,000 of data or reference it takes 1,000 at random, always the same, as
    a toy has its signal behind the background, and a reference may be sorted.
    """

    name, needs = "MMD", "hyppo"

    def of(self, problem: Problem) -> Value:
        self.require()
        statistic = importlib.import_module("hyppo.ksample").MMD().statistic
        reference = _chosen(rows_of(problem), key=0)
        return lambda events: 1.0 + float(statistic(problem.standardization.apply(_chosen(events, key=1)), reference))


def _chosen(rows: FloatArray, *, key: int) -> FloatArray:
    """1,000 of them at random, of the same places for the same number of rows; all of them where there are fewer."""
    if rows.shape[0] <= _MOST_PAIRED:
        return rows
    rng = np.random.Generator(np.random.Philox(key))
    return np.asarray(rows[rng.choice(rows.shape[0], _MOST_PAIRED, replace=False)])


STANDARD_TESTS: tuple[OtherTest, ...] = (
    Count(),
    BinnedChiSquare(),
    KolmogorovSmirnov(),
    CramerVonMises(),
    AndersonDarling(),
    Energy(),
    Wasserstein(),
)
"""Those of SciPy, and two of counts."""


def rows_of(problem: Problem) -> FloatArray:
    """Unweighted standardized events of the reference, by hit or miss where it has weights.

    At most 20,000, or five for each expected one.
    """
    reference, rng = problem.reference, np.random.Generator(np.random.Philox(0))
    is_equal = np.ptp(reference.event_weights) == 0
    rows = np.arange(reference.n_events) if is_equal else unweight(reference, rng=rng)
    most = max(_MOST_EVENTS, int(_PER_EXPECTED * problem.expected_events))
    if rows.size > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    return problem.standardization.apply(reference.events[rows])
