"""Toys of every family: made, kept, read back, and the same toys whoever makes them."""

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.typing import FitStatus

N_FEW = 3


def test_toys_are_fitted_and_complete(case, workshop):
    toys, analysis = workshop.toys(case), workshop.analysis(case)
    assert toys.n_toys == 12 and toys.n_failed == 0 and (toys.status == FitStatus.CONVERGED).all()
    assert toys.fingerprint == analysis.fingerprint() and toys.is_penalized == analysis.model.is_penalized
    assert np.array_equal(toys.index, np.arange(12)) and np.all(toys.t > 0) and 70 < np.mean(toys.n_events) < 130
    expected = float(analysis.n_parameters) if case.family.has_chi_square else None
    assert toys.degrees_of_freedom == expected
    assert all(len(row.params) == analysis.n_parameters for row in toys.rows)
    assert all(len(row.observed) == len(row.nuisances) == 2 * case.is_profiled for row in toys.rows)


def test_all_families_see_the_same_toys(families, workshop, cases):
    counts = {tuple(workshop.toys(case).n_events) for case in cases}
    assert len(counts) == 1, "the events of a toy depend on the hypothesis, the seed and its index alone"


def test_stored_toys_are_read_back_as_they_were(case, workshop):
    toys = workshop.toys(case)
    loaded = wilks.load_toys(workshop.place(case) / "toys")
    assert repr(loaded.rows) == repr(toys.rows), "every number to the last bit, NaN where it was"
    assert (loaded.fingerprint, loaded.seed, loaded.hypothesis) == (toys.fingerprint, toys.seed, toys.hypothesis)
    assert loaded.is_penalized == toys.is_penalized and loaded.n_parameters == toys.n_parameters


def test_toys_in_memory_are_those_of_a_store(case, workshop):
    """To the last bit, though they are fitted in other groups."""
    few = toys_here(workshop.analysis(case), wilks.Null(), n_toys=N_FEW, seed=1)
    assert few.t.tolist() == workshop.toys(case).t[:N_FEW].tolist()


def test_toys_at_shifted_nuisances(case, workshop):
    hypothesis, analysis = wilks.ShiftedNuisance({"scale": 0.2}), workshop.analysis(case)
    if not case.is_profiled:
        with pytest.raises(wilks.InputError, match="scale"):
            toys_here(analysis, hypothesis, n_toys=N_FEW, seed=1)
        return
    toys = toys_here(analysis, hypothesis, n_toys=N_FEW, seed=1)
    assert toys.n_failed == 0 and toys.hypothesis == hypothesis
    observed = np.array([row.observed for row in toys.rows])[:, 0]
    assert np.all(np.abs(observed - 0.2) < 4 * 0.1) and not np.array_equal(observed, np.full(N_FEW, 0.2))


def test_toys_speak_in_text(case, workshop):
    toys = workshop.toys(case)
    assert f"{toys.n_toys} toys" in str(toys)


def test_toys_of_an_alternative_have_a_larger_t(case, workshop):
    """As many events of density x^2 exp(-x) / 2 in place of exp(-x)."""
    other = wilks.Alternative(source=wilks.Generator("wilks.problems.exponential:np2"), expected_events=100)
    toys = toys_here(workshop.analysis(case), other, n_toys=N_FEW, seed=1)
    assert toys.n_failed == 0 and np.min(toys.t) > np.max(workshop.toys(case).t)
    with pytest.raises(wilks.CalibrationError, match="null"):
        wilks.goodness_of_fit(workshop.analysis(case), workshop.data(), calibration=wilks.calibrate(toys))
