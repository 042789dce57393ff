"""Samples that are mapped from files in place of being held."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wilks
from wilks.errors import SampleError
from wilks.samples import Sample, read
from wilks.statistics import Statistic

N = 3_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for number in range(2):
        rng = np.random.default_rng(number)
        columns = {"x": rng.normal(size=N), "y": rng.exponential(size=N), "w": rng.uniform(0.5, 1.5, N)}
        pq.write_table(pa.table(columns), folder / f"{number}.parquet")
    return folder


def both(files: Path, folder: Path, **options: object) -> tuple[Sample, Sample]:
    held = read(str(files / "*.parquet"), features=["x", "y"], weight="w", **options)
    mapped = read(str(files / "*.parquet"), features=["x", "y"], weight="w", on_disk=folder, chunk_size=700, **options)
    return held, mapped


def test_the_same_sample(files: Path, tmp_path: Path) -> None:
    held, mapped = both(files, tmp_path / "new", where="x > -1", carry=["w"], expected_events=500)
    assert mapped.is_on_disk and not held.is_on_disk
    assert mapped.digest() == held.digest() and repr(mapped) == repr(held)
    assert not mapped.events.flags.writeable
    assert mapped.rescaled(100).is_on_disk and mapped.without_extras().is_on_disk
    assert not mapped.take([1, 2]).is_on_disk
    assert [one.is_dir() for one in (tmp_path / "new").iterdir()] == [True]


def test_yields_of_entries(files: Path, tmp_path: Path) -> None:
    first, second = sorted(str(path) for path in files.glob("*.parquet"))
    expected = {first: 10.0, second: 30.0}
    held, mapped = (
        read([first, second], features=["x", "y"], weight="w", expected_events=expected, on_disk=place)
        for place in (None, tmp_path)
    )
    assert mapped.is_on_disk and mapped.digest() == held.digest()


def test_a_selection_that_keeps_none_and_a_folder_that_cannot_be(files: Path, tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="at least one event must pass"):
        both(files, tmp_path, where="x > 99")
    (tmp_path / "file").write_text("")
    with pytest.raises(SampleError, match="give another on_disk"):
        read(str(files / "0.parquet"), features=["x"], on_disk=tmp_path / "file")


@pytest.mark.parametrize(
    "model",
    [
        wilks.Kernel(n_centers=20, width=1.0, ridge=0.3, is_score=True),
        wilks.Kernel(n_centers=20, width=1.0, ridge=0.3),
        wilks.KernelSet(widths=(0.5, 1.0), n_centers=20),
        wilks.KernelSet(),
        wilks.Histogram(n_bins=8),
        wilks.Scan(n_bins=6),
    ],
    ids=lambda model: f"{model.kind}-{getattr(model, 'is_score', '')}-{getattr(model, 'widths', '')}",
)
def test_the_same_t(files: Path, tmp_path: Path, model: Statistic) -> None:
    data = Sample(np.random.default_rng(5).normal(1.0, 1.0, (500, 2)) ** 2, features=["x", "y"])
    analyses = [wilks.Analysis(reference=one, model=model, expected_events=480) for one in both(files, tmp_path)]
    assert analyses[0].fingerprint() == analyses[1].fingerprint()
    held, mapped = (wilks.fit(one, data).t for one in analyses)
    assert mapped == pytest.approx(held, rel=1e-9)


def test_with_a_nuisance(files: Path, tmp_path: Path) -> None:
    nuisance = wilks.Nuisance("tilt", 0.1, log_ratio=lambda events, nu: nu * events[:, 0])
    model = wilks.Kernel(n_centers=20, width=1.0, ridge=0.3, is_score=True)
    data = Sample(np.random.default_rng(5).normal(1.0, 1.0, (500, 2)) ** 2, features=["x", "y"])
    held, mapped = (
        wilks.fit(wilks.Analysis(reference=one, model=model, nuisances=[nuisance], expected_events=480), data).t
        for one in both(files, tmp_path)
    )
    assert mapped == pytest.approx(held, rel=1e-9)


def test_files_are_removed_when_the_process_ends(files: Path, tmp_path: Path) -> None:
    script = (
        "import sys, wilks\n"
        "sample = wilks.read(sys.argv[1], features=['x', 'y'], on_disk=sys.argv[2])\n"
        "assert sample.is_on_disk and sample.n_events == 3000"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script, str(files / "0.parquet"), str(tmp_path)], check=True)
    assert not list(tmp_path.iterdir())
