"""Make one weighted sample of simulated slices.

    python -m studies.simulation.merge high --simulated FOLDER --output dimuon_sm.parquet

Each event has the weight, in pb, of its slice: its cross section, averaged over the files, over the events generated and
measured. A file read by `wilks.read(..., weight="weight")` expects the cross section in pb until it is rescaled.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from studies.simulation.processes import PROCESSES, SETS


def merged(folder: Path, names: tuple[str, ...]) -> pyarrow.Table:
    """All events of these processes with a column ``weight``.

    Raises:
        SystemExit: a process without files.
    """
    return pyarrow.concat_tables([_weighted(folder / name) for name in names])


def _weighted(folder: Path) -> pyarrow.Table:
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise SystemExit(f"{folder} has no files: simulate {folder.name} first (python -m studies.simulation.run)")
    tables = [pyarrow.parquet.read_table(path) for path in paths]
    facts = [json.loads(table.schema.metadata[b"simulation"]) for table in tables]
    n_events = sum(one["n_generated"] * one["n_measured"] for one in facts)
    weight = float(np.mean([one["cross_section_pb"] for one in facts])) / n_events
    whole = pyarrow.concat_tables([table.replace_schema_metadata() for table in tables])
    return whole.append_column("weight", pyarrow.array(np.full(len(whole), weight)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("process", choices=[*PROCESSES, *SETS], help="what to merge; high: what has no events below 95 GeV")
    parser.add_argument("--simulated", type=Path, required=True, help="the folder of `studies.simulation.run`")
    parser.add_argument("--output", type=Path, required=True, help="a Parquet file")
    options = parser.parse_args()
    table = merged(options.simulated, SETS.get(options.process, (options.process,)))
    pyarrow.parquet.write_table(table, options.output, compression="zstd")
    print(f"{options.output}: {len(table)} events, {float(np.sum(table['weight'].to_numpy())):.4g} pb")


if __name__ == "__main__":
    main()
