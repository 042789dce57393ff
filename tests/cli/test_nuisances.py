"""Commands on an analysis with nuisances, one of them learned. The fits themselves are made up."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import wilks.cli.commands
import wilks.cli.steps
import wilks.cli.validate
from wilks.campaign import ToyRow, Toys
from wilks.campaign.table import ToyIdentity, table_of
from wilks.cli import main
from wilks.cli.answers import load_answer
from wilks.cli.options import parse_values
from wilks.cli.prepare import Prepared
from wilks.hypotheses import Null
from wilks.statistics.fits import Attempt, FitResult, FittedNuisance
from wilks.storage import read_document, write_document
from wilks.typing import FitStatus
from wilks.validation import Check, Point, Validation, Verdict

TRANSFORM = "wilks.problems.exponential:scale_transform"
_SHIFTS = {"up": 0.1, "down": -0.1, "far_up": 0.2, "far_down": -0.2}


@pytest.fixture(autouse=True)
def _cheap_pictures(no_pictures: None) -> None:
    """Figures of responses are drawn in what `responses` makes for the whole file."""


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    return moved_samples(make_study(tmp_path))


@pytest.fixture(scope="module")
def responses(make_study: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `wilks learn-nuisances` leaves behind."""
    study = moved_samples(make_study(tmp_path_factory.mktemp("learned")))
    assert study.run("learn-nuisances").exit_code == 0
    return Path(study.output)


@pytest.fixture
def learned(study: Any, responses: Path) -> Any:
    """The study after `wilks learn-nuisances`."""
    shutil.copytree(responses, study.output)
    assert study.run("check").exit_code == 0
    return study


def moved_samples(study: Any) -> Any:
    """20,000 events of density exp(-x) for 100 expected, with files in which the scale of x is moved."""
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=20_000), w=np.full(20_000, 0.1))
    for name, nu in _SHIFTS.items():
        study.write(f"{name}.npz", x=np.exp(nu) * rng.exponential(size=20_000), w=np.full(20_000, 0.1))
    study.write("data.npz", x=rng.exponential(size=110))
    study.config |= {
        "features": ["x"],
        "reference": {"files": "reference.npz", "weight": "w", "expected_events": 100},
        "nuisances": {"scale": {"sigma": 0.1}, "normalization": {"sigma": 0.05, "normalization": True}},
        "variations": [{"at": {"scale": nu}, "files": f"{name}.npz"} for name, nu in _SHIFTS.items()],
        "toys": {"n_toys": 3, "generator": {"function": "wilks.problems.exponential:background"}, "processes": 1},
        "responses": {"bins": {"x": 16}},
    }
    return study


def made_up_fit(prepared: Prepared) -> FitResult:
    """A fit of the data of a study."""
    nuisances = prepared.analysis.nuisances
    at_tau = (FittedNuisance("scale", 0.02, 0.03, 0.2, 0.3), FittedNuisance("normalization", 0.01, 0.04, 0.2, 0.8))
    at_delta = (
        FittedNuisance("scale", -0.35, 0.03, -3.5, 0.3),
        FittedNuisance("normalization", 0.02, 0.04, 0.4, np.nan),
    )
    return FitResult(
        t=9.0,
        tau=21.0,
        delta=12.0,
        params=np.zeros(prepared.analysis.n_parameters),
        status=FitStatus.CONVERGED,
        newton_decrement=1e-9,
        least_curvature=0.1,
        kkt_residual=1e-6,
        share_at_bound=0.0,
        n_starts=2,
        start_gap=0.1,
        start_t=np.array([9.0, 8.9]),
        attempts=(Attempt(FitStatus.CONVERGED, 9.0),),
        n_iterations=10,
        n_events=110,
        fingerprint=prepared.analysis.fingerprint(),
        observed=tuple(nuisances.observed_values(prepared.observed).tolist()),
        nuisances=at_tau[-len(nuisances) :],
        delta_nuisances=at_delta[-len(nuisances) :],
    )


@pytest.fixture
def without_fits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """Toys and fits that cost nothing; the list holds the auxiliary measurements of each fit."""
    seen: list[dict[str, float]] = []
    current: list[Prepared] = []

    def toys(*arguments: Any) -> Toys:
        prepared = arguments[-1]
        current.append(prepared)
        made = replace(made_up_fit(prepared), n_events=100)
        identities = [ToyIdentity.of(Null(), seed=1, index=index, host="here") for index in range(3)]
        rows = [ToyRow.of_fit(one, replace(made, t=5.0 + one.index), seconds=1.0) for one in identities]
        n_parameters = prepared.analysis.n_parameters
        return Toys(table_of(rows), Null(), prepared.analysis.fingerprint(), 1, n_parameters, None)

    def fit(analysis: Any, data: Any, *, auxiliaries: dict[str, float]) -> FitResult:
        seen.append(auxiliaries)
        return made_up_fit(current[-1])

    monkeypatch.setattr(wilks.cli.commands, "complete_toys", toys)
    monkeypatch.setattr(wilks.cli.commands, "toys_step", toys)
    monkeypatch.setattr(wilks.cli.steps, "fit", fit)
    return seen


def text_of(result: Any) -> str:
    """The output in one line: the console breaks long ones of tables."""
    return " ".join(result.output.replace("│", " ").split())


def test_check_reads_the_variations(study: Any) -> None:
    result = study.run("check")
    assert result.exit_code == 0, result.output
    text = text_of(result)
    assert "nuisance scale sigma 0.1, gaussian; its response is not learned yet: wilks learn-nuisances" in text
    assert "nuisance normalization sigma 0.05, gaussian; multiplies the yield by exp(nu)" in text
    assert "variation scale = 0.1 20,000 events; yield 1 of the reference" in text
    assert study.result()["analysis"]["fingerprint"] is None
    numbers = study.result()["numbers"]["check"]
    assert numbers["variations"][0] == {"at": {"scale": 0.1}, "n_events": 20_000, "yield_ratio": pytest.approx(1.0)}


def test_check_finds_faults_before_anything_is_learned(study: Any) -> None:
    study.config["variations"][1] |= {"weight": "nothing"}
    result = study.run("check")
    assert result.exit_code == 2 and "variations.1: " in result.stderr and "no column 'nothing'" in result.stderr
    study.config["variations"][1] |= {"weight": "10 * w"}
    assert "scale = -0.1 has 10 times the yield of the reference" in study.run("check").stdout
    study.config["responses"] = {"order": 7}
    result = study.run("check")
    assert result.exit_code == 2 and "responses.order: " in result.stderr


def test_check_applies_transforms_to_the_events_of_toys(study: Any) -> None:
    study.write("pool.npz", x=np.random.default_rng(3).exponential(size=20_000), w=np.full(20_000, 0.2))
    study.config["nuisances"]["scale"]["transform"] = TRANSFORM
    study.config |= {"where": "x < 3", "toys": {"unselected": {"files": "pool.npz"}}}
    result = study.run("check")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"toys 1\d,\d{3} of 20,000 events before the selection pass it; \d+\.\d independent", text_of(result)
    )
    assert re.search(r"toys moved by scale yield times 1\.01\d* and 0\.98\d*", text_of(result))
    study.config["nuisances"]["scale"]["transform"] = "numpy:exp"
    result = study.run("check")
    assert result.exit_code == 2 and "the transform of 'scale'" in result.stderr


@pytest.mark.parametrize("command", ["calibrate", "test", "report"])
def test_commands_ask_for_the_responses(study: Any, command: str) -> None:
    result = study.run(command)
    assert result.exit_code == 3
    assert "the responses of scale must be learned first" in result.stderr
    assert f"run `wilks learn-nuisances {study.path}`" in result.stderr
    assert not study.output.exists()


def test_learn_nuisances(study: Any) -> None:
    result = study.run("learn-nuisances")
    assert result.exit_code == 0, result.output
    assert "scale (sigma 0.1): polynomials fitted to 4 points of all samples" in result.stdout
    assert "Proposed: order" in result.stdout and "Good: no judged variation" in result.stdout
    assert "that its variations come from this response" in result.stdout
    assert {path.name for path in study.output.iterdir()} == {"nuisances.json", "responses", "result.json"}
    pictures = {path.name for path in (study.output / "responses").iterdir()}
    assert pictures == {"study-scale.png", "closure-scale.png", "study", "closure"}
    numbers = study.result()["numbers"]["responses"]
    assert numbers["closure"]["is_good"] and numbers["order"] == {"scale": 1}
    stored = (study.output / "nuisances.json").read_bytes()
    again = study.run("learn-nuisances", "--json")
    assert again.exit_code == 0 and "were learned from these samples already" in again.stderr
    assert json.loads(again.stdout)["numbers"]["responses"] == numbers
    assert (study.output / "nuisances.json").read_bytes() == stored


def test_the_figures_of_responses_come_with_their_numbers(responses: Path, tmp_path: Path) -> None:
    arguments = ["figures", str(responses), "-o", str(tmp_path), "--format", "csv", "--format", "hepdata"]
    result = CliRunner().invoke(main, [*arguments, "--axis", "x=momentum"], catch_exceptions=False)
    assert result.exit_code == 0 and "2 figures: study-scale, closure-scale" in result.stdout
    closure = {path.stem for path in tmp_path.glob("closure-scale-*.csv")}
    assert len(closure) == len(_SHIFTS) and len(list(tmp_path.glob("study-scale-*.csv"))) == 6
    assert closure <= {path.stem for path in (tmp_path / "hepdata").iterdir()}
    rows = (tmp_path / "closure-scale-scale_0.2.csv").read_text().splitlines()
    assert rows[0].startswith("# The varied sample at scale = 0.2 and the response, in bins of x")
    varied = sum(float(row.split(",")[3]) for row in rows[3:])
    assert varied == pytest.approx(100.0)


def test_networks_learn_what_is_there(study: Any) -> None:
    study.config["responses"] = {"order": 1, "n_networks": 1, "seed": 2}
    result = study.run("learn-nuisances")
    assert result.exit_code == 0, result.output
    content = json.loads((study.output / "nuisances.json").read_text())
    assert content["nuisances"]["response"]["kind"] == "learned_polynomial"
    assert len(content["numbers"]["trained_at"]) == 4


def test_changed_samples_are_refused(learned: Any) -> None:
    learned.config["nuisances"]["normalization"]["sigma"] = 0.1
    assert learned.run("check").exit_code == 0, "the response of scale does not depend on it"
    learned.config["nuisances"]["scale"]["sigma"] = 0.05
    learned.write("up.npz", x=np.random.default_rng(9).exponential(size=20_000), w=np.full(20_000, 0.1))
    for command in ("check", "calibrate", "run"):
        result = learned.run(command)
        assert result.exit_code == 2
        assert "changed since: sigma.scale, variations.scale = 0.1.content" in result.stderr
    assert learned.run("learn-nuisances").exit_code == 0
    assert learned.run("check").exit_code == 0


def test_responses_of_a_function_that_was_changed_are_to_be_learned_again(
    learned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wilks.config.systematics.Systematics.function_values", lambda own: {"a.b:draw": [1.0, 2.0]})
    assert learned.run("check").exit_code == 0, "what was learned before this was looked at has no values of it"
    path = learned.output / "nuisances.json"
    write_document(path, read_document(path, what="") | {"functions": {"a.b:draw": [1.0, 2.5]}})
    result = learned.run("check")
    assert result.exit_code == 2 and "changed since: a.b:draw. Learn them again" in result.stderr


def test_a_damaged_file_of_responses_is_refused(learned: Any) -> None:
    path = learned.output / "nuisances.json"
    content = path.read_text()
    for text in ("{}", content.replace("0.", "1.", 1)):
        path.write_text(text)
        result = learned.run("check")
        assert result.exit_code == 2 and "nuisances.json must" in result.stderr
        assert "run `wilks learn-nuisances` again" in result.stderr


def test_poor_responses_end_with_code_4(study: Any) -> None:
    study.config["reference"]["expected_events"] = 20_000
    study.config["nuisances"]["scale"]["sigma"] = 0.2
    study.config["responses"] = {"order": 1, "bins": {"x": 1}}
    result = study.run("learn-nuisances")
    assert result.exit_code == 4, result.output
    assert "the responses do not reproduce the variations at scale = " in result.stdout
    assert study.result()["status"] == "quality_gate"
    assert not (study.output / "nuisances.json").exists()
    assert (study.output / "responses" / "closure-scale.png").exists()
    assert study.run("run").exit_code == 4
    accepted = study.run("learn-nuisances", "--accept-poor")
    assert accepted.exit_code == 0, accepted.output
    assert "accepted nonetheless" in accepted.stdout
    assert "accepted nonetheless" in study.run("check").stdout


def test_nothing_to_learn(study: Any) -> None:
    study.config |= {"nuisances": {"normalization": {"sigma": 0.05, "normalization": True}}, "variations": []}
    result = study.run("learn-nuisances")
    assert result.exit_code == 2 and "go on with `wilks calibrate`" in result.stderr
    assert study.run("check").exit_code == 0


def test_run_learns_answers_and_reports(study: Any, without_fits: list[dict[str, float]]) -> None:
    study.config["data"]["auxiliaries"] = {"normalization": 0.01}
    result = study.run("run")
    assert result.exit_code == 0, result.output
    assert without_fits == [{"normalization": 0.01}]
    assert "  scale          0.02 +- 0.03    +0.20  -0.35 +- 0.03    -3.50" in result.stdout
    assert "The data disagree with the auxiliary measurement of scale by 3.5 sigma" in result.stdout
    answer = study.result()["numbers"]["answer"]
    assert answer["tau"] == 21.0 and answer["delta_nuisances"][0]["pull"] == -3.5
    page = (study.output / "report.html").read_text()
    assert "<h2>Nuisances</h2>" in page and "Closure of the learned responses" in page
    assert page.count("<figure>") >= 6
    assert load_answer(study.output)[0].fit.delta_nuisances[0] == FittedNuisance("scale", -0.35, 0.03, -3.5, 0.3)
    assert np.isnan(load_answer(study.output)[0].fit.delta_nuisances[1].constraint)


def test_other_auxiliary_measurements_are_other_data(study: Any, without_fits: list[dict[str, float]]) -> None:
    study.config["nuisances"] = {"normalization": {"sigma": 0.05, "normalization": True}}
    study.config["variations"] = []
    assert study.run("test").exit_code == 0
    study.config["data"]["auxiliaries"] = {"normalization": 0.01}
    result = study.run("test")
    assert result.exit_code == 2 and "the answer for these auxiliary measurements" in result.stderr


def test_responses_are_not_replaced_under_an_analysis(learned: Any, without_fits: list[dict[str, float]]) -> None:
    assert learned.run("test").exit_code == 0
    learned.config["responses"] = {"bins": {"x": 5}}
    result = learned.run("learn-nuisances")
    assert result.exit_code == 2 and "What differs: responses.bins.x" in result.stderr
    (learned.output / "nuisances.json").unlink()
    assert learned.run("learn-nuisances").exit_code == 2


def test_toys_at_other_nuisances_are_planned(learned: Any) -> None:
    plan = ["toys", "plan", str(learned.path), "--n-toys", "2", "--at"]
    result = CliRunner().invoke(main, [*plan, "scale=0.15", "--at", "normalization=-0.05"])
    assert result.exit_code == 0, result.output
    folder = learned.output / "toys-at-normalization=-0.05-scale=0.15"
    hypothesis = json.loads((folder / "campaign.json").read_text())["hypothesis"]
    assert hypothesis == {"hypothesis": "shifted_nuisance", "nuisances": {"normalization": -0.05, "scale": 0.15}}
    unknown = CliRunner().invoke(main, [*plan, "scal=0.15"])
    assert unknown.exit_code == 2 and "'scal' came" in unknown.stderr
    for text in ("scale", "scale=", "=1", "scale=nan"):
        wrong = CliRunner().invoke(main, [*plan, text])
        assert wrong.exit_code == 2 and "must be NAME=VALUE" in wrong.stderr
    assert parse_values([]) == {}


class TestValidate:
    """The checks themselves are made up; `tests/validation` and `tests/contract` make real ones."""

    def found(self, monkeypatch: pytest.MonkeyPatch, verdict: Verdict) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def made_up(analysis: Any, **options: Any) -> Validation:
            asked.append(options)
            options["progress"](1, 2)
            check = Check("fits", verdict, "3 of 100 toys failed", "5% at a point", "See why they fail")
            point = Point("all 0", np.random.default_rng(1).chisquare(13, size=100), np.empty(0))
            return Validation((check,), (point,), "counted among 3 toys", analysis.fingerprint())

        monkeypatch.setattr(wilks.cli.validate, "validate", made_up)
        monkeypatch.setattr(wilks.cli.validate, "toys_step", lambda session, prepared: "toys")
        return asked

    def test_it_passes_its_options_and_writes_the_page(self, learned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.found(monkeypatch, Verdict.PASS)
        result = learned.run("validate", "--n-toys", "40", "--n-references", "3")
        assert result.exit_code == 0, result.output
        assert "1 of 1 checks passed" in result.output
        told = asked[0]
        assert (told["n_toys"], told["n_references"], told["null"], told["seed"]) == (40, 3, "toys", 1)
        assert len(told["variations"]) == 4 and not told["requires_chi_square"]
        assert told["store"].parts[-2:] == ("validation", "toys")
        assert learned.result()["numbers"]["validation"]["is_passed"] is True
        assert "Nothing failed." in (learned.output / "validation" / "validation.html").read_text()

    def test_a_check_that_fails_is_a_failed_gate(self, learned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found(monkeypatch, Verdict.FAIL)
        result = learned.run("validate")
        assert result.exit_code == 4 and "See why they fail" in result.output
        assert learned.result()["status"] == "quality_gate" and "3 of 100 toys" in learned.result()["warnings"][-1]
        assert "What failed" in (learned.output / "validation" / "validation.html").read_text()

    def test_what_is_not_evaluated_does_not_fail(self, learned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found(monkeypatch, Verdict.NOT_EVALUATED)
        result = learned.run("validate")
        assert result.exit_code == 0 and "1 could not be evaluated" in result.output
        assert learned.run("validate", "--n-references", "1").exit_code == 2
