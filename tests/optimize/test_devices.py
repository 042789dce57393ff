"""A device that is asked for and not there is a sentence, and commands that fit nothing do not ask for one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import numpy as np, wilks
from wilks.campaign.run import toys_here
rng = np.random.default_rng(0)
reference, pool = wilks.Sample(rng.exponential(size=200)), wilks.Sample(rng.exponential(size=200))
options = {"toy_source": pool, "expected_events": 10}
kernel = wilks.Analysis(reference=reference, model=wilks.Kernel(n_centers=3, width=1.0), **options)
print(wilks.fit(kernel, rng.exponential(size=12)).converged)
network = wilks.Analysis(reference=reference, model=wilks.MLP(hidden=(1,)), **options)
for verb in (
    lambda: wilks.fit(network, rng.exponential(size=12)),
    lambda: toys_here(network, wilks.Null(), n_toys=1, seed=1),
    lambda: wilks.run_toys(network, wilks.Null(), n_toys=1, seed=1),
    lambda: wilks.Analysis(reference=reference, model=kernel.model, nuisances=(wilks.normalization("n", sigma=0.1),)),
):
    try:
        verb()
    except wilks.InputError as error:
        print(error)
wilks.plan_toys(network, wilks.Null(), n_toys=1, seed=1, folder="toys")  # for machines that have one
"""


@pytest.mark.parametrize("device", ["cuda", "no_such_device"])
def test_a_device_that_is_not_there(tmp_path: Path, device: str) -> None:
    settings = os.environ | {"JAX_PLATFORMS": device, "CUDA_VISIBLE_DEVICES": ""}
    ended = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=settings, cwd=tmp_path, check=False
    )
    assert (tmp_path / "toys" / "campaign.json").exists()
    assert ended.returncode == 0, ended.stderr
    first, *others = ended.stdout.splitlines()
    assert first == "True" and len(others) == 4
    assert all(f"of JAX_PLATFORMS={device} it says" in line and "set JAX_PLATFORMS=cpu" in line for line in others)
