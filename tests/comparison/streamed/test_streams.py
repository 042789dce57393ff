"""Two samples read in pieces: the same p in any pieces, by any processes, and after an interruption."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wilks
from wilks.comparison.comparing import ComparisonOptions, compare_prepared
from wilks.comparison.models import blocks_of
from wilks.comparison.streamed import StreamingOptions, prepare_streams, preparing, running
from wilks.errors import InputError, SampleError, StoreError
from wilks.samples import Sample, Stream, stream, streaming
from wilks.samples.streaming import UNIT

from tests.lab.here import Here

N = 4_000
MODEL = wilks.Kernel(n_centers=20, width=1.5, ridge=0.3)
SET = wilks.KernelSet(widths=(0.7, 2.0), ridges=(0.3,), n_centers=20)


def rows(seed: int, n: int = N, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(shift, 1.0, n), rng.poisson(3.0, n).astype(float)])


def write(path: Path, events: np.ndarray, names: tuple[str, ...] = ("x", "n")) -> Path:
    pq.write_table(pa.table(dict(zip(names, events.T, strict=True))), path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    write(tmp_path / "a1.parquet", rows(1, 2_400))
    write(tmp_path / "a2.parquet", rows(2, 1_600))
    write(tmp_path / "b.parquet", rows(3, N, shift=0.07))
    return str(tmp_path / "a*.parquet"), str(tmp_path / "b.parquet")


def compared(a: object, b: object, **options: object) -> wilks.Comparison:
    return wilks.compare(a, b, n_permutations=99, **options)


def same(one: wilks.Comparison, other: wilks.Comparison) -> bool:
    return (one.t, one.p_value, one.members, one.by_feature) == (
        other.t,
        other.p_value,
        other.members,
        other.by_feature,
    )


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several units in each file."""
    monkeypatch.setattr(streaming, "UNIT", 700)


@pytest.mark.usefixtures("small_units")
def test_chunks_files_and_memory_give_the_same_bits(files: tuple[str, str]) -> None:
    first = compared(stream(files[0]), stream(files[1]), model=SET)
    assert first.method == "permutation" and first.sizes == (4_000.0, 4_000.0)
    assert len(first.members) == 2 and "streamed" in first.warnings[-1]
    small = compared(stream(files[0], chunk_size=333), stream(files[1], chunk_size=70_000), model=SET)
    assert same(first, small)
    held = Stream((), held=wilks.read(files[1], features=["x", "n"]))
    assert same(first, compared(stream(files[0]), held, model=SET))


def test_two_processes_give_the_same_bits(files: tuple[str, str], tmp_path: Path) -> None:
    a, b = stream(files[0]), stream(files[1], chunk_size=1_500)
    done = []
    with wilks.LocalProcesses(2) as executor:
        other = compared(a, b, model=MODEL, executor=executor, report=lambda n, m, what: done.append((n, m, what)))
    assert same(compared(a, b, model=MODEL), other)
    assert done[-1][2] == "relabellings" and (8_000, 8_000, "events summed") in done


@pytest.mark.usefixtures("small_units")
def test_a_killed_run_goes_on(files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, store = stream(files[0]), stream(files[1]), tmp_path / "store"
    calls, keep = [], running._keep

    def killed(sums: object, folder: Path) -> None:
        keep(sums, folder)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        compared(a, b, model=MODEL, store=store)
    assert sorted(path.name for path in store.iterdir()) == ["first-02"]
    result = compared(a, b, model=MODEL, store=store)
    assert same(result, compared(a, b, model=MODEL))
    assert len(calls) == 13
    again = wilks.compare(a, b, model=MODEL, store=store, n_permutations=299)
    assert len(calls) == 13 and again.t == result.t
    with pytest.raises(StoreError, match="another one"):
        compared(a, b, model=MODEL, store=store, seed=1)


@pytest.mark.usefixtures("small_units")
def test_a_shard_that_is_gone_is_made_again(files: tuple[str, str], tmp_path: Path) -> None:
    a, b, store = stream(files[0]), stream(files[1]), tmp_path / "store"
    first = compared(a, b, model=MODEL, store=store)
    shutil.rmtree(next(store.glob("second-*")))
    assert same(first, compared(a, b, model=MODEL, store=store))


def test_a_file_that_changes_is_refused(files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, sums = stream(files[0]), stream(files[1]), preparing.bunch_sums

    def changed(*words: object, **options: object) -> object:
        write(Path(files[1]), rows(4))
        return sums(*words, **options)

    monkeypatch.setattr(preparing, "bunch_sums", changed)
    with pytest.raises(SampleError, match="must stay as they are"):
        compared(a, b, model=MODEL)


def test_a_sample_against_itself_and_exchanged(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{k}.parquet", rows(k, 800, shift=0.1 * k)) for k in (1, 2)]
    a, b = (stream(str(path)) for path in paths)
    assert compared(b, b, model=SET).t == 0.0
    one, other = compared(a, b), compared(b, a)  # by all members of the default set
    assert (one.t, one.p_value) == (other.t, other.p_value)
    assert [m.t for m in one.members] == [m.t for m in other.members]
    assert one.by_feature[0].feature in ("x", "n")
    place, exchanged = one.by_feature[0].interval, other.by_feature[0].interval
    assert (place.first, place.second) == (exchanged.second, exchanged.first)


def test_counts_of_the_interval_are_those_of_all_events(files: tuple[str, str]) -> None:
    a, b = rows(5), rows(6, shift=0.25)
    prepared = prepare_streams(
        Stream((), held=Sample(a)),
        b,
        blocks=lambda null: blocks_of(None, null, seed=0),
        options=StreamingOptions(0, sketch_rows=2_000),
    )
    result = compare_prepared(prepared, ComparisonOptions(False, None, 19, 0), report=lambda *_: None)
    place = next(one.interval for one in result.by_feature if one.feature == "x0")
    for events, found in ((a, place.first), (b, place.second)):
        inside = np.count_nonzero((events[:, 0] >= place.low) & (events[:, 0] <= place.high))
        assert abs(inside - found) < 0.01 * N
    assert abs(place.local_z) > 5


@pytest.mark.parametrize(("n_rows", "about"), [(None, ""), (900, "about ")])
def test_events_that_repeat_are_told(n_rows: int | None, about: str) -> None:
    prepared = prepare_streams(
        Stream((), held=Sample(rows(1, 800))),
        np.vstack([rows(2, 800)] * 2),
        blocks=lambda null: blocks_of(MODEL, null, seed=0),
        options=StreamingOptions(0, sketch_rows=n_rows),
    )
    assert prepared.notices[0].startswith(f"in the second sample {about}800 of 1,600 events repeat another one")
    assert "streamed" in prepared.notices[1]


def test_few_events_are_relabelled_one_by_one() -> None:
    a, b = rows(1, 300), rows(2, 200, shift=0.5)
    result = compared(Stream((), held=Sample(a)), b)
    assert "labels of 500 events" in result.warnings[-1] and result.p_value == 0.01
    in_memory = wilks.compare(a, b, n_permutations=99, model=MODEL)
    streamed = compared(Stream((), held=Sample(a)), b, model=MODEL)
    assert streamed.members[0].t == pytest.approx(in_memory.members[0].t, rel=0.5)


def test_null_samples_have_uniform_p_with_a_small_sketch() -> None:
    options = StreamingOptions(0, sketch_rows=200, most_bunches=100)
    found = []
    for seed in range(60):
        prepared = prepare_streams(
            Stream((), held=Sample(rows(2 * seed, 900))),
            rows(2 * seed + 1, 1_500),
            blocks=lambda null: blocks_of(MODEL, null, seed=0),
            options=options,
        )
        result = compare_prepared(prepared, ComparisonOptions(False, None, 39, seed), report=lambda *_: None)
        found.append(result.p_value)
    assert 1 <= np.sum(np.array(found) <= 0.1) <= 14
    assert 0.38 < np.mean(found) < 0.63


def test_the_sizes_are_tested_as_well(files: tuple[str, str]) -> None:
    a, b = stream(files[0], where="x > -1"), stream(files[1])
    result = compared(a, b, model=MODEL, with_counts=True, expected_ratio=1.0)
    assert result.counts is not None and result.counts.p_value < 1e-4


def test_columns_that_nobody_chose(tmp_path: Path) -> None:
    n = 2_000
    events = np.column_stack([rows(1, n), np.arange(n), np.full(n, 7.0), np.where(np.arange(n) == 1_500, np.nan, 1.0)])
    names = ("x", "n", "event", "year", "gap")
    a, b = (stream(write(tmp_path / f"{name}.parquet", events, names)) for name in "ab")
    result = compared(a, b, model=MODEL)
    assert result.features == ("x", "n") and result.t == 0.0
    told = "\n".join(result.warnings)
    assert "gap left out: not finite in some rows" in told and "event left out: named" in told
    assert "year left out: the same in every event" in told
    with pytest.raises(SampleError, match="1 of 2,000"):
        compared(stream(a.files, features=["x", "gap"]), b, model=MODEL)


def test_single_precision_against_double_is_no_difference(tmp_path: Path) -> None:
    steps = [np.round(rows(seed, 500), 2) for seed in (1, 2)]
    single, double = steps[0].astype(np.float32), steps[1]
    a, b = (str(write(tmp_path / name, one)) for name, one in (("a.parquet", single), ("b.parquet", double)))
    found = compared(stream(a), stream(b), model=MODEL)
    held = [Sample(one, features=("x", "n")) for one in (single, double.astype(np.float32))]
    assert same(found, compared(stream(a), Stream((), held=held[1]), model=MODEL))
    assert found.warnings[0] == "compared in single precision, in which some of its values are stored: x"
    with wilks.LocalProcesses(2) as executor:
        assert same(found, compared(stream(a), stream(b), model=MODEL, executor=executor))


def test_what_cannot_be_streamed_is_said(tmp_path: Path, files: tuple[str, str]) -> None:
    path = write(tmp_path / "w.parquet", np.column_stack([rows(1, 50), np.linspace(0, 1, 50)]), ("x", "n", "weight"))
    with pytest.raises(SampleError, match="count one each, but 'weight' of the first"):
        compared(stream(path), stream(files[1]))
    named = compared(stream(path, features=["x", "n"]), stream(files[1]), model=MODEL)
    assert named.features == ("x", "n") and named.warnings[0] == "weight left out: named as weights are"
    with pytest.raises(SampleError, match="count one each, but b has weights"):
        compared(stream(path), Sample(rows(1, 50), np.linspace(0, 1, 50)))
    with pytest.raises(SampleError, match="feature in common"):
        compared(stream(path, features=["n"]), Sample(rows(1, 50)))
    with pytest.raises(SampleError, match="at least 10 events, but the first one has 0"):
        compared(stream(path, features=["x"], where="x > 99"), stream(files[1]))
    with pytest.raises(InputError, match="both of these are in memory"):
        compared(rows(1, 50), rows(2, 50), store=tmp_path / "store")
    with pytest.raises(InputError, match="in memory"):
        compared(stream(path, features=["x", "n"]), Sample(rows(1, 50), features=["x", "n"]), executor=Here())
    with pytest.raises(SampleError, match="no file"):
        stream(tmp_path / "none*.parquet")
    with pytest.raises(SampleError, match="chunk_size"):
        stream(path, chunk_size=0)


def test_units_have_the_rows_of_the_file_in_order(tmp_path: Path) -> None:
    events = rows(1, UNIT + 1_000)
    path = write(tmp_path / "a.parquet", events)
    for size in (1_000, 70_000, 1 << 18):
        units = list(stream(path, where="n > 2", chunk_size=size).units(0))
        assert [unit.number for unit in units] == [0, 1]
        kept = [part[part[:, 1] > 2] for part in (events[:UNIT], events[UNIT:])]
        assert all(np.array_equal(unit.events, part) for unit, part in zip(units, kept, strict=True))
