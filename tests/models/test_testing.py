"""Several models on one data set: the toys and answers of each alone, one corrected p, saved and gone on with."""

import dataclasses
import functools

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.errors import InputError
from wilks.laws.smallest import smallest_p
from wilks.models import testing
from wilks.problems import exponential
from wilks.selection.trials import with_model

from tests.lab.here import Here

N_TOYS, SEED = 19, 3
MODELS = {
    "default set": None,
    "kernel": wilks.Kernel(n_centers=10, width=1.0, is_score=True),
    "bins": wilks.Histogram(n_bins=10),
    "scan": wilks.Scan(),
}


def background(rng, n, nuisances):
    return exponential.background(rng, n, nuisances)


REFERENCE = wilks.Sample(np.random.default_rng(0).exponential(size=1_000), np.full(1_000, 0.1), features=("x",))


@functools.cache
def analysis() -> wilks.Analysis:
    return wilks.Analysis(reference=REFERENCE, toy_source=background)


DATA = np.random.default_rng(1).exponential(1.3, size=(110, 1))


@pytest.fixture(scope="module", autouse=True)
def _in_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wilks.selection.selecting.LocalProcesses", Here)
        yield


@pytest.fixture(scope="module")
def found():
    return wilks.model_table(analysis(), DATA, models=MODELS, n_toys=N_TOYS, seed=SEED)


def test_each_has_the_answer_that_it_has_alone(found):
    assert [one.name for one in found.rows] == list(MODELS) and found.n_events == 110
    for name in ("default set", "bins", "scan"):
        own = with_model(analysis(), MODELS[name] or wilks.KernelSet())
        toys = toys_here(own, wilks.Null(), n_toys=N_TOYS, seed=SEED)
        expected = wilks.goodness_of_fit(own, DATA, calibration=wilks.calibrate(toys))
        row = found.of(name)
        assert (row.t, row.p_value, row.p_text) == (expected.t, expected.p_value, expected.p_text)
        assert row.described == own.model.describe() and row.seconds > 0.0


def test_the_corrected_p_is_of_the_joint_law(found):
    own = [with_model(analysis(), MODELS[name]) for name in ("bins", "scan")]
    t = np.array([found.of(name).t for name in ("bins", "scan")])
    toys = np.array([toys_here(one, wilks.Null(), n_toys=N_TOYS, seed=SEED).t for one in own])
    two = wilks.model_table(
        analysis(), DATA, models={name: MODELS[name] for name in ("bins", "scan")}, n_toys=N_TOYS, seed=SEED
    )
    assert two.p_value == smallest_p(t, toys).p_value >= two.best.p_value
    assert found.p_value >= found.best.p_value and "is not a p-value" in str(found)


def test_it_is_saved_and_loaded(found, tmp_path):
    found.save(tmp_path / "table")
    again = wilks.load(tmp_path / "table")
    assert str(again) == str(found) and again.to_dict() == found.to_dict()


def test_toys_that_are_there_are_not_made_again(found, monkeypatch):
    own = with_model(analysis(), MODELS["bins"])
    there = toys_here(own, wilks.Null(), n_toys=N_TOYS + 3, seed=SEED)
    wanted = {"bins": MODELS["bins"], "same": MODELS["bins"]}
    monkeypatch.setattr(testing, "kept_toys", lambda *_, **__: pytest.MonkeyPatch.context())  # makes none
    table = wilks.model_table(analysis(), DATA, models=wanted, n_toys=N_TOYS, seed=SEED, made=(there,))
    assert table.of("same").t == found.of("bins").t and table.p_value == table.best.p_value
    with pytest.raises(TypeError):  # of another seed there are none
        wilks.model_table(analysis(), DATA, models=wanted, n_toys=N_TOYS, seed=SEED + 1, made=(there,))


def test_a_failed_fit_leaves_no_corrected_p(found):
    failed = dataclasses.replace(found.rows[1], t=np.nan, p_value=np.nan, z_score=np.nan)
    table = wilks.ModelTable((found.rows[0], failed), 110, N_TOYS, None)
    assert "there is no corrected one" in str(table) and table.to_dict()["p_value"] is None
    assert table.best is found.rows[0]


def test_what_is_refused():
    with pytest.raises(InputError, match="two or more, by name, but 1 came"):
        wilks.model_table(analysis(), DATA, models={"bins": MODELS["bins"]}, n_toys=5, seed=1)
    without = wilks.Analysis(reference=REFERENCE)
    with pytest.raises(InputError, match="toy_source"):
        wilks.model_table(without, DATA, models=MODELS, n_toys=5, seed=1)
