"""The ``wilks`` command."""

from wilks.cli.main import main

__all__ = ["main"]
