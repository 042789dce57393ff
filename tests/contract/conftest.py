"""Every family of models, without and with nuisances, on one small problem: what the files beside this one go through.

A new family is one more entry of `FAMILIES`. The problem is 100 expected events of density exp(-x) with a peak in the
data; toys come from a generator.
"""

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import wilks
import wilks.cli.toys
import wilks.cli.validate
import wilks.cli.workers
from wilks.cli import main
from wilks.laws import Calibration, GoodnessOfFit
from wilks.statistics import Statistic
from wilks.typing import FloatArray

from tests.lab.here import Here

_Made = TypeVar("_Made")
N_TOYS, SEED, N_EXPECTED = 12, 1, 100.0
SIGMAS = {"scale": 0.1, "normalization": 0.05}
GENERATOR = "wilks.problems.exponential:background"
EDGES = (0.0, 0.2, 0.5, 0.9, 1.45, 1.61, 1.9, 2.2, 2.5, 3.8)  # no data from 1.45 to 1.61; three events lie beyond
LOG_RATIO = "wilks.problems.exponential:scale_log_ratio"


@dataclass(frozen=True)
class Family:
    """A family of models as Python and an analysis file name it, and what must be true of it.

    Attributes:
        name: of the family.
        model: in Python.
        section: the same as the section ``model`` of an analysis file.
        says: phrases of its report that are true of it; those of another family must not be there.
        has_analytic_null: whether goodness_of_fit answers without a calibration, where there are no nuisances.
        has_profiled_null: the same with nuisances.
        names_its_null: what an answer and its report call that null.
        accuracy: relative, of t evaluated again; 0: to the last digits.
        has_chi_square: whether its number of parameters is the degrees of freedom that toys are compared with.
        n_empty: parameters that these data make minus infinity.
    """

    name: str
    model: Statistic
    section: dict[str, Any]
    says: tuple[str, ...]
    has_analytic_null: bool = False
    has_profiled_null: bool = False
    names_its_null: str = "nalytic null of the score statistic"
    accuracy: float = 1e-9
    has_chi_square: bool = False
    n_empty: int = 0

    @property
    def is_searched(self) -> bool:
        """Whether its fit goes from many starts to the best of many minima."""
        return self.model.words(is_profiled=False).is_searched


def _kernel(*, is_score: bool, says: tuple[str, ...]) -> Family:
    options = {"n_centers": 10, "width": 1.0, "ridge": 3.0, "is_score": is_score}
    name = f"kernel, {'score' if is_score else 'converged'}"
    accuracy = 1e-9 if is_score else 1e-6
    has_null = {"has_analytic_null": is_score, "has_profiled_null": is_score}
    return Family(name, wilks.Kernel(**options), {"kernel": options}, says, accuracy=accuracy, **has_null)


def _kernel_set(*, is_score: bool, says: tuple[str, ...]) -> Family:
    options = {"widths": [0.5, 1.5], "ridges": [0.5, 3.0], "n_centers": [10, 6], "is_score": is_score}
    name = f"kernel set, {'score' if is_score else 'converged'}"
    model = wilks.KernelSet(**{key: tuple(x) if isinstance(x, list) else x for key, x in options.items()})
    accuracy = 1e-9 if is_score else 1e-6
    return Family(name, model, {"kernel_set": options}, says, accuracy=accuracy)


_PENALTY = "No box holds the parameters w: the penalty ridge · wᵀKw"
_SET = (
    "t = −2 Σ log p_j, p_j = P(gamma ≥ t_j)",
    "Each of the 4 members has an f(x; w)",
    "Members of the set",
    _PENALTY,
)
_CONVERGED = "The factor −2 makes {} twice the maximum of that logarithm after the penalty"
_SCORE = "{} is the score statistic, with L and penalty expanded to second order about f = 0"

FAMILIES = (
    Family(
        "network",
        wilks.MLP(hidden=(2,), weight_clip=4.0),
        {"mlp": {"hidden": [2], "weight_clip": 4.0}},
        says=(
            "f is the network below, its parameters w kept within their box, |w| ≤ 4.",
            "The factor −2 makes t twice a maximum of that logarithm",
            "parameters at the bound",
            "independent starting points of the search",
            "t of each start, best first",
        ),
        accuracy=0.0,
        has_chi_square=True,
    ),
    _kernel(is_score=True, says=(_SCORE.format("t"), _PENALTY)),
    _kernel(is_score=False, says=(_CONVERGED.format("t"), _PENALTY)),
    _kernel_set(is_score=True, says=(*_SET, _SCORE.format("t_j"))),
    _kernel_set(is_score=False, says=(*_SET, _CONVERGED.format("t_j"))),
    Family(
        "histogram",
        wilks.Histogram(edges=(EDGES,)),
        {"histogram": {"edges": [list(EDGES)]}},
        says=(
            "f is a step function, f(x; w) = w_k in bin k and 0 outside all bins.",
            "the likelihood ratio of the counts in the bins",
            "histogram of 9 bins with given edges",
        ),
        has_analytic_null=True,
        names_its_null="aw of the counts in the bins",
        has_chi_square=True,
        n_empty=1,
    ),
    Family(
        "scan",
        wilks.Scan(n_bins=12),
        {"scan": {"n_bins": 12}},
        says=("f is a constant inside one region of the scanned features", "Region of the scan"),
    ),
)


@dataclass(frozen=True)
class Case:
    """A family without or with nuisances."""

    family: Family
    is_profiled: bool

    @property
    def name(self) -> str:
        return f"{self.family.name}, {'with' if self.is_profiled else 'no'} nuisances"

    @property
    def is_combined(self) -> bool:
        """Whether t is made of the p-values of several members."""
        return self.family.model.is_combined

    @property
    def has_analytic_null(self) -> bool:
        """Whether goodness_of_fit answers without a calibration."""
        return self.family.has_profiled_null if self.is_profiled else self.family.has_analytic_null

    def build(self, **changes: Any) -> wilks.Analysis:
        """The analysis; ``changes`` are arguments in place of its own."""
        scale = wilks.Nuisance("scale", SIGMAS["scale"], log_ratio=LOG_RATIO)
        counts = wilks.normalization("normalization", sigma=SIGMAS["normalization"])
        settings = {
            "reference": reference(),
            "model": self.family.model,
            "expected_events": N_EXPECTED,
            "nuisances": (scale, counts) if self.is_profiled else (),
            "toy_source": wilks.Generator(GENERATOR),
            "search": wilks.Search(n_starts=2),
        }
        return wilks.Analysis(**settings | changes)

    def section(self) -> dict[str, Any]:
        """The same as an analysis file."""
        scale = {"sigma": SIGMAS["scale"], "log_ratio": LOG_RATIO}
        counts = {"sigma": SIGMAS["normalization"], "normalization": True}
        return {
            "features": ["x"],
            "reference": {"files": "reference.npz", "expected_events": N_EXPECTED},
            "data": {"files": "data.npz"},
            "model": self.family.section,
            "toys": {"n_toys": N_TOYS, "seed": SEED, "processes": 1, "generator": {"function": GENERATOR}},
            "search": {"n_starts": 2},
            **({"nuisances": {"scale": scale, "normalization": counts}} if self.is_profiled else {}),
        }


def reference() -> wilks.Sample:
    return wilks.Sample(np.random.default_rng(0).exponential(size=600), features=["x"])


def data() -> FloatArray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.exponential(size=(95, 1)), rng.normal(3.0, 0.2, size=(15, 1))])


CASES = tuple(Case(family, flag) for family in FAMILIES for flag in (False, True))
OBSERVED = {"scale": 0.05}


ALIKE = ("kernel, converged", "kernel set, score")  # of kernels the other two stand for them where pictures are made
FEW = ("network", "kernel set, converged", "histogram")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests with ``case`` run for all families without and with nuisances, those with ``family`` once a family.

    Those marked ``in_turn`` take, in `make test`, one family without nuisances and the next with them, and where they
    run once a family leave out `ALIKE`; those marked ``few`` take `FEW` of them, or those that the mark names. The
    others are nightly.
    """
    kinds: dict[str, tuple[Any, ...]] = {"case": CASES, "family": FAMILIES}
    for name in kinds.keys() & set(metafunc.fixturenames):
        marks = [() if _is_of_every_run(one, metafunc.definition) else pytest.mark.nightly for one in kinds[name]]
        params = [pytest.param(one, marks=mark, id=one.name) for one, mark in zip(kinds[name], marks, strict=True)]
        metafunc.parametrize(name, params)


def _is_of_every_run(one: Case | Family, test: pytest.Item) -> bool:
    few = test.get_closest_marker("few")
    if few is not None:
        family = one if isinstance(one, Family) else one.family
        return family.name in (few.args or FEW) and (one is family or _has_its_turn(one))
    return test.get_closest_marker("in_turn") is None or _has_its_turn(one)


def _has_its_turn(one: Case | Family) -> bool:
    if isinstance(one, Family):
        return one.name not in ALIKE
    return one.is_profiled == (FAMILIES.index(one.family) % 2 == 0)


@dataclass
class Study:
    """An analysis file with its samples, and the commands on it."""

    case: Case
    folder: Path
    has_toys: bool = True
    first: Result | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        np.savez(self.folder / "reference.npz", x=reference().events[:, 0])
        np.savez(self.folder / "data.npz", x=data()[:, 0])
        section = self.case.section()
        if not self.has_toys:
            del section["toys"]
        if self.auxiliaries:
            section["data"]["auxiliaries"] = self.auxiliaries
        self.path.write_text(yaml.safe_dump(section, sort_keys=False))

    @property
    def path(self) -> Path:
        return self.folder / "analysis.yaml"

    @property
    def output(self) -> Path:
        return self.folder / "results"

    @property
    def data(self) -> FloatArray:
        return data()

    @property
    def auxiliaries(self) -> dict[str, float]:
        return dict(OBSERVED) if self.case.is_profiled else {}

    @property
    def page(self) -> str:
        return (self.output / "report.html").read_text(encoding="utf-8")

    def result(self) -> dict[str, Any]:
        return dict(json.loads((self.output / "result.json").read_text(), parse_constant=_no_constant))

    def run(self, *words: object) -> Result:
        """``wilks WORDS``, with the analysis file in place of FILE."""
        return CliRunner().invoke(main, [str(self.path if word == "FILE" else word) for word in words])


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@dataclass(repr=False)
class Workshop:
    """What is made once for each case and then looked at by many tests; nothing of it may be changed."""

    folder: Path
    _made: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        if key not in self._made:
            self._made[key] = make()
        made: _Made = self._made[key]
        return made

    def place(self, case: Case) -> Path:
        """A folder of the case."""
        return self.folder / case.name.replace(", ", "-").replace(" ", "-")

    def analysis(self, case: Case) -> wilks.Analysis:
        return self.once(("analysis", case.name), case.build)

    def data(self) -> wilks.Sample:
        return wilks.Sample(data(), features=["x"])

    def auxiliaries(self, case: Case) -> dict[str, float]:
        return dict(OBSERVED) if case.is_profiled else {}

    def fit(self, case: Case) -> wilks.FitResult:
        return self.once(
            ("fit", case.name),
            lambda: wilks.fit(self.analysis(case), self.data(), auxiliaries=self.auxiliaries(case)),
        )

    def toys(self, case: Case) -> wilks.Toys:
        """Toys under the null, kept in the folder ``toys`` of the case."""
        store = self.place(case) / "toys"
        options = {"n_toys": N_TOYS, "seed": SEED, "store": store, "executor": Here()}
        return self.once(("toys", case.name), lambda: wilks.run_toys(self.analysis(case), wilks.Null(), **options))

    def calibration(self, case: Case) -> Calibration:
        return self.once(("calibration", case.name), lambda: wilks.calibrate(self.toys(case)))

    def answer(self, case: Case) -> GoodnessOfFit:
        """From the calibration."""
        options = {"calibration": self.calibration(case), "auxiliaries": self.auxiliaries(case)}
        return self.once(
            ("answer", case.name), lambda: wilks.goodness_of_fit(self.analysis(case), self.data(), **options)
        )

    def answer_without_toys(self, case: Case) -> GoodnessOfFit:
        return self.once(
            ("without", case.name),
            lambda: wilks.goodness_of_fit(self.analysis(case), self.data(), auxiliaries=self.auxiliaries(case)),
        )

    def study(self, case: Case) -> Study:
        """After `wilks run`."""
        return self.once(("study", case.name), lambda: self._run(Study(case, self.place(case) / "study")))

    def study_without_toys(self, case: Case) -> Study:
        """After `wilks run` of a file without a section of toys."""
        folder = self.place(case) / "without"
        return self.once(("study without", case.name), lambda: self._run(Study(case, folder, has_toys=False)))

    def _run(self, study: Study) -> Study:
        study.first = study.run("run", "FILE")
        return study


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wilks.cli.toys, "LocalProcesses", Here)
        patch.setattr(wilks.cli.workers, "LocalProcesses", Here)
        patch.setattr(wilks.cli.validate, "LocalProcesses", Here)
        yield Workshop(tmp_path_factory.mktemp("contract"))


@pytest.fixture
def here() -> Here:
    """Makes toys of campaigns in this process."""
    return Here()


@pytest.fixture(scope="session")
def families() -> tuple[Family, ...]:
    return FAMILIES


@pytest.fixture(scope="session")
def cases() -> tuple[Case, ...]:
    return CASES


@pytest.fixture(scope="session")
def cases_in_turn() -> tuple[Case, ...]:
    """Of each family but `ALIKE` one."""
    return tuple(case for case in CASES if _has_its_turn(case) and _has_its_turn(case.family))


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[[Case], Study]:
    """Studies on which no command has run."""
    return lambda case: Study(case, tmp_path / "study")


@pytest.fixture
def case_of(family: Family) -> Case:
    """One case of a family, with nuisances."""
    return next(case for case in reversed(CASES) if case.family == family)


@pytest.fixture
def case_in_turn(family: Family) -> Case:
    """That case of a family which tests marked ``in_turn`` take."""
    return next(case for case in CASES if case.family == family and _has_its_turn(case))
