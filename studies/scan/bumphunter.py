"""What pyBumpHunter says of counts in bins; needs pyBumpHunter."""

import contextlib
import io
import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyBumpHunter import BumpHunter1D


def scanned(
    n: np.ndarray, b: np.ndarray, *, edges: np.ndarray, widths: tuple[int, int], n_toys: int, seed: int
) -> dict:
    """Counts n for b between edges: the window of the smallest local p, that p, and the global one by toys."""
    hunter = BumpHunter1D(
        rang=[edges[0], edges[-1]],
        width_min=widths[0],
        width_max=widths[1],
        width_step=1,
        scan_step=1,
        npe=n_toys,
        nworker=1,
        seed=seed,
        bins=edges,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        hunter.bump_scan(n, b, is_hist=True)
    first = int(hunter.min_loc_ar[0])
    ends = edges[first], edges[first + int(hunter.min_width_ar[0])]
    return {"ends": ends, "local_p": float(hunter.min_Pval_ar[0]), "n_above": round(hunter.global_Pval * n_toys)}
