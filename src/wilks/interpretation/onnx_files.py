"""The fitted f as an ONNX graph, in double precision; needs the package onnx (``wilks[onnx]``)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.portable import numbers
from wilks.interpretation.ratio_files import ratio_document
from wilks.statistics.fits import FitResult
from wilks.storage import Folder, as_path, whole_path
from wilks.typing import FloatArray
from wilks.wording import listed

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    raise InputError(f"an ONNX file needs the package onnx ({error}): pip install 'wilks[onnx]'") from error

INPUT, OUTPUTS = "features", ("log_ratio", "ratio")
_OPSET, _IR = 17, 8


def write_onnx(analysis: Analysis, path: Folder, *, fit: FitResult, region: str = "") -> None:
    """Write the fitted f as an ONNX graph of raw ``features`` (n, d) to ``log_ratio`` f and ``ratio`` e^f, both (n,).

    Standardization is part of the graph, all numbers are doubles, and operators are those of opset 17, without any of
    a kind of their own. The names of the features in order, the fingerprint of the analysis and t are its metadata.

    Args:
        analysis: what the fit was made with.
        path: of the file; one that is there is replaced.
        fit: of it.
        region: whose f, where there are several.

    Raises:
        InputError: as `ratio_document`; no such region.
    """
    where, model = as_path(path), onnx_model(ratio_document(analysis, fit=fit), region=region)
    where.parent.mkdir(parents=True, exist_ok=True)
    with whole_path(where) as partial:
        partial.write_bytes(model.SerializeToString())


def onnx_model(document: Mapping[str, Any], *, region: str = "") -> onnx.ModelProto:
    """The graph of a document of `ratio_document`.

    Raises:
        InputError: no such region.
    """
    parts = {one["region"]: one for one in document["parts"]}
    if region not in parts:
        raise InputError(f"region must be one of {listed(parts)}, but {region!r} came")
    part = parts[region]
    graph = _Graph(len(part["features"]))
    standardized = graph.standardized(part)
    value = _FORMS[part["f"]["form"]](graph, standardized, part["f"])
    graph.add("Identity", value, output=OUTPUTS[0])
    graph.add("Exp", OUTPUTS[0], output=OUTPUTS[1])
    model = graph.model()
    told = {"features": part["features"], **{name: document[name] for name in ("fingerprint", "t", "model")}}
    helper.set_model_props(model, {name: json.dumps(value) for name, value in told.items()})
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Nodes and constants of a graph that grows."""

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, kind: str, *inputs: str, output: str = "", attributes: Mapping[str, Any] | None = None) -> str:
        """A node with one output, whose name is returned."""
        name = output or f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **(attributes or {})))
        return name

    def constant(self, values: Any, kind: Any = np.float64) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype=kind), name))
        return name

    def standardized(self, part: Mapping[str, Any]) -> str:
        moved = self.add("Sub", INPUT, self.constant(part["shift"]))
        value = self.add("Div", moved, self.constant(part["scale"]))
        reach = part["reach"]
        return value if reach is None else self.add("Clip", value, self.constant(-reach), self.constant(reach))

    def flat(self, value: str) -> str:
        """(n, 1) as (n,)."""
        return self.add("Squeeze", value, self.constant([1], np.int64))

    def model(self) -> onnx.ModelProto:
        number = TensorProto.DOUBLE
        inputs = [helper.make_tensor_value_info(INPUT, number, ["n", self.n_features])]
        outputs = [helper.make_tensor_value_info(name, number, ["n"]) for name in OUTPUTS]
        graph = helper.make_graph(self._nodes, "learned_ratio", inputs, outputs, initializer=self._constants)
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR, producer_name="wilks")


def _network(graph: _Graph, x: str, f: Mapping[str, Any]) -> str:
    *hidden, last = f["layers"]
    for layer in hidden:
        x = _activated(graph, _affine(graph, x, layer), f["activation"])
    return graph.flat(_affine(graph, x, last))


def _affine(graph: _Graph, x: str, layer: Mapping[str, Any]) -> str:
    product = graph.add("MatMul", x, graph.constant(np.array(layer["weights"]).T))
    return graph.add("Add", product, graph.constant(layer["biases"]))


def _activated(graph: _Graph, z: str, activation: str) -> str:
    if activation == "silu":
        return graph.add("Mul", z, _sigmoid(graph, z))
    if activation == "softplus":  # max(z, 0) + log(1 + e^-|z|): few runtimes have Softplus of doubles
        small = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
        rest = graph.add("Log", graph.add("Add", small, graph.constant(1.0)))
        return graph.add("Add", graph.add("Max", z, graph.constant(0.0)), rest)
    return _sigmoid(graph, z) if activation == "sigmoid" else graph.add("Tanh", z)


def _sigmoid(graph: _Graph, z: str) -> str:
    """0.5 + 0.5 tanh(z/2), as the model has it, which overflows nowhere."""
    half = graph.constant(0.5)
    return graph.add("Add", graph.add("Mul", graph.add("Tanh", graph.add("Mul", z, half)), half), half)


def _gaussians(graph: _Graph, x: str, f: Mapping[str, Any]) -> str:
    total = ""
    for group in f["groups"]:
        exponents = _exponents(graph, x, np.array(group["centers"]), float(group["width"]))
        bounded = graph.add("Clip", exponents, graph.constant(-200.0), graph.constant(0.0))
        coefficients = graph.constant(np.array(group["coefficients"])[:, None])
        value = graph.add("MatMul", graph.add("Exp", bounded), coefficients)
        total = graph.add("Add", total, value) if total else value
    return graph.flat(total)


def _exponents(graph: _Graph, x: str, centers: Any, width: float) -> str:
    if centers.shape[1] == 1:
        away = graph.add("Sub", x, graph.constant(centers.T))
        return graph.add("Mul", graph.add("Mul", away, away), graph.constant(-0.5 / width**2))
    scaled, z = graph.add("Div", x, graph.constant(width)), centers / width
    halves = graph.constant(np.full((centers.shape[1], 1), -0.5))
    lengths = graph.add("MatMul", graph.add("Mul", scaled, scaled), halves)
    product = graph.add("MatMul", scaled, graph.constant(z.T))
    return graph.add("Add", graph.add("Add", product, lengths), graph.constant(-0.5 * np.sum(z**2, axis=1)[None]))


def _grid(graph: _Graph, x: str, f: Mapping[str, Any]) -> str:
    cell, inside, n_cells = "", "", 1
    for j, given in enumerate(f["edges"]):
        edges = numbers(given)
        column = graph.add("Gather", x, graph.constant([j], np.int64), attributes={"axis": 1})
        reached = graph.add("GreaterOrEqual", column, graph.constant(edges[None]))
        counted = graph.add("Cast", reached, attributes={"to": TensorProto.DOUBLE})
        place = graph.add("MatMul", counted, graph.constant(np.ones((edges.size, 1))))
        place = graph.add("Sub", place, graph.constant(1.0))
        place = graph.add("Clip", place, graph.constant(0.0), graph.constant(float(edges.size - 2)))
        ends = [graph.add(kind, column, graph.constant(end)) for kind, end in _ends(edges)]
        within = graph.add("And", *ends)
        inside = graph.add("And", inside, within) if inside else within
        n_cells *= edges.size - 1
        if cell:
            cell = graph.add("Mul", cell, graph.constant(float(edges.size - 1)))
        cell = graph.add("Add", cell, place) if cell else place
    chosen = graph.add("Where", inside, cell, graph.constant(float(n_cells)))
    return _value(graph, graph.flat(chosen), [*numbers(f["values"]), 0.0])


def _ends(edges: Any) -> Sequence[tuple[str, float]]:
    return ("GreaterOrEqual", float(edges[0])), ("LessOrEqual", float(edges[-1]))


def _tree(graph: _Graph, x: str, f: Mapping[str, Any]) -> str:
    """Each bin is a box, and an event lies in that of which it passes all ends."""
    lower, upper = boxes(f, graph.n_features)
    wide = graph.add("Unsqueeze", x, graph.constant([1], np.int64))
    above = graph.add("GreaterOrEqual", wide, graph.constant(lower[None]))
    below = graph.add("Less", wide, graph.constant(upper[None]))
    passed = graph.add("Cast", graph.add("And", above, below), attributes={"to": TensorProto.DOUBLE})
    n_passed = graph.add("ReduceSum", passed, graph.constant([2], np.int64), attributes={"keepdims": 0})
    found = graph.add("ArgMax", n_passed, attributes={"axis": 1, "keepdims": 0})
    return graph.add("Gather", graph.constant(numbers(f["values"])), found)


def boxes(f: Mapping[str, Any], n_features: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends of the bins of a tree, each (k, d)."""
    n_bins = len(f["values"])
    lower, upper = np.full((n_bins, n_features), -np.inf), np.full((n_bins, n_features), np.inf)
    open_ = [(0, lower[0].copy(), upper[0].copy())] if f["cut"] else []
    while open_:
        place, low, high = open_.pop()
        j, cut = f["feature"][place], float(f["cut"][place])
        left, right = (low, high.copy()), (low.copy(), high)
        left[1][j], right[0][j] = min(high[j], cut), max(low[j], cut)
        for next_, ends in ((f["below"][place], left), (f["above"][place], right)):
            if next_ >= 0:
                open_.append((next_, *ends))
            else:
                lower[-1 - next_], upper[-1 - next_] = ends
    return lower, upper


def _zero(graph: _Graph, x: str, f: Mapping[str, Any]) -> str:
    first = graph.add("Gather", x, graph.constant(0, np.int64), attributes={"axis": 1})
    return graph.add("Mul", first, graph.constant(0.0))


def _value(graph: _Graph, place: str, values: Sequence[float]) -> str:
    index = graph.add("Cast", place, attributes={"to": TensorProto.INT64})
    return graph.add("Gather", graph.constant(values), index)


_FORMS = {"network": _network, "gaussians": _gaussians, "grid": _grid, "tree": _tree, "zero": _zero}
