"""Files whose names or columns are odd, from the analysis file to the report."""

import os
from pathlib import Path
from typing import Any

import numpy as np


def test_a_file_name_that_is_no_text_and_a_carried_column_with_gaps(make_study: Any, tmp_path: Path) -> None:
    """Such a name, met through a pattern, ended the command after the data were fitted."""
    study, rng = make_study(tmp_path), np.random.default_rng(1)
    for name, n in (("reference", 3000), ("data", 300)):
        mass = np.where(rng.random(n) < 0.1, np.nan, rng.normal(90.0, size=n))
        study.write(f"{name}.npz", **{"jet pt": rng.exponential(size=n), "iso": rng.random(n), "mass": mass})
        os.rename(tmp_path / f"{name}.npz", os.path.join(os.fsencode(tmp_path), name.encode() + b"_caf\xe9.npz"))
    study.config = {
        "features": ["jet pt"],
        "where": "`jet pt` > 0.1 and iso < 0.9",
        "carry": ["mass"],
        "reference": {"files": "reference_*.npz", "expected_events": 245},
        "data": {"files": "data_*.npz"},
        "model": {"kernel": {"n_centers": 20, "width": 1.0, "ridge": 3.0, "is_score": True}},
    }
    for command in ("check", "run", "report"):
        assert study.run(command).exit_code == 0
    report = (study.output / "report.html").read_text(encoding="utf-8")
    assert r"reference_caf\udce9.npz" in report
    assert "Without a value, and not shown:" in report
