"""Two samples larger than memory: moments of all members by bunches of events, from files that are read twice."""

from wilks.comparison.streamed.features import require_unweighted
from wilks.comparison.streamed.preparing import StreamingOptions, prepare_streams
from wilks.comparison.streamed.running import holds_sums, remove_sums

__all__ = ["StreamingOptions", "holds_sums", "prepare_streams", "remove_sums", "require_unweighted"]
