"""Decisions on a stream of batches, with declared rates of false alarms."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.monitor.building": ["build_reference"],
    "wilks.monitor.evidence": ["Discoveries", "discoveries"],
    "wilks.monitor.monitor": ["Monitor"],
    "wilks.monitor.options": ["BuildOptions", "Decisions", "Validity"],
    "wilks.monitor.parts": ["ReferencePart", "merge_parts"],
    "wilks.monitor.reference": ["MonitorReference"],
    "wilks.monitor.verdict": ["Batch", "Cause", "State", "Verdict"],
}

if TYPE_CHECKING:
    from wilks.monitor.building import build_reference
    from wilks.monitor.evidence import Discoveries, discoveries
    from wilks.monitor.monitor import Monitor
    from wilks.monitor.options import BuildOptions, Decisions, Validity
    from wilks.monitor.parts import ReferencePart, merge_parts
    from wilks.monitor.reference import MonitorReference
    from wilks.monitor.verdict import Batch, Cause, State, Verdict
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "Batch",
    "BuildOptions",
    "Cause",
    "Decisions",
    "Discoveries",
    "Monitor",
    "MonitorReference",
    "ReferencePart",
    "State",
    "Validity",
    "Verdict",
    "build_reference",
    "discoveries",
    "merge_parts",
]
