"""Two samples larger than memory: moments of all members by bunches of events, from files that are read twice."""

from wilks.comparison.streamed.features import require_unweighted
from wilks.comparison.streamed.preparing import StreamingOptions, prepare_streams

__all__ = ["StreamingOptions", "prepare_streams", "require_unweighted"]
