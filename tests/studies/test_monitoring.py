"""The quick way of the study says what a monitor says."""

import dataclasses

import numpy as np

import wilks
from wilks.monitor import BuildOptions, Decisions

from studies.monitoring import run as study


def test_it_judges_as_a_monitor_does() -> None:
    rng = np.random.default_rng(0)
    analysis = wilks.Analysis(
        reference=study.nature(rng, 400),
        toy_source=study.nature(rng, 2_000),
        model=wilks.KernelSet(widths=(0.7, 2.0), n_centers=20),
        expected_events=50,
    )
    built = wilks.build_reference(analysis, options=BuildOptions(n_toys=200, n_power=0))
    reference = dataclasses.replace(built, decisions=Decisions(bad=0.02, medium=0.1, window=5))
    batches = [study.nature(rng, 50) + np.array([shift, 0.0]) for shift in np.linspace(0.0, 0.8, 40)]
    found = study.judged(reference, study.sums_of(reference, batches), 50, n_windows=40)
    monitor = wilks.Monitor(reference)
    verdicts = [monitor.update(one) for one in batches]
    np.testing.assert_allclose(found.conformal, [one.conformal["p_value"] for one in verdicts], rtol=1e-9)
    np.testing.assert_allclose(found.null, [one.null["p_value"] for one in verdicts], rtol=1e-6)
    np.testing.assert_allclose(found.quoted, [one.p_value for one in verdicts], rtol=1e-6)
    names = {"sum of evidence": "jump", "k of n": "k of n", "drift": "drift", "sliding window": "sliding window"}
    for rule, alarm in names.items():
        assert found.alarms[rule][1:].tolist() == [alarm in one.alarms for one in verdicts][1:], rule
    assert sum(any(alarm in one.alarms for one in verdicts) for alarm in names.values()) >= 3
