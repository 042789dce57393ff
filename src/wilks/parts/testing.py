"""parts_test: data in k parts, a p for each, and one p for all, among toys of the whole procedure."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from wilks.analysis import Analysis
from wilks.answer import hypothesis_at_delta
from wilks.errors import CalibrationError, InputError
from wilks.fitting import fit, fit_together, n_together
from wilks.hypotheses import Hypothesis, Null
from wilks.inspection import data_notices
from wilks.laws.notices import pool_notices
from wilks.parts.combined import PartsAnswer, combined, require_combination
from wilks.parts.dividing import part_analysis, parts_of
from wilks.samples import Events, Sample
from wilks.toys import check_drawable, draw_auxiliaries, draw_toy
from wilks.typing import FloatArray, require_kind, whole_number

Progress = Callable[[int, int], None]


def parts_test(
    analysis: Analysis,
    data: Sample | Events,
    *,
    n_parts: int,
    combination: str = "fisher",
    n_toys: int = 400,
    seed: int = 0,
    auxiliaries: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> PartsAnswer:
    """Divide the data into k parts at random, test each against the reference, and combine the p-values.

    Each part is a data set of N(R_0)/k expected events (`part_numbers`) and has a null of its own; the reference is
    whole for each of them. Given the reference, parts of a toy without nuisances are independent of each other, and p
    counted among toys are too: then ``formula_p_value`` is right but for the common calibration. With nuisances the
    parts share the auxiliary measurements. ``p_value`` is counted among toys that go through the whole procedure, and
    is exact without nuisances. With them toys are at nu = 0, as t does not depend on them; a penalty makes it, and the
    toys of a penalized model are at the nuisances of Delta of all data.

    The paper "Learning New Physics from an Imperfect Machine" hopes in its outlook for a choice of the model by its
    result where data are split. Any choice that is part of the procedure, and so is made anew for every toy, is covered
    by p; a choice by the p of this answer is not. `halves_test` leaves every choice free that looks at its first half
    alone.

    Args:
        analysis: with a source of toys.
        data: raw events, as for `fit`.
        n_parts: k; 1 is the usual test.
        combination: ``fisher``, ``stouffer`` or ``min_p``; chosen before the data are seen.
        n_toys: of the whole procedure, in this process.
        seed: of the division and of the toys.
        auxiliaries: as for `fit`; the same for all parts.
        progress: called with the number of finished toys and ``n_toys``.

    Raises:
        InputError: options outside their limits, toys that cannot be drawn, before anything is fitted.
        CalibrationError: the fit of the data or of a part of them failed.

    >>> import wilks
    >>> from wilks.problems import exponential
    >>> analysis = wilks.Analysis(reference=exponential.reference(20_000), model=wilks.Histogram(n_bins=10),
    ...                           toy_source=exponential.BACKGROUND)
    >>> found = parts_test(analysis, exponential.data(exponential.NP2, seed=1), n_parts=2, n_toys=99)
    >>> found.n_events, found.p_value
    ((1051, 1083), 0.01)
    """
    require_kind(analysis, Analysis, name="analysis")
    analysis.require_one_region("parts_test")
    require_combination(combination)
    sample = analysis.checked(data)
    n_parts, n_toys = whole_number(n_parts, name="n_parts", least=1), whole_number(n_toys, name="n_toys", least=1)
    seed = whole_number(seed, name="seed", least=0)
    if n_parts > sample.n_events:
        raise InputError(f"every part must have an event, but {n_parts:,} parts came for {sample.n_events:,} events")
    hypothesis = _null_of(analysis, sample, auxiliaries)
    check_drawable(analysis, hypothesis)
    observed = analysis.nuisances.observed_values(auxiliaries or {})
    part = part_analysis(analysis, n_parts)
    divided = parts_of(sample.events, n_parts=n_parts, seed=seed)
    t = np.array([one.t for one in fit_together(part, divided, [observed] * n_parts)])
    toys = np.empty((n_toys, n_parts))
    for rows, values in toy_parts(analysis, hypothesis, part, n_parts=n_parts, n_toys=n_toys, seed=seed):
        toys[rows] = values
        if progress is not None:
            progress(rows.stop, n_toys)
    notices = (*data_notices(analysis, sample), *pool_notices(analysis.overlap_z_error))
    return combined(t, toys, n_events=tuple(map(len, divided)), combination=combination, notices=notices)


def _null_of(analysis: Analysis, data: Sample, auxiliaries: Mapping[str, float] | None) -> Hypothesis:
    """What the toys are drawn from."""
    if not (analysis.nuisances and analysis.model.is_penalized):
        return Null()
    found = fit(analysis, data, auxiliaries=auxiliaries)
    if not found.converged:
        raise CalibrationError(f"toys need the nuisances of all data, but their fit failed: {found.status.message}")
    return hypothesis_at_delta(found)


def toy_parts(
    analysis: Analysis, hypothesis: Hypothesis, part: Analysis, *, n_parts: int, n_toys: int, seed: int
) -> Iterator[tuple[slice, FloatArray]]:
    """t of every part of toys 0 .. n - 1 of a hypothesis, some toys at once: their rows, and t (rows, k)."""
    size = max(1, n_together(part) // n_parts)
    for first in range(0, n_toys, size):
        rows = range(first, min(first + size, n_toys))
        events, observed = [], []
        for index in rows:
            toy = draw_toy(analysis, hypothesis, seed=seed, index=index)
            events += parts_of(toy, n_parts=n_parts, seed=seed)
            observed += [draw_auxiliaries(analysis, hypothesis, seed=seed, index=index)] * n_parts
        fits = fit_together(part, events, observed)
        yield slice(first, rows.stop), np.array([one.t for one in fits]).reshape(len(rows), n_parts)
