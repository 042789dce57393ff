"""The contract of models that are linear in their parameters, which every family inherits."""

import json

import numpy as np
import pytest
from maps import Mixed
from polynomial import Polynomial

import wilks
from wilks.errors import InputError
from wilks.statistics import statistic_from_dict
from wilks.statistics.linear.model import LinearModel
from wilks.typing import FloatArray


class LinearModelContract:
    """What every family promises. Subclasses give a model with one member or many, and the number of features."""

    model: LinearModel
    n_features: int

    @pytest.fixture
    def placed(self, problem_of) -> LinearModel:
        return self.model.placed(problem_of(np.random.default_rng(5).normal(size=(400, self.n_features))))

    def params(self, seed: int = 0) -> FloatArray:
        return np.random.default_rng(seed).normal(size=self.model.n_parameters(self.n_features))

    def events(self, n: int = 50) -> FloatArray:
        return np.random.default_rng(1).normal(size=(n, self.n_features))

    def test_each_event_is_evaluated_by_itself(self, placed):
        together = placed.log_ratio(self.params(), self.events())
        alone = [placed.log_ratio(self.params(), event[None])[0] for event in self.events()]
        np.testing.assert_allclose(together, alone, rtol=1e-11, atol=1e-12)
        assert placed.log_ratio(self.params(), self.events(0)).shape == (0,)

    def test_blocks_of_events_make_no_difference(self, placed, monkeypatch):
        whole = placed.log_ratio(self.params(), self.events())
        monkeypatch.setattr("wilks.statistics.linear.model._BLOCK_NUMBERS", 60)
        np.testing.assert_allclose(placed.log_ratio(self.params(), self.events()), whole, rtol=1e-11, atol=1e-12)

    def test_f_is_linear_in_its_parameters(self, placed):
        one, other = self.params(1), self.params(2)
        parts = [placed.log_ratio(params, self.events()) for params in (one, other, one - 3.0 * other)]
        np.testing.assert_allclose(parts[2], parts[0] - 3.0 * parts[1], rtol=1e-10, atol=1e-10)

    def test_parameters_are_those_of_the_members_one_after_the_other(self, placed):
        sizes = [member.map.n_values for member in placed.members]
        assert sum(sizes) == placed.n_parameters(self.n_features)
        parts = [row for part in placed.split(self.params()) for row in part]
        assert [part.size for part in parts] == sizes
        np.testing.assert_array_equal(np.concatenate(parts), self.params())
        for group in placed.groups:
            assert len({member.map.digest() for member in group}) == 1, "the members of a group share a map"

    def test_params_of_another_length_are_refused(self, placed):
        with pytest.raises(InputError, match="params must be"):
            placed.log_ratio(self.params()[:-1], self.events())

    def test_dict_makes_an_equal_model(self, placed):
        for one in (self.model, placed):
            again = statistic_from_dict(json.loads(json.dumps(one.to_dict())))
            assert again == self.model and hash(again) == hash(self.model) and type(again) is type(self.model)

    def test_it_is_placed_alike_in_every_analysis(self, placed, problem_of):
        again = self.model.placed(problem_of(np.random.default_rng(5).normal(size=(400, self.n_features))))
        assert [one.map.digest() for one in again.members] == [one.map.digest() for one in placed.members]

    def test_a_law_is_known_of_the_score_statistic_of_one_member(self, placed):
        assert placed.is_penalized and placed.version == 6
        assert placed.has_law(is_profiled=False) == (placed.is_score and placed.combination is None)
        assert placed.combination is not None or len(placed.members) == 1


class TestKernelOfOneFeature(LinearModelContract):
    model = wilks.Kernel(n_centers=9, width=0.4)
    n_features = 1


class TestKernelOfThreeFeatures(LinearModelContract):
    model = wilks.Kernel(n_centers=12, is_score=True)
    n_features = 3


class TestKernelSetOfOneFeature(LinearModelContract):
    model = wilks.KernelSet((0.4, 1.0), (0.1, 1.0), n_centers=9)
    n_features = 1


class TestKernelSetOfThreeFeatures(LinearModelContract):
    model = wilks.KernelSet((0.5, 2.0), n_centers=(12, 5), is_score=False, combination="min_p")
    n_features = 3


class TestPolynomialOfThreeFeatures(LinearModelContract):
    model = Polynomial(degree=2)
    n_features = 3


class TestMixed(LinearModelContract):
    model = Mixed()
    n_features = 2

    def params(self, seed: int = 0) -> FloatArray:
        """As many as there are once it has its maps."""
        return np.random.default_rng(seed).normal(size=9 + 9 + 8)
