"""Values of t in the files of NPLM, the package of the method's authors, and of falkonhep.

| file | holds |
|---|---|
| folder of `seed7_TAU.txt` and `seed7_DELTA.txt` | of each toy, t = tau - Delta; or tau alone |
| folder of `..._t.txt` | t of each toy |
| folder with `TAU_final.h5`, `DELTA_final.h5` | `tvalues` of toys with `seeds`, by which the two are brought together |
| one `.h5` file | `tvalues`, or data sets named by epochs, of which the last is taken, in the order of numbers |
| `reference.log` of falkonhep | lines of toy, t, events, seconds and two seeds |

There a toy that failed stands as -1.
"""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wilks.errors import InputError, StoreError, WilksWarning
from wilks.samples import columns, read
from wilks.storage import Folder, as_path
from wilks.typing import FloatArray

TAU, DELTA, T = "_TAU.txt", "_DELTA.txt", "_t.txt"
TAU_TABLE, DELTA_TABLE = "TAU_final.h5", "DELTA_final.h5"
TABLES, LOG = (".h5", ".hdf5"), ".log"
_FAILED, _LOG_FIELDS = -1.0, 6


def is_nplm(path: Path) -> bool:
    """Whether a path is one of these, by its name or, of a folder, by what is in it."""
    if not path.is_dir():
        return path.suffix.lower() in (*TABLES, LOG)
    return (path / TAU_TABLE).exists() or any(any(path.glob(f"*{one}")) for one in (TAU, T))


def read_nplm(path: Folder) -> FloatArray:
    """t of toys (k,) from a folder or a file of NPLM or falkonhep, NaN where a toy failed.

    A toy of which one of tau and Delta is missing counts as failed, and a warning says how many there are.

    Args:
        path: a folder of toys, an HDF5 file or a log, as in the table of `wilks.laws.nplm_files`.

    Raises:
        StoreError: there is nothing of the kind, or it cannot be read; two toys have one seed.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name, value in {"seed7_TAU": 14.5, "seed7_DELTA": 2.5, "seed9_TAU": -1, "seed9_DELTA": 3.0}.items():
    ...         _ = Path(f"{folder}/{name}.txt").write_text(f"{value}\\n")
    ...     read_nplm(folder).tolist()
    [12.0, nan]
    """
    place = as_path(path)
    try:
        found = _of_folder(place) if place.is_dir() else _of_file(place)
    except (OSError, ValueError, InputError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(f"{place} must hold toys of NPLM or falkonhep, but cannot be read: {reason}") from error
    if not found.size:
        raise StoreError(f"{place} must hold toys, but there are none: NPLM writes files that end with {TAU} or {T}")
    return found


def _of_folder(folder: Path) -> FloatArray:
    if (folder / TAU_TABLE).exists():
        return _of_tables(folder / TAU_TABLE, folder / DELTA_TABLE)
    whole = dict(_texts(folder, T))
    tau, delta = dict(_texts(folder, TAU)), dict(_texts(folder, DELTA))
    if whole and tau:
        raise ValueError(f"it has files that end with {T} and with {TAU}, and either may be t; leave one kind there")
    if whole or not delta:
        return np.array(list((whole or tau).values()), dtype=np.float64)
    return _differences(tau, delta, kind="name")


def _texts(folder: Path, ending: str) -> Iterator[tuple[str, float]]:
    for path in sorted(folder.glob(f"*{ending}")):
        words = path.read_text(encoding="utf-8").split()
        yield path.name.removesuffix(ending), _valid(float(words[0])) if words else math.nan


def _of_tables(tau: Path, delta: Path) -> FloatArray:
    if not delta.exists():
        return _by_name(tau, "tvalues")
    return _differences(_by_seed(tau), _by_seed(delta), kind="seed")


def _by_seed(path: Path) -> dict[str, float]:
    seeds, values = _by_name(path, "seeds", may_fail=False), _by_name(path, "tvalues")
    if len(set(seeds)) < len(seeds):
        raise ValueError(
            f"in {path.name} {len(seeds) - len(set(seeds))} toys have the seed of another: they are the same"
        )
    return dict(zip((f"{seed:.0f}" for seed in seeds), values.tolist(), strict=True))


def _differences(tau: dict[str, float], delta: dict[str, float], *, kind: str) -> FloatArray:
    alone = tau.keys() ^ delta.keys()
    if alone:
        warnings.warn(
            f"{len(alone)} toys have tau or Delta alone, such as that of the {kind} {min(alone)}: they count as failed",
            WilksWarning,
            stacklevel=4,
        )
    return np.array([tau.get(one, math.nan) - delta.get(one, math.nan) for one in [*tau, *(delta.keys() - tau.keys())]])


def _of_file(path: Path) -> FloatArray:
    if path.suffix.lower() == LOG:
        return _of_log(path)
    names = columns(path)
    epochs = sorted((name for name in names if name.isdecimal()), key=int)
    if "tvalues" not in names and not epochs:
        raise ValueError(f"it has neither tvalues nor data sets named by epochs, but {', '.join(names)}")
    return _by_name(path, "tvalues" if "tvalues" in names else epochs[-1])


def _by_name(path: Path, name: str, *, may_fail: bool = True) -> FloatArray:
    values = read(path, features=[name]).events[:, 0]
    return np.where(values == _FAILED, np.nan, values) if may_fail else values


def _of_log(path: Path) -> FloatArray:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split(",")
        if line.strip() and len(fields) != _LOG_FIELDS:
            raise ValueError(f"line {number} must be toy, t, events, seconds and two seeds, but it is {line!r:.60}")
        found += [_valid(float(fields[1]))] if line.strip() else []
    return np.array(found, dtype=np.float64)


def _valid(t: float) -> float:
    return math.nan if t == _FAILED else t
