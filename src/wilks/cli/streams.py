"""Standard output and error: encodings that know few characters, readers that go away, disks that are full.

Nothing is imported that `wilks --help` does not need.
"""

import os
import sys
from typing import TextIO


def make_streams_forgiving() -> None:
    """Standard output and error replace what their encoding lacks, in place of ending the command.

    In the locale C Python writes bytes of file names as they are and ends at all else that is not ASCII.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def print_plain(text: str) -> None:
    """Print a text on the standard output, and nothing else: for JSON, and at the end of a command.

    Raises:
        OSError: the output cannot be written, for a disk that is full; what follows goes nowhere.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output(sys.stdout)
    except OSError:
        drop_output(sys.stdout)
        raise


def drop_output(stream: TextIO) -> None:
    """What is written to the stream from now on, and what is in its buffer, goes nowhere."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
