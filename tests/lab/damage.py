"""Disturbances that kill nobody: no room, damaged and foreign files, a clock that jumps."""

import argparse
import collections
import functools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

from wilks.campaign import Ledger, Shard, plan_toys
from wilks.campaign.files import DamagedError, read_toys
from wilks.campaign.shard import make_toys, run_block
from wilks.campaign.table import table_of
from wilks.hypotheses import Null

from tests.lab.campaign import SEED, Lab, Line, SmallFiles, Tmpfs, n_kept, usual_disk


def full_disk(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    disk = usual_disk(lab, options.n_full)
    try:
        before, kept, faults = lab.n_draws(), [], []
        for _ in disk.fill():
            faults.append(lab.refusal(disk.folder, "cannot be", disk.full))
            kept.append(n_kept(disk.folder, lab.n_toys))
        disk.free()
        lab.run(disk.folder)
        faults += [*_not_whole(disk.folder), *lab.faults(disk.folder)]
        note = f"kept each time: {', '.join(map(str, kept))} toys"
        yield Line(f"full disk ({disk.kind})", len(kept), lab.n_draws() - before - lab.n_toys, told(faults), note)
        yield _protected(lab, disk)
    finally:
        disk.close()


def _protected(lab: Lab, disk: Tmpfs | SmallFiles) -> Line:
    name, before, n_missing = f"read-only folder ({disk.kind})", lab.n_draws(), 0
    ledger = Ledger.open(disk.folder)
    for number in lab.rng.choice(ledger.plan.n_shards, 2, replace=False):
        shard = ledger.plan.shard(int(number))
        ledger.shard_path(shard).unlink()
        n_missing += shard.n_toys
    disk.protect(True)
    if is_possible := not os.access(disk.folder, os.W_OK):
        faults = [lab.refusal(disk.folder, "cannot be", disk.protected)]
    disk.protect(False)
    if not is_possible:
        return Line(name, 0, 0, [], "skipped: this user may write everywhere and may not mount a disk")
    lab.run(disk.folder)
    again = lab.n_draws() - before - n_missing
    return Line(name, 1, again, told([*faults, *lab.faults(disk.folder)]))


def _not_whole(folder: Path) -> list[str]:
    """Files that were written in part must not have the names of whole ones."""
    return [f"{path.name} is damaged" for path in Ledger.open(folder).damaged_paths()]


def changed_files(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """Of one shard: cut short anywhere, and one bit changed anywhere."""
    ledger = Ledger.open(lab.baseline)
    path = ledger.shard_path(ledger.plan.shard(ledger.plan.n_shards // 2))
    whole, expected = path.read_bytes(), _content(path)
    n_places = options.n_flips or len(whole)
    outcome = functools.partial(_outcome, lab.root / "one.parquet", expected)
    lengths = lab.rng.choice(len(whole), min(n_places, 2000), replace=False)
    yield _judged("a file of toys cut short", collections.Counter(outcome(whole[:n]) for n in lengths))
    places = lab.rng.choice(len(whole), n_places, replace=False)
    changed = (_with_a_bit_changed(whole, int(place), lab.rng) for place in places)
    yield _judged("one bit of a file of toys changed", collections.Counter(map(outcome, changed)))


def _with_a_bit_changed(whole: bytes, place: int, rng: np.random.Generator) -> bytes:
    return whole[:place] + bytes([whole[place] ^ 1 << int(rng.integers(8))]) + whole[place + 1 :]


def _content(path: Path) -> str:
    table, owner = read_toys(path)
    return repr((table.to_pylist(), owner))


def _outcome(path: Path, expected: str, content: bytes) -> str:
    path.write_bytes(content)
    try:
        return "same" if _content(path) == expected else "changed and not noticed"
    except DamagedError:
        return "noticed"
    except Exception as error:
        return f"ended with {type(error).__name__}: {error}"


def _judged(name: str, found: collections.Counter[str]) -> Line:
    faults = [f"{count} {outcome}" for outcome, count in found.items() if outcome not in ("same", "noticed")]
    return Line(name, found.total(), 0, faults, f"{found['noticed']:,} noticed, {found['same']:,} without effect")


def damaged_campaign(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """A finished campaign, damaged in every way, is run again. Each damage costs the toys of its shard."""
    folder = lab.fresh_work()
    ledger, before = Ledger.open(folder), lab.n_draws()
    shards = [ledger.plan.shard(int(number)) for number in lab.rng.permutation(ledger.plan.n_shards)]
    lost = {}
    for (name, content), shard in zip(_damages(lab, ledger, shards[-1]).items(), shards, strict=False):
        ledger.shard_path(shard).write_bytes(content)
        lost[name] = shard.n_toys
    contents = [ledger.shard_path(shard).read_bytes() for shard in shards[: len(lost)]]
    removed, at_work, done = shards[len(lost)], shards[0], shards[-1]
    ledger.shard_path(removed).unlink()
    lost |= {"a shard removed": removed.n_toys, "damaged toys of a shard at work": 0, "and of one that is done": 0}
    for shard in (at_work, done):
        path = folder / "progress" / f"toys-{shard.first:09d}-{shard.last:09d}.parquet"
        path.write_bytes(contents[0][:100] + bytes([shard.number % 256]))
        contents.append(path.read_bytes())
    lost[".partial files left behind"] = _leave_partial_files(lab, ledger)
    warned = lab.run(folder)
    faults = lab.faults(folder)
    if sorted(path.read_bytes() for path in ledger.damaged_paths()) != sorted(contents):
        faults.append("not all that was damaged was set aside as it was")
    if [text for text in warned if f"{len(contents)} files" not in text or "set aside" not in text] or not warned:
        faults.append(f"warned of {warned}")
    if (n_made := lab.n_draws() - before) != sum(lost.values()):
        faults.append(f"{n_made} toys made in place of {sum(lost.values())}")
    yield from (Line(name, 1, n_toys, faults) for name, n_toys in lost.items())


def _damages(lab: Lab, ledger: Ledger, other: Shard) -> dict[str, bytes]:
    """What takes the place of a shard."""
    whole = ledger.shard_path(other).read_bytes()
    unrelated = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"index": [0, 1], "mass_gev": [91.2, 125.1]}), unrelated)
    return {
        "a shard cut short": whole[: int(lab.rng.integers(1, len(whole)))],
        "a shard with a byte changed": _with_a_bit_changed(whole, len(whole) - 6, lab.rng),  # length of the footer
        "an empty file": b"",
        "an unrelated Parquet file": unrelated.getvalue().to_pybytes(),
        "a shard under the number of another": whole,
    }


def _leave_partial_files(lab: Lab, ledger: Ledger) -> int:
    """As killed processes leave them; they cost nothing."""
    names = [f"shards/.{ledger.shard_path(shard).name}.{shard.number}.partial" for shard in ledger.plan.shards()]
    for name in (
        *names,
        "progress/.toys-000000000-000000003.parquet.0.partial",
        "failed/.shard-0000003.json.0.partial",
    ):
        (ledger.folder / name).write_bytes(lab.rng.bytes(1000))
    return 0


def foreign_toys(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """A shard of another campaign stops this one, by the name of what differs, until it is taken away."""
    folder = lab.fresh_work()
    ledger, before, faults = Ledger.open(folder), lab.n_draws(), []
    others = {
        "seed": {"seed": SEED + 1},
        "hypothesis.n_events": {"hypothesis": Null(n_events=90)},
        lab.subject.differs: {"analysis": lab.subject.other},
    }
    shards = [ledger.plan.shard(int(number)) for number in lab.rng.choice(ledger.plan.n_shards, 3, replace=False)]
    for (name, change), shard in zip(others.items(), shards, strict=True):
        settings = {"analysis": lab.analysis, "hypothesis": Null(), "seed": SEED, **change}
        other = plan_toys(n_toys=lab.n_toys, folder=lab.root / f"other {name}", **settings)
        other.finish(shard, [ledger.read_shard(shard)])
        content = other.shard_path(shard).read_bytes()
        ledger.shard_path(shard).write_bytes(content)
        faults.append(lab.refusal(folder, f"of another campaign: {name} differ"))
        if ledger.shard_path(shard).read_bytes() != content:
            faults.append("a foreign file was changed")
        ledger.shard_path(shard).unlink()
    lab.run(folder)
    faults = told([*faults, *lab.faults(folder)])
    note = f"refused, once removed complete: {', '.join(others)}"
    yield Line("a shard of another campaign", len(others), lab.n_draws() - before, faults, note)


def damaged_plan(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """A plan that was cut short stops a campaign, and nothing is written over."""
    folder = lab.fresh_work()
    plan, before, faults = folder / "campaign.json", lab.n_draws(), []
    whole = plan.read_bytes()
    for length in (0, *map(int, lab.rng.integers(1, len(whole) - 1, 4))):
        plan.write_bytes(whole[:length])
        faults.append(lab.refusal(folder, "it cannot be read"))
        if plan.read_bytes() != whole[:length]:
            faults.append("a damaged plan was changed")
    plan.write_bytes(whole)
    lab.run(folder)
    faults = told([*faults, *lab.faults(folder)])
    yield Line("campaign.json cut short", 5, lab.n_draws() - before, faults, "refused; complete when it is put back")


def jumping_clock(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """A clock that goes back and forth by years between two looks decides how often is written, and nothing else."""
    folder, before = lab.root / "clock", lab.n_draws()
    ledger = plan_toys(
        lab.analysis, Null(), n_toys=options.n_clock, seed=SEED, folder=folder, shard_size=options.n_clock // 4
    )
    n_jumps = n_on_the_way = 0

    def clock() -> float:
        nonlocal n_jumps
        n_jumps += 1
        return float(lab.rng.normal(scale=lab.rng.choice([1e-3, 1e1, 1e8])))

    make = functools.partial(make_toys, lab.analysis, Null(), seed=SEED)
    for shard in ledger.plan.shards():
        rows = run_block(
            ledger, range(shard.first, shard.last + 1), make=lambda indices: make(indices=indices), clock=clock
        )
        kept = ledger.progress_of(shard)
        n_on_the_way += kept.num_rows
        ledger.finish(shard, [kept, table_of(rows)])
    again = lab.n_draws() - before - options.n_clock
    note = f"{n_on_the_way} of {options.n_clock} toys were written on the way"
    yield Line("a clock that jumps", n_jumps, again, lab.faults(folder, options.n_clock), note)


def told(faults: list[str]) -> list[str]:
    """Those that say something."""
    return [fault for fault in faults if fault]
