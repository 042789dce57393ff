"""The folder of a monitor, with batches of hostile names, and a client of its page."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest

import wilks
from wilks.monitor import Batch
from wilks.monitor.audit import AuditLog
from wilks.monitor.inputs import Arrival
from wilks.monitor.page.app import Access, application
from wilks.monitor.page.records import Records
from wilks.monitor.watching import Watch

from tests.monitor.conftest import draw, shifted

TOKEN, NOW = "a-token-of-the-tests", 1_800_000_000.0
BAD, FEW, HOSTILE, ENDS, N = 20, 21, 22, 23, 30
NAMES = {HOSTILE: "</title><script>alert(1)</script>\"'&{{ 7*7 }}", ENDS: "a\n\x1b[31m\u202e\udcff" + "x" * 300}


class Client:
    """Requests to the page without a server."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", token: str = TOKEN) -> None:
        self.clock = [NOW]
        self.records = Records(folder, clock=lambda: self.clock[0])
        self._app = application(self.records, Access(token, host))

    def get(self, place: str, **headers: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", place, headers))

    def post(self, place: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        told = {"by": "A. Shifter", "reason": "HV trip", "token": TOKEN} | fields
        form = {"content-type": "application/x-www-form-urlencoded"}
        return asyncio.run(self._ask("POST", place, form | (headers or {}), urlencode(told)))

    async def _ask(self, method: str, place: str, headers: dict[str, str], content: str = "") -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8800") as client:
            return await client.request(method, place, headers=headers, content=content)


@pytest.fixture(scope="session")
def made(references: dict[str, wilks.MonitorReference], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing of it may be changed."""
    folder, rng, reference = tmp_path_factory.mktemp("page"), np.random.default_rng(5), references["histogram"]
    with AuditLog(folder / "log.jsonl", reference=reference.digest) as log:
        watch = Watch(wilks.Monitor(reference), log, clock=lambda: NOW - 60.0)
        for i in range(N):
            name = NAMES.get(i, f"b{i}.npz")
            events = draw(rng, 5) if i == FEW else shifted(rng, 100, 1.5 * (BAD - 2 <= i <= BAD))
            batch = Batch(events, name, time=NOW - 100.0)
            watch.judge(Arrival(name, str(i), lambda batch=batch: batch), n_waiting=2)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "monitor"))


@pytest.fixture
def client(folder: Path) -> Client:
    return Client(folder)
