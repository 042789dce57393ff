"""Double precision in every order of imports, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRINT = "print(jax.numpy.zeros(1).dtype, jax.config.jax_enable_x64)"


def output_of(code: str, **environment: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    inherited = {name: value for name, value in os.environ.items() if name != "JAX_ENABLE_X64"}
    done = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("imports", "environment"),
    [
        ("import wilks; import jax", {}),
        ("import jax; import wilks", {"JAX_ENABLE_X64": "0"}),
        pytest.param("import jax; import wilks", {}, marks=pytest.mark.nightly),
        pytest.param("import wilks; import jax", {"JAX_ENABLE_X64": "0"}, marks=pytest.mark.nightly),
    ],
)
def test_double_precision_is_on(imports: str, environment: dict[str, str]) -> None:
    assert output_of(f"{imports}; {PRINT}", **environment) == "float64 True"


def test_importing_the_package_imports_no_jax_and_tells_the_processes_that_it_starts() -> None:
    code = "import os, sys, wilks; print('jax' in sys.modules, os.environ['JAX_ENABLE_X64'])"
    assert output_of(code) == "False 1"


def test_a_fit_is_refused_where_it_was_switched_off_before_jax_was_imported() -> None:
    code = (
        "import os, wilks; os.environ['JAX_ENABLE_X64'] = '0'\n"
        "model = wilks.MLP(hidden=(1,))\n"
        "analysis = wilks.Analysis(reference=wilks.Sample([1.0, 2.0, 3.0]), model=model, expected_events=2)\n"
        "try: wilks.fit(analysis, [1.0, 2.0])\n"
        "except wilks.InputError as error: print(error)"
    )
    assert "jax_enable_x64 was switched off" in output_of(code)


def test_linear_models_without_nuisances_need_no_jax() -> None:
    code = (
        "import sys, wilks\n"
        "reference = wilks.Sample([0.1 * k for k in range(60)])\n"
        "models = wilks.Kernel(5, 1.0), wilks.Kernel(5, 1.0, is_score=True), wilks.KernelSet((0.5, 1.0), (1.0,), 5)\n"
        "for model in models:\n"
        "    analysis = wilks.Analysis(reference=reference, model=model, expected_events=20)\n"
        "    print(wilks.fit(analysis, [0.3 * k for k in range(18)]).converged, 'jax' in sys.modules)"
    )
    assert output_of(code).splitlines() == 3 * ["True False"]


def test_a_comparison_needs_no_jax_and_draws_nothing() -> None:
    code = (
        "import sys, wilks; a, b = [0.1 * k for k in range(40)], [0.11 * k for k in range(50)]\n"
        "print(wilks.compare(a, b, n_permutations=9).method, *(m in sys.modules for m in ('jax', 'matplotlib')))"
    )
    assert output_of(code) == "permutation False False"


def test_the_command_that_compares_prints_p_before_jax_or_figures_are_loaded(tmp_path: Path) -> None:
    for name, shift in (("a.csv", 0.0), ("b.csv", 0.3)):
        (tmp_path / name).write_text("x\n" + "".join(f"{0.1 * k * k + shift}\n" for k in range(40)))
    code = (
        f"import os, sys; os.chdir({str(tmp_path)!r})\n"
        "from wilks.cli import compare, main\n"
        "answer = compare._answer\n"
        "def told(*args, **more):\n"
        "    answer(*args, **more)\n"
        "    print([name for name in ('jax', 'matplotlib') if name in sys.modules], flush=True)\n"
        "    os._exit(0)  # the report is drawn in tests/cli/test_compare.py\n"
        "compare._answer = told\n"
        "main.main(['compare', 'a.csv', 'b.csv', '--permutations', '9'])"
    )
    assert output_of(code).splitlines()[-1] == "[]"
