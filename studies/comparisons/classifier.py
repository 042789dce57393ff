"""A classifier two-sample test: the held-out area under the ROC curve of boosted trees.

Half of the data and half of the reference train, both classes with equal total weight; the others are scored.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score


def statistic(reference: np.ndarray):
    """The statistic of data (n, d) against a reference (n_R, d)."""
    train, held_out = reference[::2], reference[1::2]

    def area(events: np.ndarray) -> float:
        trees = HistGradientBoostingClassifier(max_iter=50, early_stopping=False, random_state=0)
        x, is_data = joined(events[::2], train)
        trees.fit(x, is_data, sample_weight=np.where(is_data, len(train) / len(events[::2]), 1.0))
        x, is_data = joined(events[1::2], held_out)
        return float(roc_auc_score(is_data, trees.predict_proba(x)[:, 1]))

    return area


def joined(events: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([events, reference]), np.repeat([True, False], [len(events), len(reference)])
