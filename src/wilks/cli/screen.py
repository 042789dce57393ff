"""Where a command prints.

A stream that cannot encode a character shows its escape sequence. When the reader of a pipe has gone, as `head` does,
the rest goes nowhere and the command goes on quietly to its end: what it finds is in files, too.
"""

from rich.console import Console
from rich.text import Text

from wilks.cli.streams import drop_output
from wilks.wording import printable


class Screen(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """What follows goes nowhere."""
        drop_output(self.file)  # type: ignore[arg-type]


def print_text(console: Console, text: str) -> None:
    """Print lines as they are: nothing in them is markup, and nothing commands the terminal."""
    console.print(Text(printable(text)), soft_wrap=True)
