"""What the best possible test of a known signal would reach: the yardstick of every power figure."""

import numpy as np

from wilks.errors import InputError
from wilks.significance import z_score
from wilks.typing import FloatArray

_N_GRID = 1 << 20
_N_DEVIATIONS = 15.0


def optimal_median_z(log_ratio: FloatArray, background: FloatArray) -> float:
    """Median Z, under signal plus background, of the Neyman-Pearson test of one fixed signal.

    The events are a Poisson process of intensity b(x), or b(x) + s(x); counts are part of the data. The optimal
    statistic is q = sum_D l(x) - S with l = log(1 + s/b) and S the expected signal events. Under signal plus
    background the sum is compound Poisson with the transform exp[ int (b + s) (exp(i u l) - 1) dx ], inverted
    here on a grid by fast Fourier transform. Since exp(q) is the ratio of the two probabilities of the data, the
    p-value at the median m is E[exp(-q); q >= m] under signal plus background: its relative error is small at any
    Z. The grid moves Z by less than 1e-4 as long as the problem has fewer than about a million events.

    log_ratio: (m,) values of l, >= 0, on cells that cover the feature space, fine against changes of l.
    background: (m,) expected background events of the cells, >= 0.

    Raises InputError for arrays that do not match or are out of range.

    Many events and a small signal are the Gaussian limit, Z = sqrt( sum s^2 / b ):

    >>> cell = (np.arange(1000) + 0.5) / 1000
    >>> background, signal = np.full(1000, 250.0), 4.0 * cell
    >>> z = optimal_median_z(np.log1p(signal / background), background)
    >>> round(z, 2), round(float(np.sqrt(np.sum(signal**2 / background))), 2)
    (4.61, 4.62)
    """
    log_ratio, background = np.asarray(log_ratio, dtype=float), np.asarray(background, dtype=float)
    _check(log_ratio, background)
    n_signal = float(np.sum(background * np.expm1(log_ratio)))
    total, probability = _sum_distribution(log_ratio, background * np.exp(log_ratio))
    return z_score(_tail_at_median(total - n_signal, probability))


def _check(log_ratio: FloatArray, background: FloatArray) -> None:
    same = log_ratio.ndim == 1 and log_ratio.shape == background.shape
    if not same or not np.all(np.isfinite(log_ratio) & np.isfinite(background)):
        raise InputError(
            f"log_ratio and background must be finite arrays of one shape (m,), but have shapes {log_ratio.shape} "
            f"and {background.shape}; give one finite value of each per cell"
        )
    if np.any(log_ratio < 0) or np.any(background < 0) or not np.any(log_ratio * background > 0):
        raise InputError(
            "log_ratio and background must be >= 0, and both positive in some cell, but are not: "
            "give a signal that adds events to an expected background"
        )


def _sum_distribution(jumps: FloatArray, rates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Grid and probabilities of a compound Poisson sum, each jump at its own rate.

    The grid covers the mean and 15 standard deviations on either side. A jump between two grid points is shared
    between them so that its mean stays. The transform is periodic: values beyond the grid would fold into it.
    """
    mean, deviation = float(np.sum(rates * jumps)), float(np.sqrt(np.sum(rates * jumps**2)))
    step = 2.0 * _N_DEVIATIONS * max(deviation, float(jumps.max())) / _N_GRID
    low = np.floor(jumps / step).astype(np.int64)
    upper = rates * (jumps / step - low)
    measure = np.bincount(low % _N_GRID, rates - upper, _N_GRID) + np.bincount((low + 1) % _N_GRID, upper, _N_GRID)
    probability = np.fft.irfft(np.exp(np.fft.rfft(measure) - rates.sum()), _N_GRID)
    first = round(mean / step) - _N_GRID // 2
    grid = step * np.arange(first, first + _N_GRID, dtype=np.float64)
    return grid, np.clip(np.roll(probability, -(first % _N_GRID)), 0.0, None)


def _tail_at_median(q: FloatArray, probability: FloatArray) -> float:
    """E[exp(-q); q >= m] at the median m, linear between the two grid points beside it."""
    above = np.cumsum(probability[::-1])[::-1]
    last = int(np.flatnonzero(above >= 0.5)[-1])
    share = (above[last] - 0.5) / probability[last]
    return float(
        np.sum(probability[last + 1 :] * np.exp(-q[last + 1 :])) + (1 - share) * probability[last] * np.exp(-q[last])
    )
