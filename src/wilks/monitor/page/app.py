"""The page as an ASGI application.

Reading needs no token, every change does: it comes in the form or as ``Authorization: Bearer``, and is compared in
constant time. No other site knows it, so that none can have a browser send a form here. Nothing in an address leads to
a file: batches are numbers, and assets come from a table that is filled at the start.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wilks.errors import InputError, is_fault
from wilks.monitor.audit import InUseError
from wilks.monitor.page.extras import missing
from wilks.monitor.page.notes import Author, end_of_silence, silence
from wilks.monitor.page.records import Records
from wilks.monitor.page.views import detail, overview
from wilks.reports.rendering import environment

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, RedirectResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from wilks.monitor.page import metrics
except ImportError as error:
    raise missing("the page of a monitor", error) from error

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANYWHERE = ("0.0.0.0", "::", "")
_MAX_BODY, _MAX_FIELDS = 10_000, 20
_ASSETS = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_ENVIRONMENT = environment("wilks.monitor.page")


@dataclass(frozen=True)
class Access:
    """Who may do what.

    Args:
        token: that changes need; empty: nothing can be changed.
        host: where the page is, by which requests must ask for it; an address of all interfaces: any.
    """

    token: str
    host: str = "127.0.0.1"

    def is_known(self, host: str) -> bool:
        """Whether a Host header is one of this page: a name that another site has led here is none."""
        if self.host in _ANYWHERE:
            return True
        try:
            return urlsplit(f"//{host}").hostname in {*LOOPBACK, self.host.lower()}
        except ValueError:
            return False

    def is_right(self, token: str) -> bool:
        """Whether a token is the one, in a time that does not depend on it."""
        given, wanted = (one.encode("utf-8", "surrogatepass") for one in (token, self.token))
        return bool(self.token) and secrets.compare_digest(given, wanted)


def application(records: Records, access: Access) -> ASGIApp:
    """The page of a folder."""
    page = _Page(records, access)
    routes = [
        Route("/", page.overview),
        Route("/batches/{index:int}", page.batch),
        Route("/batches/{index:int}/acknowledge", page.acknowledge, methods=["POST"]),
        Route("/silences", page.silence, methods=["POST"]),
        Route("/silences/end", page.end_silence, methods=["POST"]),
        Route("/metrics", page.metrics),
        Route("/assets/{name}", page.asset),
    ]
    handlers: Mapping[Any, Any] = {HTTPException: _refused, InputError: _wrong_input}
    return _Guard(Starlette(routes=routes, exception_handlers=handlers), access)


class _Guard:
    """Refuses requests for another host, and puts the headers of safety on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        app = self._app if self._access.is_known(host) else _page_of("This page has another name.", status=421)
        await app(scope, receive, send_guarded)


class _Page:
    """The routes."""

    def __init__(self, records: Records, access: Access) -> None:
        self._records, self._access = records, access
        folder = resources.files("wilks.monitor.page") / "static"
        self._assets = {name: (folder / name).read_bytes() for name in _ASSETS}

    def overview(self, request: Request) -> Response:
        text = request.query_params.get("before")
        end = int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
        with self._records.lock:
            self._records.refresh()
            content = overview(self._records, end=end)
        return _rendered("overview.html.j2", page=content, may_change=bool(self._access.token))

    def batch(self, request: Request) -> Response:
        with self._records.lock:
            self._records.refresh()
            entry = self._records.batch(request.path_params["index"])
            if entry is None:
                raise HTTPException(404, "There is no such batch.")
            content = detail(self._records, entry)
        return _rendered("batch.html.j2", page=content, may_change=bool(self._access.token))

    async def acknowledge(self, request: Request) -> Response:
        fields, index = await self._fields(request), request.path_params["index"]
        author, has_earlier = _author(fields), fields.get("earlier") == "yes"

        def work() -> None:
            self._records.refresh()
            self._records.acknowledge(index, author, has_earlier=has_earlier)

        return await _changed(work, f"/batches/{index}")

    async def silence(self, request: Request) -> Response:
        fields = await self._fields(request)
        return await self._note(fields, lambda now: silence(fields.get("of", ""), hours=_hours(fields), now=now))

    async def end_silence(self, request: Request) -> Response:
        fields = await self._fields(request)
        return await self._note(fields, lambda now: end_of_silence(fields.get("of", ""), now=now))

    async def _note(self, fields: Mapping[str, str], told: Callable[[float], dict[str, Any]]) -> Response:
        author, note = _author(fields), told(self._records.clock())

        def work() -> None:
            self._records.refresh()
            self._records.note(note, author)

        return await _changed(work, "/")

    def metrics(self, request: Request) -> Response:
        content = metrics.exposition(metrics.RecordsCollector(self._records))
        return Response(content, headers={"content-type": metrics.CONTENT_TYPE})

    def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._assets:
            raise HTTPException(404, "There is nothing here.")
        return Response(self._assets[name], headers={"content-type": _ASSETS[name]})

    async def _fields(self, request: Request) -> dict[str, str]:
        """The fields of a form, once it is known to come from someone who may change something."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            raise HTTPException(403, "The form must come from this page.")
        fields = _parsed(await _body(request))
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else fields.get("token", "")
        if not self._access.is_right(token):
            raise HTTPException(403, "The token must be the one that was printed when the page was started.")
        return fields


async def _body(request: Request) -> bytes:
    """The body of a request, as long as it is short."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _MAX_BODY:
            raise HTTPException(413, "The form is too long.")
    return data


def _parsed(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii")
        found = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return {name: values[0] for name, values in found.items()}


def _author(fields: Mapping[str, str]) -> Author:
    return Author(fields.get("by", ""), fields.get("reason", ""))


def _hours(fields: Mapping[str, str]) -> float:
    try:
        return float(fields.get("hours", ""))
    except ValueError as error:
        raise InputError("the hours must be a number; fill them in") from error


async def _changed(work: Callable[[], None], place: str) -> Response:
    """Back to a page once something has been written."""
    try:
        await run_in_threadpool(work)
    except OSError as error:
        raise HTTPException(503, f"Nothing was noted: {error.strerror}.") from error
    return RedirectResponse(place, status_code=303)


def _rendered(template: str, *, status: int = 200, **content: object) -> HTMLResponse:
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(content), status_code=status)


def _page_of(text: str, *, status: int) -> HTMLResponse:
    return _rendered("message.html.j2", status=status, text=text)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    texts = {404: "There is nothing here.", 405: "This is not done here."}
    is_ours = error.detail.endswith(".")
    return _page_of(error.detail if is_ours else texts.get(error.status_code, error.detail), status=error.status_code)


async def _wrong_input(request: Request, error: Exception) -> Response:
    text = str(error)
    return _page_of(
        f"{text[:1].upper()}{text[1:]}.", status=503 if isinstance(error, InUseError) or is_fault(error) else 400
    )
