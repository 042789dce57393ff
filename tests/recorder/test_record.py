"""The record of fingerprints and toys still holds, and its comparison sees what it must."""

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.exact


def _module() -> ModuleType:
    """`record.py`, which is a script."""
    spec = importlib.util.spec_from_file_location("recorder", Path(__file__).with_name("record.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recorder = _module()
RECORD = json.loads(recorder.RECORD.read_text(encoding="utf-8"))


def test_the_record_has_all_cases_and_nothing_else():
    assert list(RECORD["cases"]) == list(recorder.CASES)
    assert all(one["data"]["status"] == "CONVERGED" for one in RECORD["cases"].values())


@pytest.mark.parametrize("name", recorder.CASES)
def test_fingerprints_and_toys_are_as_recorded(name: str):
    if recorder.probe() != RECORD["origin"]["probe"]:
        there = ", ".join(f"{key} {value}" for key, value in RECORD["origin"].items() if key != "commit")
        pytest.skip(f"sums and products have other last bits here than where the record was made: {there}")
    found = dict(recorder.leaves(recorder.cheap_record(recorder.CASES[name])))
    recorded = dict(recorder.leaves(RECORD["cases"][name]))
    assert {what: recorded[what] for what in found} == found
    n_toys = sum(len(toys) for toys in RECORD["cases"][name]["toys"].values())
    assert sum(what.endswith(", events") for what in found) == n_toys + 1 >= recorder.N_TOYS + 1


@pytest.mark.parametrize(
    ("kind", "change", "matters"),
    [
        ("network", 2.0**-52, True),
        ("score", 0.9e-9, False),
        ("score", 1.1e-9, True),
        ("converged", 0.9e-6, False),
        ("converged", 1.1e-6, True),
        ("score", math.nan, True),
    ],
)
def test_what_a_change_of_t_means(kind: str, change: float, matters: bool):
    before, after = ({"data": {"t": recorder.exact(t)}} for t in (1.0, 1.0 + change))
    (difference,) = recorder.differences(kind, before, after)
    assert difference.what == "data, t" and difference.matters is matters


def test_equal_records_do_not_differ():
    for name, case in recorder.CASES.items():
        assert recorder.differences(case.kind, RECORD["cases"][name], RECORD["cases"][name]) == []


def test_a_lost_entry_and_another_digest_differ():
    before, after = {"fingerprint": "a" * 64, "data": {"t": recorder.exact(1.0)}}, {"fingerprint": "b" * 64}
    assert [one.what for one in recorder.differences("score", before, after) if one.matters] == [
        "fingerprint",
        "data, t",
    ]


def test_parameters_count_for_networks_alone():
    before, after = {"data": {"params": "a"}}, {"data": {"params": "b"}}
    assert recorder.differences("network", before, after) and not recorder.differences("converged", before, after)
