"""The symmetrised network: its t by fits of the formula, exact p, and what it refuses."""

import numpy as np
import pytest

import wilks
from wilks.comparison.networks import NetworkBlock
from wilks.comparison.nulls import Relabelling
from wilks.errors import InputError
from wilks.fitting import fit_events
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import Sample, Standardization
from wilks.search import Search
from wilks.statistics.fits import Data
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.points import to_few_sizes

from tests.lab.compilations import counted

MODEL, SEARCH = wilks.MLP(hidden=(2,), weight_clip=3.0), Search(n_starts=2)
RNG = np.random.default_rng(4)
A, B = RNG.exponential(size=560), RNG.exponential(1.4, size=590)
OPTIONS = {"model": MODEL, "search": SEARCH, "n_permutations": 19}


@pytest.fixture(scope="module")
def result():
    return wilks.compare(A, B, **OPTIONS)


def test_t_is_the_sum_of_two_fits_against_the_pooled_sample(result):
    pooled = np.concatenate([A, B])
    alone = [
        fit_events(
            wilks.Analysis(reference=pooled, model=MODEL, expected_events=float(one.size), search=SEARCH), one[:, None]
        )
        for one in (A, B)
    ]
    assert all(one.converged for one in alone)
    assert result.t == pytest.approx(sum(one.t for one in alone), abs=0.01)  # the order of rows may move a start


def test_p_is_counted_among_relabellings_and_sees_another_width(result):
    assert result.method == "permutation" and result.p_value <= 0.1
    assert result.members[0].name == "symmetrised (2) sigmoid network, |w| <= 3"
    assert result.members[0].kind == "network" and result.by_feature == ()
    assert np.exp(result.members[0].log_p_value) == pytest.approx(result.p_value), "no law of its own is known"


def test_neither_order_of_rows_nor_of_samples_matters(result):
    other = wilks.compare(B[::-1], A[::-1], **OPTIONS)
    assert (other.t, other.p_value) == (result.t, result.p_value)


@pytest.mark.parametrize("factor", [1 + 1e-13, pytest.param(1.0, marks=pytest.mark.nightly)])
def test_equal_samples_have_no_t(factor):
    """What is there twice is counted, and fewer rows are programs of their own: in `make test` nearly equal ones."""
    some = np.concatenate([A, B])[:575]  # as many in all as `result` has
    assert wilks.compare(some, some * factor, **OPTIONS | {"n_permutations": 1}).t == pytest.approx(0.0, abs=1e-6)


def test_it_is_saved_and_loaded(result, tmp_path):
    result.save(tmp_path / "answer")
    again = wilks.load(tmp_path / "answer")
    assert (again.t, again.p_value, again.members[0].name) == (result.t, result.p_value, result.members[0].name)


def block_of(a, b):
    null = Relabelling.of(Sample(a), Sample(b))
    block = NetworkBlock(null, MODEL, search=SEARCH)
    return block, block.of_each(null.counts[None])


def test_samples_of_nearly_these_sizes_compile_nothing(result):
    others = [(RNG.exponential(size=n), RNG.exponential(size=m)) for n, m in ((531, 583), (598, 602), (577, 577))]
    with counted() as programs:
        t = [block_of(a, b)[1] for a, b in others]
        assert programs.taken() == 0
    assert np.all(np.isfinite(t))


def test_room_to_spare_changes_no_t(result):
    null = Relabelling.of(Sample(A), Sample(B))
    pooled = Sample(null.pool.events, null.share * null.pool.masses, features=null.pool.features)
    problem = Problem(pooled, Standardization.of(pooled), Nuisances(), SEARCH)
    data = Data(np.repeat(null.pool.events, null.counts, axis=0), np.empty(0))
    fit = NetworkEngine(problem, MODEL, rounding=to_few_sizes).fit([data])[0]
    without = NetworkEngine(problem, MODEL).evaluate(data, fit)
    assert fit.converged and fit.t == pytest.approx(without.tau - without.delta, abs=1e-10)


def test_both_samples_have_their_own_t():
    block, both = block_of(A, B)
    assert both.shape == (1, 2) and np.all(both >= 0.0) and block.log_p_values(both.sum(axis=1, keepdims=True)) < 0.0


def test_what_a_network_cannot_compare_is_refused():
    weighted = Sample(A, RNG.uniform(0.5, 1.5, size=A.size))
    with pytest.raises(InputError, match="events without weights"):
        wilks.compare(weighted, Sample(B), **OPTIONS)
    with pytest.raises(InputError, match="leave reach out"):
        wilks.compare(A, B, reach=1e-5, **OPTIONS)
    with pytest.raises(InputError, match="search is how hard a network is fitted"):
        wilks.compare(A, B, search=SEARCH)
    with pytest.raises(InputError, match="whose fits are symmetrised"):
        wilks.compare(A, B, model=wilks.Histogram())
