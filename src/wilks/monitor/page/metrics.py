"""Metrics of a monitor for Prometheus."""

from collections.abc import Iterator, Mapping

from wilks.monitor.page.extras import missing
from wilks.monitor.page.notes import KINDS_OF_SILENCE
from wilks.monitor.page.records import Records
from wilks.monitor.page.totals import ALARMS, LATENCIES_S, STATES, Totals
from wilks.significance.printing import z_of_plain

try:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector
except ImportError as error:
    raise missing("metrics", error) from error

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "wilks_monitor_"


class TotalsCollector(Collector):
    """Metrics of `Totals`, which may be those of a log or of verdicts as they come.

    Args:
        totals: they are looked at whenever metrics are asked for.
    """

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        """Every family, with all its labels from the beginning."""
        totals, last = self._totals, self._totals.last_evaluated
        yield _counter("batches", "Batches by state.", "state", {one: totals.states[one] for one in STATES})
        yield _counter("not_evaluated", "Batches that were not evaluated, by cause.", "cause", totals.causes)
        yield _counter(
            "alarms", "Batches at which an alarm stood.", "alarm", {one: totals.alarms[one] for one in ALARMS}
        )
        if last is not None:
            yield from _of_verdict(last)
        yield _latency(totals)
        yield _gauge("waiting", "Batches that waited behind the last one.", totals.n_waiting)
        if totals.last_at is not None:
            yield _gauge("last_batch_timestamp_seconds", "When the last batch was judged.", totals.last_at)


class RecordsCollector(Collector):
    """Metrics of a folder: those of its log, and what people said.

    Args:
        records: they are read again whenever metrics are asked for.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        records = self._records
        with records.lock:
            records.refresh()
            yield from TotalsCollector(records.totals).collect()
            now, last_at = records.clock(), records.totals.last_at
            if last_at is not None:
                yield _gauge("last_batch_age_seconds", "Since the last batch was judged.", now - last_at)
            yield _gauge("open", "BAD batches, and those at which an alarm began, not acknowledged or silenced.",
                         len(records.open_batches()))  # fmt: skip
            silenced = GaugeMetricFamily(f"{_PREFIX}silenced", "Whether an alarm is silenced.", labels=["alarm"])
            for kind in KINDS_OF_SILENCE:
                silenced.add_metric([kind], float(records.notes.silence_of(kind, now) is not None))
            yield silenced
            yield _gauge("reload_failed", "Whether no reference can be loaded where one is looked for.",
                         bool(records.reload_problem))  # fmt: skip
            yield _gauge("broken_logs", "Logs with a line that has changed since.", len(records.problems))


def exposition(collector: Collector) -> bytes:
    """The text that Prometheus reads.

    >>> totals = Totals()
    >>> totals.add({"at": "2026-01-01T00:00:00+00:00", "n_waiting": 2, "verdict": {
    ...     "state": "NOT EVALUATED", "cause": "too few events", "alarms": [], "latency_s": 0.004}})
    >>> text = exposition(TotalsCollector(totals)).decode()
    >>> 'wilks_monitor_batches_total{state="NOT EVALUATED"} 1.0' in text, "wilks_monitor_waiting 2.0" in text
    (True, True)
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry)


def _of_verdict(verdict: Mapping[str, object]) -> Iterator[Metric]:
    evidence = verdict["evidence"]
    told = {
        "last_p_value": ("p of the last batch that was evaluated.", verdict["p_value"]),
        "last_z_score": ("Z of the last batch that was evaluated.", z_of_plain(verdict)),
        "drift_p_value": ("p of the last batches for drift.", verdict["drift_p_value"]),
    }
    if isinstance(evidence, Mapping):
        told["evidence_sum"] = ("Sum of evidence at the last batch.", evidence.get("sum"))
        told["evidence_limit"] = ("Where the sum of evidence alarms.", evidence.get("limit"))
    for name, (text, value) in told.items():
        if isinstance(value, int | float):
            yield _gauge(name, text, value)


def _latency(totals: Totals) -> Metric:
    reached, buckets = 0, []
    for limit, n in zip([*map(str, LATENCIES_S), "+Inf"], totals.latencies, strict=True):
        reached += n
        buckets.append((limit, float(reached)))
    family = HistogramMetricFamily(f"{_PREFIX}latency_seconds", "From the events of a batch to its verdict.")
    family.add_metric([], buckets, totals.latency_sum_s)
    return family


def _counter(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, text, labels=[label])
    for kind, n in values.items():
        family.add_metric([kind], float(n))
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, text, value=float(value))
