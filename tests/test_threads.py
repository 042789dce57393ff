"""Numbers that do not depend on how many threads BLAS may have."""

import os
import subprocess
import sys

import numpy as np
from threadpoolctl import threadpool_info

from wilks.threads import one_blas_thread

CODE = """
import numpy as np, wilks
from threadpoolctl import threadpool_info, threadpool_limits
rng = np.random.default_rng(0)
model = wilks.Kernel(n_centers=150, width=1.5, is_score=True)
reference, data = wilks.Sample(rng.normal(size=(3000, 3))), rng.normal(size=(520, 3))
for n_threads in (4, 2, 1):
    with threadpool_limits(n_threads, user_api="blas"):
        used = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
        analysis = wilks.Analysis(reference=reference, model=model, expected_events=500)
        answer = wilks.goodness_of_fit(analysis, data)
        print(*used, answer.t.hex(), answer.log_p_value.hex())
"""


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_inside_there_is_one_thread_and_afterwards_what_was_before() -> None:
    assert np.ones((2, 2)).size == 4  # its BLAS is there
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_t_and_p_are_the_same_for_any_number_of_threads() -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    n_threads, *found = zip(*map(str.split, done.stdout.splitlines()), strict=True)
    assert n_threads == ("4", "2", "1")
    assert [len(set(values)) for values in found] == [1, 1]
