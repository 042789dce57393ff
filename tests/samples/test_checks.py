import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import Sample, check_data

NAMES = ("pt", "eta")


def test_arrays_take_the_names_of_the_analysis():
    assert check_data(np.ones((3, 2)), features=NAMES).features == NAMES
    assert check_data([1.0], features=("x",)).events.shape == (1, 1)


def test_a_good_sample_is_returned_as_it_is():
    data = Sample([[1.0, 2.0]], features=NAMES)
    assert check_data(data, features=list(NAMES)) is data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.ones((3, 3)), "one column for each of 2 features .*, but have 3"),
        (np.ones(3), "but have 1"),
        (np.ones((2, 2, 2)), "but have 1|shape"),
        (np.empty((0, 2)), "empty"),
        ([], "empty"),
        ([[1.0, np.nan]], "'eta' must be finite"),
        (Sample([[1.0, 2.0]], features=("eta", "pt")), "order of the analysis .pt, eta., but their order is eta, pt"),
        (Sample([[1.0, 2.0]], features=("pt", "Eta")), "'eta' is missing; did you mean 'Eta'"),
        (Sample([[1.0, 2.0]]), "only the names given by default"),
        (Sample([[1.0, 2.0, 3.0]], features=("pt", "eta", "phi")), "also have phi"),
        (Sample([1.0], features=("pt",)), "'eta' is missing"),
        (Sample(np.empty((0, 2)), features=NAMES), "empty"),
        (Sample([[1.0, 2.0]], [-1.0], features=NAMES), "1 of 1 weights are negative"),
        (Sample([[1.0, 2.0]], [0.5], features=NAMES), "1 of 1 weights differ from 1"),
    ],
)
def test_data_that_cannot_be_tested_are_refused(data, message):
    with pytest.raises(SampleError, match=message):
        check_data(data, features=NAMES)
