"""Fingerprints, toys and t of every family of models at one commit: what a change of the code must not move.

    python tests/recorder/record.py            # write recorded.json
    python tests/recorder/record.py --check    # compare with it, print what differs, exit with 1 if anything does

Small problems with fixed seeds, two minutes on one core. Fingerprints, toys and everything of a network must agree to
the last bit. A fit of a kernel is a sum and a solve in no order that anybody promised: its t, tau and Delta may move by
`ALLOWED`, relative; what belongs to that t (nuisances, f, the analytic p) by `ALLOWED_BESIDE`, since near a minimum it
is less well determined than t.

A number stands in the record as ``hexadecimal = decimal``, the first to be compared, the second to be read; an array as
the first 16 digits of the SHA-256 of its float64 bytes. Bits of a sum depend on the processor and on the versions of
NumPy and JAX: ``probe`` is a digest of sums, exponentials and products, and where it differs the last bits need not
agree.
"""

import os

if __name__ == "__main__":  # before JAX and BLAS are loaded: the order of a sum depends on the number of threads
    os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"})

import argparse
import hashlib
import json
import math
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import wilks
from wilks.hypotheses import Hypothesis
from wilks.problems import exponential
from wilks.statistics.fits import FitResult
from wilks.toys import draw_auxiliaries, draw_toy
from wilks.typing import FloatArray

RECORD = Path(__file__).with_name("recorded.json")
N_TOYS, SEED = 5, 1
LIBRARIES = ("numpy", "scipy", "jax", "jaxlib")
SHIFT = wilks.ShiftedNuisance({"scale": 0.1, "normalization": -0.1})
SEARCH = wilks.Search(n_starts=4, seed=3)

# How far a number may lie from the recorded one, relative to it, by the kind of the case.
ALLOWED = {"network": 0.0, "score": 1e-9, "converged": 1e-6}
ALLOWED_BESIDE = {"network": 0.0, "score": 1e-6, "converged": 1e-5}
_STATISTICS = ("t", "tau", "Delta")
_SMALLEST = 1e-3  # what is nearer to zero is compared as if it were so large


# The problems. One feature: Exp(1), toys from a generator. Two: a weighted sample, toys from its other half.


def exponential_analysis(model: Any, *, has_nuisances: bool) -> wilks.Analysis:
    """300 expected events of the exponential problem; its scale and normalization as nuisances."""
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=3_000), features=["x"]),
        model=model,
        expected_events=300,
        nuisances=exponential.nuisances(0.1, 0.1) if has_nuisances else (),
        toy_source=wilks.Generator("wilks.problems.exponential:background", version="1"),
        search=SEARCH,
    )


def exponential_data() -> FloatArray:
    """280 events of the reference and 25 of a peak."""
    rng = np.random.default_rng(2)
    return np.concatenate([rng.exponential(size=(280, 1)), rng.normal(2.5, 0.2, size=(25, 1))])


def plane_analysis(model: Any) -> wilks.Analysis:
    """200 expected events of two correlated features on scales that need standardization, with weights."""
    rng = np.random.default_rng(4)
    events = rng.normal(size=(8_000, 2)) @ np.array([[1.0, 0.4], [0.0, 0.8]]) * [3.0, 50.0] + [-1.0, 400.0]
    sample = wilks.Sample(events, event_weights=rng.uniform(0.5, 1.0, size=8_000), features=["x", "y"])
    reference, pool = wilks.split(sample, n_first=3_000, seed=0)
    return wilks.Analysis(reference=reference, model=model, expected_events=200, toy_source=pool, search=SEARCH)


def plane_data() -> FloatArray:
    """190 events like the reference and 15 at one place."""
    rng = np.random.default_rng(5)
    like = rng.normal(size=(190, 2)) @ np.array([[1.0, 0.4], [0.0, 0.8]]) * [3.0, 50.0] + [-1.0, 400.0]
    return np.concatenate([like, rng.normal([4.0, 330.0], [0.3, 5.0], size=(15, 2))])


@dataclass(frozen=True)
class Case:
    """A family with its problem; ``kind`` says which of `ALLOWED` holds for its numbers."""

    kind: str
    build: Callable[[], wilks.Analysis]
    data: Callable[[], FloatArray]

    @property
    def analysis(self) -> wilks.Analysis:
        return self.build()


def _line(kind: str, model: Any, *, has_nuisances: bool = False) -> Case:
    return Case(kind, partial(exponential_analysis, model, has_nuisances=has_nuisances), exponential_data)


def _plane(kind: str, model: Any) -> Case:
    return Case(kind, partial(plane_analysis, model), plane_data)


def _kernel(kind: str) -> wilks.Kernel:
    return wilks.Kernel(n_centers=12, width=0.8, ridge=3.0, is_score=kind == "score")


def _set(kind: str) -> wilks.KernelSet:
    return wilks.KernelSet(widths=(0.4, 1.2), ridges=(0.5, 3.0), n_centers=(14, 8), is_score=kind == "score")


_NETWORK = wilks.MLP(hidden=(2,), weight_clip=5.0)

CASES: dict[str, Case] = {
    "network": _line("network", _NETWORK),
    "network with nuisances": _line("network", _NETWORK, has_nuisances=True),
    "network in two features": _plane("network", wilks.MLP(hidden=(2, 2), weight_clip=3.0)),
    "kernel score": _line("score", _kernel("score")),
    "kernel score with nuisances": _line("score", _kernel("score"), has_nuisances=True),
    "kernel score in two features": _plane("score", wilks.Kernel(n_centers=15, ridge=3.0, is_score=True)),
    "kernel converged": _line("converged", _kernel("converged")),
    "kernel converged with nuisances": _line("converged", _kernel("converged"), has_nuisances=True),
    "kernel set score": _line("score", _set("score")),
    "kernel set score with nuisances": _line("score", _set("score"), has_nuisances=True),
    "kernel set converged": _line("converged", _set("converged")),
    "kernel set converged with nuisances": _line("converged", _set("converged"), has_nuisances=True),
    "kernel set smallest p": _line("score", wilks.KernelSet((0.4, 1.2), n_centers=10, combination="min_p")),
}


# What is recorded of a case.


def record(case: Case) -> dict[str, Any]:
    """Everything that is recorded of a case."""
    analysis, data = case.analysis, case.data()
    found = cheap_record(case, analysis=analysis)
    found["data"] = {"events": sha256(data), **numbers_of(wilks.fit(analysis, data), analysis, data)}
    if case.kind == "score" and isinstance(analysis.model, wilks.Kernel):
        answer = wilks.goodness_of_fit(analysis, data)
        found["data"] |= {"p_value": exact(answer.p_value), "method": answer.method}
    for name, hypothesis in hypotheses(analysis):
        for index, row in enumerate(found["toys"][name]):
            row.update(toy_numbers(analysis, hypothesis, index=index))
    return found


def cheap_record(case: Case, *, analysis: wilks.Analysis | None = None) -> dict[str, Any]:
    """The fingerprint and the toys: what needs no fit."""
    analysis = analysis or case.analysis
    toys = {
        name: [toy_events(analysis, hypothesis, index=index) for index in range(N_TOYS)]
        for name, hypothesis in hypotheses(analysis)
    }
    return {"fingerprint": analysis.fingerprint(), "data": {"events": sha256(case.data())}, "toys": toys}


def hypotheses(analysis: wilks.Analysis) -> list[tuple[str, Hypothesis]]:
    """What toys are drawn from, by name."""
    shifted = [(SHIFT.describe(), SHIFT)] if analysis.nuisances else []
    return [("Null()", wilks.Null()), *shifted]


def toy_events(analysis: wilks.Analysis, hypothesis: Hypothesis, *, index: int) -> dict[str, str]:
    """Toy ``index`` as it is drawn."""
    events = draw_toy(analysis, hypothesis, seed=SEED, index=index)
    observed = draw_auxiliaries(analysis, hypothesis, seed=SEED, index=index)
    found = {"n_events": str(len(events)), "events": sha256(events)}
    return found | ({"observed": sha256(observed)} if observed.size else {})


def toy_numbers(analysis: wilks.Analysis, hypothesis: Hypothesis, *, index: int) -> dict[str, str]:
    """The end of the fit of toy ``index``."""
    events = draw_toy(analysis, hypothesis, seed=SEED, index=index)
    observed = draw_auxiliaries(analysis, hypothesis, seed=SEED, index=index)
    told = dict(zip(analysis.nuisances.names, observed.tolist(), strict=True))
    return numbers_of(wilks.fit(analysis, events, auxiliaries=told), analysis, events)


def numbers_of(fit: FitResult, analysis: wilks.Analysis, events: FloatArray) -> dict[str, str]:
    """t and its parts, the nuisances, the parameters by their digest, and the learned f by its mean over the events."""
    parts = {"t": fit.t, "tau": fit.tau, "Delta": fit.delta} if analysis.nuisances else {"t": fit.t}
    fitted = {f"{one.name} at tau": one.value for one in fit.nuisances}
    fitted |= {f"{one.name} at Delta": one.value for one in fit.delta_nuisances}
    learned = {"mean |f|": float(np.mean(np.abs(analysis.log_ratio(events, fit.params))))}
    numbers = {name: exact(value) for name, value in {**parts, **fitted, **learned}.items()}
    return {"status": fit.status.name, **numbers, "params": sha256(fit.params)}


def sha256(array: FloatArray) -> str:
    """The first 16 digits of that of the float64 bytes.

    >>> sha256(np.array([1.0]))
    '6c3c396ed6b5c36d'
    """
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()[:16]


def exact(value: float) -> str:
    """A number to the last bit, and as people read it.

    >>> exact(1.5)
    '0x1.8000000000000p+0 = 1.5'
    """
    return f"{float(value).hex()} = {value:.10g}"


# What differs from the record.


class Difference(NamedTuple):
    """One entry of a case as it was recorded and as it is now; ``change`` is relative, infinite where bits differ."""

    what: str
    recorded: str
    found: str
    change: float
    allowed: float

    @property
    def matters(self) -> bool:
        """Whether it is more than is allowed; NaN is."""
        return not self.change <= self.allowed


def differences(kind: str, recorded: Mapping[str, Any], found: Mapping[str, Any]) -> list[Difference]:
    """Every entry that is not the recorded one to the last bit, those that only one of both has included."""
    before, after = dict(leaves(recorded)), dict(leaves(found))
    pairs = ((what, before.get(what, "nothing"), after.get(what, "nothing")) for what in before | after)
    return [_difference(kind, *one) for one in pairs if one[1] != one[2] and _is_compared(kind, one[0])]


def leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The entries of a record with their places.

    >>> list(leaves({"data": {"t": "1"}, "toys": {"Null()": [{"t": "2"}]}}))
    [('data, t', '1'), ('toys, Null(), 0, t', '2')]
    """
    for name, value in tree.items():
        branch = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(branch, Mapping):
            yield from leaves(branch, f"{path}{name}, ")
        else:
            yield f"{path}{name}", value


def _is_compared(kind: str, what: str) -> bool:
    """Parameters of a kernel are as they come; f says what they are good for."""
    return kind == "network" or not what.endswith(", params")


def _difference(kind: str, what: str, recorded: str, found: str) -> Difference:
    if " = " not in recorded or " = " not in found:
        return Difference(what, recorded[:12], found[:12], math.inf, 0.0)
    (one, first), (other, second) = (
        (float.fromhex(x), text) for x, text in (y.split(" = ") for y in (recorded, found))
    )
    allowed = (ALLOWED if what.split(", ")[-1] in _STATISTICS else ALLOWED_BESIDE)[kind]
    return Difference(what, first, second, abs(other - one) / max(abs(one), _SMALLEST), allowed)


# Where and with what it was made.


def origin() -> dict[str, str]:
    """Platform, versions and commit."""
    cpu = Path("/proc/cpuinfo")
    models = (
        [x.split(":")[1].strip() for x in cpu.read_text().splitlines() if x.startswith("model name")]
        if cpu.exists()
        else []
    )
    return {
        "commit": commit(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": models[0] if models else platform.processor(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "probe": probe(),
    }


def commit() -> str:
    """Of the source tree, with a mark where ``src`` was changed since."""
    run = partial(subprocess.run, cwd=RECORD.parent, capture_output=True, text=True, check=True)
    head = run(["git", "rev-parse", "HEAD"]).stdout.strip()
    is_changed = run(["git", "status", "--porcelain", "--", ":/src"]).stdout.strip()
    return f"{head} and changes" if is_changed else head


def probe() -> str:
    """A digest of sums, exponentials and products by NumPy and by JAX, which the last bits of everything hang on."""
    x = np.random.default_rng(0).normal(size=(997, 7))
    parts = [np.sum(x), np.std(x), *np.exp(x[:9, 0]), *(x.T @ x).ravel(), *np.linalg.solve(x.T @ x, x[0])]
    compiled = jax.jit(lambda y: jnp.concatenate([(jnp.tanh(y).T @ y).ravel(), jnp.sum(jnp.expm1(y), axis=0)]))
    return sha256(np.concatenate([np.array(parts), np.asarray(compiled(jnp.asarray(x)))]))


# The command.


def main() -> int:
    """Write the record, or compare with it; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the record instead of writing it")
    is_check = parser.parse_args().check
    before = json.loads(RECORD.read_text(encoding="utf-8")) if is_check else {}
    found = {}
    for name, case in CASES.items():
        start = time.perf_counter()
        found[name] = record(case)
        seconds = f"{time.perf_counter() - start:5.1f} s"
        print(
            verdict(name, before["cases"].get(name, {}), found[name]) if is_check else name.ljust(34),
            seconds,
            flush=True,
        )
    if is_check:
        return compare(before, found)
    RECORD.write_text(text({"origin": origin(), "cases": found}) + "\n", encoding="utf-8")
    return 0


def verdict(name: str, recorded: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """One line on a case."""
    changed = differences(CASES[name].kind, recorded, found)
    n_wrong, n = sum(one.matters for one in changed), len(dict(leaves(found)))
    largest = max((one.change for one in changed), default=0.0)
    ending = f"{n_wrong} DIFFER" if n_wrong else "as recorded"
    return f"{name:34}{n - len(changed):4} of {n} to the last bit, largest change {largest:7.1e}  {ending:12}"


def compare(before: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """Print a table of what differs by more than is allowed; 1 if anything does."""
    rows = [
        (name, one)
        for name in before["cases"] | found
        for one in differences(
            CASES[name].kind if name in CASES else "network", before["cases"].get(name, {}), found.get(name, {})
        )
        if one.matters
    ]
    for name, one in rows:
        print(f"{name:34}{one.what:48}{one.recorded:>16}{one.found:>16}{one.change:10.1e} > {one.allowed:.0e}")
    here, there = origin(), before["origin"]
    moved = {
        key: f"{there[key]} then, {here[key]} now" for key in here if key != "commit" and here[key] != there.get(key)
    }
    print(f"Recorded at {there['commit']}; now {here['commit']}.")
    print("".join(f"Another {key}: {what}; last bits may differ.\n" for key, what in moved.items()), end="")
    print(f"{len(rows)} entries differ." if rows else "Everything is as recorded.")
    return 1 if rows else 0


def text(tree: object, indent: str = "") -> str:
    """JSON with one line for each mapping or list of plain values."""
    inner = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    if not any(isinstance(one, dict | list) for one in inner):
        return json.dumps(tree)
    deeper = indent + " "
    if isinstance(tree, dict):
        lines = [f"{deeper}{json.dumps(key)}: {text(value, deeper)}" for key, value in tree.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{deeper}{text(value, deeper)}" for value in inner) + f"\n{indent}]"


if __name__ == "__main__":
    sys.exit(main())
