"""The page of a campaign: complete, incomplete, damaged; what it says is escaped."""

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import Ledger, plan_toys
from wilks.campaign.status import campaign_status
from wilks.campaign.table import table_of
from wilks.errors import StoreError
from wilks.hypotheses import Null
from wilks.problems import exponential
from wilks.reports import write_campaign_report
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

NOW = 1_800_000_000.0


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    analysis = Analysis(
        reference=exponential.reference(2000, seed=1), model=MLP((1,)), toy_source=exponential.BACKGROUND
    )
    return plan_toys(analysis, Null(), n_toys=40, seed=1, folder=tmp_path / "<b>toys", shard_size=20)


def page(ledger: Ledger) -> str:
    path = write_campaign_report(ledger, campaign_status(ledger, now=NOW), now=NOW)
    assert path == ledger.folder / "campaign.html"
    return path.read_text()


def finish(ledger: Ledger, number: int, make_toy_row) -> None:
    shard = ledger.plan.shard(number)
    t = np.random.default_rng(number).chisquare(4, size=shard.n_toys)
    t[3] = np.nan
    rows = [make_toy_row(shard.first + i, float(value), n_parameters=4) for i, value in enumerate(t)]
    ledger.finish(shard, [table_of(rows)])


def test_a_campaign_that_goes_on_asks_to_be_looked_at_again(ledger, make_toy_row) -> None:
    finish(ledger, 0, make_toy_row)
    ledger.note_failure(ledger.plan.shard(1), {"error": "<script>alert(1)</script>", "host": "h", "when": "w"})
    text = page(ledger)
    assert '<meta http-equiv="refresh" content="60">' in text
    assert "20 of 40" in text and "as of 2027-01-15 08:00:00 UTC" in text
    assert "&lt;script&gt;" in text and "<script>" not in text and "<b>" not in text
    assert text.count("<img ") == 2 and FitStatus.NOT_CONVERGED.message.split(";")[0] in text


def test_a_complete_campaign_rests(ledger, make_toy_row) -> None:
    for number in range(2):
        finish(ledger, number, make_toy_row)
    text = page(ledger)
    assert 'http-equiv="refresh"' not in text and "40 of 40" in text and "Shards that need attention" not in text
    assert ledger.owner["fingerprint"] in text


def test_a_campaign_without_toys_has_a_page(ledger) -> None:
    text = page(ledger)
    assert "0 of 40" in text and "<img " not in text and "none yet" in text


def test_a_damaged_campaign_has_a_page(ledger, make_toy_row) -> None:
    finish(ledger, 0, make_toy_row)
    ledger.shard_path(ledger.plan.shard(0)).write_bytes(b"")
    (ledger.folder / "progress" / "toys-000000020-000000020.parquet").write_bytes(b"")
    assert "corrupt" in page(ledger)


def test_a_page_that_cannot_be_written_is_an_error(ledger) -> None:
    (ledger.folder / "campaign.html").mkdir()
    with pytest.raises(StoreError, match="must be writable"):
        page(ledger)
