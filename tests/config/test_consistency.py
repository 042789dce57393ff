"""Sections of an analysis file that speak of nuisances must agree with each other."""

import re
from pathlib import Path

import pytest

from wilks.config.load import load_config
from wilks.errors import ConfigError

GOOD = """\
features: [x]
reference: {files: r.npz, weight: w}
nuisances:
  scale: {sigma: 0.1, transform: "numpy:exp"}
  offset: {sigma: 0.2}
  lumi: {sigma: 0.02, normalization: true, auxiliary: log_normal}
  control: {normalization: true, auxiliary: {poisson: {expected: 100}}}
covariance:
  names: [scale, offset]
  matrix: [[0.01, 0.01], [0.01, 0.04]]
variations:
  - {at: {scale: 0.1}, files: up.npz}
  - {at: {scale: -0.1}, weight: w_down}
  - {at: {scale: 0.2}, transformed: true, loose_where: "x > 0"}
  - {at: {offset: 0.1, scale: 0}, generator: {function: "a:b", n_events: 1e4}}
responses: {order: {scale: 2, offset: 1}, seed: 3}
data: {files: d.npz, auxiliaries: {scale: 0.02, control: 104}}
toys: {unselected: {files: p.npz, loose_where: "x > 1"}}
"""


def load(folder: Path, text: str) -> None:
    (folder / "analysis.yaml").write_text(text)
    load_config(folder / "analysis.yaml")


def test_a_good_file(tmp_path: Path) -> None:
    load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("offset: {sigma: 0.2}", "offset: {}", r"yaml:5: nuisances.offset: `sigma` must be given"),
        ("sigma: 0.2", "sgima: 0.2", r"yaml:5: nuisances.offset.sgima: unknown key; did you mean sigma\?"),
        ("sigma: 0.2", "sigma: 0", r"yaml:5: nuisances.offset.sigma: should be greater than 0, but it is 0"),
        ("sigma: 0.2", "sigma: 0.2, columns: [y]", r"nuisances.offset: `columns` are for a transform"),
        ("log_normal", "lognormal", r"yaml:6: .*auxiliary: should be 'gaussian', 'log_normal' or 'unconstrained'"),
        ("expected: 100", "expected: -1", r"yaml:7: .*poisson.expected: should be greater than 0"),
        (
            "normalization: true, auxiliary: log",
            'normalization: true, transform: "a:b", auxiliary: log',
            "counts alone",
        ),
        ('"numpy:exp"', "exp", r"yaml:4: nuisances.scale.transform: must be written \"module:function\""),
        ("names: [scale, offset]", "names: [scale, ofset]", r"yaml:9: covariance.names.1: .*did you mean 'offset'"),
        ("names: [scale, offset]", "names: [scale, lumi]", r"covariance.names.1: only gaussian .*'lumi' is another"),
        ("[0.01, 0.04]]", "[0.02, 0.04]]", r"yaml:8: covariance: the matrix must be symmetric"),
        (", [0.01, 0.04]]", "]", r"covariance: the matrix must have 2 rows of 2 numbers, but it has rows of 2"),
        ("at: {scale: 0.1}", "at: {scale: 0}", r"yaml:12: variations.0: a variation must move a nuisance"),
        ("at: {scale: 0.1}", "at: {scal: 0.1}", r"yaml:12: variations.0.at.scal: there is no nuisance 'scal'; did you"),
        (
            "at: {scale: 0.1}",
            "at: {lumi: 0.1}",
            r"variations.0.at.lumi: 'lumi' has a formula, so that nothing",
        ),
        ("at: {scale: 0.1}", "at: {}", r"variations.0.at: must be given at least one value"),
        ("files: up.npz", "tree: t", r"variations.0: a variation must have `files`, a `generator`, another `weight`"),
        (
            "files: up.npz",
            'files: up.npz, loose_where: "x > 0"',
            r"variations.0: `loose_where` is for transformed",
        ),
        ('"x > 0"', '"x >"', r"yaml:14: variations.2.loose_where: "),
        ('"x > 1"', '"x +"', r"toys.unselected.loose_where: "),
        ("at: {scale: 0.2}", "at: {offset: 0.2}", r"variations.2.at.offset: events cannot be transformed"),
        ("at: {offset: 0.1, scale: 0}", "at: {scale: 0.5}", r"yaml:5: nuisances.offset: .*no variation moves it"),
        ('"a:b", n_events: 1e4}', '"a:b", n_events: 1e4}, weight: w', r"variations.3: .* are not for a `generator`"),
        ("files: r.npz, weight: w", 'generator: {function: "a:b", n_events: 9}, expected_events: 9', "needs its files"),
        ("{scale: 2, offset: 1}", "{lumi: 2}", r"yaml:16: responses.order.lumi: 'lumi' is no nuisance that is learned"),
        ("{scale: 2, offset: 1}", "0", r"responses.order: should be greater than or equal to 1"),
        ("seed: 3", "bins: {y: 3}", r"responses.bins.y: only features can be binned"),
        ("seed: 3", "bins: {x: 3}, hidden: [4]", r"responses: `inputs` and `hidden` are for networks"),
        ("control: 104}", "contrl: 104}", r"yaml:17: data.auxiliaries.contrl: there is no nuisance"),
        (
            "toys: {",
            "toys: {pool: {files: q.npz}, ",
            r"toys come from one source, but `pool` and `unselected` are",
        ),
    ],
)
def test_faults_name_file_line_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert GOOD.count(old) == 1, old
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert re.search(expected, str(caught.value)), str(caught.value)


def test_variations_without_nuisances(tmp_path: Path) -> None:
    text = "features: [x]\nreference: {files: r.npz}\nvariations:\n  - {at: {scale: 1}, files: u.npz}\n"
    with pytest.raises(ConfigError, match=r"yaml:3: variations: .*add `nuisances`"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("section", "has_null"),
    [
        ("kernel: {is_score: true}", True),
        ("kernel: {}", False),
        ("kernel_set: {widths: [1.0]}", False),
        ("kernel_set: {widths: [1.0, 1.0]}", False),  # refused where the model is built, with its line
        ("mlp: {}", False),
        ("histogram: {n_bins: 5}", True),
    ],
)
def test_no_toys_are_for_a_model_whose_null_is_known(tmp_path: Path, section: str, has_null: bool) -> None:
    text = f"features: [x]\nreference: {{files: r.npz}}\ndata: {{files: d.npz}}\nmodel:\n  {section}\n"
    path = tmp_path / "analysis.yaml"
    path.write_text(text)
    assert load_config(path).config.n_toys == (0 if has_null else load_config(path).config.toys.n_toys)
    if has_null:
        load(tmp_path, text + "toys: {n_toys: 0}\n")
        return
    with pytest.raises(ConfigError, match=r"yaml:6: toys\.n_toys: only a model whose null is known without toys, "):
        load(tmp_path, text + "toys: {n_toys: 0}\n")
