"""The command line of the laboratories, and how they end."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import wilks


def parsed(
    parser: argparse.ArgumentParser,
    words: Sequence[str] | None,
    *,
    usual: Mapping[str, Any],
    quick: Mapping[str, Any],
) -> argparse.Namespace:
    """Options of a laboratory; numbers that were not given are the ``usual`` ones, or with ``--quick`` the others."""
    parser.add_argument("--n-kills", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of moments and places")
    parser.add_argument("--quick", action="store_true", help="few and small ones, at few moments")
    parser.add_argument("--output", type=Path, help="the table as JSON")
    options = parser.parse_args(words)
    for name, value in (quick if options.quick else usual).items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    return options


def conclude(table: Sequence[Any], options: argparse.Namespace, *, what: str, begin: float) -> NoReturn:
    """The last line, the table as JSON, and the exit status: 1 where a line of the table has a fault."""
    n_wrong = sum(bool(line.faults) for line in table)
    print(f"{what}; {n_wrong} of {len(table)} lines with a fault; {time.monotonic() - begin:.0f} s")
    if options.output:
        options.output.write_text(json.dumps({"wilks": wilks.__version__, "lines": list(map(asdict, table))}, indent=1))
    raise SystemExit(1 if n_wrong else 0)
