"""The command line that the laboratories share."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


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
