"""validate: all checks of an analysis that need no data, on toys made by whatever executor, kept and taken up again."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.hypotheses import Hypothesis, Null
from wilks.laws import Calibration, calibrate
from wilks.responses import Closure, Variation, check_responses
from wilks.selection.selecting import kept_toys
from wilks.selection.trials import MakeToys, valid_t
from wilks.toys import check_drawable
from wilks.typing import require_kind, whole_number
from wilks.validation.judging import (
    FEWEST,
    chi_square_check,
    closure_check,
    fits_check,
    found_back_check,
    p_check,
    seeds_check,
    t_check,
)
from wilks.validation.laws import AnsweringLaw
from wilks.validation.nuisances import point_text, shifted_hypotheses
from wilks.validation.page import Point, Validation
from wilks.validation.references import draw_check, size_check


def validate(
    analysis: Analysis,
    *,
    n_toys: int = 100,
    n_null: int = 400,
    n_references: int = 4,
    seed: int = 0,
    null: Toys | None = None,
    variations: Sequence[Variation] = (),
    requires_chi_square: bool = False,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Validation:
    """Check all of an analysis that can be checked before the data are seen, for every family of models.

    - *fits*: at most 5 % of them failed;
    - *t at other nuisances*, one sigma up and down in each and in all together: KS, mean and variance of t against
      those at nu = 0, among relabellings;
    - *chi-square*: t against it at every point, where the toys at nu = 0 follow it and answers therefore quote it;
    - *p at other nuisances*, by the law that answers for data (`uniformity`);
    - *nuisances found back*: the nuisances of Delta scatter around those of the toys (`found_back_check`);
    - *closure of responses* (`check_responses`);
    - *size of the reference* (`size_check`) and *another reference* (`draw_check`);
    - *seeds of the search*: t of the same toys with the next seed (`wilks.selection.Spread`).

    Args:
        analysis: with a source of toys that reaches the points.
        n_toys: at every point, with every other reference, and with the other seed.
        n_null: at nu = 0, where p is counted among toys.
        n_references: other references.
        seed: of toys and references.
        null: toys at nu = 0 that calibrate the test, in place of ``n_null`` new ones.
        variations: samples at known nuisances for the closure.
        requires_chi_square: whether t must follow the chi-square, as ``quality.require_chi2`` of an analysis file says.
        store: a folder that keeps every toy: the same call goes on there. None keeps nothing.
        executor: as for `run_toys`.
        progress: called with the number of finished toys of a campaign, and how many it has, for one after the other.

    Raises:
        InputError: points that cannot be drawn, before anything is computed, toys of another analysis, counts that are
            too small.
        CalibrationError: all toys at nu = 0 failed.

    >>> import wilks
    >>> from wilks.problems import exponential
    >>> model = wilks.Kernel(n_centers=10, width=1.0, is_score=True)
    >>> reference = exponential.reference(20_000)
    >>> analysis = wilks.Analysis(reference=reference, model=model, toy_source=lambda rng, n, nuisances:
    ...                           exponential.background(rng, n, nuisances))
    >>> found = validate(analysis, n_toys=100, n_references=2)
    >>> found.headline
    '5 of 9 checks passed, 0 failed, 4 could not be evaluated'
    """
    require_kind(analysis, Analysis, name="analysis")
    options = Options.checked(n_toys, n_null, n_references, seed, requires_chi_square=requires_chi_square)
    _check_null(analysis, null)
    points: tuple[Hypothesis, ...] = (Null(), *shifted_hypotheses(analysis))
    for point in points:
        check_drawable(analysis, point)
    closure = check_responses(analysis.reference, analysis.nuisances, variations=variations) if variations else None
    with kept_toys(analysis, store=store, executor=executor, progress=progress or _silent) as make:
        return validation_of(analysis, make, options, null=null, closure=closure)


@dataclass(frozen=True)
class Options:
    """What `validate` takes, within its limits."""

    n_toys: int
    n_null: int
    n_references: int
    seed: int
    requires_chi_square: bool = False

    @classmethod
    def checked(cls, n_toys: int, n_null: int, n_references: int, seed: int, *, requires_chi_square: bool) -> "Options":
        """Counts that are large enough.

        Raises:
            InputError: one is not.
        """
        if n_references == 1:
            raise InputError("n_references must be 2 at least, or 0 for none: one has no spread, but 1 came")
        return cls(
            whole_number(n_toys, name="n_toys", least=FEWEST),
            whole_number(n_null, name="n_null", least=FEWEST),
            whole_number(n_references, name="n_references", least=0),
            whole_number(seed, name="seed", least=0),
            requires_chi_square,
        )


def validation_of(
    analysis: Analysis, make: MakeToys, options: Options, *, null: Toys | None = None, closure: Closure | None = None
) -> Validation:
    """All checks of `validate`, with toys from anywhere."""
    zero, calibration = _null(analysis, make, options, null)
    law = AnsweringLaw(analysis, calibration)
    shifted = tuple(
        make(analysis, point, n_toys=options.n_toys, seed=options.seed) for point in shifted_hypotheses(analysis)
    )
    campaigns = (zero, *shifted)
    asked = campaigns if calibration is None else shifted
    answers = [law.answered(one) for one in asked]
    first = _first(zero, options.n_toys)
    checks = (
        fits_check(campaigns),
        t_check(zero, shifted, law),
        chi_square_check(campaigns, calibration, is_required=options.requires_chi_square),
        p_check(asked, answers, law),
        found_back_check(analysis, campaigns),
        closure_check(analysis, closure),
        size_check(analysis),
        draw_check(analysis, first, make=make, n_references=options.n_references, seed=options.seed),
        seeds_check(analysis, first, make),
    )
    p = {id(one): found.p for one, found in zip(asked, answers, strict=True)}
    shown = tuple(
        Point(point_text(one.hypothesis), valid_t(one), p.get(id(one), np.empty(0)), one.tau[np.isfinite(one.t)])
        for one in campaigns
    )
    return Validation(checks, shown, law.words, analysis.fingerprint())


def _null(analysis: Analysis, make: MakeToys, options: Options, given: Toys | None) -> tuple[Toys, Calibration | None]:
    """Toys at nu = 0, and the calibration that answers; None: the analytic null does."""
    if given is not None:
        return given, calibrate(given)
    if analysis.model.has_law(is_profiled=bool(analysis.nuisances)):
        return make(analysis, Null(), n_toys=options.n_toys, seed=options.seed), None
    toys = make(analysis, Null(), n_toys=options.n_null, seed=options.seed)
    return toys, calibrate(toys)


def _check_null(analysis: Analysis, null: Toys | None) -> None:
    if null is None:
        return
    require_kind(null, Toys, name="null")
    if not isinstance(null.hypothesis, Null) or null.fingerprint != analysis.fingerprint():
        raise InputError(
            "null must be toys of this analysis at nu = 0, but toys of "
            f"{null.hypothesis.describe()} of {null.fingerprint[:12]} came; give run_toys(analysis, Null(), ...)"
        )


def _first(toys: Toys, n_toys: int) -> Toys:
    """The first ones by their index, at most so many, before the first that is not there."""
    return toys.first(min(n_toys, int(np.sum(toys.index == np.arange(toys.n_toys)))))


def _silent(n_done: int, n_total: int) -> None:
    """Many short campaigns would each draw a line of their own."""
