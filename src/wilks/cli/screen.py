"""Where a command prints: terminals that know few characters, and readers that go away.

A stream that cannot encode a character shows its escape sequence. When the reader of a pipe has gone, as `head` does,
the rest goes nowhere and the command goes on quietly to its end: what it finds is in files, too.
"""

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

from wilks.wording import printable


class Screen(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """What follows goes nowhere."""
        drop_output(self.file)  # type: ignore[arg-type]


def make_streams_forgiving() -> None:
    """Standard output and error replace what their encoding lacks, in place of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def print_text(console: Console, text: str) -> None:
    """Print lines as they are: nothing in them is markup, and nothing commands the terminal."""
    console.print(Text(printable(text)), soft_wrap=True)


def print_plain(text: str) -> None:
    """Print a line on the standard output, and nothing else: for JSON, and at the end of a command.

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
