"""The engine: where the time of a fit goes, how far it is from the limit of the machine, from Adam, and how it scales.

    python -m benchmarks.engine fits                       # the exponential problem
    python -m benchmarks.engine fits --data FOLDER         # also muon pairs
    python -m benchmarks.engine fits --data FOLDER --adam-epochs 300000    # Adam to its end: hours
    python -m benchmarks.engine scaling
    python -m benchmarks.engine passes --data FOLDER
    python -m benchmarks.engine toys
    python -m benchmarks.engine memory dimuon-96 --data FOLDER --n-fits 400

A fit during which anything was compiled is repeated. ``--few-steps`` cuts all descents short, only to see whether
everything runs.

Operations are counted for a layer of h_in inputs and h_out outputs and one event as 2 h_in h_out forward, an addition
and a multiplication for each weight, and twice that backward, once for the weights and once for the inputs: 6 h_in
h_out in all. Nothing asks for the gradient towards the inputs of the first layer, and what is left without it is
recorded as "flops_needed". Biases, sums over events and the arithmetic of activations are no part of either; a tanh
for each hidden neuron and an expm1 for each event are counted apart. Padding is not counted: it is work that a limit
does not know. "times_the_limit" is the rate of a product of two 1024 x 1024 matrices over that of "flops" in a pass;
"times_the_limit_with_tanh" is the time of a pass over the least time for "flops_needed" and the tanh.

``memory``: resident size of the process after so many fits. Each takes every step of the usual one, on data sets of the
usual size, but its descents are cut short: memory does not depend on how long they are.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import benchmarks.harness as harness
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import wilks
from wilks import likelihood
from wilks.likelihood import Events
from wilks.problems import dimuon, exponential
from wilks.toys import draw_toy

from studies.common import EXPECTED_EVENTS, NETWORKS, TOY_SEED, Problem, seen_by
from studies.slow_methods import SlowMethods, glorot

PUBLISHED_EPOCHS = 300_000
CAMPAIGN_SEED, ADAM_SEED = 5, 77
ADAM_EPOCHS = {"exponential-13": 300, "dimuon-96": 200}  # that are timed
EVERY_START = wilks.Search(n_starts=40, n_kept=40)
FEW_STEPS = wilks.Search(
    n_starts=3, n_kept=1, race_iterations=20, max_iterations=60, n_polished=1, max_newton_iterations=4, n_retries=0
)
SEEDS = {"reference": 0, "toys": TOY_SEED, "search": 0, "campaign": CAMPAIGN_SEED, "adam": [ADAM_SEED, 0]}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)


def timed(call: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    """`harness.timed` to the end of what JAX computes."""
    return harness.timed(lambda: jax.block_until_ready(call(*given)))


class Compilations:
    """How many programs JAX has compiled so far in this process, and the seconds that XLA took."""

    def __init__(self) -> None:
        self.n, self.seconds = 0, 0.0
        jax.monitoring.register_event_duration_secs_listener(self._count)

    def _count(self, event: str, seconds: float, **_: Any) -> None:
        if event.endswith("backend_compile_duration"):
            self.n, self.seconds = self.n + 1, self.seconds + seconds


class Timer:
    """Fits of one analysis, with the seconds of each stage: the two methods of its programs are wrapped."""

    def __init__(self, analysis: wilks.Analysis, compilations: Compilations) -> None:
        self.analysis, self._compilations = analysis, compilations
        self.programs = analysis.engine.programs
        self._seconds = {"exploration": 0.0, "finish": 0.0}
        self._n_iterations = 0
        self.programs.explore = self._wrapped("exploration", self.programs.explore)
        self.programs.polish = self._wrapped("finish", self.programs.polish)

    def _wrapped(self, stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            result, seconds = timed(method, *given)
            self._seconds[stage] += seconds
            if stage == "exploration":
                self._n_iterations += int(np.sum(result.n_iterations))
            return result

        return call

    def once(self, events: np.ndarray) -> tuple[wilks.FitResult, harness.Row]:
        """A fit and what it took."""
        self._seconds, self._n_iterations = dict.fromkeys(self._seconds, 0.0), 0
        fit, seconds = harness.timed(wilks.fit, self.analysis, events)
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

    def compiled(self, events: np.ndarray) -> harness.Row:
        """What a fit took during which nothing was compiled."""
        while True:
            n_before = self._compilations.n
            entry = self.once(events)[1]
            if self._compilations.n == n_before:
                return entry

    def study(self, data_sets: list[np.ndarray]) -> tuple[wilks.FitResult, harness.Row]:
        """The first fit, which compiles, and the times of all."""
        first_fit, first = self.once(data_sets[0])
        fits = [self.compiled(events) for events in data_sets]
        stages = {name: float(np.median([fit["stages"][name] for fit in fits])) for name in first["stages"]}
        entry = {
            "compile_and_first_seconds": first["seconds"],
            "seconds": harness.spread([fit["seconds"] for fit in fits]),
        }
        each = [fit["seconds_per_exploration_iteration"] for fit in fits]
        entry |= {"stages": stages, "seconds_per_exploration_iteration": harness.spread(each), "fits": fits}
        return first_fit, entry


class Passes:
    """Seconds of one evaluation, from many in one compiled loop, as descents make them."""

    def __init__(self, n_times: int, least_seconds: float) -> None:
        self._n_times, self._least_seconds = n_times, least_seconds

    def of_loop(self, loop: Callable[[int], jax.Array]) -> harness.Row:
        """Of a program that runs its body a given number of times; it is long enough for the clock."""

        def seconds(n: int) -> float:
            return timed(loop, n)[1]

        n, taken = 1, min(seconds(1), seconds(1))  # the first compiles
        while taken < self._least_seconds:
            n = max(2 * n, int(1.2 * n * self._least_seconds / max(taken, 1e-4)))
            taken = seconds(n)
        return harness.spread([seconds(n) / n for _ in range(self._n_times)])

    def of_slope(self, model: wilks.MLP, params: np.ndarray, events: Events) -> harness.Row:
        """Of the loss and its gradient. The parameters move a little, so that no pass can be left out."""

        @jax.jit
        def many(params: jax.Array, events: Events, n: int) -> tuple[jax.Array, jax.Array]:
            def one(_: int, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
                value, gradient = likelihood.value_and_gradient(model.structure, carry[0], events)
                return carry[0] - 1e-12 * gradient, carry[1] + value

            return lax.fori_loop(0, n, one, (params, jnp.zeros(())))

        return self.of_loop(lambda n: many(jnp.asarray(params), events, n))

    def of_hessian(self, model: wilks.MLP, params: np.ndarray, events: Events) -> harness.Row:
        hessian = jax.jit(lambda params, events: likelihood.hessian(model.structure, params, events))
        timed(hessian, params, events)  # compiles
        return harness.spread([timed(hessian, params, events)[1] for _ in range(self._n_times)])

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


def limit(timer: Timer, events: np.ndarray, params: np.ndarray, passes: Passes, machine: dict) -> harness.Row:
    """A pass of the exploration and one of the finish, beside what the machine can do."""
    programs, model, data = timer.programs, timer.analysis.model, seen_by(timer.programs, events)
    seen = {"float32": (*programs.coarse, data.explored), "float64": (programs.points.whole, data.whole)}
    result = {}
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

    def run(n: int) -> object:
        return methods.adam(start[None], events, epochs=n)

    few = max(1, epochs // 10)
    short, long = (harness.repeated(functools.partial(run, n), n=n_times)["median"] for n in (few, epochs))
    return (long - short) / (epochs - few)


def adam(timer: Timer, events: np.ndarray, ours: harness.Row, options, *, epochs: int) -> harness.Row:
    """Our Adam on the first data set of a network, on all events and on the merged reference, beside our fit."""
    reference, data = timer.programs.points, seen_by(timer.programs, events).whole
    methods = SlowMethods(timer.analysis, function_tolerance=1e-11)
    start = glorot(np.random.default_rng([ADAM_SEED, 0]), timer.analysis)
    result = {"our_seconds": ours["seconds"], "our_t": ours["t"], "epochs_timed": epochs}
    blocks = {"whole": reference.whole, "near": reference.near}
    for name, points in blocks.items():
        if points is None:
            continue
        each = epoch_seconds(methods, start, (points, data), epochs=epochs, n_times=max(1, options.n_times // 2))
        entry = {"seconds_per_epoch": each, "seconds_of_300000_epochs": PUBLISHED_EPOCHS * each}
        result[name] = entry | {"speed_up": PUBLISHED_EPOCHS * each / ours["seconds"]}
    if n_run := options.adam_epochs:
        (t, _), seconds = timed(lambda: methods.adam(start[None], (reference.whole, data), epochs=n_run))
        result["run"] = {"epochs": n_run, "t": float(t[0]), "seconds_with_compilation": seconds}
    return result


@SCRIPT.part(
    "fits",
    **{"data": Path, "networks": tuple(NETWORKS), "n_exponential_sets": 9, "n_dimuon_sets": 2, "n_times": 7},
    **{"least_seconds": 0.3, "adam_epochs": 0, "few_steps": False},
)
def fits(options) -> Iterator[harness.Row]:
    """The rates of the machine, then fits, passes and Adam of each network."""
    compilations, passes = Compilations(), Passes(options.n_times, options.least_seconds)
    machine = {precision: passes.of_machine(precision) for precision in ("float32", "float64")}
    yield {"machine_rates": machine}
    for name in options.networks:
        network = NETWORKS[name]
        if network.is_dimuon and options.data is None:
            continue
        problem = Problem(network, options.data, search=FEW_STEPS if options.few_steps else None)
        n_sets = options.n_dimuon_sets if network.is_dimuon else options.n_exponential_sets
        timer, events = Timer(problem.analysis, compilations), problem.data(0)
        fit, entry = timer.study([problem.data(index) for index in range(n_sets)])
        row = {"network": name, "n_parameters": problem.analysis.n_parameters} | entry
        row["limit"] = limit(timer, events, fit.params, passes, machine)
        if epochs := ADAM_EPOCHS.get(name):
            row["adam"] = adam(timer, events, entry["fits"][0], options, epochs=epochs)
        yield row


def exponential_analysis(options, n_reference: int = 200_000, expected: int = 2_000, n_hidden: int = 4):
    return wilks.Analysis(
        reference=exponential.reference(n_reference, seed=0),
        model=wilks.MLP(hidden=(n_hidden,), weight_clip=exponential.WEIGHT_CLIP),
        toy_source=exponential.BACKGROUND,
        expected_events=expected,
        standardize=False,
        search=FEW_STEPS if options.few_steps else EVERY_START,
    )


@SCRIPT.part(
    "scaling",
    **{"n_reference": (10_000, 100_000, 1_000_000), "expected": (500, 2_000, 8_000, 20_000), "n_hidden": (2, 4, 8, 16)},
    **{"n_sets": 3, "few_steps": False},
)
def scaling(options) -> Iterator[harness.Row]:
    """Fits of the exponential problem as one size of it grows; the sizes that it is published with are fitted once."""
    compilations = Compilations()

    @functools.cache
    def study(n_reference: int, expected: int, n_hidden: int) -> harness.Row:
        analysis = exponential_analysis(options, n_reference, expected, n_hidden)
        toys = [draw_toy(analysis, wilks.Null(), seed=TOY_SEED, index=i) for i in range(options.n_sets)]
        return {"n_parameters": analysis.n_parameters, **Timer(analysis, compilations).study(toys)[1]}

    for name in ("n_reference", "expected", "n_hidden"):
        for value in getattr(options, name):
            sizes = {"n_reference": 200_000, "expected": 2_000, "n_hidden": 4} | {name: value}
            yield {"size": name, "value": value, **study(*sizes.values())}


@SCRIPT.part("passes", data=Path, n_reference=(5_000, 10_000, 20_000, 43_500, 100_000), n_times=7, least_seconds=0.3)
def passes(options) -> Iterator[harness.Row]:
    """A pass in single precision over ever more muon pairs of the reference and one data set."""
    network = NETWORKS["dimuon-96"]
    everything = dimuon.read_dimuons(options.data / "dimuon_sm.h5")
    for n in options.n_reference:
        reference, rest = wilks.split(everything, n_first=n, seed=0)
        model = wilks.MLP(hidden=network.hidden, weight_clip=network.weight_clip)
        analysis = wilks.Analysis(reference=reference, model=model, expected_events=EXPECTED_EVENTS)
        programs = analysis.engine.programs
        events = (*programs.coarse, seen_by(programs, rest.events[:EXPECTED_EVENTS]).explored)
        params = glorot(np.random.default_rng(0), analysis)
        seconds = Passes(options.n_times, options.least_seconds).of_slope(model, params, events)
        yield {"n_reference": n, "n_data": EXPECTED_EVENTS, "seconds": seconds}


@SCRIPT.part("toys", n_toys=(8, 32, 128), n_processes=(1, 2), few_steps=False)
def toys(options) -> Iterator[harness.Row]:
    """Seconds of a campaign, from before its processes start until they have ended."""
    analysis = exponential_analysis(options)
    for n_processes in options.n_processes:
        for n_toys in options.n_toys:
            begin = time.perf_counter()
            with wilks.LocalProcesses(n_processes) as executor:
                toys = wilks.run_toys(analysis, wilks.Null(), n_toys=n_toys, seed=CAMPAIGN_SEED, executor=executor)
            wall = time.perf_counter() - begin
            row = {"n_toys": n_toys, "n_processes": n_processes, "n_failed": toys.n_failed, "wall_seconds": wall}
            yield row | {"wall_seconds_per_toy": wall / n_toys, "seconds_in_worker": harness.spread(toys.seconds)}


@SCRIPT.part("memory", network=[*NETWORKS], data=Path, n_fits=1000)
def memory(options) -> Iterator[harness.Row]:
    network, short = NETWORKS[options.network], {"race_iterations": 1, "max_iterations": 2, "max_newton_iterations": 1}
    problem = Problem(network, options.data, search=dataclasses.replace(network.search, **short, n_retries=0))
    n_sets = min(problem.n_data_sets, 50)
    for count in range(options.n_fits):
        wilks.fit(problem.analysis, problem.data(count % n_sets))
        if count + 1 in (1, 10) or (count + 1) % 100 == 0:
            yield {"n_fits": count + 1, "resident_mb": harness.resident_mb(), "peak_mb": harness.peak_mb()}


if __name__ == "__main__":
    SCRIPT.main()
