import numpy as np

from wilks.samples import weighted_quantile


def test_quantiles_respect_weights():
    assert weighted_quantile(np.array([1.0, 2.0, 3.0]), np.array([8.0, 1.0, 1.0]), 0.5) == 1.0
    assert weighted_quantile(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 8.0]), 0.5) == 3.0
    assert weighted_quantile(np.array([1.0, 2.0]), np.array([-5.0, 1.0]), 0.0) == 1.0
