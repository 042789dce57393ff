"""Splitting of toys of an analysis, against plain toys; answers by it. Keys are fixed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.errors import CalibrationError, InputError
from wilks.hypotheses import Null
from wilks.laws.splitting import Tail
from wilks.laws.splitting import toys as toys_of_splitting
from wilks.laws.splitting.law import SplitLaw
from wilks.laws.splitting.toys import ToyPopulations, ToySums, require_splittable, split_toys
from wilks.statistics.law import Refusal

N_EXPECTED, USUAL = 100.0, 1_000  # events, and particles of a run


def draw(rng: np.random.Generator, n: int, nuisances: object) -> np.ndarray:
    return rng.exponential(size=(n, 1))


def weighted_pool() -> wilks.Sample:
    """Events of 1.2 times the mean, with weights that undo it."""
    x = 1.2 * np.random.default_rng(5).exponential(size=20_000)
    return wilks.Sample(x, np.exp(-x + x / 1.2))


SOURCES = {
    "generator": wilks.Generator(draw),
    "pool": wilks.Sample(np.random.default_rng(4).exponential(size=20_000)),
    "small pool": wilks.Sample(np.random.default_rng(4).exponential(size=1_000)),
    "weighted pool": weighted_pool(),
}
MODELS = {
    "kernel": wilks.Kernel(n_centers=20, width=1.0, ridge=1.0, is_score=True),
    "set": wilks.KernelSet(widths=(0.5, 2.0), ridges=(0.3, 3.0), n_centers=20),
}


def analysis_of(source: str = "generator", model: str = "set") -> wilks.Analysis:
    reference = wilks.Sample(np.random.default_rng(1).exponential(size=5_000))
    return wilks.Analysis(
        reference=reference, model=MODELS[model], expected_events=N_EXPECTED, toy_source=SOURCES[source]
    )


DATA = wilks.Sample(np.append(np.random.default_rng(3).exponential(size=100), np.full(6, 4.5)))


@pytest.mark.parametrize("model", MODELS)
def test_sums_give_the_t_of_the_fit(model: str) -> None:
    analysis = analysis_of(model=model)
    fit = wilks.fit(analysis, DATA)
    assert ToySums(analysis.engine, DATA.events).observed() == pytest.approx(fit.t, rel=1e-7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source", ["generator", pytest.param("pool", marks=pytest.mark.nightly), "small pool", "weighted pool"]
)
def test_particles_have_the_law_of_toys(source: str) -> None:
    """Mean, spread and the share beyond 90 % of 1,500 toys, against those of 8 populations; 4 errors."""
    analysis = analysis_of(source)
    t = toys_here(analysis, Null(), n_toys=1_500, seed=2).t
    make = ToyPopulations(analysis, Null())
    made = [make(np.random.default_rng(k)).drawn(1_000, np.random.default_rng(100 + k)).t for k in range(8)]
    mine, limit = np.concatenate(made), np.quantile(t, 0.9)
    between = np.std([np.mean(one) for one in made]) / np.sqrt(8)
    assert abs(mine.mean() - t.mean()) < 4 * np.hypot(t.std() / np.sqrt(t.size), between)
    assert mine.std() == pytest.approx(t.std(), rel=0.12)
    assert np.mean(mine >= limit) == pytest.approx(0.1, abs=0.04)


@dataclass(frozen=True)
class Answered:
    """By splitting with so many particles in a run, and where its runs are kept."""

    n_particles: int
    analysis: wilks.Analysis
    result: wilks.GoodnessOfFit
    store: Path


def answer(analysis: wilks.Analysis, n_particles: int, store: Path | None = None) -> wilks.GoodnessOfFit:
    with pytest.MonkeyPatch.context() as patch:
        if n_particles != USUAL:
            patch.setattr(toys_of_splitting, "n_particles_for", lambda n_numbers: n_particles)
        return wilks.goodness_of_fit(analysis, DATA, reach=1e-7, store=store)


@pytest.fixture(scope="module", params=[200, pytest.param(USUAL, marks=pytest.mark.nightly)])
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Answered:
    analysis, store = analysis_of("pool"), tmp_path_factory.mktemp("splitting") / "runs"
    return Answered(request.param, analysis, answer(analysis, request.param, store), store)


def test_a_set_is_answered_without_a_calibration(answered: Answered) -> None:
    result = answered.result
    assert result.method == "splitting" and 1e-7 < result.p_value < 1e-2
    assert result.p_value == answer(answered.analysis, answered.n_particles).p_value
    assert result.interval[0] < result.p_value < result.interval[1]
    assert f"estimated by multilevel splitting: 8 runs of {answered.n_particles:,} toys" in str(result)
    assert isinstance(result.law, SplitLaw) and isinstance(result.law.probability(1.0), Refusal)
    assert len(result.to_dict()["splitting"]["runs"]) == 8  # type: ignore[index]


@pytest.mark.parametrize(
    ("n_toys", "n_particles"), [(2_000, 400), pytest.param(4_000, USUAL, marks=pytest.mark.nightly)]
)
def test_p_agrees_with_plain_toys_and_is_counted_where_it_can_be(
    n_toys: int, n_particles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of so many toys enough reach t to be counted, of 200 of them not; 4 errors of both."""
    monkeypatch.setattr(toys_of_splitting, "n_particles_for", lambda n_numbers: n_particles)
    analysis = analysis_of("pool", "kernel")
    toys = toys_here(analysis, Null(), n_toys=n_toys, seed=2)
    calibration, few = wilks.calibrate(toys), wilks.calibrate(toys.t[:200])
    data = wilks.Sample(np.append(np.random.default_rng(8).exponential(size=100), np.full(7, 4.5)))
    counted = wilks.goodness_of_fit(analysis, data, calibration=calibration, reach=1e-7)
    split = wilks.goodness_of_fit(analysis, data, calibration=few, reach=1e-7)
    assert (counted.method, split.method) == ("empirical", "splitting")
    hits = calibration.count(counted.t)
    error = np.hypot(1.0 / np.sqrt(hits), split.law.tail.relative_error)  # type: ignore[union-attr]
    assert abs(np.log(split.p_value / counted.p_value)) < 4 * error


@pytest.mark.usefixtures("cheap_figures")
def test_what_is_saved_is_loaded_and_reported(answered: Answered, tmp_path: Path) -> None:
    result = answered.result
    result.save(tmp_path / "answer")
    loaded = wilks.load(tmp_path / "answer")
    assert (loaded.p_value, loaded.p_text, loaded.method) == (result.p_value, result.p_text, "splitting")
    assert wilks.load(answered.store) == result.law.tail  # type: ignore[union-attr]
    page = wilks.write_report(loaded, tmp_path / "page.html", analysis=answered.analysis, data=DATA).read_text()
    assert "multilevel splitting" in page and "Runs of splitting" in page


FITTED = {
    "kernel with a nuisance": (MODELS["kernel"], [wilks.Nuisance("tilt", 0.1, log_ratio=lambda x, nu: nu * x[:, 0])]),
    "converged set": (wilks.KernelSet(widths=(0.5, 2.0), n_centers=20, is_score=False), []),
    "histogram with a nuisance": (
        wilks.Histogram(n_bins=6),
        [wilks.Nuisance("tilt", 0.1, log_ratio=lambda x, nu: nu * x[:, 0])],
    ),
}


@pytest.mark.parametrize(
    ("name", "n_toys", "n_beyond"),
    [
        ("converged set", 300, 30),
        pytest.param("converged set", 1_500, 30, marks=pytest.mark.nightly),
        pytest.param("kernel with a nuisance", 300, 45, marks=pytest.mark.nightly),
        pytest.param("histogram with a nuisance", 200, 30, marks=pytest.mark.nightly),
    ],
)
def test_where_every_toy_is_fitted_p_agrees_with_plain_toys(
    name: str, n_toys: int, n_beyond: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain toys against 50 particles in each of 8 runs; 4 errors of both."""
    monkeypatch.setattr(toys_of_splitting, "N_FITTED", 50)
    model, nuisances = FITTED[name]
    analysis = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(1).exponential(size=5_000)),
        model=model,
        nuisances=nuisances,
        expected_events=N_EXPECTED,
        toy_source=SOURCES["pool"],
    )
    toys = toys_here(analysis, Null(), n_toys=n_toys, seed=2)
    limit = float(np.sort(toys.t)[-n_beyond])
    tail = split_toys(analysis, Null(), t=limit, data=DATA, reach=1e-4)
    assert isinstance(tail, Tail) and len(tail.runs) == 8
    error = np.hypot(1.0 / np.sqrt(n_beyond), tail.relative_error)
    assert abs(tail.log_p - np.log(n_beyond / n_toys)) < 4 * error
    assert all(run.least_moved > 0.2 for run in tail.runs)


@pytest.mark.nightly
def test_measurements_move_with_events() -> None:
    """Auxiliary measurements of particles keep their law, those of a level included: here nothing depends on them."""
    analysis = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(1).exponential(size=5_000)),
        model=MODELS["kernel"],
        nuisances=FITTED["kernel with a nuisance"][1],
        expected_events=N_EXPECTED,
        toy_source=SOURCES["pool"],
    )
    rng = np.random.default_rng(3)
    particles = ToyPopulations(analysis, Null())(rng).drawn(200, rng)
    before = particles.kept.copy()
    for _ in range(3):
        particles.move(0.0, size=0.3, rng=rng)
    moved = np.mean(particles.kept != before)
    assert 0.5 < moved < 0.8  # 1 - .7^3 = .66
    assert abs(particles.kept.std() - 0.1) < 0.03 and abs(particles.kept.mean()) < 0.03


def test_networks_and_other_options_are_refused_before_the_fit() -> None:
    network = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(1).exponential(size=500)),
        model=wilks.MLP(hidden=(4,), weight_clip=9.0),
        expected_events=50,
        toy_source=wilks.Generator(draw),
    )
    with pytest.raises(CalibrationError, match="reach needs a model whose fit has one minimum"):
        wilks.goodness_of_fit(network, DATA, reach=1e-7)
    with pytest.raises(CalibrationError, match="one minimum"):
        require_splittable(network)
    with pytest.raises(InputError, match="reach must be a p"):
        wilks.goodness_of_fit(analysis_of(), DATA, reach=2.0)
