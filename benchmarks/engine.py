"""The engine: where the time of a fit goes, how far it is from the limit of the machine, from Adam, and how it scales.

    python benchmarks/engine.py --output engine                    # exponential problem
    python benchmarks/engine.py --output engine --data FOLDER      # also muon pairs
    python benchmarks/engine.py --output engine --data FOLDER --adam-epochs 300000    # Adam to its end: hours

One core and one thread, but for the toys of two worker processes. Writes engine.json, stages.png and scaling.png to
OUTPUT and prints a line for each measurement. A time is a median, with least and greatest in the JSON; a fit during
which anything was compiled is repeated.

Operations are counted for a layer of h_in inputs and h_out outputs and one event as 2 h_in h_out forward, an addition
and a multiplication for each weight, and twice that backward, once for the weights and once for the inputs: 6 h_in
h_out in all. Nothing asks for the gradient towards the inputs of the first layer, and what is left without it is
recorded as "flops_needed". Biases, sums over events and the arithmetic of activations are no part of either; a tanh
for each hidden neuron and an expm1 for each event are counted apart. Padding is not counted: it is work that a limit
does not know. "times_the_limit" is the rate of a product of two 1024 x 1024 matrices over that of "flops" in a pass;
"times_the_limit_with_tanh" is the time of a pass over the least time for "flops_needed" and the tanh.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import dataclasses
import functools
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import rows
from engine_figures import draw, say
from jax import lax
from rows import ROWS, Problem
from slow_methods import SlowMethods, glorot

import wilks
from wilks import likelihood
from wilks.campaign.processes import LocalProcesses
from wilks.fitting import FitResult, engine_of, fit_events
from wilks.likelihood import Events
from wilks.problems import dimuon, exponential
from wilks.toys import draw_toy

PARTS = ("rows", "scaling", "toys")
PUBLISHED_EPOCHS = 300_000
CAMPAIGN_SEED, ADAM_SEED = 5, 77
ADAM_ROWS = ("exponential-13", "dimuon-96")
EVERY_START = wilks.Search(n_starts=40, n_kept=40)
FEW_STEPS = wilks.Search(
    n_starts=3, n_kept=1, race_iterations=20, max_iterations=60, n_polished=1, max_newton_iterations=4, n_retries=0
)


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is measured; ``search`` replaces that of the rows and of the scaling."""

    row_names: tuple[str, ...] = tuple(ROWS)
    search: wilks.Search | None = None
    n_exponential_sets: int = 9
    n_dimuon_sets: int = 2
    n_scaling_sets: int = 3
    n_times: int = 7
    least_seconds: float = 0.3
    epochs: tuple[int, int] = (300, 200)  # of the rows of Adam
    n_reference: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    expected: tuple[int, ...] = (500, 2_000, 8_000, 20_000)
    hidden: tuple[int, ...] = (2, 4, 8, 16)
    n_dimuon: tuple[int, ...] = (5_000, 10_000, 20_000, 43_500, 100_000)
    n_toys: tuple[int, ...] = (8, 32, 128)
    n_cores: tuple[int, ...] = (1, 2)


QUICK = Effort(
    row_names=ADAM_ROWS,
    search=FEW_STEPS,
    n_exponential_sets=2,
    n_dimuon_sets=1,
    n_scaling_sets=1,
    n_times=3,
    least_seconds=0.02,
    epochs=(20, 10),
    n_reference=(10_000, 200_000),
    expected=(2_000,),
    hidden=(4,),
    n_dimuon=(5_000, 20_000),
    n_toys=(2,),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5; without it muon pairs are left out")
    parser.add_argument("--output", type=Path, required=True, help="folder of engine.json and the figures")
    parser.add_argument("--quick", action="store_true", help="only to see whether everything runs")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="others are kept from an earlier run")
    parser.add_argument("--adam-epochs", type=int, default=0, help="really run so many epochs on one data set of a row")
    return parser.parse_args()


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the seconds it took."""
    begin = time.perf_counter()
    result = jax.block_until_ready(call())
    return result, time.perf_counter() - begin


def spread(values: list[float]) -> dict[str, Any]:
    """Median, least and greatest."""
    return {"median": float(np.median(values)), "least": min(values), "greatest": max(values), "n": len(values)}


class Compilations:
    """How many programs JAX has compiled so far in this process."""

    def __init__(self) -> None:
        self.n = 0
        jax.monitoring.register_event_duration_secs_listener(self._count)

    def _count(self, event: str, seconds: float, **_: Any) -> None:
        self.n += event.endswith("backend_compile_duration")


class Timer:
    """Fits of one analysis, with the seconds of each stage: the two methods of its engine are wrapped."""

    def __init__(self, analysis: wilks.Analysis, compilations: Compilations) -> None:
        self.analysis, self._compilations = analysis, compilations
        self.engine = engine_of(analysis)
        self._seconds = {"exploration": 0.0, "finish": 0.0}
        self._n_iterations = 0
        self.engine.explore = self._wrapped("exploration", self.engine.explore)
        self.engine.polish = self._wrapped("finish", self.engine.polish)

    def _wrapped(self, stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            result, seconds = timed(lambda: method(*given))
            self._seconds[stage] += seconds
            if stage == "exploration":
                self._n_iterations += int(np.sum(result.n_iterations))
            return result

        return call

    def once(self, events: np.ndarray) -> tuple[FitResult, dict[str, Any]]:
        """A fit and what it took."""
        self._seconds, self._n_iterations = dict.fromkeys(self._seconds, 0.0), 0
        fit, seconds = timed(lambda: fit_events(self.analysis, events))
        stages = {**self._seconds, "rest": seconds - sum(self._seconds.values())}
        entry = {
            "t": fit.t if np.isfinite(fit.t) else None,
            "status": fit.status.name,
            "n_attempts": fit.n_attempts,
            "seconds": seconds,
        }
        entry |= {"stages": stages, "exploration_iterations": self._n_iterations}
        entry["seconds_per_exploration_iteration"] = stages["exploration"] / max(1, self._n_iterations)
        return fit, entry

    def compiled(self, events: np.ndarray) -> dict[str, Any]:
        """What a fit took during which nothing was compiled."""
        while True:
            n_before = self._compilations.n
            entry = self.once(events)[1]
            if self._compilations.n == n_before:
                return entry

    def study(self, data_sets: list[np.ndarray]) -> tuple[FitResult, dict[str, Any]]:
        """The first fit, which compiles, and the times of all."""
        first_fit, first = self.once(data_sets[0])
        fits = [self.compiled(events) for events in data_sets]
        stages = {name: float(np.median([fit["stages"][name] for fit in fits])) for name in first["stages"]}
        entry = {"compile_and_first_seconds": first["seconds"], "seconds": spread([fit["seconds"] for fit in fits])}
        each = [fit["seconds_per_exploration_iteration"] for fit in fits]
        entry |= {"stages": stages, "seconds_per_exploration_iteration": spread(each), "fits": fits}
        return first_fit, entry


class Passes:
    """Seconds of one evaluation, from many in one compiled loop, as descents make them."""

    def __init__(self, effort: Effort) -> None:
        self._n_times, self._least_seconds = effort.n_times, effort.least_seconds

    def of_loop(self, loop: Callable[[int], jax.Array]) -> dict[str, Any]:
        """Of a program that runs its body a given number of times; it is long enough for the clock."""

        def seconds(n: int) -> float:
            return timed(lambda: loop(n))[1]

        n, taken = 1, min(seconds(1), seconds(1))  # the first compiles
        while taken < self._least_seconds:
            n = max(2 * n, int(1.2 * n * self._least_seconds / max(taken, 1e-4)))
            taken = seconds(n)
        return spread([seconds(n) / n for _ in range(self._n_times)])

    def of_slope(self, model: wilks.MLP, params: np.ndarray, events: Events) -> dict[str, Any]:
        """Of the loss and its gradient. The parameters move a little, so that no pass can be left out."""

        @jax.jit
        def many(params: jax.Array, events: Events, n: int) -> tuple[jax.Array, jax.Array]:
            def one(_: int, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
                value, gradient = likelihood.value_and_gradient(model, carry[0], events)
                return carry[0] - 1e-12 * gradient, carry[1] + value

            return lax.fori_loop(0, n, one, (params, jnp.zeros(())))

        return self.of_loop(lambda n: many(jnp.asarray(params), events, n))

    def of_hessian(self, model: wilks.MLP, params: np.ndarray, events: Events) -> dict[str, Any]:
        hessian = jax.jit(lambda params, events: likelihood.hessian(model, params, events))
        timed(lambda: hessian(params, events))  # compiles
        return spread([timed(lambda: hessian(params, events))[1] for _ in range(self._n_times)])

    def of_machine(self, precision: str) -> dict[str, float]:
        """Gflop/s of a product of matrices, and 1e9 tanh/s on an array that stays in the cache."""
        draw = np.random.default_rng(0).normal
        matrix = jnp.asarray(draw(size=(1024, 1024)) / 32, precision)
        array = jnp.asarray(draw(size=(4, 2048)), precision)
        product = jax.jit(lambda n: lax.fori_loop(0, n, lambda _, x: x @ matrix, matrix))
        tanh = jax.jit(lambda n: lax.fori_loop(0, n, lambda _, x: jnp.tanh(x), array))
        begin, cpu = time.perf_counter(), time.process_time()
        seconds = self.of_loop(product)["median"]
        threads = (time.process_time() - cpu) / (time.perf_counter() - begin)
        rates = {"gflops": 2 * 1024**3 / seconds / 1e9, "threads": threads}
        return rates | {"gtanh_per_second": array.size / self.of_loop(tanh)["median"] / 1e9}


def count(analysis: wilks.Analysis, events: Events) -> dict[str, int]:
    """Operations of the loss and its gradient, by the formulae above."""
    n_events = sum(int(jnp.sum((points.weights != 0) | (points.counts != 0))) for points in events)
    shapes = analysis.model.layer_shapes(analysis.reference.n_features)
    n_weights, n_first = sum(n_out * n_in for n_out, n_in in shapes), shapes[0][0] * shapes[0][1]
    return {
        "n_events": n_events,
        "n_padding": sum(points.weights.size for points in events) - n_events,
        "flops": 6 * n_weights * n_events,
        "flops_needed": (6 * n_weights - 2 * n_first) * n_events,
        "n_tanh": sum(n_out for n_out, _ in shapes[:-1]) * n_events,
        "n_expm1": n_events,
    }


def limit(timer: Timer, events: np.ndarray, params: np.ndarray, passes: Passes, machine: dict) -> dict[str, Any]:
    """A pass of the exploration and one of the finish, beside what the machine can do."""
    engine, model, data = timer.engine, timer.analysis.model, timer.engine.data_set(events)
    seen, result = {"float32": (*engine.coarse, data.explored), "float64": (engine.whole, data.whole)}, {}
    for precision, every in seen.items():
        rates, entry = machine[precision], count(timer.analysis, every)
        seconds = passes.of_slope(model, params, every)
        gflops = entry["flops"] / seconds["median"] / 1e9
        least = (entry["flops_needed"] / rates["gflops"] + entry["n_tanh"] / rates["gtanh_per_second"]) / 1e9
        entry |= {"seconds": seconds, "gflops": gflops, "times_the_limit": rates["gflops"] / gflops}
        result[precision] = entry | {"times_the_limit_with_tanh": seconds["median"] / least}
    result["hessian"] = {"seconds": passes.of_hessian(model, params, seen["float64"])}
    return result


def epoch_seconds(methods: SlowMethods, start: np.ndarray, events: Events, *, epochs: int, n_times: int) -> float:
    """Of Adam: a long run less a short one, so that what comes before the first epoch cancels."""
    few = max(1, epochs // 10)
    for n in (few, epochs):
        methods.adam(start[None], events, epochs=n)  # compiles
    medians = [
        float(np.median([timed(lambda n=n: methods.adam(start[None], events, epochs=n))[1] for _ in range(n_times)]))
        for n in (few, epochs)
    ]
    return (medians[1] - medians[0]) / (epochs - few)


def adam(timer: Timer, events: np.ndarray, row: dict, *, epochs: int, n_run: int, n_times: int) -> dict[str, Any]:
    """Our Adam on the first data set of a row, on all events and on the merged reference, beside our fit."""
    engine, data = timer.engine, timer.engine.data_set(events).whole
    methods = SlowMethods(timer.analysis, function_tolerance=1e-11)
    start, ours = glorot(np.random.default_rng([ADAM_SEED, 0]), timer.analysis), row["fits"][0]
    result: dict[str, Any] = {"our_seconds": ours["seconds"], "our_t": ours["t"], "epochs_timed": epochs}
    for name, reference in (("whole", engine.whole), ("near", engine.near)):
        if reference is None:
            continue
        each = epoch_seconds(methods, start, (reference, data), epochs=epochs, n_times=n_times)
        entry = {"seconds_per_epoch": each, "seconds_of_300000_epochs": PUBLISHED_EPOCHS * each}
        result[name] = entry | {"speed_up": PUBLISHED_EPOCHS * each / ours["seconds"]}
    if n_run:
        (t, _), seconds = timed(lambda: methods.adam(start[None], (engine.whole, data), epochs=n_run))
        result["run"] = {"epochs": n_run, "t": float(t[0]), "seconds_with_compilation": seconds}
    return result


def exponential_analysis(
    search: wilks.Search, n_reference: int = 200_000, expected: int = 2_000, n_hidden: int = 4
) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(n_reference, seed=0),
        model=wilks.MLP(hidden=(n_hidden,), weight_clip=exponential.WEIGHT_CLIP),
        toy_source=exponential.BACKGROUND,
        expected_events=expected,
        standardize=False,
        search=search,
    )


def fit_scaling(effort: Effort, compilations: Compilations) -> dict[str, list]:
    """Fits of the exponential problem as one size of it grows; the sizes that it is published with are fitted once."""

    @functools.cache
    def study(n_reference: int, expected: int, n_hidden: int) -> dict[str, Any]:
        analysis = exponential_analysis(effort.search or EVERY_START, n_reference, expected, n_hidden)
        toys = [draw_toy(analysis, wilks.Null(), seed=rows.TOY_SEED, index=i) for i in range(effort.n_scaling_sets)]
        return {"n_parameters": analysis.n_parameters, **Timer(analysis, compilations).study(toys)[1]}

    sizes = {"n_reference": effort.n_reference, "expected": effort.expected, "n_hidden": effort.hidden}
    result: dict[str, list] = {name: [] for name in sizes}
    for name, values in sizes.items():
        for value in values:
            chosen = {"n_reference": 200_000, "expected": 2_000, "n_hidden": 4} | {name: value}
            result[name].append({name: value, **study(*chosen.values())})
            say(f"scaling, {name} {value}", result[name][-1])
    return result


def dimuon_scaling(folder: Path, effort: Effort, passes: Passes) -> list[dict[str, Any]]:
    """A pass in single precision over ever more muon pairs of the reference and one data set."""
    result, row = [], ROWS["dimuon-96"]
    everything = dimuon.read_dimuons(folder / "dimuon_sm.h5")
    for n in effort.n_dimuon:
        reference, rest = wilks.split(everything, n_first=n, seed=0)
        model = wilks.MLP(hidden=row.hidden, weight_clip=row.weight_clip)
        analysis = wilks.Analysis(reference=reference, model=model, expected_events=rows.EXPECTED_EVENTS)
        engine = engine_of(analysis)
        data = engine.data_set(rest.events[: rows.EXPECTED_EVENTS])
        params = glorot(np.random.default_rng(0), analysis)
        seconds = passes.of_slope(model, params, (*engine.coarse, data.explored))
        result.append({"n_reference": n, "n_data": rows.EXPECTED_EVENTS, "seconds": seconds})
        say(f"pass, muon pairs, n_reference {n}", result[-1])
    return result


def toy_scaling(effort: Effort) -> list[dict[str, Any]]:
    """Seconds of a campaign, from before its processes start until they have ended."""
    analysis, result = exponential_analysis(effort.search or EVERY_START), []
    for n_cores in effort.n_cores:
        for n_toys in effort.n_toys:
            begin = time.perf_counter()
            with LocalProcesses(n_cores) as executor:
                toys = wilks.run_toys(analysis, wilks.Null(), n_toys=n_toys, seed=CAMPAIGN_SEED, executor=executor)
            wall = time.perf_counter() - begin
            entry = {"n_toys": n_toys, "n_cores": n_cores, "n_failed": toys.n_failed, "wall_seconds": wall}
            entry |= {
                "wall_seconds_per_toy": wall / n_toys,
                "seconds_in_worker": spread(list(map(float, toys.seconds))),
            }
            result.append(entry)
            say(f"{n_toys} toys on {n_cores} cores", {"wall_seconds_per_toy": wall / n_toys, "wall_seconds": wall})
    return result


def settings(options: argparse.Namespace, effort: Effort) -> dict[str, Any]:
    """What was run, and where."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = {"wilks": wilks.__version__, "jax": jax.__version__, "numpy": np.__version__}
    return {
        "is_quick": options.quick,
        "effort": dataclasses.asdict(effort),
        "machine": {"machine": platform.machine(), "processor": names[0] if names else "", "cores": os.cpu_count()},
        "versions": versions | {"python": platform.python_version()},
        "seeds": {
            "reference": 0,
            "toys": rows.TOY_SEED,
            "search": 0,
            "campaign": CAMPAIGN_SEED,
            "adam": [ADAM_SEED, 0],
        },
    }


class Study:
    """The document, as it grows."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options, self._effort = options, QUICK if options.quick else Effort()
        self._compilations, self._passes = Compilations(), Passes(self._effort)
        empty: dict[str, Any] = {"rows": {}, "limit": {}, "adam": {}, "scaling": {}}
        path = options.output / "engine.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.document = empty | kept | settings(options, self._effort)
        options.output.mkdir(parents=True, exist_ok=True)

    def machine(self) -> None:
        """The rates that passes are measured by."""
        rates = self.document["machine_rates"] = {}
        for precision in ("float32", "float64"):
            rates[precision] = self._passes.of_machine(precision)
            say(f"machine, {precision}", rates[precision])

    def row(self, name: str) -> None:
        """Fits and passes of a row."""
        row, effort, document = ROWS[name], self._effort, self.document
        problem = Problem(row, self._options.data, search=effort.search)
        n_sets = effort.n_dimuon_sets if row.is_dimuon else effort.n_exponential_sets
        timer, events = Timer(problem.analysis, self._compilations), problem.data(0)
        fit, entry = timer.study([problem.data(index) for index in range(n_sets)])
        document["rows"][name] = {"n_parameters": problem.analysis.n_parameters, **entry}
        say(f"fit, {name}", document["rows"][name])
        document["limit"][name] = limit(timer, events, fit.params, self._passes, document["machine_rates"])
        for part, found in document["limit"][name].items():
            say(f"pass, {name}, {part}", found)
        if name in ADAM_ROWS:
            self._adam(name, timer, events)
        self.save()

    def _adam(self, name: str, timer: Timer, events: np.ndarray) -> None:
        epochs, n_times = self._effort.epochs[ADAM_ROWS.index(name)], max(1, self._effort.n_times // 2)
        row, n_run = self.document["rows"][name], self._options.adam_epochs
        found = adam(timer, events, row, epochs=epochs, n_run=n_run, n_times=n_times)
        self.document["adam"][name] = found
        for part in ("whole", "near", "run"):
            if part in found:
                say(f"adam, {name}, {part}", found[part])

    def scaling(self) -> None:
        """How times grow with the sizes of a problem."""
        found = self.document["scaling"]
        found |= fit_scaling(self._effort, self._compilations)
        if self._options.data is not None:
            found["dimuon_pass"] = dimuon_scaling(self._options.data, self._effort, self._passes)
        self.save()

    def toys(self) -> None:
        """Campaigns of several sizes, on one core and on two."""
        self.document["scaling"]["toys"] = toy_scaling(self._effort)
        self.save()

    def save(self) -> None:
        (self._options.output / "engine.json").write_text(json.dumps(self.document, indent=1))


def main() -> None:
    options = arguments()
    study = Study(options)
    if "rows" in options.parts:
        study.machine()
        for name in (QUICK if options.quick else Effort()).row_names:
            if options.data is not None or not ROWS[name].is_dimuon:
                study.row(name)
    for part in ("scaling", "toys"):
        if part in options.parts:
            getattr(study, part)()
    draw(study.document, options.output)


if __name__ == "__main__":
    main()
