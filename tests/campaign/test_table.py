import dataclasses

import numpy as np
import pytest

from wilks.campaign import ToyRow, Toys
from wilks.campaign.table import SCHEMA, ToyIdentity, rows_of, table_of
from wilks.errors import InputError
from wilks.hypotheses import Null
from wilks.statistics.fits import Attempt, FitResult
from wilks.toys import toy_rng
from wilks.typing import FitStatus


def make_fit(status: FitStatus = FitStatus.CONVERGED) -> FitResult:
    t = float("nan") if status.is_failure else 3.5
    return FitResult(
        t=t,
        tau=t,
        delta=t - t,
        params=np.array([0.5, -1.0]),
        status=status,
        newton_decrement=1e-9,
        least_curvature=0.2,
        kkt_residual=1e-7,
        share_at_bound=0.5,
        n_starts=4,
        start_gap=0.25,
        start_t=np.array([3.0, 2.0]),
        attempts=(Attempt(FitStatus.NOT_CONVERGED, 3.0), Attempt(status, 3.5)),
        n_iterations=31,
        n_events=97,
        fingerprint="f",
    )


def identity(index: int) -> ToyIdentity:
    return ToyIdentity.of(Null(), seed=3, index=index, host="here")


@pytest.fixture
def toys() -> Toys:
    rows = (
        ToyRow.of_fit(identity(0), make_fit(), seconds=0.5),
        ToyRow.not_drawn(identity(1), "the generator raised", n_parameters=2),
        ToyRow.of_fit(identity(2), make_fit(FitStatus.NOT_CONVERGED), seconds=0.5),
        ToyRow.of_fit(identity(5), dataclasses.replace(make_fit(), t=7.5), seconds=0.25),
    )
    return Toys(
        table=table_of(rows),
        hypothesis=Null(),
        fingerprint="f",
        seed=3,
        n_parameters=2,
        expected_overlap_z_error=None,
    )


def test_a_row_takes_its_numbers_from_the_fit() -> None:
    fit, row = make_fit(), ToyRow.of_fit(identity(7), make_fit(), seconds=0.5)
    for name in ("t", "tau", "delta", "n_events", "kkt_residual", "newton_decrement", "start_gap", "n_iterations"):
        assert getattr(row, name) == getattr(fit, name)
    assert (row.index, row.status, row.seconds, row.reason, row.params) == (7, 0, 0.5, "", (0.5, -1.0))
    assert (row.attempt_status, row.attempt_t, row.n_attempts) == ((1, 0), (3.0, 3.5), 2)
    assert (row.hypothesis, row.host, row.nuisances) == ("Null()", "here", ())


def test_a_row_names_the_random_numbers_of_its_toy() -> None:
    row = ToyRow.of_fit(identity(7), make_fit(), seconds=0.5)
    key = row.key_high * 2**64 + row.key_low
    again = np.random.Generator(np.random.Philox(key=key))
    assert again.random() == toy_rng(Null(), seed=3, index=7).random()


def test_rows_come_back_from_their_table(make_row) -> None:
    rows = [make_row(0), make_row(3, params=(), nuisances=(), reason="why")]
    assert [repr(row) for row in rows_of(table_of(rows))] == [repr(row) for row in rows]
    assert table_of([]).schema == SCHEMA and rows_of(table_of([])) == []


def test_params_that_were_not_kept_are_said(toys) -> None:
    rows = [dataclasses.replace(row, params=()) for row in toys.rows]
    with pytest.raises(InputError, match="keep_params=True"):
        _ = dataclasses.replace(toys, table=table_of(rows)).params
    row = ToyRow.of_fit(identity(7), make_fit(), seconds=0.5, keep_params=False)
    assert row.params == ()


@pytest.mark.parametrize("status", [status for status in FitStatus if status.is_failure])
def test_a_failed_fit_keeps_its_reason_and_its_params(status) -> None:
    row = ToyRow.of_fit(identity(7), make_fit(status), seconds=0.5)
    assert np.isnan(row.t) and row.status == status and row.reason == status.message
    assert row.params == (0.5, -1.0)


def test_a_toy_that_was_not_drawn_is_a_row_with_its_reason() -> None:
    row = ToyRow.not_drawn(identity(4), "why", n_parameters=2)
    assert (row.index, row.status, row.reason, row.n_events) == (4, FitStatus.NOT_DRAWN, "why", 0)
    assert np.isnan([row.t, row.tau, row.delta, *row.params]).all() and len(row.params) == 2


def test_the_columns_of_the_table(toys) -> None:
    assert (toys.n_toys, toys.n_failed) == (4, 2)
    assert toys.index.tolist() == [0, 1, 2, 5]
    assert toys.status.tolist() == [0, 3, 1, 0]
    np.testing.assert_array_equal(toys.t, [3.5, np.nan, np.nan, 7.5])
    np.testing.assert_array_equal(np.isnan(toys.t), toys.status != FitStatus.CONVERGED)
    assert toys.n_events.tolist() == [97, 0, 97, 97]
    assert toys.n_starts.tolist() == [4, 0, 4, 4]
    assert toys.params.shape == (4, 2) and np.isnan(toys.params[1]).all()
    assert toys.seconds.tolist() == [0.5, 0.0, 0.5, 0.25]
    for name in ("newton_decrement", "kkt_residual", "share_at_bound", "start_gap"):
        assert getattr(toys, name).shape == (4,) and np.isnan(getattr(toys, name)[1])


def test_no_toys_are_an_empty_table(toys) -> None:
    none = dataclasses.replace(toys, table=table_of([]))
    assert (none.n_toys, none.n_failed, none.t.shape, none.params.shape) == (0, 0, (0,), (0, 2))
    assert none.index.dtype == np.int64 and str(none) == "0 toys of Null(), seed 3"


def test_the_text_of_the_table(toys) -> None:
    assert str(toys).splitlines() == [
        "4 toys of Null(), seed 3",
        "     mean  median  largest",
        "  t  5.50  5.50    7.50",
        f"1 failed: {FitStatus.NOT_CONVERGED.message}",
        f"1 failed: {FitStatus.NOT_DRAWN.message}",
    ]
