"""The answer in the output folder, with the data as they were read: a report needs no fit.

answer/    the answer, its fit and its law
data/      the data
toys/      toys that were made for this answer alone
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wilks.analysis import Analysis
from wilks.campaign import FolderStore, Toys, load_toys
from wilks.cli.places import TEST, TOYS
from wilks.errors import StoreError
from wilks.laws import GoodnessOfFit
from wilks.samples import Sample
from wilks.storage import load, save, saved_kinds
from wilks.typing import FloatArray

_ANSWER, _DATA = "answer", "data"


def save_answer(output: Path, result: GoodnessOfFit, *, data: Sample, toys: Toys | None, analysis: Analysis) -> None:
    """Write the data, the toys that were made for the answer if there are any, and the answer.

    The answer comes last, so that one that is there has its data beside it.
    """
    folder = output / TEST
    shutil.rmtree(folder / TOYS, ignore_errors=True)
    save(data, folder / _DATA, is_replacing=True)
    if toys is not None:
        store = FolderStore(folder / TOYS, analysis=analysis, hypothesis=toys.hypothesis, seed=toys.seed)
        store.ledger.extend(toys.n_toys)
        store.write(toys.rows)
    save(result, folder / _ANSWER, is_replacing=True)


def has_answer(output: Path) -> bool:
    """Whether the data were tested already."""
    return bool(saved_kinds(output / TEST / _ANSWER))


def load_answer(output: Path) -> tuple[GoodnessOfFit, Sample, Toys | None]:
    """The stored answer, its data, and the toys that were made for it. Raises StoreError for what cannot be read."""
    folder = output / TEST
    with _named(folder):
        toys = load_toys(folder / TOYS) if (folder / TOYS).exists() else None
    return (*_answer_and_data(output), toys)


def _answer_and_data(output: Path) -> tuple[GoodnessOfFit, Sample]:
    folder = output / TEST
    with _named(folder):
        result, data = load(folder / _ANSWER), load(folder / _DATA)
        if not (isinstance(result, GoodnessOfFit) and isinstance(data, Sample)):
            raise StoreError("there is another result in its place")
    return result, data


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Say of what cannot be read that it is the answer, and how to make it anew."""
    try:
        yield
    except StoreError as error:
        raise StoreError(
            f"{folder} must hold the data and their answer as `wilks test` wrote them, but they cannot be used "
            f"({error}); delete {folder} and run `wilks test` again"
        ) from error


def check_same_data(output: Path, data: Sample, *, observed: FloatArray | None = None) -> None:
    """Refuse to replace the answer for other data. Columns that are carried along may differ: t does not know them.

    Raises StoreError if the folder holds the answer for data, or auxiliary measurements (j,), that differ from these.
    """
    if not has_answer(output):
        return
    result, stored = _answer_and_data(output)
    if stored.without_extras().digest() != data.without_extras().digest():
        raise StoreError(
            f"{output / TEST} must hold the answer for these data, but it is for other data "
            f"({stored.n_events:,} events there, {data.n_events:,} here); give another `output`, or delete "
            f"{output / TEST} to keep the toys and test these data. Nothing was overwritten"
        )
    there = list(result.fit.observed)
    if observed is not None and observed.tolist() != there:
        raise StoreError(
            f"{output / TEST} must hold the answer for these auxiliary measurements, {observed.tolist()}, but it is "
            f"for {there}; give another `output`, or delete {output / TEST} to keep the toys. Nothing was overwritten"
        )
