"""Files that name the files of regions: what they may say, and what is said of those that cannot be read."""

from pathlib import Path

import pytest

from wilks.config.regions import LoadedRegions, load_any
from wilks.errors import ConfigError

ONE = "features: [x]\nreference: {files: r.csv}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(ONE)
    (tmp_path / "nested.yaml").write_text("regions: {a: a.yaml, b: b.yaml}\n")
    return tmp_path


def test_the_parts_are_those_of_their_files(folder: Path) -> None:
    loaded = load_any(folder / "nested.yaml")
    assert isinstance(loaded, LoadedRegions) and list(loaded.parts) == ["a", "b"]
    assert loaded.parts["b"].path == folder / "b.yaml" and not loaded.has_data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("regions: {a: a.yaml}", r"all.yaml:1: regions: must be given at least 2 values, but it is a mapping with a"),
        ("regions: {a: a.yaml, b: b.yaml}\nfeatures: [x]", "but features is given; put it into the file of a region"),
        ("regions: {a: a.yaml, b: b.yaml}\ntoys: {pool: {files: p.csv}}", r"but toys\.pool is given"),
        ("regions: {a: a.yaml, b: nested.yaml}", r"regions\.b: a region must be one analysis, but nested.yaml names"),
        ("regions: {a: a.yaml, b: none.yaml}", "none.yaml"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, text: str, message: str) -> None:
    (folder / "all.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_any(folder / "all.yaml")
