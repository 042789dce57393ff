"""Do the toys follow a chi-square? Five figures with their errors, one p for all of them, and one decision."""

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wilks import significance
from wilks.laws import omnibus
from wilks.laws.omnibus import TAIL_PROBABILITY, Seen, Yardstick
from wilks.significance.printing import decimals, finite_or_none, plain, probability
from wilks.typing import FloatArray
from wilks.wording import stacked, table

MIN_TOYS = 20
MIN_P_VALUE = 0.02
MAX_PULL = 3.0
_NOTABLE_P_VALUE, _NOTABLE_PULL = 0.05, 2.0


@dataclass(frozen=True)
class Compatibility:
    """How values of t from n toys compare with a chi-square.

    ``mean_error`` = sqrt(2 dof/n) and ``variance_ratio_error`` = sqrt(2 (1 + 3/dof)/n)
    (`wilks.significance.variance_ratio_error`) are the errors that hold if t is
    chi-square(dof). The variance ratio is s^2/(2 mean), s^2 with n - 1.

    ``tail_count`` toys of n lie at or above ``tail_t``, the 95 % quantile of the chi-square;
    ``tail_p_value`` is the two-sided binomial p. Failed toys are in neither mean nor variance;
    for the tail the less favorable of "all below" and "all above" counts.

    ``omnibus_p_value`` is the p of the smallest p among the four of KS, mean, variance ratio and tail, by its rank
    among 2,000 simulated sets of n chi-square values (fixed seed; of 500 above 500 toys): their correlations and the
    choice among four are in it. It decides: ``is_compatible`` asks for n >= 20 valid toys and an omnibus p above 0.02.

    What the toys chose is not judged on them. If the number of degrees of freedom is their mean (``is_estimated_dof``),
    each simulated set is compared with its own mean (Lilliefors' correction); if they chose the weight clip that brings
    their mean to the number of parameters (``is_tuned``), each set is multiplied to have the mean of the toys. The mean
    is judged in neither case, and the KS, tail and omnibus p are those among such sets.

    `seen` says what these tests find, with so many toys.
    """

    n_toys: int
    n_failed: int
    degrees_of_freedom: float
    is_estimated_dof: bool
    ks_p_value: float
    mean: float
    mean_error: float
    variance_ratio: float
    variance_ratio_error: float
    tail_t: float
    tail_count: int
    tail_expected: float
    tail_p_value: float
    omnibus_p_value: float
    is_tuned: bool = False

    @property
    def mean_pull(self) -> float:
        """(mean - dof)/error; 0 by construction if the dof is the mean."""
        return (self.mean - self.degrees_of_freedom) / self.mean_error

    @property
    def variance_ratio_pull(self) -> float:
        """(variance ratio - 1)/error."""
        return (self.variance_ratio - 1.0) / self.variance_ratio_error

    @property
    def n_valid(self) -> int:
        """Toys with a t."""
        return self.n_toys - self.n_failed

    @property
    def is_judged(self) -> bool:
        """Whether there are enough valid toys to judge at all."""
        return self.n_valid >= MIN_TOYS

    @property
    def is_mean_judged(self) -> bool:
        """Whether the mean can disagree: it cannot where the toys chose it."""
        return not (self.is_estimated_dof or self.is_tuned)

    @property
    def is_compatible(self) -> bool:
        """Whether the toys are enough and the omnibus p is above 0.02."""
        return self.is_judged and not self.objections

    @property
    def seen(self) -> tuple[Seen, ...]:
        """How often departures are seen with so many toys, at a size of 5 %; nothing where too few are judged."""
        return omnibus.seen(self._yardstick) if self.is_judged else ()

    @property
    def _yardstick(self) -> Yardstick:
        return _yardstick(self.n_valid, self.degrees_of_freedom, self.mean, self.is_estimated_dof, self.is_tuned)

    @cached_property
    def objections(self) -> tuple[str, ...]:
        """Nothing where the omnibus p is above 0.02; else that p, and the tests that are off, in words."""
        if self.omnibus_p_value > MIN_P_VALUE:
            return ()
        checks = (
            (self.ks_p_value > _NOTABLE_P_VALUE, f"the KS p is {probability(self.ks_p_value)}"),
            (
                not self.is_mean_judged or abs(self.mean_pull) < _NOTABLE_PULL,
                f"the mean is {self.mean_pull:+.1f} errors off",
            ),
            (
                abs(self.variance_ratio_pull) < _NOTABLE_PULL,
                f"the variance ratio is {self.variance_ratio_pull:+.1f} errors off",
            ),
            (self.tail_p_value > _NOTABLE_P_VALUE, f"the tail count has a p of {probability(self.tail_p_value)}"),
        )
        first = f"the tests together have a p of {probability(self.omnibus_p_value)}"
        return (first, *(text for passed, text in checks if not passed))

    @property
    def verdict(self) -> str:
        """The decision in one sentence."""
        name = f"chi-square({plain(self.degrees_of_freedom)})"
        if not self.is_judged:
            return f"Not judged against {name}: {MIN_TOYS} valid toys at least are needed, got {self.n_valid}."
        if self.objections:
            return f"Not compatible with {name}: {', '.join(self.objections)}."
        return f"Compatible with {name} within the errors above."

    def __str__(self) -> str:
        tail_error = math.sqrt(TAIL_PROBABILITY * (1.0 - TAIL_PROBABILITY) * self.n_toys)
        rows = (
            ("mean", decimals(self.mean), decimals(self.mean_error), self._dof_text, self.mean_text),
            (
                "variance/(2 mean)",
                decimals(self.variance_ratio),
                decimals(self.variance_ratio_error),
                "1",
                _pull(self.variance_ratio_pull),
            ),
            (
                f"toys above {decimals(self.tail_t)}",
                str(self.tail_count),
                f"{tail_error:.1f}",
                f"{self.tail_expected:.1f}",
                f"p {probability(self.tail_p_value)}",
            ),
            ("KS p" if self.is_mean_judged else "KS p, corrected", "", "", "", f"p {probability(self.ks_p_value)}"),
            ("all together", "", "", "", f"p {probability(self.omnibus_p_value)}"),
        )
        first = table(rows, header=("", "toys", "error", "chi-square", "pull or p"))
        return stacked(first, *([seen_table(self.seen, n=self.n_valid)] if self.is_judged else []))

    @property
    def mean_text(self) -> str:
        """The pull of the mean, or why it has none."""
        return _pull(self.mean_pull) if self.is_mean_judged else "chosen by these toys"

    @property
    def _dof_text(self) -> str:
        return f"{plain(self.degrees_of_freedom)}{' (the mean itself)' if self.is_estimated_dof else ''}"

    def to_dict(self) -> dict[str, object]:
        """All figures and the decision, ready for JSON."""
        figures = {
            name: finite_or_none(value) if isinstance(value, float) else value for name, value in vars(self).items()
        }
        return {
            **{name: figures[name] for name in asdict(self)},
            "is_compatible": self.is_compatible,
            "verdict": self.verdict,
            "seen_at_size": omnibus.SIZE,
            "seen": [
                {
                    "departure": one.departure,
                    **dict(zip(omnibus.TESTS, one.shares, strict=True)),
                    "together": one.together,
                }
                for one in self.seen
            ],
        }

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def seen_table(found: tuple[Seen, ...], *, n: int) -> str:
    """How often n toys show a departure, as a table.

    >>> print(seen_table((Seen("variance 15 % too small", (0.09, None, 0.43, 0.08), 0.3),), n=300))
      300 toys show, at 5 %    KS   mean  variance  tail  together
      variance 15 % too small  9 %  -     43 %      8 %   30 %
    """
    return table(map(seen_row, found), header=(seen_title(n), *omnibus.TESTS, "together"))


def seen_title(n: int) -> str:
    """What the figures of n toys are; 1,000 stand for more."""
    return f"{min(n, omnibus.LARGEST_SEEN):,} toys show, at {100.0 * omnibus.SIZE:g} %"


def seen_row(one: Seen) -> tuple[str, ...]:
    """A row of that table."""
    shares = ("-" if share is None else f"{100.0 * share:.0f} %" for share in one.shares)
    return (one.departure, *shares, f"{100.0 * one.together:.0f} %")


def judge(
    t: FloatArray, degrees_of_freedom: float, *, n_failed: int, is_estimated_dof: bool, is_tuned: bool = False
) -> Compatibility:
    """Compare valid values t (k,), beside ``n_failed`` toys without t, with a chi-square.

    Measured false-alarm rate, the chance that toys which do follow the chi-square are called not
    compatible: 2.0 % at 20, 2.4 % at 100, 2.1 % at 400 and 2.2 % at 1,000 toys of chi-square(13); 2.5 and 1.6 % at 100
    and 1,000 toys of chi-square(1), 2.2 and 2.5 % of chi-square(96) (5,000 simulated calibrations each, error 0.2 %).
    With the dof estimated from the same toys 1.7 % at 20 and 2.1 % at 100 (1,000 calibrations, error 0.4 %), 1.0 % at
    400 and 2.3 % at 1,000 (300, error 0.8 %).

    What it finds, as shares of 2,000 simulated calibrations with 13 degrees of freedom: a variance ratio of 0.7 in 35 %
    at 100 toys and 97 % at 400, 0.84 in 7 % and 33 %, 1.2 in 13 % and 39 %, 1.5 in 54 % and 99 %; `Compatibility.seen`
    says it at a size of 5 % for the number of toys at hand. To be compatible is not to be
    a chi-square: the errors say how far the toys may be from one.

    Args:
        t: valid values.
        degrees_of_freedom: of the chi-square.
        n_failed: toys without a t.
        is_estimated_dof: ``degrees_of_freedom`` is the mean of t.
        is_tuned: these toys chose the weight clip, such that their mean came near to ``degrees_of_freedom``.

    >>> rng = np.random.default_rng(1)
    >>> judge(rng.chisquare(13, size=400), 13.0, n_failed=0, is_estimated_dof=False).is_compatible
    True
    """
    n, dof = int(t.size), degrees_of_freedom
    mean = float(t.mean())
    variance = float(t.var(ddof=1)) if n > 1 else math.nan
    tail_t = significance.chi2_isf(TAIL_PROBABILITY, dof)
    tail_count = significance.count_at_or_above(t, tail_t)
    yard = _yardstick(n, dof, mean, is_estimated_dof, is_tuned)
    ks_p, tail_p, omnibus_p = _p_values(t, yard, tail_count=tail_count, n_failed=n_failed)
    return Compatibility(
        n_toys=n + n_failed,
        n_failed=n_failed,
        degrees_of_freedom=dof,
        is_estimated_dof=is_estimated_dof,
        ks_p_value=ks_p,
        mean=mean,
        mean_error=math.sqrt(2.0 * dof / n),
        variance_ratio=variance / (2.0 * mean) if mean > 0.0 else math.nan,
        variance_ratio_error=significance.variance_ratio_error(dof, n),
        tail_t=tail_t,
        tail_count=tail_count,
        tail_expected=TAIL_PROBABILITY * (n + n_failed),
        tail_p_value=tail_p,
        omnibus_p_value=omnibus_p,
        is_tuned=is_tuned,
    )


def _yardstick(n: int, dof: float, mean: float, is_estimated_dof: bool, is_tuned: bool) -> Yardstick:
    return Yardstick(n, dof, chose_dof=is_estimated_dof, tuned_mean=mean if is_tuned and not is_estimated_dof else None)


def _p_values(t: FloatArray, yard: Yardstick, *, tail_count: int, n_failed: int) -> tuple[float, float, float]:
    """KS, tail and omnibus p; with failed toys the less favorable of "all below" and "all above"."""
    if yard.n < 2:
        return significance.ks_p_value(t, yard.dof), 1.0, 1.0
    found = np.repeat(omnibus.distances(t[None], yard), 2, axis=0)
    n_all = yard.n + n_failed
    found[:, 3] = np.array([tail_count, tail_count + n_failed]) * (yard.n / n_all)
    p = omnibus.p_values(found, yard)
    together = float(omnibus.together(p, yard).min())
    if len(yard.judged) < len(omnibus.TESTS):
        return float(p[0, 0]), float(p[:, 3].min()), together
    exact = (
        significance.binomial_p_value(k, n_all, probability=TAIL_PROBABILITY)
        for k in (tail_count, tail_count + n_failed)
    )
    return significance.ks_p_value(t, yard.dof), min(exact), together


def _pull(value: float) -> str:
    return f"{value:+.1f}"
