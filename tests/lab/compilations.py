"""Compilations: counted for tests of what is compiled when, and made cheap where a test compiles for itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax

_COMPILED = "/jax/core/compile/backend_compile_duration"


class Programs:
    """How many were compiled since the last question."""

    def __init__(self) -> None:
        self._n = 0

    def __call__(self, event: str, seconds: float, **_: Any) -> None:
        self._n += event == _COMPILED

    def taken(self) -> int:
        n, self._n = self._n, 0
        return n


@contextmanager
def counted() -> Iterator[Programs]:
    counter = Programs()
    jax.monitoring.register_event_duration_secs_listener(counter)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter)


def quick_jit(function: Callable[..., Any]) -> Any:
    """`jax.jit` for a function of a test: machine code that is not optimized takes a third of the time to make."""
    return jax.jit(
        function, compiler_options={"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
    )


def fast_jit(function: Callable[..., Any]) -> Any:
    """`jax.jit` for a function that a test calls so often that optimizing its machine code pays."""
    return jax.jit(
        function, compiler_options={"xla_backend_optimization_level": 3, "xla_llvm_disable_expensive_passes": False}
    )
