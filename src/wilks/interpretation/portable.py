"""A fitted f read from a file of `wilks.interpretation.write_ratio`, evaluated with NumPy alone.

Nothing here knows of analyses or models: what is read is what `wilks.interpretation.ratio_files` says stands there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError, StoreError
from wilks.storage import Folder, as_path, read_document
from wilks.typing import FloatArray
from wilks.wording import Printed, listed

_KIND, _NEWEST = "learned_ratio", 1
_BLOCK_NUMBERS = 2**22
_LEAST_EXPONENT = -200.0


@dataclass(frozen=True, eq=False)
class PortableRatio(Printed):
    """f of one region, or of several, each in ``regions``.

    Attributes:
        features: the inputs in their order; none where there are several regions.
        shift, scale: of the standardization (d,).
        reach: where standardized values end.
        f: its form and numbers.
        regions: of several, by name.
        origin: what else the file says: fingerprint, t, model, nuisances.
    """

    features: tuple[str, ...]
    shift: FloatArray
    scale: FloatArray
    reach: float
    f: Mapping[str, Any] = field(repr=False)
    regions: Mapping[str, "PortableRatio"] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def log_ratio(self, events: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> FloatArray:
        """f of raw events, shape (n,).

        Args:
            events: shape (n, d), or (n,) for one feature; or columns by name, of which those of the features are taken.

        Raises:
            InputError: several regions; a feature that is missing, or another number of them.
        """
        if self.regions:
            raise InputError(f"this file has the f of several regions: take one of regions, {listed(self.regions)}")
        rows = self._rows(events)
        with np.errstate(over="ignore"):
            standardized = (rows - self.shift) / self.scale
        if np.isfinite(self.reach):
            standardized = np.clip(standardized, -self.reach, self.reach)
        return _FORMS[self.f["form"]](self.f, standardized)

    def ratio(self, events: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> FloatArray:
        """e^f of raw events, shape (n,): the factor by which their weights are multiplied."""
        return np.exp(self.log_ratio(events))

    def _rows(self, events: Any) -> FloatArray:
        if isinstance(events, Mapping):
            missing = [name for name in self.features if name not in events]
            if missing:
                raise InputError(f"f needs the columns {listed(self.features)}, but {listed(missing)} are missing")
            events = np.stack([np.asarray(events[name], dtype=np.float64) for name in self.features], axis=-1)
        rows = np.asarray(events, dtype=np.float64)
        rows = rows[:, None] if rows.ndim == 1 and len(self.features) == 1 else rows
        if rows.ndim != 2 or rows.shape[1] != len(self.features):
            raise InputError(f"f needs events of the shape (n, {len(self.features)}), but {rows.shape} came")
        return rows

    def __str__(self) -> str:
        if self.regions:
            return "\n".join(f"{name}: {one}" for name, one in self.regions.items())
        return f"f({listed(self.features)}), {self.f['form']}: {self.origin.get('model', '')}"


def load_ratio(path: Folder) -> PortableRatio:
    """The fitted f of a file of `write_ratio`, without an analysis and without JAX.

    Args:
        path: of the file.

    Raises:
        StoreError: it is not there, has changed since it was written, holds something else, or a newer layout.

    >>> import tempfile, wilks
    >>> from pathlib import Path
    >>> from wilks.interpretation import write_ratio
    >>> x = np.random.default_rng(1).exponential(size=1_000)
    >>> analysis = wilks.Analysis(reference=x, expected_events=100, model=wilks.Histogram(n_bins=4))
    >>> fit = wilks.fit(analysis, x[:120])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ratio.json"
    ...     write_ratio(analysis, path, fit=fit)
    ...     ratio = load_ratio(path)
    >>> bool(np.all(ratio.log_ratio(x) == analysis.log_ratio(x[:, None], fit.params)))
    True
    """
    where = as_path(path)
    document = read_document(where, what="a fitted f")
    if document.get("kind") != _KIND or not isinstance(document.get("schema_version"), int):
        raise StoreError(f"{where} must hold a fitted f, of wilks.interpretation.write_ratio, but it is something else")
    if not 1 <= document["schema_version"] <= _NEWEST:
        raise StoreError(
            f"{where} has layout {document['schema_version']}, and this version of wilks knows 1 to {_NEWEST}; "
            "read it with the version that wrote it"
        )
    try:
        return ratio_of(document)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise StoreError(f"{where} must hold a fitted f, but it cannot be read ({reason})") from error


def ratio_of(document: Mapping[str, Any]) -> PortableRatio:
    """The same of a document that was read already."""
    origin = {name: value for name, value in document.items() if name != "parts"}
    parts = [_part(one, origin) for one in document["parts"]]
    if len(parts) == 1:
        return parts[0]
    names = [one["region"] for one in document["parts"]]
    nothing = np.empty(0)
    return PortableRatio((), nothing, nothing, np.inf, {}, dict(zip(names, parts, strict=True)), origin)


def _part(part: Mapping[str, Any], origin: Mapping[str, Any]) -> PortableRatio:
    if part["f"]["form"] not in _FORMS:
        raise ValueError(f"the form of f is {part['f']['form']!r}, and known are {', '.join(_FORMS)}")
    reach = np.inf if part["reach"] is None else float(part["reach"])
    return PortableRatio(
        tuple(part["features"]), np.array(part["shift"]), np.array(part["scale"]), reach, part["f"], origin=origin
    )


def numbers(values: Any) -> FloatArray:
    """Numbers of a document, among which infinite ones stand as text."""
    return np.array([float(one) for one in values], dtype=np.float64)


def _network(f: Mapping[str, Any], x: FloatArray) -> FloatArray:
    *hidden, last = f["layers"]
    for layer in hidden:
        x = _ACTIVATIONS[f["activation"]](x @ np.array(layer["weights"]).T + np.array(layer["biases"]))
    values: FloatArray = (x @ np.array(last["weights"]).T + np.array(last["biases"]))[:, 0]
    return values


def _sigmoid(z: FloatArray) -> FloatArray:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z))


_ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softplus": lambda z: np.logaddexp(0.0, z),
    "silu": lambda z: z * _sigmoid(z),
}


def _gaussians(f: Mapping[str, Any], x: FloatArray) -> FloatArray:
    total = np.zeros(x.shape[0])
    for group in f["groups"]:
        centers, coefficients = np.array(group["centers"]), np.array(group["coefficients"])
        size = max(1, _BLOCK_NUMBERS // coefficients.size)
        for first in range(0, x.shape[0], size):
            rows = slice(first, first + size)
            total[rows] += np.exp(_exponents(x[rows], centers, float(group["width"]))) @ coefficients
    return total


def _exponents(x: FloatArray, centers: FloatArray, width: float) -> FloatArray:
    """-|x - z|^2 / (2 width^2), not below -200, of events (n, d) and centers (m, d), shape (n, m)."""
    if x.shape[1] == 1:
        return np.asarray(np.maximum((x - centers.T) ** 2 * (-0.5 / width**2), _LEAST_EXPONENT))
    x, z = x / width, centers / width
    left = np.column_stack([x, -0.5 * np.sum(x**2, axis=1), np.ones(x.shape[0])])
    right = np.column_stack([z, np.ones(z.shape[0]), -0.5 * np.sum(z**2, axis=1)])
    return np.asarray(np.clip(left @ right.T, _LEAST_EXPONENT, 0.0))


def _grid(f: Mapping[str, Any], x: FloatArray) -> FloatArray:
    cell, is_inside = np.zeros(x.shape[0], dtype=np.int64), np.ones(x.shape[0], dtype=np.bool_)
    for column, given in zip(x.T, f["edges"], strict=True):
        edges = numbers(given)
        is_inside &= (column >= edges[0]) & (column <= edges[-1])
        place = np.searchsorted(edges, column, side="right") - 1
        cell = cell * (edges.size - 1) + np.clip(place, 0, edges.size - 2)
    return np.asarray(np.where(is_inside, numbers(f["values"])[cell], 0.0))


def _tree(f: Mapping[str, Any], x: FloatArray) -> FloatArray:
    feature, below, above = (np.array(f[name], dtype=np.int64) for name in ("feature", "below", "above"))
    cut, values = numbers(f["cut"]), numbers(f["values"])
    place = np.full(x.shape[0], 0 if cut.size else -1)
    while np.any(place >= 0):
        rows = np.flatnonzero(place >= 0)
        at = place[rows]
        place[rows] = np.where(x[rows, feature[at]] >= cut[at], above[at], below[at])
    return np.asarray(values[-1 - place])


def _zero(f: Mapping[str, Any], x: FloatArray) -> FloatArray:
    return np.zeros(x.shape[0])


_FORMS: dict[str, Callable[[Mapping[str, Any], FloatArray], FloatArray]] = {
    "network": _network,
    "gaussians": _gaussians,
    "grid": _grid,
    "tree": _tree,
    "zero": _zero,
}
