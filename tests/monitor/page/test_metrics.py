"""Metrics, as Prometheus reads them."""

import json
import math
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wilks.monitor.page.metrics import TotalsCollector, exposition
from wilks.monitor.page.totals import Totals

from tests.monitor.page.conftest import BAD, NOW, Client


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    families = list(text_string_to_metric_families(text))
    assert len({one.name for one in families}) == len(families) and all(one.documentation for one in families)
    return {
        (one.name.removeprefix("wilks_monitor_"), tuple(one.labels.values())): one.value
        for family in families
        for one in family.samples
    }


def test_metrics_are_those_of_the_log(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(answer.text)
    lines = [json.loads(line) for line in (client.records.folder / "log.jsonl").read_text().splitlines()]
    verdicts = [one["verdict"] for one in lines if one["kind"] == "batch"]
    states = Counter(one["state"] for one in verdicts)
    alarms = Counter(alarm for one in verdicts for alarm in one["alarms"])
    assert states["BAD"] and states["NOT EVALUATED"] == 1 and alarms
    for state in ("GOOD", "MEDIUM", "BAD", "NOT EVALUATED"):
        assert found["batches_total", (state,)] == states[state]
    for alarm in ("jump", "drift", "k of n", "growing window", "sliding window"):
        assert found["alarms_total", (alarm,)] == alarms[alarm]
    assert found["not_evaluated_total", ("too few events",)] == 1
    assert found["last_p_value", ()] == verdicts[-1]["p_value"]
    assert found["last_z_score", ()] == verdicts[-1]["z_score"]
    assert found["evidence_sum", ()] == verdicts[-1]["evidence"]["sum"] and found["evidence_limit", ()] == 500
    latencies = [one["latency_s"] for one in verdicts]
    assert found["latency_seconds_count", ()] == len(verdicts)
    assert found["latency_seconds_sum", ()] == pytest.approx(sum(latencies))
    for limit in (0.001, 0.005, 10.0):
        assert found["latency_seconds_bucket", (str(limit),)] == sum(one <= limit for one in latencies)
    assert found["waiting", ()] == 2 and found["last_batch_age_seconds", ()] == pytest.approx(60.0, abs=0.01)
    assert found["last_batch_timestamp_seconds", ()] == pytest.approx(NOW - 60.0, abs=0.01)


def test_what_people_said_is_counted(client: Client) -> None:
    n_open = samples(client.get("/metrics").text)["open", ()]
    assert n_open >= 1
    client.post(f"/batches/{BAD}/acknowledge")
    found = samples(client.get("/metrics").text)
    assert found["open", ()] == n_open - 1 and found["silenced", ("BAD",)] == 0


def test_before_there_is_a_batch() -> None:
    found = samples(exposition(TotalsCollector(Totals())).decode())
    assert found["batches_total", ("BAD",)] == 0 and ("last_z_score", ()) not in found


def test_p_of_1_has_a_z_of_minus_infinity() -> None:
    totals = Totals()
    verdict = {"p_value": 1.0, "z_score": None, "drift_p_value": None, "evidence": {}, "latency_s": 0.001}
    told = {"state": "GOOD", "cause": None, "alarms": [], **verdict}
    totals.add({"at": "2026-01-01T00:00:00+00:00", "n_waiting": 0, "verdict": told})
    found = samples(exposition(TotalsCollector(totals)).decode())
    assert found["last_p_value", ()] == 1.0 and found["last_z_score", ()] == -math.inf
