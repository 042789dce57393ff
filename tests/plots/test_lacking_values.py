"""Events without a value of a carried column are in the fit; figures leave them out and say how many they are."""

import numpy as np
import pytest

import wilks
from wilks import plots
from wilks.interpretation.projection import project


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    made = []
    for n, step in ((400, 7), (60, 20)):
        x = rng.exponential(size=n)
        mass = 2.0 * x
        mass[::step] = np.nan
        made.append(wilks.Sample(x, features=["x"], extras={"mass": mass}))
    return made


def test_they_are_counted_and_left_out(samples):
    reference, data = samples
    found = project(reference, data, name="mass", learned=np.ones(400))
    assert found.n_lacking == (58, 3)
    assert (found.reference.sum(), found.n_data.sum()) == (342.0, 57.0)
    with pytest.raises(wilks.InputError, match="'mass' has none in the reference"):
        empty = wilks.Sample(reference.events, features=["x"], extras={"mass": np.full(400, np.nan)})
        project(empty, data, name="mass", learned=None)


def test_the_figure_says_so(samples):
    reference, data = samples
    analysis = wilks.Analysis(reference=reference, model=wilks.Kernel(n_centers=3, width=1.0), expected_events=50)
    fit = wilks.fit(analysis, data)
    figure = plots.ratio(analysis, data, feature="mass", fit=fit)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("without a value: 3 data, 58 reference events" in text for text in texts)
    region = wilks.most_discrepant_region(analysis, data, fit=fit)
    assert all(np.isfinite(one.inside).all() for one in region.columns)


def test_they_are_read_and_saved(tmp_path):
    (tmp_path / "e.csv").write_text("x,mass\n1,\n2,91\n3,nan\n4,inf\n")
    sample = wilks.read(tmp_path / "e.csv", features=["x"], carry=["mass"])
    assert sample.n_events == 4 and np.isfinite(sample.column("mass")).sum() == 1
    sample.save(tmp_path / "saved")
    assert wilks.load(tmp_path / "saved").digest() == sample.digest()
    assert "mass" in repr(sample) and "nan" not in repr(sample)
    for options in ({"features": ["mass"]}, {"features": ["x"], "weight": "mass", "carry": ["mass"]}):
        with pytest.raises(wilks.SampleError, match="must be finite"):
            wilks.read(tmp_path / "e.csv", **options)
