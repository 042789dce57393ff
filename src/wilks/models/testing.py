"""One data set tested with several models, on the same toys."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from wilks.analysis import Analysis
from wilks.answer import goodness_of_fit
from wilks.campaign import Toys
from wilks.campaign.coordinator import Progress
from wilks.errors import InputError
from wilks.hypotheses import Null
from wilks.laws import GoodnessOfFit, calibrate
from wilks.laws.smallest import smallest_p
from wilks.models.table import ModelRow, ModelTable
from wilks.samples import Events, Sample
from wilks.selection.selecting import kept_toys
from wilks.selection.trials import with_model
from wilks.statistics import Statistic, default_statistic
from wilks.storage import Folder, as_path
from wilks.toys import check_drawable
from wilks.typing import whole_number


def model_table(
    analysis: Analysis,
    data: Sample | Events,
    *,
    models: Mapping[str, Statistic | None],
    n_toys: int,
    seed: int,
    auxiliaries: Mapping[str, float] | None = None,
    made: Sequence[Toys] = (),
    store: Folder | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ModelTable:
    """Test one data set with several models: t, p, Z and seconds of each, and the p of the smallest p.

    Each model takes the place of that of the analysis; reference, nuisances, search and source of toys are the same.
    Toy i has the same events for all of them, so that the joint distribution of the p-values is known, and with it
    that of the smallest (`wilks.laws.smallest.smallest_p`): a p that is valid whichever model is looked at last.

    Args:
        analysis: with a source of toys, of one region.
        data: the events.
        models: two or more, by name; None: the default set of kernels.
        n_toys: of the reference, the same for all models.
        seed: of the toys; the same as in `run_toys`.
        auxiliaries: what the auxiliary measurements observed, by nuisance.
        made: toys that are there already, of some of the models: used where they have this seed and are enough.
        store: a folder that keeps finished toys: the same call goes on from there.
        executor: as in `run_toys`; None: one process for each core.
        progress: as in `run_toys`; None: silent.

    Raises:
        InputError: fewer than two models; an analysis of several regions, or without a source of toys.

    >>> import wilks
    >>> x = np.random.default_rng(0).exponential(size=(3_000, 1))
    >>> def background(rng, n, nuisances):
    ...     return rng.exponential(size=(n, 1))
    >>> analysis = wilks.Analysis(reference=x[:2_000], toy_source=background, expected_events=100)
    >>> bins = {"ten bins": wilks.Histogram(n_bins=10), "two bins": wilks.Histogram(n_bins=2)}
    >>> found = model_table(analysis, x[2_000:2_150], models=bins, n_toys=99, seed=1)
    >>> found.best.name, found.p_value >= found.best.p_value
    ('ten bins', True)
    """
    analysis.require_one_region("model_table")
    if len(models) < 2:
        raise InputError(f"models must be two or more, by name, but {len(models)} came; for one, goodness_of_fit")
    check_drawable(analysis, Null())
    n_toys, seed = whole_number(n_toys, name="n_toys", least=1), whole_number(seed, name="seed", least=0)
    sample, rows, t, of_toys = analysis.checked(data), [], [], []
    folder = None if store is None else as_path(store)
    with kept_toys(analysis, store=folder, executor=executor, progress=progress) as make:
        for name, given in models.items():
            model = default_statistic() if given is None else given
            own = with_model(analysis, model)
            there = _there(made, own, n_toys=n_toys, seed=seed)
            toys = make(own, Null(), n_toys=n_toys, seed=seed).first(n_toys) if there is None else there
            found = goodness_of_fit(own, sample, auxiliaries=auxiliaries, calibration=calibrate(toys))
            rows.append(_row(name, model, own, found, toys))
            t.append(found.t)
            of_toys.append(toys.t)
    joint = smallest_p(np.array(t), np.array(of_toys)) if np.all(np.isfinite(t)) else None
    return ModelTable(
        tuple(rows),
        sample.n_events,
        n_toys,
        joint,
        fingerprint=analysis.fingerprint(),
        content=found.fit.content,
        observed=found.fit.observed,
    )


def _there(made: Sequence[Toys], analysis: Analysis, *, n_toys: int, seed: int) -> Toys | None:
    """The first toys of this analysis among those that were made, if they are complete."""
    for toys in made:
        is_own = toys.seed == seed and isinstance(toys.hypothesis, Null) and toys.hypothesis == Null()
        if is_own and toys.fingerprint == analysis.fingerprint():
            first = toys.first(n_toys)
            if np.array_equal(first.index, np.arange(n_toys)):
                return first
    return None


def _row(name: str, model: Statistic, analysis: Analysis, found: GoodnessOfFit, toys: Toys) -> ModelRow:
    return ModelRow(
        name=name,
        described=analysis.model.describe(),
        options=model.to_dict(),
        t=found.t,
        p_value=found.p_value,
        interval=found.interval,
        z_score=found.z_score,
        p_text=found.p_text,
        n_failed=toys.n_failed,
        seconds=float(np.mean(toys.seconds)),
    )
