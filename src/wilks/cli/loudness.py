"""How much a command says: options of `wilks` that stand before the name of a command."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import click

LOGGER = "wilks"


@dataclass(frozen=True)
class Loudness:
    """What was asked for.

    Attributes:
        is_quiet: no progress and no notes.
    """

    is_quiet: bool = False


def loudness() -> Loudness:
    """That of the command that runs; outside of one, that without options."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Loudness) if context else None
    return found or Loudness()


@contextlib.contextmanager
def messages_shown(level: int) -> Iterator[None]:
    """Messages of the logger `wilks` from this level on go to the error stream, with their time."""
    logger, handler = logging.getLogger(LOGGER), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
