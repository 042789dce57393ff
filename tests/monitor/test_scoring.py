"""The t of a batch is that of an analysis with as many expected events, by whatever way it is found."""

import numpy as np
import pytest

import wilks
from wilks.monitor.scoring import FittedScorer, LinearScorer, at_size, scorer_of

from tests.monitor.conftest import MODELS, analysis_of, draw

EDGES = (-np.inf, 0.0, 1.0, np.inf)


@pytest.mark.parametrize("name", ["kernel", "histogram"])
@pytest.mark.parametrize("n", [60, 150])
def test_it_is_the_t_of_a_fit(name: str, n: int) -> None:
    """Bins by edges: those that a reference cuts depend on the last bits of its weights."""
    model = MODELS[name] if name == "kernel" else wilks.Histogram(edges=(EDGES, (0.0, 0.5, 1.5, np.inf)))
    analysis, batch = analysis_of(name, model=model), draw(np.random.default_rng(3), n)
    fresh = wilks.Analysis(reference=analysis.reference, model=model, expected_events=n)
    expected = wilks.fit(fresh, batch).t
    assert scorer_of(analysis).scores([batch])[0] == pytest.approx([expected], rel=1e-9)
    assert FittedScorer(analysis).scores([batch])[0] == pytest.approx([expected], rel=1e-9)


def test_members_of_a_set_have_the_t_of_their_fits() -> None:
    analysis, batch = analysis_of("set"), draw(np.random.default_rng(3), 150)
    members = wilks.fit(at_size(analysis, n_events=150), batch).members
    assert scorer_of(analysis).scores([batch])[0] == pytest.approx([one.t for one in members], rel=1e-9)


@pytest.mark.parametrize("name", list(MODELS))
def test_batches_that_are_rows_of_events_give_the_same(name: str) -> None:
    rng = np.random.default_rng(4)
    events, scorer = draw(rng, 500), scorer_of(analysis_of(name))
    rows = np.stack([rng.choice(500, 80, replace=False) for _ in range(40)])
    np.testing.assert_allclose(
        scorer.scores_of_rows(events, rows), scorer.scores([events[some] for some in rows]), rtol=1e-9
    )


def test_sums_of_a_window_are_those_of_its_events() -> None:
    rng, scorer = np.random.default_rng(5), scorer_of(analysis_of("set"))
    assert isinstance(scorer, LinearScorer)
    batches = [draw(rng, n) for n in (60, 90)]
    together = scorer.scores_of(np.sum(scorer.sums(batches), axis=0)[None], np.array([150.0]))
    np.testing.assert_allclose(together, scorer.scores([np.concatenate(batches)]), rtol=1e-9)


def test_what_is_stored_gives_the_same_bits() -> None:
    scorer, batch = scorer_of(analysis_of("set")), draw(np.random.default_rng(6), 100)
    assert isinstance(scorer, LinearScorer)
    again = LinearScorer.from_document(scorer.to_document())
    assert again.scores([batch]).tolist() == scorer.scores([batch]).tolist()


def test_toys_of_windows_are_those_of_good_events() -> None:
    """Mean and variance of the statistics over 1 + n/N, against windows and held-out events that are all drawn."""
    rng = np.random.default_rng(7)
    for name in MODELS:
        scorer = scorer_of(analysis_of(name))
        events = draw(rng, 2_000)
        toys = scorer.window_toys(events, sizes=(400, 2_000), n_toys=4_000, rng=rng)
        sums = scorer.sums([draw(rng, 400) for _ in range(3_000)])
        for row, n in zip(toys, (400, 2_000), strict=True):
            k = n // 400
            window = sums[: 500 * k].reshape(500, k, -1).sum(axis=1)
            centers = sums[-2_500:].reshape(500, 5, -1).sum(axis=1) / 2_000
            q = [
                scorer.scores_of(one[None], np.array([float(n)]), center=center)[0] / (1.0 + n / 2_000)
                for one, center in zip(window, centers, strict=True)
            ]
            error = np.std(q, axis=0) / np.sqrt(500)
            assert np.all(np.abs(np.mean(q, axis=0) - np.mean(row, axis=0)) < 4.5 * error), (name, n)
            np.testing.assert_allclose(np.var(q, axis=0), np.var(row, axis=0), rtol=0.4)


def test_one_feature_has_the_same_sums_by_tables_and_event_by_event() -> None:
    rng = np.random.default_rng(8)
    first, second = (wilks.Sample(rng.exponential(size=n)) for n in (1_000, 1_000))
    analysis = wilks.Analysis(reference=first, toy_source=second, model=MODELS["set"], expected_events=100)
    scorer, batches = scorer_of(analysis), list(rng.exponential(size=(600, 100, 1)))
    one_by_one = np.concatenate([scorer.scores([batch]) for batch in batches])
    np.testing.assert_allclose(scorer.scores(batches), one_by_one, rtol=1e-6)
