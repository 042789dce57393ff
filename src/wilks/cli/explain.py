"""wilks explain: where data and reference differ, by the answer that is stored, and what was learned, as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wilks import lazy
from wilks.analysis import Analysis
from wilks.cli.answers import has_answer, load_answer
from wilks.cli.options import analysis_argument, json_option
from wilks.cli.places import EXPLAINED, TEST
from wilks.cli.prepare import prepare
from wilks.cli.session import IncompleteError, Session
from wilks.config import load_any
from wilks.interpretation import (
    bootstrap_fits,
    contributions,
    projected_ratios,
    region_stability,
    smallest_region,
    write_events,
    write_ratio,
)
from wilks.interpretation.smallest import DEFAULT_SHARE
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.wording import in_shell

if TYPE_CHECKING:
    from wilks.interpretation import onnx_files
else:
    onnx_files = lazy.Module("wilks.interpretation.onnx_files")


@click.command(short_help="Where data and reference differ, by the stored answer; the learned f as files.")
@analysis_argument
@click.option(
    "--share",
    type=click.FloatRange(min=0.0, max=1.0, min_open=True),
    default=DEFAULT_SHARE,
    show_default=True,
    help="Of t, that the region carries.",
)
@click.option(
    "--refits", type=click.IntRange(min=0), default=0, show_default=True, help="Fits of a bootstrap of the data."
)
@click.option(
    "--events",
    type=click.Choice(["parquet", "root"]),
    multiple=True,
    help="Write reference and data with their learned weights; may be repeated.",
)
@click.option("--onnx", "with_onnx", is_flag=True, help="Write the learned f as an ONNX graph, too (wilks[onnx]).")
@json_option
def explain(
    analysis_file: str, share: float, refits: int, events: tuple[str, ...], with_onnx: bool, as_json: bool
) -> None:
    """Name the smallest region that carries a share of t, as cuts, and the columns that the learned f is about.

    The answer of `wilks test` or `wilks run` must be there; nothing is fitted but the --refits, which say how stable
    the region is and how surely the learned ratio is known. The folder `explain` of the output gets the learned f as
    ratio.json, and what --events and --onnx ask for.
    """
    session = Session("explain", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_any(analysis_file), with_data=False)
        if not has_answer(prepared.output):
            raise IncompleteError(
                f"the data must be tested first, but {prepared.output / TEST} holds no answer; run `wilks test "
                f"{in_shell(prepared.loaded.path)}`"
            )
        result, data, _ = load_answer(prepared.output)
        session.output = prepared.output
        _tell(session, prepared.analysis, data, result.fit, share=share, n_refits=refits)
        folder = prepared.output / EXPLAINED
        written = _write(folder, prepared.analysis, data, result.fit, endings=events, with_onnx=with_onnx)
        session.outcome.files |= {name: str(folder / name) for name in written}
        session.say(f"Written to {folder}: {', '.join(written)}")

    session.run(work)


def _tell(session: Session, analysis: Analysis, data: Sample, fit: FitResult, *, share: float, n_refits: int) -> None:
    """Print and keep what the fit says."""
    region, shares = smallest_region(analysis, data, fit=fit, share=share), contributions(analysis, data, fit=fit)
    session.say(f"{region}\n\n{shares}")
    told = {"region": region.to_dict(), "contributions": shares.to_dict()}
    refits = bootstrap_fits(analysis, data, fit=fit, n_refits=n_refits) if n_refits else None
    if refits is not None:
        stability = region_stability(region, data, refits=refits)
        session.say(f"\n{stability}")
        told["stability"] = stability.to_dict()
    bands = refits if refits is not None and refits.n_refits > 1 else None
    columns = projected_ratios(analysis, data, fit=fit, refits=bands)
    told["projections"] = {name: one.to_dict() for name, one in columns.items()}
    session.outcome.numbers["explain"] = told


def _write(
    folder: Path, analysis: Analysis, data: Sample, fit: FitResult, *, endings: Sequence[str], with_onnx: bool
) -> list[str]:
    """Write what was asked for; names of the files."""
    write_ratio(analysis, folder / "ratio.json", fit=fit)
    written = ["ratio.json"]
    for ending in endings:
        for name, sample in (("reference", analysis.reference), ("data", data)):
            written.append(f"{name}.{ending}")
            write_events(analysis, sample, fit=fit, path=folder / written[-1])
    for region in (analysis.regions or {"": analysis}) if with_onnx else ():
        written.append(f"ratio-{region}.onnx" if region else "ratio.onnx")
        onnx_files.write_onnx(analysis, folder / written[-1], fit=fit, region=region)
    return written
