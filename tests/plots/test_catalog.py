"""All figures of a result, and their files."""

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

import wilks
from wilks import plots
from wilks.errors import InputError, StoreError
from wilks.plots.comparisons import SamplePairs, sample_pair

RNG = np.random.default_rng(3)
CALIBRATION = wilks.calibrate(RNG.chisquare(5, size=40), degrees_of_freedom=5)


def test_figures_become_files_with_their_numbers(tmp_path: Path) -> None:
    figures = plots.figures_of(CALIBRATION)
    written = plots.save_figures(figures, tmp_path / "new", formats=("pdf", "svg", "csv", "hepdata"))
    names = {str(path.relative_to(tmp_path / "new")) for path in written}
    assert names == {
        *("null_distribution.pdf", "null_distribution.svg", "qq.pdf", "qq.svg", "qq.csv"),
        *("null_distribution-toys.csv", "null_distribution-chi-square.csv", "hepdata/submission.yaml"),
        *("hepdata/qq.yaml", "hepdata/null_distribution-toys.yaml", "hepdata/null_distribution-chi-square.yaml"),
    }
    assert (tmp_path / "new" / "qq.pdf").read_bytes().startswith(b"%PDF")
    rows = [line for line in (tmp_path / "new" / "qq.csv").read_text().splitlines() if not line.startswith("#")]
    found = [float(row["quantile of the toys"]) for row in csv.DictReader(rows)]
    assert found == CALIBRATION.t.tolist()
    documents = list(yaml.safe_load_all((tmp_path / "new" / "hepdata" / "submission.yaml").read_text()))
    assert len(documents) == 4 and all((tmp_path / "new" / "hepdata" / x["data_file"]).exists() for x in documents[1:])


def test_names_of_columns_stay_inside_the_folder(tmp_path: Path) -> None:
    draw = plots.figures_of(CALIBRATION)["qq"]
    written = plots.save_figures({"ratio-../x": draw, "ratio-..:x": draw}, tmp_path, formats=("png",))
    assert [path.parent for path in written] == [tmp_path] * 2 and len({path.name.lower() for path in written}) == 2


def test_what_cannot_be_drawn_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a dict came"):
        plots.figures_of({})
    with pytest.raises(InputError, match="must be one of pdf, png, svg, csv, hepdata, but eps came"):
        plots.save_figures({}, tmp_path, formats=("eps",))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="must be writable"):
        plots.save_figures(plots.figures_of(CALIBRATION), tmp_path / "file")


def test_two_samples_are_drawn_when_they_are_gone(tmp_path: Path) -> None:
    a, b = (wilks.Sample(RNG.normal(size=(300, 1)), features=["mass_gev"]) for _ in range(2))
    pair = sample_pair(a, b, feature="mass_gev", names=("a.csv", "b.csv"))
    SamplePairs((pair,)).save(tmp_path / "pairs")
    loaded = wilks.load(tmp_path / "pairs")
    ((name, draw),) = plots.figures_of(loaded).items()
    names = ("a.csv", "b.csv")
    assert name == "samples-mass_gev"
    assert plots.to_svg(draw()) == plots.to_svg(plots.two_samples(a, b, feature="mass_gev", names=names))
    counts = plots.numbers_of(draw())[0].found
    assert sum(counts[1].values) == 300 and sum(counts[0].values) == pytest.approx(300)
