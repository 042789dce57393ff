import errno
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import MemoryStore, load_toys, plan_toys
from wilks.campaign.processes import _error
from wilks.campaign.shard import SECONDS_BETWEEN_WRITES, make_toys, run_block, run_shard, run_stored_shard
from wilks.errors import FaultError, InputError, StoreError, is_fault
from wilks.fitting import fit_events
from wilks.hypotheses import Alternative, Generator, Null, ShiftedNuisance
from wilks.nuisances import normalization
from wilks.statistics.histogram import Histogram
from wilks.toys import draw_auxiliaries, draw_toy
from wilks.typing import FitStatus


def make_toy(analysis, hypothesis, *, seed, index):
    return make_toys(analysis, hypothesis, seed=seed, indices=[index])[0]


def test_a_toy_is_the_fit_of_its_events(analysis) -> None:
    row = make_toy(analysis, Null(), seed=1, index=3)
    fit = fit_events(analysis, draw_toy(analysis, Null(), seed=1, index=3))
    assert (row.index, row.t, row.n_events, row.params) == (3, fit.t, fit.n_events, tuple(fit.params))
    assert row.seconds > 0


def test_a_toy_that_cannot_be_drawn_is_a_row(make_analysis) -> None:
    analysis = make_analysis(lambda rng, n, nuisances: 1 / 0)
    row = make_toy(analysis, Null(), seed=1, index=3)
    assert row.status == FitStatus.NOT_DRAWN and "ZeroDivisionError" in row.reason and np.isnan(row.t)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interruption_keeps_the_finished_toys(make_row, error) -> None:
    def make(indices):
        if 3 in indices:
            raise error
        return [make_row(index) for index in indices]

    store = MemoryStore()
    with pytest.raises(error):
        run_block(store, range(1, 6), make=make)
    assert [row.index for row in store.read()] == [1, 2]


class Ticks:
    """A clock that shows what it is told."""

    def __init__(self, times):
        self._times = iter(times)

    def __call__(self):
        return next(self._times)


@pytest.mark.parametrize(
    ("times", "writes"),
    [
        ([0.0] * 9, []),
        ([0.0, 1.0, SECONDS_BETWEEN_WRITES + 1, SECONDS_BETWEEN_WRITES + 1, 20.0, 20.0, 20.0], [2]),
        ([0.0, -5.0, -5.0, -4.0, 1e9, 1e9, 1e9, 1e9], [1, 2]),
    ],
)
def test_what_takes_long_is_kept_on_the_way(make_row, times, writes) -> None:
    """Also by a clock that jumps, which changes nothing else."""
    seen = []

    class Store(MemoryStore):
        def write(self, rows):
            seen.append(len(rows))
            super().write(rows)

    rows = run_block(Store(), range(5), make=lambda indices: list(map(make_row, indices)), clock=Ticks(times))
    assert [row.index for row in rows] == [0, 1, 2, 3, 4] and seen == writes


def test_toys_are_made_a_few_at_a_time(make_row) -> None:
    asked = []

    def make(indices):
        asked.append(list(indices))
        return [make_row(index) for index in indices]

    assert len(run_block(MemoryStore(), range(5), make=make, n_together=2)) == 5
    assert asked == [[0, 1], [2, 3], [4]]


def test_a_shard_takes_up_what_is_there_and_is_made_once(ledger, make_row) -> None:
    asked = []

    def make(indices):
        asked.extend(indices)
        return [make_row(index) for index in indices]

    shard = ledger.plan.shard(1)
    ledger.write([make_row(3), make_row(4), make_row(5)])
    assert run_shard(ledger, shard, make=make) == 2 and asked == [6, 7]
    assert ledger.read_shard(shard)["index"].to_pylist() == [4, 5, 6, 7]
    assert run_shard(ledger, shard, make=make) == 0 and asked == [6, 7]


def test_a_shard_that_cannot_be_written_keeps_its_toys(ledger, make_row, monkeypatch) -> None:
    def fail(*arguments):
        raise StoreError("no room")

    make = lambda indices: [make_row(index) for index in indices]  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(type(ledger), "finish", fail)
        with pytest.raises(StoreError, match="no room"):
            run_shard(ledger, ledger.plan.shard(2), make=make)
    assert ledger.table()["index"].to_pylist() == [8, 9]
    assert run_shard(ledger, ledger.plan.shard(2), make=make) == 0


def test_a_stored_shard_follows_the_plan_in_the_folder(tmp_path, analysis, make_row, monkeypatch) -> None:
    """The same folder with another plan is another campaign, also in a process that has seen the first."""
    made = []

    def make(analysis, hypothesis, *, seed, indices, keep_params):
        made.extend((analysis.toy_source.name, seed, index) for index in indices)
        return [make_row(index) for index in indices]

    monkeypatch.setattr("wilks.campaign.shard.make_toys", make)
    folder = tmp_path / "a"
    plan_toys(analysis, Null(), n_toys=4, seed=1, folder=folder, shard_size=2)
    assert run_stored_shard(str(folder), 1) == 2
    plan_toys(analysis, Null(), n_toys=5, seed=1, folder=folder, shard_size=2)
    assert run_stored_shard(str(folder), 2) == 1
    folder.rename(tmp_path / "old")
    plan_toys(analysis, Null(), n_toys=4, seed=7, folder=folder, shard_size=2)
    assert run_stored_shard(str(folder), 0) == 2
    name = analysis.toy_source.name
    assert made == [(name, seed, index) for seed, index in ((1, 2), (1, 3), (1, 4), (7, 0), (7, 1))]


def test_hypotheses_of_one_analysis_share_what_is_compiled_for_it(tmp_path, analysis, make_row, monkeypatch) -> None:
    seen = []

    def make(analysis, hypothesis, *, seed, indices, keep_params):
        seen.append(analysis)
        return [make_row(index) for index in indices]

    monkeypatch.setattr("wilks.campaign.shard.make_toys", make)
    hypotheses = (Null(), Alternative(signal=Generator("wilks.problems.exponential:np1"), n_signal=1))
    for k, hypothesis in enumerate(hypotheses):
        plan_toys(analysis, hypothesis, n_toys=1, seed=1, folder=tmp_path / f"{k}")
        run_stored_shard(str(tmp_path / f"{k}"), 0)
    assert seen[0] is seen[1] and seen[0] is not analysis


def test_a_toy_keeps_its_nuisances_and_auxiliary_measurements(analysis) -> None:
    shaken = Analysis(
        reference=analysis.reference,
        model=Histogram(n_bins=5),
        nuisances=(normalization("normalization", sigma=0.1),),
        toy_source=analysis.toy_source,
    )
    hypothesis = ShiftedNuisance({"normalization": 0.3})
    row = make_toy(shaken, hypothesis, seed=1, index=0)
    observed = draw_auxiliaries(shaken, hypothesis, seed=1, index=0)
    fit = fit_events(shaken, draw_toy(shaken, hypothesis, seed=1, index=0), observed)
    assert row.observed == tuple(observed) and (row.t, row.tau, row.delta) == (fit.t, fit.tau, fit.delta)
    assert row.t == pytest.approx(row.tau - row.delta, abs=1e-12) and row.delta > 0
    assert row.delta_nuisances == (fit.delta_nuisances[0].value,) and row.nuisances == (fit.nuisances[0].value,)
    assert row.delta_kkt_residual < 1e-8 and row.hypothesis == "ShiftedNuisance(normalization=0.3)"


def test_a_shard_that_fails_says_so_in_the_folder(ledger, make_row, monkeypatch) -> None:
    def fail(*arguments, **options):
        raise ZeroDivisionError("of all things")

    folder = str(ledger.folder)
    with monkeypatch.context() as patch:
        patch.setattr("wilks.campaign.shard.make_toys", fail)
        with pytest.raises(ZeroDivisionError):
            run_stored_shard(folder, 1)
    assert list(ledger.failures()) == [1] and ledger.failures()[1]["error"] == "ZeroDivisionError: of all things"
    with pytest.raises(InputError, match="shard must be one of 0 to 2, but 3 came"):
        run_stored_shard(folder, 3)
    monkeypatch.setattr("wilks.campaign.shard.make_toys", lambda *a, indices, **o: list(map(make_row, indices)))
    run_stored_shard(folder, 1)
    assert ledger.failures() == {}


def test_a_toy_alone_is_the_toy_of_a_shard(tmp_path, analysis) -> None:
    plan_toys(analysis, Null(), n_toys=3, seed=1, folder=tmp_path / "a", shard_size=3)
    run_stored_shard(str(tmp_path / "a"), 0)
    rows = load_toys(tmp_path / "a").rows
    alone = {index: make_toy(analysis, Null(), seed=1, index=index) for index in (2, 0, 1)}
    assert [row.t for row in rows] == [alone[index].t for index in range(3)]
    assert [row.params for row in rows] == [alone[index].params for index in range(3)]


def test_a_shard_finds_the_generator_where_the_plan_found_it(tmp_path, make_analysis, python) -> None:
    """In a process that knows nothing of the folder; a module of this package is not noted."""
    folder = tmp_path / "a"
    analysis = make_analysis(Generator("campaign_generators:gated"))
    hypothesis = Alternative(signal=Generator("wilks.problems.exponential:background"), n_signal=3)
    ledger = plan_toys(analysis, hypothesis, n_toys=1, seed=1, folder=folder)
    (place,) = ledger.document["module_folders"]
    assert (Path(place) / "campaign_generators.py").exists()
    code = (
        "import sys; from wilks.campaign import Ledger; from wilks.campaign.modules import use_modules; "
        "from wilks.campaign.shard import _identity, _open; ledger = Ledger.open(sys.argv[1]); "
        "use_modules(ledger.folder, ledger.document); "
        "print(_open(sys.argv[1], identity=_identity(ledger)).analysis.toy_source.name)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-c", code, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert found.stdout == "campaign_generators:gated\n", found.stderr


def test_params_are_kept_when_the_plan_says_so(tmp_path, analysis, make_row) -> None:
    for keep in (True, False):
        folder = tmp_path / str(keep)
        ledger = plan_toys(analysis, Null(), n_toys=1, seed=1, folder=folder, keep_params=keep)
        run_stored_shard(str(folder), 0)
        assert [len(row.params) for row in load_toys(folder).rows] == [4 if keep else 0]
        assert ledger.keep_params == keep
    with pytest.raises(StoreError, match="keep_params differ"):
        plan_toys(analysis, Null(), n_toys=1, seed=1, folder=folder, keep_params=True)


@pytest.mark.parametrize("kind", ["kernel_analysis", pytest.param("analysis", marks=pytest.mark.nightly)])
def test_toys_made_side_by_side_are_those_made_alone(kind: str, request, make_analysis) -> None:
    """With one lane, as here; the fits of a network: tests/test_fitting_bits.py."""
    analysis = request.getfixturevalue(kind)
    together = make_toys(analysis, Null(), seed=1, indices=[4, 6, 5])
    alone = [make_toy(analysis, Null(), seed=1, index=index) for index in (4, 6, 5)]
    assert [(row.index, row.t, row.params) for row in together] == [(row.index, row.t, row.params) for row in alone]
    broken = make_analysis(lambda rng, n, nuisances: 1 / 0)
    assert [row.status for row in make_toys(broken, Null(), seed=1, indices=[2, 3])] == [FitStatus.NOT_DRAWN] * 2


def test_one_toy_that_cannot_be_drawn_leaves_the_others_of_its_batch(kernel_analysis) -> None:
    whole = kernel_analysis
    indices = [4, 5, 6, 7]
    sizes = [draw_toy(whole, Null(), seed=1, index=index).shape[0] for index in indices]

    def draw(rng, n, nuisances):
        return rng.exponential(size=n if n != sizes[1] else n - 1)

    spoiled = Analysis(reference=whole.reference, model=whole.model, toy_source=draw)
    rows = make_toys(spoiled, Null(), seed=1, indices=indices)
    alone = [make_toy(whole, Null(), seed=1, index=index) for index in indices]
    assert sizes.count(sizes[1]) == 1, "its size must differ for one toy to fail"
    assert [row.index for row in rows] == indices and rows[1].status == FitStatus.NOT_DRAWN
    assert [rows[k].t for k in (0, 2, 3)] == [alone[k].t for k in (0, 2, 3)]


def test_a_toy_of_no_events_is_fitted(make_analysis) -> None:
    analysis = make_analysis(Generator("numpy:zeros"))
    fit = fit_events(analysis, np.empty((0, 1)))
    assert fit.n_events == 0 and fit.t >= 0


def test_a_full_disk_is_a_fault_also_in_another_process(analysis, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "toys"
    plan_toys(analysis, Null(), n_toys=1, seed=1, folder=folder)

    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("wilks.campaign.files.whole_file", full)
    with pytest.raises(FaultError, match="shard 0 met a fault of disk or network: toys cannot be written") as raised:
        run_stored_shard(str(folder), 0)
    travelled = _error({"error": str(raised.value), "kind": "FaultError", "traceback": ""})
    assert is_fault(travelled) and isinstance(travelled, FaultError)
