"""What the pages show, as plain values for the templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wilks.monitor.page.drawing import CLASSES, FeatureFigure, Size, Timeline, feature_figure, timeline
from wilks.monitor.page.notes import KINDS_OF_SILENCE, Notes, reasons_of, time_of
from wilks.monitor.page.records import Records
from wilks.monitor.page.totals import STATES
from wilks.significance.printing import probability
from wilks.wording import visible

WIDE, NARROW = Size(960.0, 280.0, right=60.0, bottom=46.0), Size(360.0, 240.0, right=60.0, bottom=46.0)
FEATURE = Size(440.0, 180.0)
_NONE = "\N{EN DASH}"
N_WIDE, N_NARROW, N_ROWS, N_OPEN, N_NOTES = 200, 50, 50, 20, 20


@dataclass(frozen=True)
class Row:
    """A batch in a table."""

    index: int
    name: str
    at: str
    state: str
    style: str
    z_score: str
    p_value: str
    n_events: str
    where: str
    alarms: str
    note: str


@dataclass(frozen=True)
class Overview:
    """The first page."""

    title: str
    reference: str
    guarantees: tuple[str, ...]
    keys: tuple[tuple[str, str, str], ...]
    counts: tuple[tuple[str, str, str], ...]
    problems: tuple[str, ...]
    reload_problem: str
    wide: Timeline
    narrow: Timeline
    rows: tuple[Row, ...]
    open_rows: tuple[Row, ...]
    n_open: int
    silences: tuple[Mapping[str, str], ...]
    notes: tuple[Mapping[str, str], ...]
    kinds: tuple[str, ...]
    older: int | None
    newer: int | None
    first: int
    end: int


@dataclass(frozen=True)
class Detail:
    """The page of a batch."""

    row: Row
    title: str
    reason: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[FeatureFigure, ...]
    places: tuple[tuple[str, ...], ...]
    is_learned: bool
    acknowledgment: Mapping[str, str] | None
    older: int | None
    newer: int | None


def overview(records: Records, *, end: int | None = None) -> Overview:
    """The state of a monitor, with the batches before number ``end``, or the last ones."""
    n = records.n_batches
    end = n if end is None else min(max(end, 0), n)
    entries = records.batches(end - N_WIDE, end)
    waiting = records.open_batches()
    decisions = records.start.get("decisions", {})
    newest = list(reversed(entries[-N_ROWS:]))
    opened = [entry for i in reversed(waiting[-N_OPEN:]) for entry in records.batches(i, i + 1)]
    return Overview(
        title=records.start.get("name") or records.folder.name,
        reference=records.start.get("reference", "")[:12],
        guarantees=tuple(records.start.get("guarantees", ())),
        keys=_keys(records, n_open=len(waiting)),
        counts=tuple((one, f"{records.totals.states[one]:,}", CLASSES[one]) for one in STATES),
        problems=records.problems,
        reload_problem=visible(records.reload_problem),
        wide=timeline(entries, decisions=decisions, size=WIDE),
        narrow=timeline(entries[-N_NARROW:], decisions=decisions, size=NARROW),
        rows=tuple(row_of(one, records.notes) for one in newest),
        open_rows=tuple(row_of(one, records.notes) for one in opened),
        n_open=len(waiting),
        silences=tuple(_silences(records)),
        notes=tuple(_note(one) for one in reversed(records.notes.all[-N_NOTES:])),
        kinds=KINDS_OF_SILENCE,
        older=end - N_ROWS if end > N_ROWS else None,
        newer=min(end + N_ROWS, n) if end < n else None,
        first=end - len(newest),
        end=end,
    )


def detail(records: Records, entry: Mapping[str, Any]) -> Detail:
    """A batch by its line in the log."""
    verdict, index = entry["verdict"], entry["verdict"]["index"]
    profiles = {one["feature"]: one for one in records.start_of(verdict).get("profiles", ())}
    found = [one for one in verdict["by_feature"] if one["feature"] in profiles]
    found.sort(key=lambda one: -abs(one["z_score"]))
    note = records.notes.acknowledgment_of(index)
    return Detail(
        row=row_of(entry, records.notes),
        title=visible(verdict["name"]) or f"batch {index}",
        reason=verdict["reason"],
        facts=tuple(_facts(entry)),
        figures=tuple(_figure(one, profiles, verdict) for one in found),
        places=tuple(_place(one) for one in found),
        is_learned=bool(verdict.get("learned")),
        acknowledgment=None if note is None else _note(note),
        older=index - 1 if index else None,
        newer=index + 1 if index + 1 < records.n_batches else None,
    )


def _figure(
    place: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]], verdict: Mapping[str, Any]
) -> FeatureFigure:
    name = place["feature"]
    return feature_figure(place, profiles[name], learned=verdict.get("learned", {}).get(name, ()), size=FEATURE)


def row_of(entry: Mapping[str, Any], notes: Notes) -> Row:
    """A batch in one row."""
    verdict = entry["verdict"]
    where = verdict["where"]
    return Row(
        index=verdict["index"],
        name=visible(verdict["name"]) or f"batch {verdict['index']}",
        at=when(time_of(entry)),
        state=verdict["state"],
        style=CLASSES[verdict["state"]],
        z_score=_number(verdict["z_score"], "{:.2f}"),
        p_value="" if verdict["p_value"] is None else probability(verdict["p_value"]),
        n_events=f"{verdict['n_events']:,}",
        where=verdict["cause"] or ("" if where is None else f"{where['feature']} ({where['z_score']:+.1f})"),
        alarms=", ".join(verdict["alarms"]),
        note=_note_of(entry, notes),
    )


def when(seconds: float | None) -> str:
    """A time as people read it, in UTC.

    >>> when(60.0), when(None)
    ('1970-01-01 00:01:00', 'unknown')
    """
    if seconds is None:
        return "unknown"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "unknown"


def _note_of(entry: Mapping[str, Any], notes: Notes) -> str:
    note = notes.acknowledgment_of(entry["verdict"]["index"])
    if note is not None:
        return f"acknowledged by {visible(note['by'])}"
    reasons = reasons_of(entry)
    return "silenced" if reasons and notes.is_silenced(reasons, time_of(entry)) else ""


def _keys(records: Records, *, n_open: int) -> tuple[tuple[str, str, str], ...]:
    """Name, value and style of what stands at the top."""
    totals = records.totals
    last = None if totals.last is None else totals.last["state"]
    evidence = (totals.last_evaluated or {}).get("evidence") or {}
    age = "" if totals.last_at is None else duration(records.clock() - totals.last_at)
    return (
        ("last batch", last or "none yet", CLASSES.get(last or "", "")),
        ("age", age or _NONE, ""),
        ("open", f"{n_open:,}", "bad" if n_open else ""),
        ("waiting", f"{totals.n_waiting:,}", ""),
        ("evidence", f"{_evidence(evidence['sum'])} of {_evidence(evidence['limit'])}" if evidence else _NONE, ""),
    )


def duration(seconds: float) -> str:
    """How long, in its largest unit.

    >>> duration(5.0), duration(150.0), duration(7200.0), duration(-3.0)
    ('5 s', '2 min', '2 h', '0 s')
    """
    for unit, size in (("d", 172_800.0), ("h", 7_200.0), ("min", 120.0)):
        if seconds >= size:
            return f"{seconds / {'d': 86_400.0, 'h': 3_600.0, 'min': 60.0}[unit]:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


def _silences(records: Records) -> list[dict[str, str]]:
    now, found = records.clock(), []
    for kind in KINDS_OF_SILENCE:
        span = records.notes.silence_of(kind, now)
        if span is not None:
            found.append(
                {"kind": kind, "until": when(span["until"]), "by": visible(span["by"]), "reason": span["reason"]}
            )
    return found


def _note(entry: Mapping[str, Any]) -> dict[str, str]:
    """A note in words."""
    kind = entry["kind"]
    if kind == "acknowledge":
        name = visible(entry["name"]) or f"batch {entry['batch']}"
        what = (
            f"acknowledged {name} (number {entry['batch']}{', and all earlier ones' if entry['has_earlier'] else ''})"
        )
    elif kind == "silence":
        what = f"silenced {entry['of']} until {when(entry['until'])}"
    else:
        what = f"ended the silence of {entry['of']}"
    return {"what": what, "by": visible(entry["by"]), "reason": entry["reason"], "at": when(time_of(entry))}


def _facts(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything else that the log says of a batch, as names and texts."""
    verdict, null, ranks = entry["verdict"], entry["verdict"]["null"], entry["verdict"]["conformal"]
    evidence, windows = verdict["evidence"], verdict["windows"]
    facts = [
        ("Z, p", f"{_number(verdict['z_score'], '{:.2f}')}, {_p(verdict['p_value'])} ({verdict['method'] or 'none'})"),
        ("null law", f"Z {_number(null.get('z_score'), '{:.2f}')}, p {_p(null.get('p_value'))}" if null else _NONE),
        ("rank", f"p {_p(ranks.get('p_value'))} among {ranks.get('n_ranks'):,} batches" if ranks else _NONE),
        ("evidence", f"{_evidence(evidence['sum'])}, alarm at {_evidence(evidence['limit'])}" if evidence else _NONE),
        ("drift", f"p {_p(verdict['drift_p_value'])}"),
        *((f"{name} window", _window(one)) for name, one in windows.items()),
        ("events", f"{verdict['n_events']:,}"),
        ("taken", when(verdict["time"])),
        ("judged", f"{when(time_of(entry))}, in {_number(verdict['latency_s'], '{:.4f}')} s"),
        ("run type", entry["run_type"] or _NONE),
        ("content", entry["content"] or _NONE),
        ("line of the log", entry["digest"]),
    ]
    return [*facts, *(("left out", one) for one in verdict["left_out"])]


def _window(one: Mapping[str, Any]) -> str:
    if one["p_value"] is None:
        return str(one["reason"])
    return f"Z {_number(one['z_score'], '{:.2f}')}, p {_p(one['p_value'])}, {one['n_batches']:,} batches"


def _place(one: Mapping[str, Any]) -> tuple[str, ...]:
    low = "" if one["low"] is None else f"from {one['low']:.4g} "
    high = "" if one["high"] is None else f"to {one['high']:.4g}"
    counts = f"{one['n_observed']:,}", f"{one['n_expected']:.4g}", f"{one['z_score']:+.1f}"
    return (visible(one["feature"]), (low + high).strip() or "all", *counts)


def _number(value: float | None, form: str) -> str:
    return _NONE if value is None else form.format(value)


def _evidence(value: float | None) -> str:
    """It may be large, and is not finite where p was 0."""
    if value is None:
        return "beyond all numbers"
    return f"{value:,.0f}" if 100.0 <= value < 1e6 else f"{value:.3g}"


def _p(value: float | None) -> str:
    return _NONE if value is None else probability(value)
