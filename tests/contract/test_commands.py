"""Every family through every command on an analysis file."""

import dataclasses
import html
import json
import re
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

import wilks
from wilks.cli.outcome import ExitCode
from wilks.validation import validating

from tests.lab.report_words import checked_report

pytestmark = pytest.mark.usefixtures("no_figures")  # all of them: tests/contract/test_reports.py


def answer_of(study) -> dict:
    return study.result()["numbers"]["answer"]


def undated(page: str) -> str:
    """Without the time, and without the command that wrote it."""
    return re.sub(r'\d{4}-\d\d-\d\d \d\d:\d\d UTC|<th scope="row">command</th><td>.*?</td>', "", page)


@pytest.mark.in_turn
def test_run_does_everything(case, workshop):
    study = workshop.study(case)
    assert study.first.exit_code == ExitCode.DONE, study.first.output
    result = study.result()
    assert result["status"] == "done" and result["error"] is None
    assert result["analysis"]["fingerprint"] == workshop.analysis(case).fingerprint()
    assert set(result["numbers"]) == {"check", "calibration", "answer"}


@pytest.mark.in_turn
def test_run_gives_the_answer_of_python(case, workshop):
    found, expected = answer_of(workshop.study(case)), workshop.answer(case)
    assert found["t"] == expected.t and found["p_value"] == expected.p_value and found["p_text"] == expected.p_text
    assert found == json.loads(json.dumps(expected.to_dict()))
    assert str(expected) in workshop.study(case).first.output


@pytest.mark.in_turn
def test_the_report_of_run_is_true(case, workshop, families):
    checked_report(workshop.study(case).page, case, families)


@pytest.mark.few
def test_report_test_and_calibrate_again_change_nothing(case, workshop):
    study = workshop.study(case)
    answer, page = answer_of(study), undated(study.page)
    for command in ("report", "test", "calibrate", "report"):
        again = study.run(command, "FILE")
        assert again.exit_code == ExitCode.DONE, again.output
        assert command == "calibrate" or answer_of(study) == answer
        assert undated(study.page) == page


@pytest.mark.in_turn
def test_check_knows_the_file_after_a_run(case, workshop):
    study = workshop.study(case)
    checked = study.run("check", "FILE", "--json")
    assert checked.exit_code == ExitCode.DONE, checked.output
    numbers = json.loads(checked.stdout)["numbers"]["check"]
    assert numbers["n_parameters"] == workshop.analysis(case).n_parameters and numbers["n_toys"] == 12
    shown = "".join(checked.stderr.replace("│", "").split())
    assert "".join(workshop.analysis(case).model.describe().split()) in shown


def test_a_campaign_from_plan_to_one_file(case_in_turn, workshop, make_study, tmp_path):
    case, study, campaign = case_in_turn, make_study(case_in_turn), tmp_path / "campaign"
    steps = (
        (("toys", "plan", "FILE", campaign, "--n-toys", 3, "--shard-size", 2), ExitCode.DONE, "3 toys in 2 shards"),
        (("toys", "status", campaign), ExitCode.INCOMPLETE, "2 missing"),
        (("toys", "run", campaign, "--shard", 1), ExitCode.DONE, "shard 1: 1 toys, 1 made"),
        (("toys", "run", campaign), ExitCode.DONE, "2 done"),
        (("toys", "status", campaign), ExitCode.DONE, "2 done"),
        (("toys", "merge", campaign), ExitCode.DONE, "toys.parquet"),
    )
    for words, code, text in steps:
        done = study.run(*words)
        assert done.exit_code == code and text in " ".join(done.output.split()), done.output
    t = parquet.read_table(campaign / "toys.parquet")["t"].to_numpy()
    assert t.tolist() == workshop.toys(case).t[:3].tolist(), "to the last bit, in other groups"


@pytest.mark.in_turn
def test_a_file_without_toys(case, workshop, families):
    """What has a null without toys is answered; anything else is told what is missing before anything is made."""
    study = workshop.study_without_toys(case)
    if not case.has_analytic_null:
        assert study.first.exit_code == ExitCode.INVALID_INPUT and "toys" in study.first.output
        assert not study.output.exists()
        return
    assert study.first.exit_code == ExitCode.DONE, study.first.output
    expected = workshop.answer_without_toys(case)
    assert answer_of(study)["p_value"] == expected.p_value and answer_of(study)["method"] == "analytic"
    checked_report(study.page, case, families)
    page = undated(study.page)
    assert study.run("report", "FILE").exit_code == ExitCode.DONE and undated(study.page) == page


@pytest.mark.few("network")  # all families: tests/contract/test_verbs.py
def test_validate_writes_one_page(case_of, workshop, monkeypatch):
    """At one point of the nuisances; all points: tests/validation."""
    study = workshop.study(case_of)
    points = (wilks.ShiftedNuisance({"scale": 0.1}),)
    monkeypatch.setattr(validating, "shifted_hypotheses", lambda analysis: points)
    done = study.run("validate", "FILE", "--n-toys", 20, "--n-references", 0)
    found = study.result()
    numbers, failed = found["numbers"]["validation"], ExitCode.QUALITY_GATE
    verdicts = {one["name"]: one["verdict"] for one in numbers["checks"]}
    assert done.exit_code == (failed if "fail" in verdicts.values() else ExitCode.DONE), done.output
    assert numbers["is_passed"] == ("fail" not in verdicts.values())
    assert verdicts["another reference"] == "not evaluated" != verdicts["fits"]
    assert numbers["fingerprint"] == workshop.analysis(case_of).fingerprint()
    page = Path(found["files"]["report"]).read_text(encoding="utf-8")
    assert all(html.escape(one["text"], quote=False)[:30] in html.unescape(page) for one in numbers["checks"])
    assert str(wilks.load(found["files"]["validation"])) in done.output
    again = study.run("validate", "FILE", "--n-toys", 20, "--n-references", 0)
    assert again.exit_code == done.exit_code and study.result()["numbers"] == found["numbers"]


@pytest.mark.in_turn
def test_parts_and_halves(case, workshop):
    study = workshop.study(case)
    if case.is_profiled and case.family.is_searched:
        refused = study.run("halves", "FILE")
        assert refused.exit_code == ExitCode.INVALID_INPUT and "use parts_test" in refused.output
        return
    done = study.run("parts", "FILE", "--n-parts", 2, "--combination", "min_p", "--n-toys", 4)
    assert done.exit_code == ExitCode.DONE, done.output
    options = {"n_parts": 2, "combination": "min_p", "n_toys": 4, "seed": 1}
    expected = wilks.parts_test(
        workshop.analysis(case), workshop.data(), auxiliaries=workshop.auxiliaries(case), **options
    )
    assert study.result()["numbers"]["parts"] == json.loads(json.dumps(expected.to_dict()))
    done = study.run("halves", "FILE", "--n-toys", 4, "--fail-on", "p<0.9")
    if case.is_profiled:
        assert done.exit_code == ExitCode.INVALID_INPUT and "use parts_test" in done.output
        return
    p = study.result()["numbers"]["halves"]["p_value"]
    assert done.exit_code == (ExitCode.FAIL_ON if p < 0.9 else ExitCode.DONE), done.output


@pytest.mark.few("network")  # all families: tests/contract/test_answers.py
def test_run_until_enough_toys_reach_t(case, workshop, tmp_path):
    """In a copy of what `wilks run` left, whose toys count; test and report know the answer."""
    study = workshop.study(case)
    copy = dataclasses.replace(study, folder=tmp_path / "study")
    shutil.copytree(study.folder, copy.folder, dirs_exist_ok=True)
    done = copy.run("run", "FILE", "--until-exceeding", 2)
    assert done.exit_code == ExitCode.DONE, done.output
    answer, page = answer_of(copy), undated(copy.page)
    assert answer["sequential"]["until_exceeding"] == 2 and answer["p_text"] in page
    assert set(copy.result()["numbers"]) == {"check", "answer"}
    again = copy.run("report", "FILE")
    assert again.exit_code == ExitCode.DONE, again.output
    assert answer_of(copy) == answer and undated(copy.page) == page
