"""Pages as a browser shows them: nothing wider than the window, no request, no message; and their print."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.power import PowerRow, PowerTable
from wilks.reports import write_comparison_report, write_power_report, write_report, write_validation_report
from wilks.validation import Check, Point, Validation, Verdict

from tests.cli.browser import BROWSER, Page, opened

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
WIDTHS = (400, 800, 1280)
_MOST_BYTES = 3_000_000
# Elements that reach beyond the window, but for those in boxes that scroll by themselves.
TOO_WIDE = """[...document.querySelectorAll('main *, header *')].filter(one => !one.closest('.scroll, .formula')
    && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90)).join()"""


@pytest.fixture(scope="module")
def pages(calibration: Any, make_fit: Any, analysis: Any, data: Any, toys: Any, tmp_path_factory: Any) -> list[Path]:
    """One of each kind, with real figures."""
    folder, rng = tmp_path_factory.mktemp("pages"), np.random.default_rng(1)
    answer = calibration.evaluate(make_fit())
    rows = tuple(
        PowerRow("model", f"{n} events", True, ((0.5, 0.4, 0.6), None, None), 0.1 * n, (0.5, 2.0), False, 0.1)
        for n in (10, 20)
    )
    points = tuple(
        Point(f"scale {k:+d} sigma, normalization {k:+d} sigma", rng.chisquare(13, 40), rng.uniform(size=40),
              rng.chisquare(15, 40)) for k in (0, 1, -1)
    )  # fmt: skip
    checks = (Check("t at other nuisances", Verdict.NOT_EVALUATED, "a long reason " * 9),)
    a, b = (wilks.Sample(rng.normal(size=(80, 2)), features=["x", "a_rather_long_name_of_a_column_gev"]) for _ in "ab")
    return [
        write_report(answer, folder / "report.html", analysis=analysis, data=data, toys=toys),
        write_comparison_report(wilks.compare(a, b, n_permutations=9), folder / "comparison.html", a=a, b=b),
        write_validation_report(Validation(checks, points, "counted", "0" * 64), folder / "validation.html"),
        write_power_report(PowerTable(rows, {"10 events": 10.0, "20 events": 20.0}, 99, 50), folder / "power.html"),
    ]


async def looked_at(address: str, profile: Path) -> dict[str, Any]:
    """What a browser makes of a page."""
    async with opened(address, profile) as page:
        await page.until("document.title")
        found: dict[str, Any] = {"wide": {}}
        for width in WIDTHS:
            metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            await page.do("Emulation.setDeviceMetricsOverride", **metrics)
            found["wide"][width] = await page.value(TOO_WIDE)
        found["requests"] = await page.value("performance.getEntriesByType('resource').map(x => x.name)"
                                             ".filter(x => !x.startsWith('data:')).join()")  # fmt: skip
        found["pictures"] = await page.value("[...document.images].every(x => x.complete && x.naturalWidth > 0)")
        found["messages"] = await messages(page)
        found["pdf"] = base64.b64decode((await page.do("Page.printToPDF", printBackground=True))["data"])
        return found


async def messages(page: Page) -> list[Any]:
    """What is said on the console when the page is loaded again."""
    await page.do("Log.enable")
    await page.do("Page.reload")
    await page.until("document.title")
    return page.events("Log.entryAdded")


def test_every_page_at_every_width_and_in_print(pages: list[Path], tmp_path: Path) -> None:
    for number, path in enumerate(pages):
        assert path.stat().st_size < _MOST_BYTES
        found = asyncio.run(looked_at(f"file://{path}", tmp_path / f"profile{number}"))
        assert not any(found["wide"].values()), (path.name, found["wide"])
        assert not found["requests"] and found["pictures"] and not found["messages"], (path.name, found["messages"])
        assert found["pdf"].startswith(b"%PDF") and found["pdf"].count(b"/Type /Page\n") < 20
