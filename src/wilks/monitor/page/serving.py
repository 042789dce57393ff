"""The page on a port of this machine."""

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wilks.errors import InputError
from wilks.monitor.page.app import LOOPBACK, Access, application
from wilks.monitor.page.extras import missing
from wilks.monitor.page.records import Records

try:
    import uvicorn
except ImportError as error:
    raise missing("the page of a monitor", error) from error

_SHORTEST_TOKEN, _BACKLOG, _LONGEST_END_S = 16, 64, 5.0


@dataclass(frozen=True)
class Serving:
    """Where the page is, and what changes need.

    Args:
        port: 0: a free one.
        host: loopback, unless another one is named.
        token: that changes need; None: one is made.

    Raises:
        InputError: a token that is too short.
    """

    port: int
    host: str = LOOPBACK[0]
    token: str | None = None

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < _SHORTEST_TOKEN:
            raise InputError(
                f"a token must have at least {_SHORTEST_TOKEN} characters, but {len(self.token)} came; give a longer "
                "one, or none: one is then made"
            )


@dataclass(frozen=True)
class Served:
    """A page that is there: its address, and the token."""

    address: str
    token: str


@contextlib.contextmanager
def page_of(folder: Path, options: Serving) -> Iterator[Served]:
    """The page of a folder, in a thread of this process, until the context ends.

    Raises:
        InputError: the port cannot be had.
    """
    token = options.token or secrets.token_urlsafe(24)
    records = Records(folder, clock=time.time)
    records.refresh()
    app = application(records, Access(token, options.host))
    # Without a log_config: one would close all handlers of the process that calls, and make others.
    config = uvicorn.Config(
        app, log_config=None, log_level="error", access_log=False, server_header=False, lifespan="off", ws="none",
        timeout_graceful_shutdown=2, limit_concurrency=100,
    )  # fmt: skip
    with _listening(options) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="page", daemon=True)
        thread.start()
        try:
            yield Served(_address(options.host, listener.getsockname()[1]), token)
        finally:
            server.should_exit = True
            thread.join(_LONGEST_END_S)


def _listening(options: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(
            f"the page must have a port that is free, but {options.host} port {options.port} cannot be had: {error}; "
            "give another --serve or --host"
        ) from error
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
