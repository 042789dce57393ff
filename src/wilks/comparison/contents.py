"""Tables of which nothing is known: which columns are features, which are weights, and which only number events."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from wilks.comparison.checks import require_numbers, with_features
from wilks.errors import SampleError
from wilks.samples import (
    Certified,
    Sample,
    as_sample,
    bookkeeping,
    columns,
    is_nominal_weight,
    looks_like_weight,
    read,
)
from wilks.samples.choosing import Events
from wilks.samples.column_kinds import holds_words
from wilks.samples.file_names import Files
from wilks.samples.reading import columns_of_words, refused_columns
from wilks.samples.recipe import require_used, unused_definitions, used_fill
from wilks.samples.tables import table_of
from wilks.wording import listed, visible


@dataclass(frozen=True)
class Contents:
    """All columns of some rows that have a number in every row, and what else was there.

    Args:
        sample: with the columns as features, and weights where these were given by name.
        left_out: name of each other column, and why.
        has_weights: whether the weights were given.
        asked: the features that were asked for; none: all columns may be.
        lost_weights: name of each column that is named as weights are and has not a number in every row, and why.
    """

    sample: Sample
    left_out: tuple[tuple[str, str], ...] = field(default=())
    has_weights: bool = False
    asked: tuple[str, ...] = ()
    lost_weights: tuple[tuple[str, str], ...] = ()


class TwoSamples(NamedTuple):
    """Both samples with their features and weights, and sentences on what was taken for what."""

    a: Sample
    b: Sample
    notices: tuple[str, ...]


def two_given(a: Sample | Events, b: Sample | Events) -> TwoSamples:
    """Samples and arrays as they are; of tables the features and weights that both contents suggest.

    Raises:
        SampleError: one is neither a sample nor a table nor an array.
    """
    if _is_plain(a) and _is_plain(b):
        return TwoSamples(as_sample(a, what="a"), as_sample(b, what="b"), ())
    return two_samples(contents_of_table(a, what="a"), contents_of_table(b, what="b"))


def _is_plain(thing: object) -> bool:
    """Whether it is a sample, or has no names of columns."""
    found = None if isinstance(thing, Sample) else table_of(thing)
    return found is None or not found.is_named


def contents_of_table(thing: Sample | Events, *, what: str) -> Contents:
    """A sample with its weights; all columns of a table with names that hold one finite number for each row.

    Raises:
        SampleError: it is none, or has no such column.
    """
    if isinstance(thing, Sample):
        return Contents(thing, has_weights=True)
    found = table_of(thing)
    if found is None or not found.is_named:
        return Contents(as_sample(thing, what=what))
    return _good_columns(found.names, lambda some: as_sample(thing, what=what, features=some), left_out=[])


@dataclass(frozen=True)
class Asked:
    """What of files is read, as in `wilks.read`; no features: all columns."""

    features: tuple[str, ...] = ()
    tree: str | None = None
    where: str | None = None
    weight: str | None = None
    define: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, float] = field(default_factory=dict)
    certified: Certified | None = None
    entry_stop: int | None = None


_ALL = Asked()


def contents_of_files(files: Files, asked: Asked = _ALL) -> Contents:
    """The features that are asked for, or all columns that hold one finite number for each selected event.

    Columns and definitions that are named as weights are come with them; columns do not where a weight is given.

    Raises:
        SampleError: a file, the selection, a feature that is asked for or the weight cannot be used, or there is no
            column.
    """
    require_used(asked.fill, [*asked.features, *asked.define.values(), *filter(None, (asked.where, asked.weight))])
    there = columns(files, tree=asked.tree)
    if asked.features:
        others = (*there, *asked.define) if asked.weight is None else unused_definitions(asked.define, (asked.weight,))
        likely = filter(looks_like_weight, others)
        names, left_out = dict.fromkeys((*asked.features, *likely)), ""
    else:
        names, left_out = dict.fromkeys((*there, *asked.define)), refused_columns(files, tree=asked.tree)
    found = _good_columns(
        tuple(names),
        lambda some: _read(files, some, asked),
        left_out=[("columns that cannot be read", left_out)] if left_out else [],
        required=asked.features,
    )
    words = {} if asked.weight is not None else columns_of_words(files, tree=asked.tree)
    lost = tuple((name, why) for name, why in words.items() if is_nominal_weight(name))
    return dataclasses.replace(
        found,
        has_weights=asked.weight is not None,
        asked=asked.features,
        lost_weights=(*found.lost_weights, *lost),
    )


def _read(files: Files, features: Sequence[str], asked: Asked) -> Sample:
    texts = [*features, *asked.define.values(), *filter(None, (asked.where, asked.weight))]
    return read(
        files,
        features=features,
        tree=asked.tree,
        where=asked.where,
        weight=asked.weight,
        define=asked.define,
        fill=used_fill(asked.fill, texts),
        certified=asked.certified,
        entry_stop=asked.entry_stop,
    )


def _good_columns(
    names: Sequence[str],
    take: Callable[[Sequence[str]], Sample],
    *,
    left_out: list[tuple[str, str]],
    required: Sequence[str] = (),
) -> Contents:
    """All of the columns where that is possible; else those that can be taken alone, and why the others cannot."""
    try:
        return Contents(take(names), tuple(left_out))
    except SampleError:
        good, lost = list(required), []
        for name in names:
            if name in required:
                continue
            try:
                take([name])
                good.append(name)
            except SampleError as error:
                left_out.append((name, str(error)))
                if is_nominal_weight(name) and not _is_of_lists(error):
                    lost.append(left_out[-1])
        if not good:
            raise
        return Contents(take(good), tuple(left_out), lost_weights=tuple(lost))


def _is_of_lists(error: SampleError) -> bool:
    """Whether a column has something else than one number, or one text, for each event: no weight has that."""
    return error.__cause__ is not None and not holds_words(str(error.__cause__))


def two_samples(a: Contents, b: Contents, *, uses_weights: bool = True) -> TwoSamples:
    """The features that two tables have in common, and their weights.

    A column that is named as weights are, is no variation of others and is not 1 everywhere holds the weights of its
    table. Columns that number events, in either table, are left out.

    Args:
        a, b: the tables.
        uses_weights: whether such columns are looked for; False: every row counts one.

    Raises:
        SampleError: several columns look like weights, or one without a number in every row; no feature is left.
    """
    notices = [
        f"{which} has {listed(name for name, _ in table.left_out)} left out: {table.left_out[0][1]}"
        for which, table in (("the first sample", a), ("the second sample", b))
        if table.left_out
    ]
    weights = [_weights(table, which=which) if uses_weights else None for table, which in ((a, "first"), (b, "second"))]
    common = [name for name in a.sample.features if name in b.sample.features]
    alone = sorted({*a.sample.features} ^ {*b.sample.features})
    asked = {*a.asked, *b.asked}
    likely = {name for name in (*common, *alone) if looks_like_weight(name) and name not in asked}
    reasons = {
        name: None if name in asked else _reason(a.sample, b.sample, name) for name in common if name not in likely
    }
    features = [name for name, why in reasons.items() if why is None]
    notices += _weight_notices(weights, likely)
    notices += _grouped({name: why for name, why in reasons.items() if why is not None})
    if only := [name for name in alone if name not in likely]:
        notices.append(f"{listed(map(visible, only))} left out: in one sample alone")
    if not features:
        raise SampleError(
            f"two samples must have a feature in common, but the columns are {listed(a.sample.features)} and "
            f"{listed(b.sample.features)}; {'; '.join(notices) or 'none is in both'}"
        )
    first, second = (
        with_features(table.sample, features, weight=weight) for table, weight in zip((a, b), weights, strict=True)
    )
    return TwoSamples(first, second, tuple(notices))


def _weights(table: Contents, *, which: str) -> str | None:
    """The column of weights; None without one."""
    if table.has_weights:
        return None
    require_numbers(table.lost_weights, which=which)
    names = [name for name in table.sample.features if name not in table.asked]
    likely = filter(is_nominal_weight, names)
    found = [name for name in likely if np.any(table.sample.column(name) != 1.0)]
    if len(found) > 1:
        product = "*".join(found)
        raise SampleError(
            f"one column must hold the weights, but in the {which} sample {listed(map(visible, found))} look like "
            f"weights; say which, as weight={product!r} (on the command line --weight {product!r}), or that every row "
            "counts one (--no-weights)"
        )
    return found[0] if found else None


def _weight_notices(weights: Sequence[str | None], likely: set[str]) -> list[str]:
    first, second = weights
    places = {first: "of both samples"} if first == second else {first: "of the first sample", second: "of the second"}
    used = [f"{visible(name)!r} weighs the events {where}" for name, where in places.items() if name is not None]
    others = sorted(likely - set(weights))
    return used + ([f"{listed(map(visible, others))} left out: named as weights are"] if others else [])


def _grouped(reasons: Mapping[str, str]) -> list[str]:
    """One sentence for all columns that are left out for one reason."""
    names = {why: [name for name, other in reasons.items() if other == why] for why in reasons.values()}
    return [f"{listed(map(visible, some))} left out: {why}" for why, some in names.items()]


def _reason(a: Sample, b: Sample, name: str) -> str | None:
    """Why a column is no feature."""
    return next(filter(None, (bookkeeping(name, one.column(name)) for one in (a, b) if _varies(one, name))), None)


def _varies(sample: Sample, name: str) -> bool:
    """One that never varies in one sample may vary in the other."""
    values = sample.column(name)
    return bool(np.any(values != values[:1]))
