"""What a reading has kept so far: the rows of all files, and what was left out or is wrong."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import non_finite_message, seal
from wilks.samples.column_stores import ColumnStore, HeldColumns
from wilks.samples.origin import Origin
from wilks.samples.plan import ReadTally, Taken
from wilks.samples.readers import FilePath
from wilks.samples.recipe import Recipe
from wilks.samples.sample import Sample
from wilks.typing import FloatArray, IntArray
from wilks.wording import visible


@dataclass
class _BadValues:
    """NaN and infinities met in one column."""

    count: int
    first_row: int
    value: float
    path: FilePath


@dataclass
class Kept:
    """The selected rows so far."""

    recipe: Recipe
    store: ColumnStore = field(default_factory=HeldColumns)
    bad: dict[str, _BadValues] = field(default_factory=dict)
    precisions: dict[str, np.dtype[Any]] = field(default_factory=dict)
    tally: ReadTally = field(default_factory=ReadTally)
    n_passed: int = 0
    n_of_files: list[int] = field(default_factory=list)

    @property
    def n_selected(self) -> int:
        """Rows that were kept, of all files."""
        return sum(self.n_of_files)

    def take(self, taken: Taken, *, path: FilePath, n_before: int, n_rows: int) -> None:
        """What is kept of a chunk of ``n_rows``, which stands after ``n_before`` rows of its file."""
        for name, values in taken.outputs.items():
            if name in self.recipe.required:
                self._note_bad(name, values, taken.rows + n_before, path)
            self.store.add(name, values)
        self.n_of_files[-1] += int(taken.rows.size)
        self.tally.add(taken, n_rows=n_rows)

    def _note_bad(self, name: str, values: FloatArray, rows: IntArray, path: FilePath) -> None:
        wrong = np.flatnonzero(~np.isfinite(values))
        if not wrong.size:
            return
        first = _BadValues(0, int(rows[wrong[0]]), float(values[wrong[0]]), path)
        self.bad.setdefault(name, first).count += int(wrong.size)

    def require_good(self, paths: Sequence[FilePath]) -> None:
        """Raise if nothing was kept, or something that is not finite.

        Raises:
            SampleError: with what was asked of the events.
        """
        listed = str(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
        if self.tally.n_read == 0 and self.n_passed:
            raise SampleError(
                f"entry_start must be less than the number of rows, but {listed} hold{'s' * (len(paths) == 1)} "
                f"{self.n_passed:,}"
            )
        if self.tally.n_read == 0:
            raise SampleError(f"there must be at least one event, but {listed} hold(s) none")
        if self.n_selected == 0:
            self._require_certified(listed)
            self._require_whole(listed)
        if self.n_selected == 0 and self.recipe.selection is not None:
            raise SampleError(
                f"at least one event must pass the selection {self.recipe.selection.text!r}, "
                f"but none of {self.tally.n_read:,} events in {listed} does{self._left_out()}"
            )
        for name, bad in self.bad.items():
            raise SampleError(
                non_finite_message(
                    name, count=bad.count, first_row=bad.first_row, value=bad.value, where=f" of {bad.path}"
                )
            )

    def _require_certified(self, listed: str) -> None:
        if self.recipe.certified is not None and self.tally.n_uncertified == self.tally.n_read:
            rule = self.recipe.certified.rule
            raise SampleError(
                f"at least one event must be of a lumisection that {visible(str(rule.file))} certifies, but none of "
                f"{self.tally.n_read:,} events in {listed} is, by {rule.run!r} and {rule.lumisection!r}; simulation "
                "has runs of its own: give the golden JSON to the data alone (on the command line --golden-json A=FILE)"
            )

    def _require_whole(self, listed: str) -> None:
        if self.recipe.selection is None and self.tally.absent:
            text, count = self.tally.absent.most_common(1)[0]
            raise SampleError(
                f"at least one event must have all features, but {count:,} of {self.tally.n_read:,} events in {listed} "
                f"have no {text!r}; give what stands for it, as fill={{...}}"
            )

    def _left_out(self) -> str:
        counts = (self.tally.n_uncertified, "not certified"), (self.tally.n_absent, "without an object that is needed")
        found = ", ".join(f"{count:,} are {what}" for count, what in counts if count)
        return f" ({found})" if found else ""

    def sample(self, origin: Origin, *, factors: Sequence[float]) -> Sample:
        """What was kept, with the weights of each file multiplied by its factor."""
        recipe = self.recipe
        weights = None if recipe.weight is None else self.store.column(recipe.weight)
        if any(factor != 1 for factor in factors):
            rows = np.repeat(factors, self.n_of_files)
            weights = rows if weights is None else weights * rows
        extras = {name: seal(self.store.column(name)) for name in recipe.carry}
        events = seal(self.store.rows(recipe.features, n=self.n_selected))
        weights = None if weights is None else seal(weights)
        return Sample(events, weights, features=recipe.features, extras=extras, origin=origin)


def factors_for(
    yields: Mapping[str, tuple[float, Collection[FilePath]]], *, kept: Kept, is_weighted: bool
) -> list[float]:
    """By what the weights of each file are multiplied, so that those of each entry sum to its yield.

    Args:
        yields: the sum and the files of each entry, in the order in which they were read; none: weights stay.
        kept: the rows of all files.
        is_weighted: whether the rows have weights; else each counts one.

    Raises:
        SampleError: the weights of an entry have no positive sum.
    """
    if not yields:
        return [1.0] * len(kept.n_of_files)
    parts = np.repeat(np.arange(len(kept.n_of_files)), kept.n_of_files)
    weights = kept.store.column(str(kept.recipe.weight)) if is_weighted else np.ones(parts.size)
    sums = np.bincount(parts, weights=weights, minlength=len(kept.n_of_files)).tolist()
    factors: list[float] = []
    for entry, (wanted, files) in yields.items():
        total = float(sum(sums[len(factors) : len(factors) + len(files)]))
        if not total > 0:
            raise SampleError(
                f"the event weights of {visible(entry)} must have a positive sum to be rescaled to {wanted:,.6g}, but "
                f"sum to {total:g}; check the weight and the selection"
            )
        factors += [wanted / total] * len(files)
    return factors
