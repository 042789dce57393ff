"""A headless Chromium that does what a person does: opens a page, follows a link, fills in a form."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_LONGEST_S = 15.0


class Page:
    """The only page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._n, self._events = socket, 0, list[dict[str, Any]]()

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, with its answer."""
        self._n += 1
        await self._socket.send_json({"id": self._n, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json(timeout=_LONGEST_S)
            if answer.get("id") == self._n:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._events.append(answer)

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the browser has told of this kind while commands were done."""
        return [one["params"] for one in self._events if one.get("method") == method]

    async def value(self, expression: str) -> Any:
        """What an expression gives there."""
        found = await self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait for something to be true; a page that is being loaded may have no answer yet."""
        end = time.monotonic() + _LONGEST_S
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):
                if await self.value(f"document.readyState === 'complete' && Boolean({expression})"):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"not seen: {expression}; but {await self.value('document.body.innerText')}")

    async def fill(self, **fields: str) -> None:
        """Type into the fields of the first form."""
        for name, text in fields.items():
            await self.value(f"document.querySelector('form [name={name}]').focus()")
            await self.do("Input.insertText", text=text)

    async def click(self, selector: str) -> None:
        """The first element of a selector."""
        await self.value(f"document.querySelector({json.dumps(selector)}).dispatchEvent("
                         "new MouseEvent('click', {bubbles: true, cancelable: true}))")  # fmt: skip


@contextlib.asynccontextmanager
async def opened(address: str, profile: Path) -> AsyncIterator[Page]:
    """A page at an address, in a browser that knows nothing from before."""
    assert BROWSER is not None
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([BROWSER, *words, address], **quiet) as process:
        try:
            async with aiohttp.ClientSession() as session:
                place = await _place(session, profile / "DevToolsActivePort", address)
                async with session.ws_connect(place, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.kill()


async def _place(session: aiohttp.ClientSession, file: Path, address: str) -> str:
    """Where commands for the page go, once it is there."""
    end = time.monotonic() + _LONGEST_S
    while time.monotonic() < end:
        if file.exists() and file.read_text().count("\n"):
            port = file.read_text().split()[0]
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                for one in await answer.json():
                    if one["type"] == "page" and one["url"].startswith(address):
                        return str(one["webSocketDebuggerUrl"])
        await asyncio.sleep(0.05)
    raise AssertionError("the browser has not opened the page")
