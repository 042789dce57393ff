"""The loss of eq. 17 and its minimisation."""

import numpy as np
import pytest

from wilks.errors import InputError
from wilks.nuisances import taylor
from wilks.nuisances.taylor import n_network_params, network
from wilks.responses.options import ACTIVATIONS, Training
from wilks.responses.training import _ACTIVATION_OF, Group, _Loss, _start, _t_of_loss, _Watch, train


def groups_of(n, d, *, seed=0):
    rng = np.random.default_rng(seed)
    monomials = np.array([[1.0, 0.5], [-1.0, 0.5]])
    central = Group(rng.normal(size=(d, n)), monomials, np.zeros((1, n)), rng.uniform(0.1, 1.0, (1, n)))
    varied = [
        Group(rng.normal(size=(d, n // 2)), row[None], rng.uniform(size=(1, n // 2)), np.zeros((1, n // 2)))
        for row in monomials
    ]
    return [central, *varied]


def test_loss_is_eq_17():
    training = Training(hidden=(3,))
    groups = groups_of(3001, 2)
    params = np.random.default_rng(1).normal(size=n_network_params(2, (3,), 2))
    total = sum(one.varied.sum() + one.central.sum() for one in groups)
    expected = 0.0
    for one in groups:
        log_r = one.monomials @ network(params, one.columns, (3,), 2, np.tanh)
        c = 1.0 / (1.0 + np.exp(log_r))
        expected += np.sum(one.varied * c**2 + one.central * (1.0 - c) ** 2)
        expected -= 0.25 * (one.varied.sum() + one.central.sum() * len(one.monomials))
    loss = _Loss(groups, training)
    assert loss.value(params) == pytest.approx(expected / total, rel=1e-12)
    value, gradient = loss.value_and_gradient(params)
    step = np.random.default_rng(2).normal(size=params.size) * 1e-5
    difference = loss.value(params + step) - loss.value(params - step)
    assert value == pytest.approx(loss.value(params)) and difference == pytest.approx(2 * gradient @ step, rel=1e-5)


def test_cells_of_one_feature_change_the_loss_little():
    groups = groups_of(40_000, 1)
    assert groups[0].in_cells().n_events < 5000
    params = np.random.default_rng(1).normal(size=n_network_params(1, (3,), 2))
    whole = _Loss([one._replace(columns=np.concatenate([one.columns] * 2)) for one in groups], Training(hidden=()))
    cells = _Loss(groups, Training(hidden=()))
    line = np.array([0.1, -0.3, 0.4, 0.2])
    doubled = np.array([0.1, -0.3, 0.4, 0.0, 0.2, 0.0])
    assert cells.value(line) == pytest.approx(whole.value(doubled), rel=1e-5)
    assert np.isfinite(_Loss(groups, Training(hidden=(3,))).value(params))


def test_cells_keep_weights_and_mean():
    group = groups_of(10_000, 1)[0]
    merged = group.in_cells()
    assert merged.central.sum() == pytest.approx(group.central.sum())
    assert merged.columns @ merged.central.T == pytest.approx(group.columns @ group.central.T)
    negative = group._replace(central=-group.central)
    assert negative.in_cells() is negative


def test_training_starts_without_any_effect():
    """Outputs of 0: log r = 0 is a start that the held-out events have to beat."""
    group = groups_of(10, 2)[0]
    start = _start(group, Training(hidden=(4, 3)), [0, 0])
    np.testing.assert_array_equal(network(start, group.columns, (4, 3), 2, np.tanh), 0.0)


@pytest.mark.parametrize("is_same_sample", [True, False])
def test_the_loss_in_units_of_t(is_same_sample: bool) -> None:
    """What a small log r = nu d(x) lowers the loss by is N(R_0) <(nu d)^2>, the mean over points of nu."""
    rng = np.random.default_rng(0)
    x, points = rng.normal(size=(1, 50_000)), np.array([0.02, -0.04, 0.01])
    central, shape = np.full((1, 50_000), 0.3), 0.3 + 0.5 * x
    varied = central * np.exp(points[:, None] * shape)
    if is_same_sample:
        groups = [Group(x, points[:, None], varied, central)]
    else:
        groups = [Group(x, points[:, None], np.zeros_like(central), central)]
        groups += [Group(x, points[i : i + 1, None], varied[i : i + 1], np.zeros_like(central)) for i in range(3)]
    loss, truth = _Loss(groups, Training(hidden=())), np.array([0.3, 0.5])  # b, then S
    gained = loss.value(np.zeros(2)) - loss.value(truth)
    expected = central.sum() * np.mean(points**2) * np.mean(shape**2)
    assert gained * _t_of_loss(groups) == pytest.approx(expected, rel=0.01)


def test_a_tolerance_ends_what_changes_t_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer iterations, and N(R_0) <d^2> is larger by less than the tolerance."""
    rng, n_iterations = np.random.default_rng(0), []
    x = rng.normal(size=(2, 8000))
    shape, points = 0.1 * np.tanh(x[0] + x[1]), np.array([[1.0], [-1.0]])
    group = Group(x, points, 0.25 * np.exp(points * shape), np.full((1, 8000), 0.25))
    look = _Watch.__call__
    monkeypatch.setattr(_Watch, "__call__", lambda self, params: (n_iterations.append(1), look(self, params))[1])

    def error_of_t(tolerance: float) -> float:
        n_iterations.clear()
        training = Training(hidden=(4,), n_networks=1, n_iterations=400, tolerance=tolerance)
        (params,) = train([group], training, seed=0)
        return 2000.0 * float(np.mean((network(params, x, (4,), 1, np.tanh)[0] - shape) ** 2))

    best, n_best = error_of_t(1e-9), len(n_iterations)
    assert error_of_t(0.2) < best + 0.2 and len(n_iterations) < 0.7 * n_best


def test_noise_is_hardly_learned():
    """Early stopping: samples of the same distribution give a response near 0."""
    rng = np.random.default_rng(0)
    n, monomials = 8000, np.array([[1.0], [-1.0]])
    central = Group(rng.normal(size=(2, n)), monomials, np.zeros((1, n)), np.ones((1, n)))
    varied = [Group(rng.normal(size=(2, n)), row[None], np.ones((1, n)), np.zeros((1, n))) for row in monomials]
    params = train([central, *varied], Training(hidden=(10,), n_networks=2, n_iterations=300), seed=0)
    outputs = np.mean([network(one, central.columns, (10,), 1, np.tanh) for one in params], axis=0)
    assert np.std(outputs) < 0.05


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": (0,)},
        {"n_networks": 0},
        {"activation": "sine"},
        {"n_iterations": 0},
        {"patience": 0},
        {"tolerance": 0.0},
    ],
)
def test_bad_options(options):
    with pytest.raises(InputError):
        Training(**options)


def test_default_layers():
    assert Training().layers(1) == (4,) and len(Training().layers(5)) >= 1 and Training(hidden=()).layers(5) == ()


def test_every_activation_that_may_be_named_is_there() -> None:
    assert tuple(_ACTIVATION_OF) == ACTIVATIONS == tuple(taylor.ACTIVATIONS)
