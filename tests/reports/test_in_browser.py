"""Pages as a browser shows them: nothing wider than the window, no request, no message; and their print."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.campaign import plan_toys
from wilks.campaign.status import campaign_status
from wilks.campaign.table import table_of
from wilks.power import PowerRow, PowerTable
from wilks.problems import exponential
from wilks.reports import (
    write_campaign_report,
    write_comparison_report,
    write_power_report,
    write_report,
    write_selection_report,
    write_validation_report,
)
from wilks.selection import ArchitectureScan, Candidate
from wilks.validation import Check, Point, Validation, Verdict

from tests.cli.browser import BROWSER, Page, opened

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
WIDTHS = (400, 800, 1280)
_MOST_BYTES = 3_000_000
# Elements that reach beyond the window, but for those in boxes that scroll by themselves.
TOO_WIDE = """[...document.querySelectorAll('main *, header *')].filter(one => !one.closest('.scroll, .formula')
    && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90)).join()"""
WRONG = """<title>wrong</title><main><p style="width: 600px">wide</p><img src="absent.png"></main>
<script>console.log("seen")</script>"""
MESSAGES = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of each kind. The figures of the first are drawn; to draw all of them takes most of the time."""
    folder, of = tmp_path_factory.mktemp("pages"), request.getfixturevalue
    rows = tuple(
        PowerRow("model", f"{n} events", True, ((0.5, 0.4, 0.6), None, None), 0.1 * n, (0.5, 2.0), False, 0.1)
        for n in (10, 20)
    )
    power = PowerTable(rows, {"10 events": 10.0, "20 events": 20.0}, 99, 50)
    written = [write_power_report(power, folder / "power.html")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wilks.reports.picture._uri", blank)
        answer = of("calibration").evaluate(of("make_fit")())
        beside = {name: of(name) for name in ("analysis", "data", "toys")}
        written.append(write_report(answer, folder / "report.html", **beside))
        written += [compared(folder), validated(folder), planned(folder, of("make_toy_row"))]
        selection = of("selection")
        written.append(write_selection_report(selection, folder / "selection.html", analysis=of("analysis")))
        candidates = (
            Candidate((4,), 13, selection, (0.4, 0.6), 9.0),
            Candidate((5, 5), 46, None, (), 1.0, "why " * 40),
        )
        scan = ArchitectureScan(candidates, (), 0.05, 20, 10.0, 10.0, 0)
        written.append(write_selection_report(scan, folder / "scan.html"))
    return written


def blank(figure: Any, *, is_vector: bool) -> str:
    """A picture of the size of a figure."""
    width, height = 96 * figure.get_size_inches()
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"/>'
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def compared(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    a, b = (wilks.Sample(rng.normal(size=(80, 2)), features=["x", "a_rather_long_name_of_a_column_gev"]) for _ in "ab")
    return write_comparison_report(wilks.compare(a, b, n_permutations=9), folder / "comparison.html", a=a, b=b)


def validated(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    points = tuple(
        Point(f"scale {k:+d} sigma, normalization {k:+d} sigma", rng.chisquare(13, 40), rng.uniform(size=40),
              rng.chisquare(15, 40)) for k in (0, 1, -1)
    )  # fmt: skip
    checks = (Check("t at other nuisances", Verdict.NOT_EVALUATED, "a long reason " * 9),)
    return write_validation_report(Validation(checks, points, "counted", "0" * 64), folder / "validation.html")


def planned(folder: Path, make_toy_row: Any) -> Path:
    """A campaign of which one shard is done, one failed and one is not begun."""
    reference, model = exponential.reference(2_000, seed=1), wilks.MLP(hidden=(1,))
    analysis = wilks.Analysis(reference=reference, model=model, toy_source=exponential.BACKGROUND)
    place = folder / "a_folder_with_a_rather_long_name_of_a_campaign_of_toys"
    ledger = plan_toys(analysis, wilks.Null(), n_toys=60, seed=1, folder=place, shard_size=20)
    t = np.random.default_rng(1).chisquare(4, size=20)
    ledger.finish(ledger.plan.shard(0), [table_of([make_toy_row(i, t[i], n_parameters=4) for i in range(20)])])
    ledger.note_failure(ledger.plan.shard(1), {"error": "MemoryError " * 30, "host": "node-" * 12, "when": "now"})
    return write_campaign_report(ledger, campaign_status(ledger, now=1.8e9), now=1.8e9)


async def looked_at(pages: list[Path], profile: Path) -> list[dict[str, Any]]:
    """What one browser makes of one page after the other."""
    async with opened("about:blank", profile) as page:
        for kind in ("Log", "Runtime", "Network"):
            await page.do(f"{kind}.enable")
        return [await look(page, f"file://{path}") for path in pages]


async def look(page: Page, address: str) -> dict[str, Any]:
    await page.do("Page.navigate", url=address)
    await page.until(f"location.href === '{address}' && document.title")
    found: dict[str, Any] = {"wide": {}}
    for width in WIDTHS:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        await page.do("Emulation.setDeviceMetricsOverride", **metrics)
        found["wide"][width] = await page.value(TOO_WIDE)
    urls = (one["request"]["url"] for one in page.events("Network.requestWillBeSent"))
    found["requests"] = [url for url in urls if not url.startswith("data:") and not url.endswith(".html")]
    found["pictures"] = await page.value("[...document.images].map(x => x.complete && x.naturalWidth > 0)")
    found["messages"] = [one for kind in MESSAGES for one in page.events(kind)]
    found["pdf"] = base64.b64decode((await page.do("Page.printToPDF", printBackground=True))["data"])
    return found


def test_every_page_at_every_width_and_in_print(pages: list[Path], tmp_path: Path) -> None:
    assert all(path.stat().st_size < _MOST_BYTES for path in pages)
    wrong = tmp_path / "wrong.html"
    wrong.write_text(WRONG)
    *found, last = asyncio.run(looked_at([*pages, wrong], tmp_path / "profile"))
    for path, one in zip(pages, found, strict=True):
        assert not any(one["wide"].values()), (path.name, one["wide"])
        assert not one["requests"] and not one["messages"], (path.name, one["messages"])
        assert one["pictures"] and all(one["pictures"]), path.name
        assert one["pdf"].startswith(b"%PDF") and one["pdf"].count(b"/Type /Page\n") < 20
    assert [bool(last["wide"][width]) for width in WIDTHS] == [True, False, False]
    assert "absent.png" in str(last["requests"]) and last["pictures"] == [False] and "seen" in str(last["messages"])
