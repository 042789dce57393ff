"""The page on a port, and what is said where it cannot be."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from wilks.errors import InputError
from wilks.monitor.page.serving import Serving, page_of


def test_a_page_is_served_until_the_context_ends(folder: Path) -> None:
    with page_of(folder, Serving(0)) as served:
        assert served.address.startswith("http://127.0.0.1:") and len(served.token) >= 32
        assert "b20.npz" in httpx.get(served.address).text
        form = {"by": "me", "reason": "seen", "token": served.token}
        assert httpx.post(f"{served.address}batches/20/acknowledge", data=form).status_code == 303
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.address)
    assert (folder / "acknowledgments.jsonl").read_text().count("\n") == 1


def test_a_port_that_is_taken_and_a_token_that_is_short_are_refused(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with (
            pytest.raises(InputError, match="must have a port that is free"),
            page_of(folder, Serving(other.getsockname()[1])),
        ):
            pass
    with pytest.raises(InputError, match="at least 16 characters, but 5 came"):
        Serving(0, token="short")


@pytest.mark.parametrize(("module", "lacking"), [("serving", "starlette"), ("serving", "uvicorn"),
                                                 ("metrics", "prometheus_client")])  # fmt: skip
def test_what_is_not_installed_is_said_with_how_to_get_it(module: str, lacking: str) -> None:
    code = f"import sys; sys.modules[{lacking!r}] = None\nimport wilks.monitor.page.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'wilks[monitor]'" in done.stderr.splitlines()[-1]
