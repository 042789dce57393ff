"""Every route of the page, with hostile names, wrong tokens and strange addresses."""

import html
import json
import re
import urllib.parse
from pathlib import Path

import pytest

import wilks
from wilks.monitor.audit import AuditLog
from wilks.monitor.watching import Watch

from tests.monitor.page.conftest import BAD, ENDS, FEW, HOSTILE, NOW, TOKEN, Client, N

NOTES = "acknowledgments.jsonl"


def notes_of(folder: Path) -> list[dict]:
    place = folder / NOTES
    return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []


def test_the_overview_shows_states_thresholds_and_what_is_open(client) -> None:
    page = client.get("/")
    assert page.status_code == 200 and page.text.count('class="threshold bad"') == 2
    assert page.text.count('href="/batches/20"') > 3 and "NOT EVALUATED" in page.text
    assert f"/batches/{BAD}" in page.text.split("<h2>Open")[1].split("<h2>Batches")[0]
    assert "of good batches 1 in 1,000 is BAD" in page.text


def test_a_reference_that_cannot_be_loaded_is_said_until_it_can(client, histogram) -> None:
    with AuditLog(client.records.folder / "log.jsonl", reference=histogram.digest) as log:
        watch = Watch(wilks.Monitor(histogram), log, clock=lambda: NOW)
        watch.note_reload("half <of> it")
        assert "for none can be loaded now: half &lt;of&gt; it" in client.get("/").text
        assert "wilks_monitor_reload_failed 1.0" in client.get("/metrics").text
        watch.note_reload("")
        assert "for none can be loaded" not in client.get("/").text
        assert "wilks_monitor_reload_failed 0.0" in client.get("/metrics").text
        watch.note_reload("still half of it")
        watch.change_reference(histogram)
    assert "for none can be loaded" not in client.get("/").text, "a process or a reference that begins has one"


def test_a_batch_is_shown_with_its_counts(client) -> None:
    page = client.get(f"/batches/{BAD}").text
    verdict = client.records.batch(BAD)["verdict"]
    assert verdict["state"] == "BAD" and html.escape(verdict["reason"]) in page
    assert page.count("<figure>") == 2 and page.index("<figcaption>x<") < page.index("<figcaption>y<")
    place = next(one for one in verdict["by_feature"] if one["feature"] == "x")
    shown = [int(n) for n in re.findall(r"<title>[^<]*: ([\d,]+) events, [^<]* expected</title>", page)]
    assert shown[: len(place["counts"])] == place["counts"]
    assert page.count('class="bar worst"') >= 1
    few = client.get(f"/batches/{FEW}").text
    assert "too few events" in few and "<figure>" not in few


def test_the_worst_interval_holds_what_the_verdict_says(client) -> None:
    page = client.get(f"/batches/{BAD}").text
    place = max(client.records.batch(BAD)["verdict"]["by_feature"], key=lambda one: abs(one["z_score"]))
    figure = page.split("<figure>")[1]
    found = re.findall(r"<title>[^<]*: ([\d,]+) events[^<]*</title><rect[^>]*><rect class=\"bar worst\"", figure)
    assert sum(map(int, found)) == place["n_observed"]


@pytest.mark.parametrize("place", ["/", f"/batches/{HOSTILE}", f"/batches/{ENDS}"])
def test_hostile_names_are_text(client, place: str) -> None:
    client.post(f"/batches/{HOSTILE}/acknowledge", by="<i>me</i>", reason="'\"><script>x</script>")
    page = client.get(place).text
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/assets/page.js" defer>'] * (place == "/")
    assert "<i>me" not in page and ("&amp;{{ 7*7 }}" in page) == (place != f"/batches/{ENDS}")
    assert "\x1b" not in page and "\u202e" not in page
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", re.sub(r">[^<]*<", "><", page))


def test_every_answer_has_the_headers_of_safety(client) -> None:
    for place in ("/", "/batches/0", "/batches/999", "/metrics", "/assets/page.css", "/nowhere"):
        headers = client.get(place).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_nothing_comes_from_elsewhere(client) -> None:
    for place in ("/", f"/batches/{BAD}"):
        found = re.findall(r'(?:src|href|action)="([^"]*)"', client.get(place).text)
        assert found and all(re.match(r"/|data:,$", one) and not one.startswith("//") for one in found)
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = client.get(f"/assets/{name}")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert "http" not in answer.text and "url(" not in answer.text


@pytest.mark.parametrize(
    "place",
    [
        "/assets/app.py",
        "/assets/../app.py",
        "/assets/..%2fapp.py",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets//etc/passwd",
        "/assets/page.css%00",
        "/log.jsonl",
        "/..%2f..%2fetc%2fpasswd",
        "/batches/-1",
        "/batches/30",
        "/batches/99999999999999999999999",
        "/batches/..%2f1",
        "/batches/0/../../log.jsonl",
    ],
)
def test_nothing_else_is_reached(client, place: str) -> None:
    answer = client.get(place)
    assert answer.status_code == 404 and "root:" not in answer.text and "digest" not in answer.text


@pytest.mark.parametrize("before", ["10", "0", "x", "-1", "9" * 40, "٣"])
def test_older_batches(client, before: str) -> None:
    answer = client.get("/?" + urllib.parse.urlencode({"before": before}))
    assert answer.status_code == 200
    shown = {"10": "Batches 0 to 9<", "0": "<h2>Batches<"}.get(before, f"Batches 0 to {N - 1}<")
    assert shown in answer.text


def test_an_acknowledgment_is_noted_and_shown(client, folder: Path) -> None:
    log = (folder / "log.jsonl").read_bytes()
    answer = client.post(f"/batches/{BAD}/acknowledge", reason="  HV\n trip ")
    assert answer.status_code == 303 and answer.headers["location"] == f"/batches/{BAD}"
    [note] = notes_of(folder)
    told = {name: note[name] for name in ("kind", "batch", "name", "by", "reason", "state")}
    assert told == {"kind": "acknowledge", "batch": BAD, "name": "b20.npz", "by": "A. Shifter", "reason": "HV trip",
                    "state": "BAD"}  # fmt: skip
    assert note["line"] == client.records.batch(BAD)["digest"] and note["at"].startswith("2027-01-15T08:00:00")
    assert (folder / "log.jsonl").read_bytes() == log
    page = client.get(f"/batches/{BAD}").text
    assert "A. Shifter acknowledged b20.npz" in page and "/acknowledge" not in page
    assert BAD not in Client(folder).records.open_batches() or not Client(folder).records.n_batches
    assert f"/batches/{BAD}" not in client.get("/").text.split("<h2>Open")[1].split("<h2>Batches")[0]


def test_all_earlier_ones_are_acknowledged_too(client) -> None:
    client.get("/")
    assert BAD in client.records.open_batches()
    client.post(f"/batches/{BAD + 1}/acknowledge", earlier="yes")
    assert not [i for i in client.records.open_batches() if i <= BAD + 1]
    assert "and all earlier ones" in client.get(f"/batches/{BAD}").text


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "ü" * 20])
def test_nothing_changes_without_the_token(client, folder: Path, token: str) -> None:
    for place in (f"/batches/{BAD}/acknowledge", "/silences", "/silences/end"):
        assert client.post(place, token=token, of="BAD", hours="1").status_code == 403
    assert notes_of(folder) == []


def test_a_page_without_a_token_changes_nothing(folder: Path) -> None:
    client = Client(folder, token="")
    assert client.post(f"/batches/{BAD}/acknowledge", token="").status_code == 403
    assert "<form" not in client.get("/").text + client.get(f"/batches/{BAD}").text


def test_the_token_may_be_a_header(client, folder: Path) -> None:
    place = f"/batches/{BAD}/acknowledge"
    assert client.post(place, {"authorization": "Bearer wrong"}).status_code == 403
    assert client.post(place, {"authorization": f"Bearer {TOKEN}"}, token="").status_code == 303
    assert len(notes_of(folder)) == 1


def test_forms_of_other_sites_and_other_names_of_this_page_are_refused(client, folder: Path) -> None:
    place = f"/batches/{BAD}/acknowledge"
    assert client.post(place, {"origin": "http://evil.example"}).status_code == 403
    assert client.post(place, {"origin": "null"}).status_code == 403
    assert client.post(place, {"host": "evil.example"}).status_code == 421
    assert client.get("/", host="evil.example:8800").status_code == 421
    assert client.get("/", host="[::1").status_code == 421
    assert notes_of(folder) == []
    assert client.post(place, {"origin": "http://127.0.0.1:8800"}).status_code == 303
    assert client.get("/", host="localhost:8800").status_code == 200
    assert Client(folder, host="daq7").get("/", host="daq7:8800").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"by": " "}, {"reason": ""}, {"reason": "x" * 501}, {"by": "x" * 81}],
)
def test_notes_need_a_name_and_a_reason(client, folder: Path, fields: dict[str, str]) -> None:
    answer = client.post(f"/batches/{BAD}/acknowledge", **fields)
    assert answer.status_code == 400 and "must be 1 to" in answer.text
    assert notes_of(folder) == []


def test_broken_forms_are_refused(client, folder: Path) -> None:
    place = f"/batches/{BAD}/acknowledge"
    assert client.post(place, reason="x" * 20_000).status_code == 413
    assert client.post(place, **{f"f{i}": "x" for i in range(30)}).status_code == 400
    assert client.post(place, by=b"\xff\xfe").status_code == 400
    assert client.post("/batches/999/acknowledge").status_code == 400
    assert client.post("/").status_code == 405 and client.get(place).status_code == 405
    assert notes_of(folder) == []


def test_a_silence_begins_and_ends(client, folder: Path) -> None:
    answer = client.post("/silences", of="drift", hours="2")
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    page = client.get("/").text
    assert "is silenced until 2027-01-15 10:00:00 UTC by A. Shifter: HV trip" in page
    assert 'wilks_monitor_silenced{alarm="drift"} 1.0' in client.get("/metrics").text
    client.clock[0] = NOW + 7_200.0
    assert "is silenced until" not in client.get("/").text
    client.clock[0] = NOW + 60.0
    assert client.post("/silences/end", of="drift").status_code == 303
    assert "is silenced until" not in client.get("/").text
    assert [one["kind"] for one in notes_of(folder)] == ["silence", "end of silence"]
    for fields in ({"of": "all", "hours": "1"}, {"of": "BAD", "hours": "x"}, {"of": "BAD", "hours": "nan"},
                   {"of": "BAD", "hours": "0"}, {"of": "BAD", "hours": "1e9"}):  # fmt: skip
        assert client.post("/silences", **fields).status_code == 400
    assert client.post("/silences/end", of="all").status_code == 400


def test_a_log_that_has_changed_is_said_to_be_broken(client, folder: Path) -> None:
    place = folder / "log.jsonl"
    place.write_bytes(place.read_bytes().replace(b'"n_waiting":2', b'"n_waiting":3', 1))
    assert "The log is broken: line 2 of log.jsonl has changed" in client.get("/").text
    assert "wilks_monitor_broken_logs 1.0" in client.get("/metrics").text


def test_notes_that_have_changed_are_not_added_to(client, folder: Path) -> None:
    client.post(f"/batches/{BAD}/acknowledge")
    place = folder / NOTES
    place.write_bytes(place.read_bytes().replace(b"A. Shifter", b"A. Shoplif"))
    before = place.read_bytes()
    answer = client.post(f"/batches/{BAD}/acknowledge")
    assert answer.status_code == 400 and "has changed since" in html.unescape(answer.text)
    assert place.read_bytes() == before


def test_a_folder_without_a_log_waits_for_one(tmp_path: Path, made: Path) -> None:
    client = Client(tmp_path)
    assert "No batch was judged yet" in client.get("/").text and client.get("/metrics").status_code == 200
    assert client.post("/batches/0/acknowledge").status_code == 400
    assert client.post("/silences", of="BAD", hours="1").status_code == 400
    (tmp_path / "log.jsonl").write_bytes((made / "log.jsonl").read_bytes())
    assert "b20.npz" in client.get("/").text
