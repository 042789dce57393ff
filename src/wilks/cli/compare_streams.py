"""Samples of `wilks compare` that are read in pieces and never held: when, where to, and by whom."""

import contextlib
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from wilks.cli.places import SUMS
from wilks.cli.progress import every_ten_seconds
from wilks.cli.session import Session
from wilks.cli.workers import worker_options, workers
from wilks.comparison.contents import Asked
from wilks.comparison.models import blocks_of
from wilks.comparison.prepared import Prepared
from wilks.comparison.streamed import StreamingOptions, prepare_streams, require_unweighted
from wilks.samples import Stream, columns, looks_like_weight, stream

STREAMED_ABOVE = 1_000_000
"""Rows of both samples together, above which they are not held."""

WORKERS = ("processes", "dask")
_MOST_BYTES = 2**28
_Command = TypeVar("_Command", bound=Callable[..., Any])
Streams = tuple[Stream, Stream]


def stream_options(command: _Command) -> _Command:
    """The options of this module."""
    option = click.option(
        "--stream/--in-memory",
        "stream",
        default=None,
        help=f"Read the samples in pieces, twice, or hold them; without either they are read in pieces above "
        f"{STREAMED_ABOVE:,} rows, where events have no weights.",
    )
    return option(worker_options(command))


def check_stream_options(options: Mapping[str, Any]) -> None:
    """Raise for an option that needs samples in memory, beside one that streams them, or is for such as are streamed.

    Raises:
        click.UsageError: with both.
    """
    needs = [*(["--in-memory"] if options["stream"] is False else []), *_needing_memory(options)]
    if options["stream"] and needs:
        raise click.UsageError(f"--stream and {needs[0]} exclude each other: {needs[0]} needs samples in memory")
    if needs and (workers := worker_options_given(options)):
        raise click.UsageError(
            f"{workers[0]} and {needs[0]} exclude each other: {workers[0]} is for samples that are streamed, and "
            f"{needs[0]} holds them in memory"
        )


def worker_options_given(options: Mapping[str, Any]) -> list[str]:
    """Those that say who sums samples that are streamed."""
    return [f"--{name}" for name in WORKERS if options[name] is not None]


def _needing_memory(options: Mapping[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in ("weight", "entry_stop", "reach", "hidden") if options[name]]


def streamed(files: tuple[str, str], asked: tuple[Asked, Asked], options: Mapping[str, Any]) -> Streams | None:
    """Both samples where they are read in pieces, as is asked for or as their size suggests; None: they are held.

    Raises:
        SampleError: no such file, or an expression that is not allowed.
    """
    if options["stream"] is False or _needing_memory(options):
        return None
    first, second = (_stream(texts, one) for texts, one in zip(files, asked, strict=True))
    is_chosen = options["stream"] or (_is_large(first, second) and _counts_one_each(first, second, options))
    return (first, second) if is_chosen else None


def _stream(files: str, asked: Asked) -> Stream:
    return stream(
        files,
        features=asked.features or None,
        tree=asked.tree,
        where=asked.where,
        define=asked.define,
        fill=asked.fill,
        certified=asked.certified,
    )


def _counts_one_each(first: Stream, second: Stream, options: Mapping[str, Any]) -> bool:
    """Whether no column of either may weigh its events."""
    names = (name for one in (first, second) for name in (*columns(one.files, tree=one.tree), *one.define))
    return options["no_weights"] or not any(map(looks_like_weight, names))


def _is_large(*samples: Stream) -> bool:
    """By the number of rows, or of bytes where a file does not tell it."""
    n_rows = [one.n_rows for one in samples]
    if None in n_rows:
        return sum(one.n_bytes for one in samples) > _MOST_BYTES
    return sum(n for n in n_rows if n is not None) > STREAMED_ABOVE


def prepare_from_files(session: Session, samples: Streams, options: Mapping[str, Any], *, output: Path) -> Prepared:
    """The sums of both samples, which are kept in the output folder as they are made."""
    session.output = output
    session.interrupted = "interrupted; the sums that were made are kept: the same command goes on"
    is_alone = options["processes"] == 1 and options["dask"] is None
    with contextlib.nullcontext((None, 1)) if is_alone else workers(options["processes"], options["dask"]) as found:
        executor, n_workers = found
        who = "this process" if is_alone else f"{n_workers} processes" if n_workers else "Dask"
        session.note(f"The samples are read in pieces, twice, by {who}.")
        if not options["no_weights"]:
            for sample, which in zip(samples, ("first", "second"), strict=True):
                require_unweighted(sample, which=which, asked=sample.features or ())
        streaming = StreamingOptions(
            options["seed"], output / SUMS, executor, every_ten_seconds(session.note), uses_weights=False
        )
        blocks = functools.partial(blocks_of, None, seed=options["seed"])
        return prepare_streams(*samples, blocks=blocks, options=streaming)
