import numpy as np
import pytest

from wilks.campaign import FolderStore, MemoryStore
from wilks.campaign.block import make_toy, make_toys, run_block, run_stored_block
from wilks.fitting import fit_events
from wilks.hypotheses import Generator, Null
from wilks.toys import draw_toy
from wilks.typing import FitStatus


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


def test_a_block_is_written_once(make_row) -> None:
    writes = []

    class Store(MemoryStore):
        def write(self, rows):
            writes.append(len(rows))
            super().write(rows)

    asked = []

    def make(indices):
        asked.append(list(indices))
        return [make_row(index) for index in indices]

    assert run_block(Store(), range(5), make=make, n_together=2) == 5
    assert writes == [5] and asked == [[0, 1], [2, 3], [4]]


def test_a_stored_block_follows_the_plan_in_the_folder(tmp_path, analysis, make_row, monkeypatch) -> None:
    """The same folder with another plan is another store, also in a process that has seen the first."""
    made = []

    def make(analysis, hypothesis, *, seed, indices):
        made.extend((analysis.toy_source.name, seed, index) for index in indices)
        return [make_row(index) for index in indices]

    monkeypatch.setattr("wilks.campaign.block.make_toys", make)
    FolderStore(tmp_path / "a", analysis=analysis, hypothesis=Null(), seed=1)
    assert run_stored_block(str(tmp_path / "a"), 2, 3) == 2
    (tmp_path / "a").rename(tmp_path / "old")
    FolderStore(tmp_path / "a", analysis=analysis, hypothesis=Null(), seed=7)
    assert run_stored_block(str(tmp_path / "a"), 4, 4) == 1
    assert made == [(analysis.toy_source.name, seed, index) for seed, index in ((1, 2), (1, 3), (7, 4))]
    store = FolderStore(tmp_path / "a", analysis=analysis, hypothesis=Null(), seed=7)
    assert [row.index for row in store.read()] == [4]


def test_a_toy_alone_is_the_toy_of_a_block(tmp_path, analysis) -> None:
    FolderStore(tmp_path / "a", analysis=analysis, hypothesis=Null(), seed=1)
    run_stored_block(str(tmp_path / "a"), 4, 6)
    rows = FolderStore.open(tmp_path / "a").read()
    alone = [make_toy(analysis, Null(), seed=1, index=index) for index in (6, 4, 5)]
    assert [row.t for row in rows] == [alone[1].t, alone[2].t, alone[0].t]
    assert [row.params for row in rows] == [alone[1].params, alone[2].params, alone[0].params]


def test_toys_made_side_by_side_are_those_made_alone(make_analysis) -> None:
    """With one lane, as here."""
    analysis = make_analysis(Generator("campaign_generators:gated"))
    together = make_toys(analysis, Null(), seed=1, indices=[4, 6, 5])
    alone = [make_toy(analysis, Null(), seed=1, index=index) for index in (4, 6, 5)]
    assert [(row.index, row.t, row.params) for row in together] == [(row.index, row.t, row.params) for row in alone]
    broken = make_analysis(lambda rng, n, nuisances: 1 / 0)
    assert [row.status for row in make_toys(broken, Null(), seed=1, indices=[2, 3])] == [FitStatus.NOT_DRAWN] * 2


def test_one_toy_that_cannot_be_drawn_leaves_the_others_of_its_batch(make_analysis) -> None:
    whole = make_analysis(Generator("campaign_generators:gated"))
    sizes = [draw_toy(whole, Null(), seed=1, index=index).shape[0] for index in (4, 5, 6)]

    def draw(rng, n, nuisances):
        return rng.exponential(size=n if n != sizes[1] else n - 1)

    rows = make_toys(make_analysis(draw), Null(), seed=1, indices=[4, 5, 6])
    alone = [make_toy(whole, Null(), seed=1, index=index) for index in (4, 5, 6)]
    assert len(set(sizes)) == 3, "the sizes must differ for one toy to fail"
    assert [row.index for row in rows] == [4, 5, 6] and rows[1].status == FitStatus.NOT_DRAWN
    assert [rows[0].t, rows[2].t] == [alone[0].t, alone[2].t]


def test_a_toy_of_no_events_is_fitted(make_analysis) -> None:
    analysis = make_analysis(Generator("numpy:zeros"))
    fit = fit_events(analysis, np.empty((0, 1)))
    assert fit.n_events == 0 and fit.t >= 0
