"""Files on other machines: root:// through a stand-in of fsspec's, https:// through a server of this machine."""

import functools
import http.server
import importlib
import json
import threading
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from wilks.config import load_config, read_sources
from wilks.errors import NoFileError, SampleError, is_fault
from wilks.samples import columns, read
from wilks.samples.readers import Address, TableFile, reader_for, scheme_of

COLUMNS = {"x": np.linspace(0.0, 1.0, 500), "y": np.arange(500.0)}
SERVER = "root://eos.example.org:1094//store/"


class XRootD(MemoryFileSystem):
    """Files in memory under root:// addresses."""

    protocol = "root"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    opened: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.rpartition("//")[2].lstrip("/")

    def _open(self, path, mode="rb", **options):
        if "down" in path:
            raise ConnectionError("connection refused")
        type(self).opened.append(path)
        return super()._open(path, mode=mode, **options)


@pytest.fixture
def remote(monkeypatch):
    """Puts files where root:// addresses find them."""
    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "root", XRootD)
    monkeypatch.setattr(XRootD, "store", {})
    monkeypatch.setattr(XRootD, "opened", [])
    system = XRootD(skip_instance_cache=True)

    def put(path):
        system.pipe_file(f"/store/{path.name}", path.read_bytes())
        return SERVER + path.name

    return put


def test_every_format_is_read_in_place(write_file, format_name, remote, tmp_path, monkeypatch):
    path = write_file(format_name, COLUMNS)
    address = remote(path)
    path.unlink()
    monkeypatch.chdir(tmp_path)
    assert set(columns(address)) == {"x", "y"}
    sample = read(address, features=["x", "y"], where="y > 9", chunk_size=128)
    assert sample.column("y").tolist() == list(range(10, 500)) and sample.origin.files == (address,)
    assert list(tmp_path.iterdir()) == []
    assert set(XRootD.opened) == {f"/store/{path.name}"}


def test_a_damaged_file_is_named_by_its_address(write_file, format_name, remote):
    path = write_file(format_name, COLUMNS)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    if format_name in ("table.csv", "table.tsv"):
        pytest.skip("a text file that is cut cannot be told from a whole one")
    address = remote(path)
    with pytest.raises(SampleError, match=r"root://eos.example.org:1094//store/"):
        source = TableFile(Address(address))
        list(reader_for(source.path).chunks(source, ("x",), chunk_size=100))


def test_trees_addresses_and_files_stand_beside_each_other(write_file, remote):
    there, here = remote(write_file("tree.root", COLUMNS)), write_file("arrays.npz", COLUMNS)
    sample = read(
        [f"{there}:events"], features=["x"], weight="k", per_file={"k": {f"{there}:events": 0.5}}, entry_stop=100
    )
    assert sample.n_events == 100 and set(sample.event_weights) == {0.5}
    assert read(
        [there, here], features=["x"], expected_events={there: 1, str(here): 2}
    ).expected_events == pytest.approx(3)
    with pytest.raises(SampleError, match="must be given once"):
        read([there, there], features=["x"])


def test_a_golden_json_may_be_an_address(write_file, remote, tmp_path):
    data = write_file("arrays.npz", {**COLUMNS, "run": np.arange(500) // 250 + 1, "luminosityBlock": np.ones(500)})
    (tmp_path / "golden.json").write_text(json.dumps({"2": [[1, 1]]}))
    assert read(data, features=["x"], certified=remote(tmp_path / "golden.json")).n_events == 250


def test_an_analysis_file_names_addresses(write_file, remote, tmp_path):
    address = remote(write_file("arrays.npz", COLUMNS))
    (tmp_path / "a.yaml").write_text(f"features: [x]\nreference: {{files: ['{address}']}}\n")
    assert read_sources(load_config(tmp_path / "a.yaml")).reference.n_events == 500


def test_what_is_not_there_and_who_does_not_answer(remote):
    with pytest.raises(NoFileError, match=r"there is no file 'root://.*gone.npz'"):
        read(SERVER + "gone.npz", features=["x"])
    with pytest.raises(SampleError, match=r"cannot be read from its disk|connection refused") as caught:
        read(SERVER + "down.npz", features=["x"])
    assert is_fault(caught.value)


def test_without_the_library_the_extra_is_named(monkeypatch):
    def missing(*arguments, **options):
        raise ImportError("Install fsspec-xrootd to access xrootd storage system")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    for address in (SERVER + "a.root", "https://example.org/a.root"):
        with pytest.raises(SampleError, match=r"pip install 'wilks\[remote\]' \(Install fsspec-xrootd"):
            columns(address)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file:///etc/passwd.csv", "is another remote address"),
        ("s3://bucket/a.parquet", "is another remote address"),
        ("ftp://example.org/a.csv", "is another remote address"),
        ("memory://a.csv", "is another remote address"),
        ("simplecache::https://example.org/a.csv", "no file"),
        ("root://eos//store/*.root", "is a pattern or a chain"),
        ("https://example.org/a.zip::file:///etc/a.csv", "is a pattern or a chain"),
        ("https://example.org/a.txt", "told by the ending of its name"),
        ("https://example.org", "told by the ending of its name"),
    ],
)
def test_other_addresses_are_refused_before_anything_is_asked(monkeypatch, address, message):
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda *a, **o: pytest.fail("something was asked"))
    with pytest.raises(SampleError, match=message):
        read(address, features=["x"])


def test_a_file_of_this_name_on_disk_comes_first(write_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "https:" / "example.org").mkdir(parents=True)
    write_file("arrays.npz", COLUMNS).rename(tmp_path / "https:" / "example.org" / "a.npz")
    assert read("https://example.org/a.npz", features=["x"]).n_events == 500


def test_schemes():
    assert [scheme_of(text) for text in ("HTTPS://a", "root://a", "C:/a", "a.root:t", "a b://c")] == [
        "https",
        "root",
        None,
        None,
        None,
    ]
    assert Address("https://a.org/b%20c.root?x=1#y").name == "b c.root" and str(Address("root://a//b")) == "root://a//b"


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves parts of files, as real servers do; asked records what was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        content = Path(self.translate_path(self.path)).read_bytes() if "gone" not in self.path else None
        self.asked.append(f"{self.command} {self.path}")
        if content is None:
            return self.send_error(404)
        first, last = 0, len(content) - 1
        if wanted := self.headers.get("Range"):
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end or last), last)
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[first : last + 1])

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(tmp_path):
    """The address of the temporary folder."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Ranges, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_server_of_files(write_file, format_name, served):
    pytest.importorskip("aiohttp")
    write_file(format_name, COLUMNS)
    sample = read(served + format_name, features=["x", "y"], chunk_size=128)
    assert sample.column("y").tolist() == COLUMNS["y"].tolist()
    assert {one.partition(" ")[2] for one in Ranges.asked} == {f"/{format_name}"}
    Ranges.asked.clear()


def test_a_server_without_the_file_and_none_at_all(served):
    pytest.importorskip("aiohttp")
    with pytest.raises(NoFileError, match=r"there is no file 'http://127.0.0.1"):
        columns(served + "gone.npz")
    Ranges.asked.clear()
    with pytest.raises(SampleError, match=r"http://127.0.0.1:9/a.npz") as caught:
        columns("http://127.0.0.1:9/a.npz")
    assert is_fault(caught.value)
