"""Fits, calibrations and answers of every family are saved, loaded, and the same in another process.

fit.save(folder), calibration.save(folder), answer.save(folder);  wilks.load(folder)
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks

# Loads what was saved in each folder, says what it is, and writes the report of answers without their figures.
FRESH = """
import json, sys
import wilks
from wilks.reports import picture

picture._uri = lambda figure, *, is_vector: "data:,"
found = {}
events, jobs = json.loads(sys.stdin.read())
for folder, analysis, target in jobs:
    loaded = wilks.load(folder)
    found[folder] = [type(loaded).__name__, str(loaded), loaded.to_dict()]
    if target:
        data = wilks.Sample(events, features=["x"])
        wilks.write_report(loaded, target, analysis=wilks.Analysis.load(analysis), data=data)
print(json.dumps(found, allow_nan=False))
"""


def results(case, workshop) -> dict[str, Any]:
    """What can be saved of a case, by name."""
    found = {"fit": workshop.fit(case), "calibration": workshop.calibration(case), "answer": workshop.answer(case)}
    if case.has_analytic_null:
        found["answer without toys"] = workshop.answer_without_toys(case)
    return found


def saved(case, workshop) -> dict[str, Path]:
    """The folder of each of them, written once."""

    def save() -> dict[str, Path]:
        folders = {}
        for name, result in results(case, workshop).items():
            folders[name] = workshop.place(case) / "saved" / name.replace(" ", "-")
            result.save(folders[name])
        return folders

    return workshop.once(("saved", case.name), save)


def test_what_is_saved_is_loaded_as_it_was(case, workshop):
    for name, folder in saved(case, workshop).items():
        before, after = results(case, workshop)[name], wilks.load(folder)
        assert type(after) is type(before), name
        assert str(after) == str(before) and repr(after) == repr(before)
        assert after.to_dict() == before.to_dict()


def test_a_loaded_fit_has_every_number(case, workshop):
    before, after = workshop.fit(case), wilks.load(saved(case, workshop)["fit"])
    assert np.array_equal(after.params, before.params) and after.t.hex() == before.t.hex()
    for name, value in vars(before).items():
        assert repr(getattr(after, name)) == repr(value), name


def test_a_loaded_calibration_answers_alike(case, workshop):
    calibration = wilks.load(saved(case, workshop)["calibration"])
    assert np.array_equal(calibration.t, workshop.calibration(case).t)
    again = wilks.goodness_of_fit(
        workshop.analysis(case), workshop.data(), calibration=calibration, auxiliaries=workshop.auxiliaries(case)
    )
    assert again.to_dict() == workshop.answer(case).to_dict()


def test_a_loaded_fit_draws_and_interprets_alike(case, workshop):
    fit = wilks.load(saved(case, workshop)["fit"])
    regions = [
        wilks.most_discrepant_region(workshop.analysis(case), workshop.data(), fit=one).to_dict()
        for one in (fit, workshop.fit(case))
    ]
    assert regions[0] == regions[1]
    assert workshop.calibration(case).evaluate(fit).p_value == workshop.answer(case).p_value


def test_a_folder_that_holds_a_result_is_not_overwritten_by_another(case, workshop):
    folders = saved(case, workshop)
    content = {path: path.read_bytes() for path in folders["fit"].rglob("*") if path.is_file()}
    workshop.fit(case).save(folders["fit"])  # the same again is no harm
    with pytest.raises(wilks.StoreError):
        workshop.calibration(case).save(folders["fit"])
    assert {path: path.read_bytes() for path in content} == content


def test_one_digit_less_is_refused_by_name(case, workshop):
    for name, folder in saved(case, workshop).items():
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            whole = path.read_bytes()
            for changed in _changes(whole):
                path.write_bytes(changed)
                with pytest.raises(wilks.StoreError, match=re.escape(path.name)):
                    wilks.load(folder)
            path.write_bytes(whole)
        assert wilks.load(folder).to_dict() == results(case, workshop)[name].to_dict()


def _changes(whole: bytes) -> Iterator[bytes]:
    """One digit of a text changed, at three places; one bit of anything else; the last byte gone."""
    digits = [match.start() for match in re.finditer(rb"(?<=[0-9.])[0-9](?=[0-9])", whole)]
    is_text = whole.isascii()
    for place in np.linspace(0, len(digits) - 1, 3).astype(int) if is_text and digits else ():
        at = digits[place]
        yield whole[:at] + (b"1" if whole[at : at + 1] == b"0" else b"0") + whole[at + 1 :]
    if not is_text:
        at = len(whole) // 2
        yield whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    yield whole[: len(whole) // 2]


@pytest.mark.usefixtures("cheap_figures")
@pytest.mark.parametrize("which", ["cases_in_turn", pytest.param("cases", marks=pytest.mark.nightly)])
def test_another_process_loads_the_same_and_writes_the_same_report(which, request, workshop, tmp_path):
    """Cases in one process, which has seen none of them."""
    cases = request.getfixturevalue(which)
    jobs, expected = [], {}
    for case in cases:
        analysis = workshop.place(case) / "analysis"
        for name, folder in saved(case, workshop).items():
            result, target = results(case, workshop)[name], tmp_path / f"{len(jobs)}.html"
            is_answer = name.startswith("answer")
            workshop.analysis(case).save(analysis)
            jobs.append([str(folder), str(analysis), str(target) if is_answer else ""])
            expected[str(folder)] = [type(result).__name__, str(result), json.loads(json.dumps(result.to_dict()))]
            if is_answer:
                parts = {"analysis": workshop.analysis(case), "data": workshop.data()}
                wilks.write_report(result, target.with_suffix(".htm"), **parts)
    command = [sys.executable, "-W", "error", "-c", FRESH]
    told = json.dumps([workshop.data().events.tolist(), jobs])
    done = subprocess.run(command, input=told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
    pages = list(tmp_path.glob("*.html"))
    assert len(pages) == sum(bool(target) for _, _, target in jobs) >= len(cases)
    for page in pages:
        assert _undated(page) == _undated(page.with_suffix(".htm"))


def _undated(page: Path) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", page.read_text(encoding="utf-8"))
