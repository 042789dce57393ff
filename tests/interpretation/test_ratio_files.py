import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import wilks
from wilks.errors import InputError, StoreError
from wilks.interpretation import (
    bootstrap_fits,
    contributions,
    load_ratio,
    projected_ratio,
    smallest_region,
    write_events,
    write_onnx,
    write_ratio,
)
from wilks.interpretation.onnx_files import onnx_model
from wilks.interpretation.ratio_files import ratio_document
from wilks.samples import Sample, Standardization
from wilks.statistics.network import MLP

READER = """
import sys, json
import numpy as np
from wilks.interpretation import load_ratio
x = np.array(json.loads(sys.stdin.read()))
found = load_ratio(sys.argv[1]).log_ratio(x).tolist()
assert "jax" not in sys.modules
print(json.dumps(found))
"""


def reference(n=2_000):
    rng = np.random.default_rng(1)
    return Sample(
        np.column_stack([rng.exponential(size=n), rng.normal(0.0, 50.0, size=n), rng.uniform(size=n)]),
        features=["a", "b", "c"],
    )


MODELS = {
    "kernel set": wilks.KernelSet(widths=(0.5, 2.0), n_centers=20),
    "kernel": wilks.Kernel(n_centers=20, width=1.0),
    "tree": wilks.Histogram(),
    "grid": wilks.Histogram(edges=([0.0, 1.0, np.inf], [-100.0, 0.0, 100.0], [0.0, 0.5, 1.0])),
    "scan": wilks.Scan(features=("c", "a")),
}


def fitted(model, **changes):
    analysis = wilks.Analysis(reference=reference(), model=model, expected_events=100.0, **changes)
    return analysis, wilks.fit(analysis, analysis.reference.events[:120] * np.array([1.0, 1.2, 1.0]))


def points():
    far = [[1e9, -1e9, 0.5], [0.0, 0.0, 0.0], [1.0, 100.0, 1.0], [1.0, 100.0001, 1.0]]
    return np.concatenate([reference().events, 3.0 * reference().events, far])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("standardize", [True, False])
def test_several_features_are_evaluated_alike(model, standardize, tmp_path):
    analysis, fit = fitted(model, standardize=standardize)
    f = analysis.log_ratio(points(), fit.params)
    write_ratio(analysis, tmp_path / "ratio.json", fit=fit)
    np.testing.assert_allclose(load_ratio(tmp_path / "ratio.json").log_ratio(points()), f, rtol=1e-12, atol=1e-12)
    graph = onnx_model(ratio_document(analysis, fit=fit))
    found, _ = ReferenceEvaluator(graph).run(None, {"features": points()})
    np.testing.assert_allclose(found, f, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_several_parameters_are_evaluated_together(model):
    analysis, fit = fitted(model)
    some = [fit.params, np.where(np.isfinite(fit.params), 0.5 * fit.params, 0.0)]
    x = analysis.standardization.apply(points())
    each = np.stack([analysis.model.log_ratio(one, x) for one in some])
    np.testing.assert_allclose(analysis.model.log_ratios(some, x), each, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "silu"])
def test_networks_of_all_activations_are_written(activation, tmp_path):
    model = MLP(hidden=(4, 3), weight_clip=3.0, activation=activation)
    params = np.random.default_rng(2).uniform(-3.0, 3.0, size=model.n_parameters(3))
    x = np.random.default_rng(3).normal(size=(200, 3))
    document = {
        "kind": "learned_ratio", "schema_version": 1, "fingerprint": "", "t": None, "model": "",
        "parts": [{"region": "", "features": ["a", "b", "c"], **Standardization.identity(3).to_dict(), "reach": None,
                   "f": model.portable(params)}],
    }  # fmt: skip
    wilks.storage.write_document(tmp_path / "ratio.json", document)
    f = model.log_ratio(params, x)
    np.testing.assert_allclose(load_ratio(tmp_path / "ratio.json").log_ratio(x), f, rtol=1e-12, atol=1e-12)
    found, _ = ReferenceEvaluator(onnx_model(document)).run(None, {"features": x})
    np.testing.assert_allclose(found, f, rtol=1e-12, atol=1e-12)


def test_a_network_with_another_f_says_that_it_has_no_form():
    class Bent(MLP):
        def column_log_ratio(self, params, columns):
            return super().column_log_ratio(params, columns) ** 2

    with pytest.raises(InputError, match=r"Bent\.portable"):
        Bent(hidden=(2,)).portable(np.zeros(7))


def test_reading_needs_no_jax(tmp_path):
    analysis, fit = fitted(MODELS["kernel"])
    write_ratio(analysis, tmp_path / "ratio.json", fit=fit)
    x = reference().events[:5]
    command = [sys.executable, "-c", READER, str(tmp_path / "ratio.json")]
    done = subprocess.run(command, input=json.dumps(x.tolist()), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), analysis.log_ratio(x, fit.params), rtol=1e-12, atol=1e-12)


def test_a_file_that_changed_is_refused(tmp_path):
    analysis, fit = fitted(MODELS["tree"])
    path = tmp_path / "ratio.json"
    write_ratio(analysis, path, fit=fit)
    text = path.read_text()
    path.write_text(text.replace('"below"', '"above_"', 1))
    with pytest.raises(StoreError, match="has changed since"):
        load_ratio(path)
    changed = ({"schema_version": 2}, "layout 2"), ({"kind": "other"}, "something else"), ({"parts": 3}, "cannot be")
    for changes, words in changed:
        wilks.storage.write_document(path, ratio_document(analysis, fit=fit) | changes)
        with pytest.raises(StoreError, match=words):
            load_ratio(path)


def test_columns_are_taken_by_name(tmp_path):
    analysis, fit = fitted(MODELS["tree"])
    write_ratio(analysis, tmp_path / "ratio.json", fit=fit)
    ratio, x = load_ratio(tmp_path / "ratio.json"), reference().events[:7]
    named = {"c": x[:, 2], "a": x[:, 0], "b": x[:, 1], "d": x[:, 0]}
    assert np.array_equal(ratio.log_ratio(named), ratio.log_ratio(x))
    with pytest.raises(InputError, match="b, c are missing"):
        ratio.log_ratio({"a": x[:, 0]})
    with pytest.raises(InputError, match=r"shape \(n, 3\)"):
        ratio.log_ratio(x[:, :2])


def test_each_region_has_its_own_f(tmp_path):
    parts = {}
    for seed, name in enumerate(("one", "two")):
        x = Sample(np.random.default_rng(seed).exponential(size=1000), features=[name[0]])
        parts[name] = wilks.Analysis(reference=x, model=wilks.Histogram(n_bins=4), expected_events=100.0)
    both = wilks.Analysis.of_regions(parts)
    data = both.checked({name: np.random.default_rng(9).exponential(size=110) for name in parts})
    fit = wilks.fit(both, data)
    assert smallest_region(both, data, fit=fit).gains.total == pytest.approx(fit.t)
    assert {"region", "o", "t"} == {one.columns[0] for one in contributions(both, data, fit=fit).columns}
    refits = bootstrap_fits(both, data, fit=fit, n_refits=3)
    assert projected_ratio(both, data, feature="o", fit=fit, refits=refits).tau_band is not None
    write_ratio(both, tmp_path / "ratio.json", fit=fit)
    found, x = load_ratio(tmp_path / "ratio.json"), np.linspace(0.0, 5.0, 50)
    for name, analysis in parts.items():
        f = analysis.log_ratio(x[:, None], both.region_fits(fit)[name].params)
        assert np.array_equal(found.regions[name].log_ratio(x), f)
        write_onnx(both, tmp_path / f"{name}.onnx", fit=fit, region=name)
        graph = ReferenceEvaluator(onnx.load(tmp_path / f"{name}.onnx"))
        assert np.array_equal(graph.run(None, {"features": x[:, None]})[0], f)
    with pytest.raises(InputError, match="take one of regions, one, two"):
        found.log_ratio(x)
    with pytest.raises(InputError, match="region must be one of one, two"):
        write_onnx(both, tmp_path / "both.onnx", fit=fit)


def test_events_need_a_known_ending_and_free_names(tmp_path):
    analysis, fit = fitted(MODELS["tree"])
    with pytest.raises(InputError, match=r"\.root or \.parquet"):
        write_events(analysis, reference(), fit=fit, path=tmp_path / "events.csv")
    taken = Sample(reference().events, features=["a", "b", "c"], extras={"ratio": np.ones(2_000)})
    with pytest.raises(InputError, match="must not be called ratio"):
        write_events(analysis, taken, fit=fit, path=tmp_path / "events.root")
    other = wilks.Analysis(reference=reference(2_001), model=wilks.Histogram(), expected_events=100.0)
    for refused in (
        lambda: write_events(other, reference(), fit=fit, path=tmp_path / "events.root"),
        lambda: write_ratio(other, tmp_path / "ratio.json", fit=fit),
    ):
        with pytest.raises(InputError, match="of this analysis"):
            refused()
    assert not list(tmp_path.iterdir())
