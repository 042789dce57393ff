"""What all tests share."""

import gc
import math
import mmap
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import jax
import numpy as np
import pyarrow
import pytest
from _pytest.doctest import DoctestModule
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from wilks.campaign import Toys
from wilks.hypotheses import Hypothesis, Null
from wilks.reports.picture import Picture
from wilks.statistics.fits import Attempt, FitResult
from wilks.typing import FitStatus, FloatArray

from tests.lab.here import Here

_MOST_BYTES = 3 * 2**30
# Their files share compiled programs and what fixtures of a session have made.
_TOGETHER = ("tests/campaign/", "tests/cli/", "tests/contract/", "tests/statistics/network/")
_FEW_LOOKS = (50_000, 20, 100)  # JAX makes many objects and next to no cycles of them: garbage is looked for rarely

# How long an example takes says nothing: machines are noisy, and the first one compiles.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--optimized", action="store_true", help="all programs as users have them, and twice the time")


class _ByFolder(LoadFileScheduling):
    """Gives a test process the next file, or all files of a folder of `_TOGETHER`."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in _TOGETHER if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByFolder | None:
    return _ByFolder(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Files of tests without an example are not searched for examples."""
    found = yield
    has_examples = b">>>" in file_path.read_bytes()
    return [one for one in found if has_examples or not isinstance(one, DoctestModule)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: at the end it would leave the other test processes without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: not (item.path in slow or item.nodeid.startswith(_TOGETHER)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay to the end: garbage is not looked for among them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_FEW_LOOKS)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _compile_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Programs that take long to compile are kept, for all test processes and the workers of campaigns.

    To keep a quick one costs a tenth of its compilation, and hardly any is asked for again.
    """
    folder = str(tmp_path_factory.getbasetemp().parent / "compiled")
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(names, (folder, 0.1), strict=True):
            patch.setenv(name.upper(), str(value))
            jax.config.update(name, value)
        yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="module", autouse=True)
def _disks_are_not_waited_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """That files are on the disk matters where a machine loses its power; each takes some milliseconds to be there."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.name != "test_storage.py":
            patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def _machine_code(request: pytest.FixtureRequest) -> Iterator[None]:
    """Not optimized, which takes half the time to make, unless a module is about the last bits or the option says so.

    Processes that campaigns of several modules share have the code of the first. Programs stay for the modules that
    follow, which have the same shapes where they can, while memory lasts.
    """
    is_exact = request.node.get_closest_marker("exact") is not None
    is_quick = not (is_exact or request.config.getoption("optimized"))
    if jax.config.values["jax_disable_most_optimizations"] != is_quick or _memory_is_full():
        jax.clear_caches()
        gc.collect()
    jax.config.update("jax_disable_most_optimizations", is_quick)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", str(int(is_quick)))  # of the processes of campaigns
        yield


def _memory_is_full() -> bool:
    """Never where the system does not tell."""
    told = Path("/proc/self/statm")
    return told.exists() and int(told.read_text().split()[1]) * mmap.PAGESIZE > _MOST_BYTES


@pytest.fixture
def cheap_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of reports are made and not turned into pictures, which takes most of the time of a report."""
    monkeypatch.setattr("wilks.reports.picture._uri", lambda figure, *, is_vector: "data:,")


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have places, captions and texts of figures, and no figure is made, which takes half of what is left.

    For tests whose subject is not in them, of data and answers whose figures are made in other tests.
    """
    for page in ("comparison", "pictures", "power", "selection", "validation"):
        monkeypatch.setattr(f"wilks.reports.{page}.picture_of", _no_figure)


def _no_figure(draw: object, *, caption: str, alt: str, is_vector: bool = True) -> Picture:
    return Picture("data:,", 576, 432, caption, alt)


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands make their toys in this process: another takes seconds to be ready."""
    for name in ("estimate", "models", "power", "toys", "validate", "workers"):
        monkeypatch.setattr(f"wilks.cli.{name}.LocalProcesses", Here)


@pytest.fixture(scope="session")
def fit_of() -> Callable[..., FitResult]:
    """A fit made up: it converged at ``t``, with params 0, unless options say otherwise."""

    def make(
        t: float, *, status: FitStatus = FitStatus.CONVERGED, n_parameters: int = 13, **options: object
    ) -> FitResult:
        values = {
            "t": t,
            "tau": t,
            "delta": 0.0,
            "params": np.zeros(13),
            "status": status,
            "newton_decrement": 1e-9,
            "least_curvature": 0.02,
            "kkt_residual": 1e-6,
            "share_at_bound": 0.0,
            "n_starts": 2,
            "start_gap": 0.1,
            "start_t": np.array([t, t - 0.1]),
            "attempts": (Attempt(status, t),),
            "n_iterations": 100,
            "n_events": 2000,
            "fingerprint": "0123456789abcdef",
        }
        return FitResult(**(values | options))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def toys_of() -> Callable[..., Toys]:
    """Toys made up: of these t, NaN where one failed, with as much of a table as a calibration reads."""

    def make(
        t: FloatArray,
        *,
        hypothesis: Hypothesis | None = None,
        fingerprint: str = "0123456789abcdef",
        degrees_of_freedom: float | None = 13,
        expected_overlap_z_error: float | None = None,
        n_events: int = 2000,
        is_combined: bool = False,
    ) -> Toys:
        failed = np.isnan(t)
        columns = {
            "t": t,
            "status": np.where(failed, int(FitStatus.NOT_CONVERGED), int(FitStatus.CONVERGED)),
            "n_events": np.full(t.size, n_events),
            "share_at_bound": np.full(t.size, 0.25),
            "start_gap": np.full(t.size, 0.5),
        }
        return Toys(
            table=pyarrow.table(columns),
            hypothesis=hypothesis or Null(),
            fingerprint=fingerprint,
            seed=1,
            n_parameters=math.floor(degrees_of_freedom or 0),
            expected_overlap_z_error=expected_overlap_z_error,
            is_penalized=degrees_of_freedom is None,
            is_combined=is_combined,
        )

    return make
