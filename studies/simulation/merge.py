"""Make one weighted sample of simulated slices.

    python -m studies.simulation.merge high --simulated FOLDER --output dimuon_pool.parquet
    python -m studies.simulation.merge high --simulated FOLDER --share 0 0.4 --output dimuon_learning.parquet

``--share`` takes the events of a part of the generated ones: samples of shares that do not overlap share no event,
however often each was measured. The weight of an event, in pb, is the cross section of its slice, averaged over the
files, over the events that were generated and measured. A file read by `wilks.read(..., weight="weight")` expects the
cross section in pb until it is rescaled.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from studies.simulation.processes import PROCESSES, SETS


def merged(folder: Path, names: tuple[str, ...], *, share: tuple[float, float] = (0.0, 1.0)) -> pyarrow.Table:
    """The events of these processes, of a share of the generated ones, with a column ``weight``.

    Raises:
        SystemExit: a process without files.
    """
    return pyarrow.concat_tables([_weighted(folder / name, share) for name in names])


def _weighted(folder: Path, share: tuple[float, float]) -> pyarrow.Table:
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise SystemExit(f"{folder} has no files: simulate {folder.name} first (python -m studies.simulation.generate)")
    tables = [pyarrow.parquet.read_table(path) for path in paths]
    facts = [json.loads(table.schema.metadata[b"simulation"]) for table in tables]
    tables = [_part(table, share, one["n_generated"]) for table, one in zip(tables, facts, strict=True)]
    n_events = (share[1] - share[0]) * sum(one["n_generated"] * one["n_measured"] for one in facts)
    weight = float(np.mean([one["cross_section_pb"] for one in facts])) / n_events
    whole = pyarrow.concat_tables(tables)
    return whole.append_column("weight", pyarrow.array(np.full(len(whole), weight)))


def _part(table: pyarrow.Table, share: tuple[float, float], n_generated: int) -> pyarrow.Table:
    generated = table["generated"].to_numpy()
    is_in = (generated >= share[0] * n_generated) & (generated < share[1] * n_generated)
    return table.filter(pyarrow.array(is_in)).drop_columns(["generated"]).replace_schema_metadata()


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "process", choices=[*PROCESSES, *SETS], help="what to merge; high: what has no events below 95 GeV"
    )
    parser.add_argument("--simulated", type=Path, required=True, help="the folder of `studies.simulation.generate`")
    parser.add_argument("--share", type=float, nargs=2, default=(0.0, 1.0), help="of the generated events, from and to")
    parser.add_argument("--output", type=Path, required=True, help="a Parquet file")
    return parser.parse_args(words)


def main() -> None:
    options = arguments()
    table = merged(options.simulated, SETS.get(options.process, (options.process,)), share=tuple(options.share))
    pyarrow.parquet.write_table(table, options.output, compression="zstd")
    print(f"{options.output}: {len(table)} events, {float(np.sum(table['weight'].to_numpy())):.4g} pb")


if __name__ == "__main__":
    main()
