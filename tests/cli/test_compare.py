"""`wilks compare A B`: two files, no choices."""

import html
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import wilks
from wilks.cli.compare import _names
from wilks.cli.main import main
from wilks.comparison import comparing, counting
from wilks.comparison.networks import NetworkBlock
from wilks.laws import Refusal

RNG = np.random.default_rng(6)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    for name, shift in (("a.csv", 0.0), ("b.csv", 0.7)):
        rows = np.column_stack([np.arange(120), RNG.normal(shift, 1.0, 120), RNG.integers(0, 3, 120)])
        np.savetxt(name, rows, delimiter=",", header="event,pt_gev,n[jets]", comments="", fmt="%.9g")
    return "a.csv", "b.csv"


def invoke(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["compare", *words])
    return done.exit_code, done.output


def test_two_files_and_nothing_else(files: tuple[str, str]) -> None:
    code, text = invoke(*files, "--permutations", "99")
    assert code == 0, text
    assert "p = 1/100 (0 of 99 relabellings; below 0.030 at 95 % CL)." in text
    assert "event left out: named as numbers of runs or events are." in text
    assert text.index("p-value") < text.index("The report is")
    told = json.loads(Path("comparison/result.json").read_text())
    assert told["numbers"]["comparison"]["by_feature"][0]["feature"] == "pt_gev"
    assert wilks.load("comparison/comparison").p_value == 0.01
    page = Path("comparison/report.html").read_text()
    assert "pt_gev" in page and "n[jets]" in page and "<script" not in page


@pytest.mark.usefixtures("no_figures")
def test_the_same_again_is_done_and_another_one_refused(files: tuple[str, str]) -> None:
    assert invoke(*files, "--permutations", "9")[0] == 0
    assert invoke(*files, "--permutations", "9")[0] == 0
    code, text = invoke(*files, "--permutations", "19")
    assert code == 2
    assert "it holds another one (permutations differ)" in text


def test_a_folder_with_other_things_is_left_alone(files: tuple[str, str]) -> None:
    Path("comparison").mkdir()
    Path("comparison/thesis.tex").write_text("")
    code, text = invoke(*files)
    assert code == 2
    assert "thesis.tex" in text


def test_results_of_an_analysis_stay(files: tuple[str, str]) -> None:
    folder = Path("results")
    (folder / "analysis").mkdir(parents=True)
    run = {"schema_version": 1, "command": "run", "exit_code": 0, "versions": {}}
    (folder / "result.json").write_text(json.dumps(run))
    code, text = invoke(*files, "--output", "results")
    assert code == 2 and "must be new, empty or of this comparison, but it holds analysis, result.json" in text
    assert json.loads((folder / "result.json").read_text()) == run


@pytest.mark.parametrize("mine", ["sums/mine.txt", "sums/work/mine.txt", "sums/first-01"])
def test_a_folder_of_the_user_stays(files: tuple[str, str], mine: str) -> None:
    place = Path("comparison") / mine
    place.parent.mkdir(parents=True)
    place.write_text("")
    code, text = invoke(*files, "--permutations", "9")
    assert code == 2 and "it holds sums" in text and place.exists()


class KilledError(BaseException):
    """As of kill -9: nobody catches it."""


@pytest.mark.usefixtures("no_figures")
def test_a_comparison_that_was_killed_goes_on(files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **options: object) -> None:
        raise KilledError

    words = (*files, "--permutations", "9", "--feature", "pt_gev")
    with monkeypatch.context() as some:
        some.setattr("wilks.reports.comparison.binned_features", killed)
        some.setattr("wilks.reports.binned_features", killed, raising=False)
        with pytest.raises(KilledError):
            invoke(*words)
    assert sorted(path.name for path in Path("comparison").iterdir()) == ["comparison"]
    Path("comparison/.report.html.0123abcd.partial").write_text("")
    code, text = invoke(*words, "--seed", "1")
    assert code == 2 and "it holds another one (seed differ)" in text
    code, text = invoke(*words)
    assert code == 0, text


@pytest.mark.usefixtures("no_figures")
def test_workers_are_for_samples_that_are_streamed(files: tuple[str, str]) -> None:
    words = (*files, "--permutations", "9", "--processes", "2")
    code, text = invoke(*words, "--in-memory")
    assert code == 2 and "--processes and --in-memory exclude each other" in text
    code, text = invoke(*files, "--dask", "--weight", "1")
    assert code == 2 and "--dask and --weight exclude each other" in text
    code, text = invoke(*words)
    told = json.loads(Path("comparison/result.json").read_text())["warnings"]
    assert code == 0 and "--processes is for samples that are streamed" in told[0]


def test_fail_on_and_json(files: tuple[str, str]) -> None:
    done = CliRunner().invoke(main, ["compare", *files, "--permutations", "99", "--fail-on", "p<0.02", "--json"])
    assert done.exit_code == 5
    assert json.loads(done.stdout)["numbers"]["comparison"]["p_value"] == 0.01


@pytest.mark.parametrize(
    ("words", "n", "remedy"),
    [
        (("--fail-on", "p<1e-4"), 9999, "give --permutations 10000 or more, or, for samples in memory"),
        (("--fail-on", "p<0.01", "--permutations", "99"), 99, "--reach 1e-03"),
        (("--fail-on", "z>3", "--permutations", "19"), 19, "give --permutations 741 or more"),
        (("--fail-on", "p<1e-6", "--reach", "1e-5"), 9999, "give --permutations 1000000 or more"),
    ],
)
def test_a_condition_that_can_never_be_met_is_refused(
    files: tuple[str, str], words: tuple[str, ...], n: int, remedy: str
) -> None:
    code, text = invoke("a.csv", "none.csv", *words)  # before anything is read
    assert code == 2 and f"can never be met: {n} relabellings reach p = 1/{n + 1}" in text and remedy in text


@pytest.mark.usefixtures("no_figures")
def test_a_condition_beyond_the_relabellings_that_are_made(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_OPERATIONS", 1.0)
    for name in files:
        np.savetxt(name, RNG.normal(9.0 * (name == "b.csv"), 1.0, 60), header="pt_gev", comments="")
    code, text = invoke(*files, "--fail-on", "p<0.005")
    assert code == 2 and "can never be met: 199 relabellings reach p = 1/200" in text
    assert not Path("comparison").exists()
    code, text = invoke(*files, "--fail-on", "p<=0.005")
    assert code == 5, text
    monkeypatch.setattr(comparing, "split_relabellings", lambda *_, **options: Refusal("needs moves", "there are none"))
    code, text = invoke(*files, "--fail-on", "p<0.001", "--reach", "1e-4", "--output", "other")
    assert code == 0 and "--fail-on p<0.001 is beyond the reach of 199 relabellings" in text
    code, text = invoke(*files, "--fail-on", "p<1e-9", "--expected-ratio", "20", "--output", "sizes")
    assert code == 5, text


def test_a_selection_a_weight_and_the_sizes(files: tuple[str, str]) -> None:
    code, text = invoke(*files, "--where", "pt_gev > -1", "--expected-ratio", "1", "--permutations", "19")
    assert code == 0, text
    assert "Sizes against a ratio of 1" in text and "Fisher's product of the p of the shape, p = " in text
    page = html.unescape(Path("comparison/report.html").read_text())
    assert page.count("Fisher's product of the p of the shape, p = ") == 1 and "Fisher's product of it" in page
    code, text = invoke(*files, "--weight", "1 + event/1000", "--permutations", "19", "--output", "weighted")
    assert code == 0, text
    assert "bootstrap" in text


@pytest.mark.usefixtures("no_figures")
def test_definitions_beside_features(files: tuple[str, str]) -> None:
    words = (*files, "--feature", "pt_gev / half", "--define", "half=2", "--define", "size=abs(pt_gev)")
    code, text = invoke(*words, "--permutations", "9")
    assert code == 0 and "in pt_gev / half, size\n" in text, text
    weighed = (*files, "--feature", "pt_gev", "--define", "weight=1 + event/1000", "--permutations", "9")
    code, text = invoke(*weighed, "--output", "weighed")
    assert code == 0 and "'weight' weighs the events of both samples" in text and "bootstrap" in text
    code, text = invoke(*weighed, "--output", "given", "--weight", "2*weight")
    assert code == 0 and "left out" not in text and "bootstrap" in text
    code, text = invoke(*weighed, "--output", "other", "--weight", "1 + event/2000")
    assert code == 0 and "weight left out: named as weights are" in text
    code, text = invoke(*weighed, "--output", "streamed", "--stream", "--processes", "1")
    assert code == 2 and "'weight' of the first sample looks like a weight" in text
    code, text = invoke(*weighed, "--output", "counted", "--no-weights")
    assert code == 0 and "weight left out: named as weights are" in text and "in pt_gev\n" in text
    code, text = invoke(*files, "--feature", "pt_gev", "--define", "size=abs(pt)", "--output", "unknown")
    assert code == 2 and "no column 'pt'" in text


@pytest.mark.usefixtures("no_figures")
def test_weights_with_a_gap_are_refused_or_set_aside_on_purpose(files: tuple[str, str]) -> None:
    rows = "".join(f"{x},{'' if n == 7 else 2}\n" for n, x in enumerate(RNG.normal(size=60)))
    Path("w.csv").write_text(f"pt_gev,weight\n{rows}")
    words = ("a.csv", "w.csv", "--permutations", "9")
    code, text = invoke(*words)
    assert code == 2 and "'weight' must be finite, but 1 value is not" in text and "--no-weights" in text
    assert not Path("comparison").exists()
    code, text = invoke(*words, "--no-weights")
    told = json.loads(Path("comparison/result.json").read_text())
    assert code == 0 and "the second sample has weight left out" in told["warnings"][0]
    assert told["numbers"]["comparison"]["warnings"] == told["warnings"]
    assert "the second sample has weight left out" in Path("comparison/report.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.csv", "c.csv"), "there is no file 'c.csv'"),
        (("a.csv", "b.csv", "--where", "mass > 3"), "mass"),
        (("a.csv", "b.csv", "--weight", "w", "--no-weights"), "exclude each other"),
        (("a.csv",), "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_said(files: tuple[str, str], words: tuple[str, ...], message: str) -> None:
    code, text = invoke(*words)
    assert code == 2
    assert message in text
    assert not Path("comparison").exists()


def test_a_reach_beyond_the_relabellings(files: tuple[str, str]) -> None:
    words = (*files, "--permutations", "49", "--reach", "1e-4")
    code, text = invoke(*words)
    assert code == 0, text
    assert "splitting" in text and "of 49 drawn relabellings reach t" in text
    told = json.loads(Path("comparison/result.json").read_text())["numbers"]["comparison"]
    assert told["method"] == "splitting" and told["splitting"]["reach"] == 1e-4
    assert wilks.load("comparison/splitting").options.reach == 1e-4
    assert "multilevel splitting" in Path("comparison/report.html").read_text()
    assert invoke(*words)[0] == 0
    assert json.loads(Path("comparison/result.json").read_text())["numbers"]["comparison"] == told
    code, text = invoke(*files, "--reach", "1e-15", "--output", "other")
    assert code == 2 and "1e-12" in text


def test_files_of_one_name_are_told_apart() -> None:
    assert _names("early/x.root", "late/x.root") == ("early/x.root", "late/x.root")
    assert _names("/data/a/0/x.root", "/data/b/0/x.root") == ("a/0/x.root", "b/0/x.root")
    assert _names("/data/x.root", "y.root") == ("x.root", "y.root")
    assert _names("x.root", "x.root") == ("x.root", "x.root")


@pytest.fixture(params=["made up", pytest.param("fitted", marks=pytest.mark.nightly)])
def of_networks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `make test` t is a sum of the feature: fits are in tests/comparison/test_networks.py."""

    def of_each(self: NetworkBlock, counts: np.ndarray) -> np.ndarray:
        x = self._null.pool.events[:, 0]
        return np.square(np.stack([counts @ x, (1 - counts) @ x], axis=1))

    if request.param == "made up":
        monkeypatch.setattr(NetworkBlock, "of_each", of_each)


@pytest.mark.usefixtures("of_networks")
def test_a_network_takes_the_place_of_the_default_set(files: tuple[str, str]) -> None:
    options = ("--feature", "pt_gev", "--hidden", "2", "--weight-clip", "3", "--permutations", "2")
    code, text = invoke(*files, *options)
    assert code == 0, text
    assert "p = 1/3 (0 of 2 relabellings" in text
    assert invoke(*files, *options)[0] == 0
    assert invoke(*files, *options[:-4], "--weight-clip", "2", "--permutations", "2")[0] == 2


@pytest.mark.parametrize("words", [("--hidden", "4"), ("--weight-clip", "2"), ("--hidden", "x", "--weight-clip", "2")])
def test_a_network_has_neurons_and_a_clip(files: tuple[str, str], words: tuple[str, ...]) -> None:
    code, text = invoke(*files, *words)
    assert code == 2 and "--hidden" in text
