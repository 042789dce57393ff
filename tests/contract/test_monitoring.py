"""Every family as the reference of a monitor, in Python and by the commands."""

import json

import numpy as np
import pytest
import yaml

import wilks
from wilks.cli.outcome import ExitCode
from wilks.monitor import BuildOptions, State
from wilks.monitor.page.metrics import RecordsCollector, exposition
from wilks.monitor.page.records import Records
from wilks.monitor.page.views import detail, overview
from wilks.monitor.scoring import at_size

OPTIONS = {"batch_sizes": [100], "n_toys": 20, "n_calibration": 12, "n_power": 0}


def good(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=(100, 1))


@pytest.mark.in_turn
def test_a_family_judges_batches(case, workshop, tmp_path):
    analysis = workshop.analysis(case)
    options = BuildOptions(**{**OPTIONS, "batch_sizes": (100,)})
    if case.is_profiled:
        with pytest.raises(wilks.InputError, match="must have no nuisances"):
            wilks.build_reference(analysis, options=options)
        return
    reference = wilks.build_reference(analysis, options=options)
    if not case.family.is_searched:  # whose fits take seconds
        assert reference.digest == wilks.build_reference(analysis, options=options).digest
    reference.save(tmp_path)
    first, second = wilks.Monitor(reference, timer=lambda: 0.0), wilks.Monitor(tmp_path, timer=lambda: 0.0)
    for batch in (good(1), good(2), good(3) + 1.0):
        verdict, again = first.update(batch), second.update(batch)
        assert verdict.is_evaluated and verdict == again
        json.dumps(verdict.to_dict(), allow_nan=False)
    assert verdict.state is not State.GOOD and verdict.where.feature == "x"
    if not case.is_combined or case.family.name == "scan":
        assert verdict.t == pytest.approx(wilks.fit(at_size(analysis, n_events=100), good(3) + 1.0).t, rel=1e-6)


@pytest.mark.in_turn
def test_the_commands_of_monitoring(case, make_study):
    study = make_study(case)
    study.path.write_text(yaml.safe_dump(case.section() | {"monitor": OPTIONS}))
    batches = study.folder / "batches"
    batches.mkdir()
    for seed in (1, 2):
        np.savez(batches / f"b{seed}.npz", x=good(seed)[:, 0])
    words = ("reference", "build", study.folder / "reference.npz", "--analysis", "FILE", "-o", study.folder / "ref")
    done = study.run(*words)
    if case.is_profiled:
        assert done.exit_code == ExitCode.INVALID_INPUT and "must have no nuisances" in done.output
        return
    assert done.exit_code == ExitCode.DONE, done.output
    output = study.folder / "monitored"
    done = study.run("monitor", "--reference", study.folder / "ref", "--input", batches, "-o", output, "--json")
    assert done.exit_code == ExitCode.DONE, done.output
    numbers = json.loads(done.stdout)["numbers"]["monitor"]
    assert sum(numbers["states"].values()) == 2 and "NOT EVALUATED" not in numbers["states"]
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    assert [one["kind"] for one in lines] == ["start", "batch", "batch"]
    assert str(wilks.load(study.folder / "ref").digest) == lines[0]["reference"]
    records = Records(output, clock=lambda: 2e9)
    records.refresh()
    shown = overview(records)
    assert [row.index for row in shown.rows] == [1, 0] and len(shown.wide.marks) == 2
    for row in shown.rows:
        content = detail(records, records.batch(row.index))
        assert content.title == f"b{row.index + 1}.npz" and [one.feature for one in content.figures] == ["x"]
    assert b'wilks_monitor_batches_total{state="NOT EVALUATED"} 0.0' in exposition(RecordsCollector(records))
