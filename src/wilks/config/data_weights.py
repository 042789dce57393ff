"""Weights that come with data: data are counts, so that a weight other than one is refused, or set aside on purpose.

The key ``weight`` of `data` follows the rule of that of a pool of toys: without it the weight of the reference is
looked for, and ``weight: null`` says that rows count one each, whatever their columns hold.
"""

import warnings
from collections.abc import Collection, Mapping

import numpy as np

from wilks.config.formulas import parts_of
from wilks.config.load import LoadedConfig
from wilks.config.reading import certified_of, files_of, read_selected
from wilks.config.schema import DataConfig
from wilks.errors import SampleError, WilksWarning
from wilks.samples import Sample, columns, looks_like_weight, read
from wilks.wording import visible

ONE_EACH = "write `weight: null` under `data:`, and every row counts one"


def read_counts(loaded: LoadedConfig, config: DataConfig) -> Sample:
    """The data in files that pass the selection; their weights are read where they should be one.

    Raises:
        SampleError: they carry the weight of the reference, and it is not one everywhere.

    Warns:
        WilksWarning: they carry a column that looks like a weight and is not one everywhere, and nothing says what it
            is.
    """
    if "weight" in config.model_fields_set:
        return read_selected(loaded, config, weight=config.weight)
    there = columns(files_of(loaded, config), tree=config.tree or loaded.config.tree)
    own = loaded.config.reference.weight
    if own is not None and _is_there(own, there, define=loaded.config.define):
        return _with_unit_weights(loaded, config, own)
    for name in there:
        if looks_like_weight(name) and not _is_used(loaded, name):
            _warn_unless_one(loaded, config, name)
    return read_selected(loaded, config, weight=None)


def _with_unit_weights(loaded: LoadedConfig, config: DataConfig, weight: str) -> Sample:
    try:
        sample = read_selected(loaded, config, weight=weight)
    except SampleError as error:
        read_selected(loaded, config, weight=None)  # is it the weight?
        raise SampleError(_refusal(weight, f"cannot be read as such ({error})")) from error
    n_other = int(np.count_nonzero(sample.event_weights != 1))
    if n_other:
        low, high = float(sample.event_weights.min()), float(sample.event_weights.max())
        found = f"is {low:.6g} to {high:.6g}, and not 1 in {n_other:,} of {sample.n_events:,} events"
        raise SampleError(_refusal(weight, found))
    return sample


def _refusal(weight: str, found: str) -> str:
    return (
        f"data are counts, every event of weight 1, but they carry the weight of the reference, {weight!r}, which "
        f"{found}. Weighted simulation cannot stand for data: unweight it first (wilks.samples.unweight). If it is no "
        f"weight of these events, {ONE_EACH}"
    )


def _warn_unless_one(loaded: LoadedConfig, config: DataConfig, name: str) -> None:
    files, tree = files_of(loaded, config), config.tree or loaded.config.tree
    try:
        found = read(files, features=[name], tree=tree, certified=certified_of(loaded, config))
        is_one = bool(np.all(found.events == 1))
    except SampleError:
        is_one = False
    if not is_one:
        warnings.warn(
            f"the data carry a column {visible(name)!r}, which is not 1 everywhere and is not used: if it is a weight, "
            f"unweight the data first (wilks.samples.unweight); if it is none, {ONE_EACH}, without this warning",
            WilksWarning,
            stacklevel=2,
        )


def _is_there(text: str, names: Collection[str], *, define: Mapping[str, str]) -> bool:
    """Whether a column of this text is among ``names``, or can be computed from them, through definitions."""
    if text in names:
        return True
    others = {name: formula for name, formula in define.items() if name != text}
    parts = tuple(parts_of(text, define))
    return bool(parts) and parts != (text,) and all(_is_there(part, names, define=others) for part in parts)


def _is_used(loaded: LoadedConfig, name: str) -> bool:
    """Whether the analysis says of a column what it is."""
    config = loaded.config
    texts = [*config.features, *config.carry, *config.define.values(), *filter(None, [config.where])]
    return name in texts or any(name in parts_of(text, {}) for text in texts)
