"""Tables of figures as CSV and as a HEPData submission."""

import csv
import io

import numpy as np
import pytest
import yaml

from wilks.plots.numbers import Column, Numbers, bins, named, to_csv, to_hepdata, with_error

TABLE = Numbers(
    "toys",
    "Toys in bins of t,\nwith a line break.",
    (bins("mass", np.array([0.0, 1.0, 3.0]), unit="GeV"), Column("sample", ["first, of two", "-"])),
    (
        Column("toys", np.array([4.0, np.nan]), "", np.array([2.5, 0.0]), np.array([6.0, np.inf])),
        with_error("mean", np.array([1.0, 2.0]), np.array([0.1, 0.2]), unit="GeV"),
    ),
)


def rows_of(text: str) -> tuple[list[str], list[list[str]]]:
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.reader(io.StringIO("\n".join(lines[len(comments) :]))))


def test_a_csv_says_what_it_holds_with_units_and_every_number() -> None:
    comments, (heading, *rows) = rows_of(to_csv(TABLE))
    assert comments == ["# Toys in bins of t, with a line break.", "# low and high: 68 % interval"]
    assert heading[:4] == ["mass [GeV]", "mass low [GeV]", "mass high [GeV]", "sample"]
    assert heading[4:] == ["toys", "toys low", "toys high", "mean [GeV]", "mean low [GeV]", "mean high [GeV]"]
    assert rows[0] == ["0.5", "0.0", "1.0", "first, of two", "4.0", "2.5", "6.0", "1.0", "0.9", "1.1"]
    assert rows[1][4:7] == ["", "", ""], "what is not known is empty"


def test_a_submission_has_the_layout_of_hepdata() -> None:
    files = to_hepdata({"null": TABLE})
    comment, entry = yaml.safe_load_all(files["submission.yaml"])
    assert set(comment) == {"comment"} and entry["data_file"] == "null.yaml" and set(entry) == {
        *("name", "description", "keywords", "data_file")
    }  # fmt: skip
    table = yaml.safe_load(files["null.yaml"])
    assert set(table) == {"independent_variables", "dependent_variables"}
    mass, sample = table["independent_variables"]
    assert mass["header"] == {"name": "mass", "units": "GeV"} and mass["values"][1] == {"low": 1.0, "high": 3.0}
    assert sample["values"] == [{"value": "first, of two"}, {"value": "-"}]
    toys, mean = table["dependent_variables"]
    assert toys["values"][0]["errors"] == [{"asymerror": {"minus": -1.5, "plus": 2.0}, "label": "68 % interval"}]
    assert toys["values"][1] == {"value": "-"}
    assert mean["values"][1]["errors"][0]["asymerror"] == pytest.approx({"minus": -0.2, "plus": 0.2})
    lengths = {len(one["values"]) for part in table.values() for one in part}
    assert lengths == {TABLE.n_rows}


def test_tables_whose_names_are_one_file_are_numbered() -> None:
    tables = [Numbers(name, "", TABLE.given, TABLE.found) for name in ("pt/1", "pt 1", "Pt_1", "eta")]
    assert list(named("corner", tables)) == ["corner-pt_1-1", "corner-pt_1-2", "corner-Pt_1-3", "corner-eta"]
    assert list(named("corner-eta", [TABLE], taken=["corner-eta"])) == ["corner-eta-1"]


def test_long_names_of_a_submission_differ() -> None:
    names = [f"corner-{'x' * 70}-{end}" for end in "ab"]
    _, *entries = yaml.safe_load_all(to_hepdata(dict.fromkeys(names, TABLE))["submission.yaml"])
    short = [one["name"] for one in entries]
    assert len(set(short)) == 2 and max(map(len, short)) <= 64
    assert [one["data_file"] for one in entries] == [f"{name}.yaml" for name in names]


def test_tables_of_a_figure_are_named_after_it() -> None:
    assert list(named("null", [TABLE])) == ["null"]
    assert list(named("null", [TABLE, Numbers("a/b c", "", TABLE.given, TABLE.found)])) == ["null-toys", "null-a_b_c"]
