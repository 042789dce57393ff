"""What is told of the toys of the points of Table 4: t and tau against a chi-square, or p among calibration toys."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.stats

import wilks
from wilks.laws.compatibility import judge
from wilks.laws.empirical import Empirical
from wilks.laws.omnibus import SharedLaw
from wilks.significance import fisher, ks_p_value
from wilks.typing import FloatArray
from wilks.validation import Point
from wilks.validation.checks import either_of
from wilks.validation.uniformity import uniformity

from studies.two_body.regimes import Regime

LEVELS = (0.1, 0.05, 0.01)


class Cell(NamedTuple):
    """t and tau of the toys of one point, NaN where a toy failed, and the seconds that each took."""

    t: FloatArray
    tau: FloatArray
    seconds: FloatArray

    @classmethod
    def of(cls, toys: wilks.Toys) -> "Cell":
        """Of toys that were run."""
        return cls(toys.t, toys.tau, toys.seconds)

    @property
    def valid(self) -> "Cell":
        """Without toys that failed."""
        is_done = np.isfinite(self.t)
        return Cell(*(values[is_done] for values in self))

    @property
    def n_failed(self) -> int:
        """Toys without t."""
        return self.t.size - self.valid.t.size

    def point(self, name: str) -> Point:
        """For figures 15, 16, 19 and 20."""
        return Point(name, self.valid.t, np.empty(0), self.valid.tau)

    def described(self) -> harness.Row:
        """What toys have for t and tau, and what they took."""
        t, tau = self.valid.t, self.valid.tau
        return {
            "n_toys": self.t.size,
            "n_failed": self.n_failed,
            "mean": t.mean(),
            "mean_error": t.std(ddof=1) / np.sqrt(t.size),
            "mean_of_tau": tau.mean(),
            "seconds_per_toy": float(np.mean(self.seconds)),
        }

    def kept(self) -> harness.Row:
        """The toys themselves, of which some take minutes: `recorded` joins those of several runs."""
        return {name: np.round(values, 3) for name, values in self._asdict().items()}


def recorded(runs: Iterable[harness.Row]) -> tuple[dict[str, Cell], int]:
    """The cells of all toys that validations kept, of each seed those of the longest, and the degrees of freedom."""
    kept = {run["options"]["seed_of_toys"]: _cells(run) for run in sorted(runs, key=_n_toys) if _cells(run)}
    names = {name: row["degrees_of_freedom"] for rows in kept.values() for name, row in rows.items()}
    found = {}
    for name in names:
        rows = [rows[name] for rows in kept.values()]
        found[name] = Cell(*(np.concatenate([np.array(row[one], dtype=float) for row in rows]) for one in Cell._fields))
    return found, max(names.values(), default=0)


def _cells(run: harness.Row) -> dict[str, harness.Row]:
    return {row["point"]: row for row in run["results"] if "seconds" in row}


def _n_toys(run: harness.Row) -> int:
    return run["options"].get("n_toys", 0)


def against_chi_square(cells: Mapping[str, Cell], dof: int) -> Iterator[harness.Row]:
    """t and tau of every point against the chi-square of the number of parameters, and all points together: Table 4."""
    judged = []
    for name, cell in cells.items():
        found = judge(cell.valid.t, dof, n_failed=cell.n_failed, is_estimated_dof=False)
        judged.append((found.ks_p_value, ks_p_value(cell.valid.tau, dof), found.omnibus_p_value))
        ratio = {"variance_ratio": found.variance_ratio, "variance_ratio_error": found.variance_ratio_error}
        ks = {"ks_p_value": found.ks_p_value, "tau_ks_p_value": judged[-1][1]}
        yield {"point": name} | cell.described() | {"degrees_of_freedom": dof} | ratio | ks | cell.kept()
    of_t, of_tau, omnibus = np.array(judged).T
    every = np.concatenate([cell.valid.t for cell in cells.values()])
    yield {
        "n_toys": every.size,
        "mean": every.mean(),
        "mean_error": np.sqrt(2.0 * dof / every.size),
        "smallest_ks_p_value": of_t.min(),
        "smallest_tau_ks_p_value": of_tau.min(),
        "fisher_p_value": float(fisher(of_t)),
        "p_value": either_of(omnibus),
    }


def against_toys(cells: dict[str, wilks.Toys], nulls: dict[float, wilks.Toys], regime: Regime) -> Iterator[harness.Row]:
    """p among calibration toys, point by point, and whether it is uniform."""
    uniform = []
    for name, there in cells.items():
        p = p_at_delta(there, nulls, regime)
        uniform.append(uniformity(p, shared=SharedLaw(nulls[0.0].n_toys)).p_value)
        row = {"point": name} | Cell.of(there).described() | compared(there, nulls[0.0])
        yield row | rates("p", p) | {"p_uniform": uniform[-1]}
    yield {"p_uniform, all points": either_of(np.array(uniform))}


def p_at_delta(toys: wilks.Toys, nulls: dict[float, wilks.Toys], regime: Regime) -> FloatArray:
    """p of each toy that did not fail, at its own scale of Delta."""
    is_done = np.isfinite(toys.t)
    scales = toys.delta_nuisances[is_done, 0] / regime.sigma
    logs = np.array([np.log(Empirical.of(null.t).p_values(toys.t[is_done])) for null in nulls.values()]).T
    found = [np.interp(scale, list(nulls), row) for scale, row in zip(scales, logs, strict=True)]
    return np.exp(np.array(found))


def compared(toys: wilks.Toys, null: wilks.Toys) -> harness.Row:
    """Toys at a point against those at 0."""
    t, at_zero = (Cell.of(one).valid.t for one in (toys, null))
    found = {"ks_p_value_with_0": float(scipy.stats.ks_2samp(t, at_zero).pvalue)}
    return found | rates("p_at_0", Empirical.of(null.t).p_values(t))


def rates(name: str, p: FloatArray) -> harness.Row:
    """How often p is at or below each level."""
    return {f"{name}_below_{level}": float(np.mean(p <= level)) for level in LEVELS}
