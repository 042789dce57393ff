"""What is no analysis, fit, answer, calibration or sample is refused in a sentence, wherever one is asked for."""

from typing import Any

import numpy as np
import pytest

import wilks
from wilks.errors import InputError

CALLS = {
    "fit": lambda x, own: wilks.fit(x, own["data"]),
    "goodness_of_fit": lambda x, own: wilks.goodness_of_fit(x, own["data"], calibration=own["calibration"]),
    "its calibration": lambda x, own: wilks.goodness_of_fit(own["analysis"], own["data"], calibration=x),
    "region": lambda x, own: wilks.most_discrepant_region(x, own["data"], fit=own["fit"]),
    "its fit": lambda x, own: wilks.most_discrepant_region(own["analysis"], own["data"], fit=x),
    "report": lambda x, own: wilks.write_report(x, "report.html"),
    "its analysis": lambda x, own: wilks.write_report(own["calibration"], "report.html", analysis=x),
    "its toys": lambda x, own: wilks.write_report(own["calibration"], "report.html", toys=x),
    "toys": lambda x, own: wilks.run_toys(x, wilks.Null(), n_toys=1, seed=1),
    "load": lambda x, own: wilks.load(x),
    "load_toys": lambda x, own: wilks.load_toys(x),
    "null_distribution": lambda x, own: wilks.plots.null_distribution(x),
    "qq": lambda x, own: wilks.plots.qq(x),
    "survival": lambda x, own: wilks.plots.survival(x),
    "starts": lambda x, own: wilks.plots.starts(x),
}


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    sample, model = wilks.Sample(rng.exponential(size=300)), wilks.Kernel(n_centers=5, width=1.0)
    analysis = wilks.Analysis(reference=sample, model=model, expected_events=30)
    data, calibration = rng.exponential(size=30), wilks.calibrate(rng.chisquare(5, size=30))
    return {"analysis": analysis, "data": data, "fit": wilks.fit(analysis, data), "calibration": calibration}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "wrong", [np.zeros((3, 1)), 3, [1.0], wilks.Search()], ids=["array", "number", "list", "Search"]
)
def test_another_kind_is_refused_in_a_sentence(own, call, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"but .*{type(wrong).__name__} came"):
        CALLS[call](wrong, own)
    assert not list(tmp_path.iterdir())
