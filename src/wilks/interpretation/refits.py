"""The same fit again, of data as they might have been or from other starting points: how surely f is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting import fit as fit_data
from wilks.fitting import fit_together, n_together, require_device
from wilks.interpretation.learned import check_fit
from wilks.samples import Sample
from wilks.selection.trials import with_choice
from wilks.statistics.fits import FitResult
from wilks.typing import Count, FloatArray, Seed, whole_number
from wilks.wording import Printed


@dataclass(frozen=True, eq=False)
class Refits(Printed):
    """Fits beside that of the data; those that failed are counted and left out.

    Attributes:
        what: they are, in two words.
        fits: those that converged.
        multiplicity: how often each data event counted in each, shape (k, n).
        n_failed: fits that did not converge.
    """

    what: str
    fits: tuple[FitResult, ...]
    multiplicity: FloatArray
    n_failed: int

    @property
    def n_refits(self) -> int:
        """Those that converged."""
        return len(self.fits)

    @property
    def text(self) -> str:
        """How many of what."""
        failed = f", {self.n_failed} more failed" if self.n_failed else ""
        return f"{self.n_refits} fits of a {self.what}{failed}"

    def __str__(self) -> str:
        t = np.array([one.t for one in self.fits])
        spread = f": t from {np.min(t):.4g} to {np.max(t):.4g}" if t.size else ""
        return f"{self.text}{spread}"


def bootstrap_fits(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, fit: FitResult, n_refits: Count = 50, seed: Seed = 0
) -> Refits:
    """The fit of data sets in which each event counts a Poisson number of times, of mean 1.

    Their scatter is that of f over data sets like these, as far as the data themselves show it (B. Efron, Ann. Statist.
    7 (1979) 1, with counts that fluctuate). Auxiliary measurements are drawn around those of the data. Events that
    count twice pull a flexible f to themselves, so that t of a bootstrap is larger than that of new data: use the
    scatter, not the values. Which event counts how often does not depend on the order of rows.

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`.
        fit: of these data, converged.
        n_refits: how many; each takes as long as the fit.
        seed: of the counts.

    Raises:
        InputError: a fit that failed, or of another analysis or other data.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=rng.exponential(size=2_000), expected_events=100, model=wilks.Histogram(n_bins=4))
    >>> data = rng.exponential(size=120)
    >>> bootstrap_fits(analysis, data, fit=wilks.fit(analysis, data), n_refits=20).n_refits
    20
    """
    sample = analysis.checked(data)
    check_fit(analysis, sample, fit)
    require_device(analysis)
    n_refits = whole_number(n_refits, name="n_refits", least=1)
    rng = np.random.Generator(np.random.Philox(whole_number(seed, name="seed", least=0)))
    counts = np.empty((n_refits, sample.n_events), dtype=np.int64)
    counts[:, np.lexsort(sample.events.T[::-1])] = rng.poisson(1.0, size=counts.shape)
    estimates = analysis.nuisances.estimates(np.array(fit.observed))
    observed = [analysis.nuisances.draw_observed(rng, estimates) for _ in range(n_refits)]
    sets, n_at_once, found = [np.repeat(sample.events, one, axis=0) for one in counts], n_together(analysis), []
    for first in range(0, n_refits, n_at_once):
        rows = slice(first, first + n_at_once)
        found += fit_together(analysis, sets[rows], observed[rows])
    return _refits("Poisson bootstrap", found, counts.astype(np.float64))


def reseeded_fits(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, fit: FitResult, seeds: Sequence[int] = (1, 2, 3, 4, 5)
) -> Refits:
    """The fit of the same data with other seeds of the search: whether many minima are nearly as good.

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`.
        fit: of these data, converged.
        seeds: of the search.

    Raises:
        InputError: a model whose fit has one minimum, whatever the seed; a fit that failed, or of another analysis or
            other data.
    """
    sample = analysis.checked(data)
    check_fit(analysis, sample, fit)
    if not analysis.model.words(is_profiled=bool(analysis.nuisances)).is_searched:
        raise InputError(
            f"only a search depends on its seed, but the fit of this model ({analysis.model.describe()}) has one "
            "minimum; see bootstrap_fits for the scatter over data"
        )
    auxiliaries = dict(zip(analysis.nuisances.names, fit.observed, strict=True))
    found = [fit_data(_with_seed(analysis, one), sample, auxiliaries=auxiliaries) for one in seeds]
    return _refits("search from other seeds", found, np.ones((len(found), sample.n_events)))


def _with_seed(analysis: Analysis, seed: int) -> Analysis:
    if analysis.regions:
        return Analysis.of_regions({name: _with_seed(one, seed) for name, one in analysis.regions.items()})
    return with_choice(analysis, search=replace(analysis.search, seed=seed))


def _refits(what: str, found: Sequence[FitResult], counts: FloatArray) -> Refits:
    is_good = np.array([one.converged for one in found], dtype=np.bool_)
    fits = tuple(one for one in found if one.converged)
    return Refits(what, fits, counts[is_good], int(np.sum(~is_good)))
