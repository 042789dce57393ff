"""What all tests share."""

import gc
from collections.abc import Iterator

import jax
import pytest
from hypothesis import settings

# How long an example takes says nothing: machines are noisy, and the first one compiles.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: at the end a long one would leave the other test processes without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _compile_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fits of the same shape are compiled once, for all test processes and the workers of campaigns."""
    folder = str(tmp_path_factory.getbasetemp().parent / "compiled")
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(names, (folder, 0.0), strict=True):
            patch.setenv(name.upper(), str(value))
            jax.config.update(name, value)
        yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="module", autouse=True)
def _forget_programs() -> Iterator[None]:
    """Programs of a module are of no use to the next one; kept, they fill gigabytes."""
    yield
    jax.clear_caches()
    gc.collect()
