# SPDX-License-Identifier: Apache-2.0
"""The comparison with another recogniser: what it sends, keeps, counts, and never does."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from alprcore.evaluation.scoring import parse_truth
from alprcore.geometry import box_quad

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "runtime_data" / "samples"
sys.path.insert(0, str(ROOT / "benchmarks"))

import cloud_replies  # noqa: E402
import compare_cloud  # noqa: E402

KEY = "sk_0123456789abcdef"
LOOK = {"color": ("silver-gray", 80.5), "make": ("land-rover", 61.0),
        "make_model": ("land-rover_range", 33.0)}  # fmt: skip


@pytest.fixture(scope="module")
def labels():
    with (SAMPLES / "truth.csv").open(encoding="utf-8") as lines:
        return parse_truth(lines)


def result_of(label, text, **more):
    corners = box_quad(label.box).to_points().tolist()
    return {
        "plate": text, "confidence": 90.5, "matches_template": 1, "region": "",
        "coordinates": [{"x": x, "y": y} for x, y in corners],
        "candidates": [{"plate": text, "confidence": 90.5}, {"plate": label.text, "confidence": 9}],
        **more,
    }  # fmt: skip


def reply_of(api, plates, texts, *, vehicles=True):
    """What a server of that version says: the texts at the places of the labels."""
    v2_look = {kind: [{"name": n, "confidence": c}] for kind, (n, c) in LOOK.items()}
    more = {} if api == "v1" or not vehicles else {"vehicle": v2_look}
    results = [result_of(p, t, **more) for p, t in zip(plates, texts, strict=True)]
    if api == "v1":
        look = {k: [{"value": n, "confidence": c}] for k, (n, c) in LOOK.items()}
        look["makemodel"] = look.pop("make_model")
        return {"plate": {"data_type": "alpr_results", "version": 2, "results": results},
                **(look if vehicles else {}), "total_processing_time": 9.5,
                "credit_cost": 4}  # fmt: skip
    return {"data_type": "alpr_results", "version": int(api[1]), "error": False, "credit_cost": 2,
            "processing_time": {"total": 9.5}, "results": results}  # fmt: skip


class Cloud(ThreadingHTTPServer):
    """A server of all three versions that can be told to misbehave, one request at a time."""

    daemon_threads = True

    def __init__(self, labels):
        super().__init__(("127.0.0.1", 0), Handler)
        self.by_content = {(SAMPLES / image).read_bytes(): image for image in labels}
        self.labels = labels
        self.asked = []  # pictures, in order
        self.script = []  # (status, headers, body) for the next requests; None hangs up
        self.queries = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = message_from_bytes(head + body, policy=policy.HTTP)
        (part,) = message.iter_parts()
        assert part.get_param("name", header="content-disposition") == "image"
        image = self.server.by_content[part.get_payload(decode=True)]
        parts = urlsplit(self.path)
        self.server.asked.append(image)
        self.server.queries.append({k: v[0] for k, v in parse_qs(parts.query).items()})
        answer = self.server.script.pop(0) if self.server.script else self.usual(parts.path, image)
        if answer is None:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def usual(self, path, image):
        api = path.split("/")[1]
        assert path == f"/{api}/recognize"
        plates = self.server.labels[image]
        texts = ["WRONG1" if p.text == "QTB4F73" else p.text for p in plates]
        return 200, {}, json.dumps(reply_of(api, plates, texts)).encode()


@pytest.fixture
def cloud(labels):
    server = Cloud(labels)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def naps(monkeypatch):
    """Seconds that were waited for a busy server, without waiting them."""
    taken = []
    monkeypatch.setattr(cloud_replies.time, "sleep", taken.append)
    return taken


def server_at(url, api="v2", key=KEY, vehicles=True, topn=10):
    return cloud_replies.Server(url, api, "eu", topn, vehicles, key, 10.0)


def gather(cloud, store, labels, **more):
    return cloud_replies.collect(
        SAMPLES, labels, server_at(cloud.url), store, max_wait=more.pop("max_wait", 60), **more
    )


def command(cloud, save, *more, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setenv("ALPR_SECRET_KEY", KEY)
    return compare_cloud.main(
        [str(SAMPLES), "--save", str(save), "--country", "eu", "--url", cloud.url, *more]
    )


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_both_sides_are_counted_whatever_the_version(cloud, tmp_path, capsys, api, monkeypatch):
    assert command(cloud, tmp_path, "--api", api, "--differences", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    lines = {line[:16].strip(): line for line in out.splitlines()}
    assert "5 plates in 4 of 4 pictures" in out
    assert lines["found"].endswith("5 of 5, 100.0 %")
    assert lines["strict"].endswith("4 of 5, 80.0 %")
    assert lines["top-10"].endswith("5 of 5, 100.0 %")  # the right text stood second
    assert "br.jpg: QTB4F73, alprcore" in out
    assert "other WRONG1" in out
    assert sorted(cloud.asked) == sorted(p.name for p in SAMPLES.glob("*.jpg"))
    assert lines["latency, median"].endswith(" ms")
    assert lines["credits"].split()[-1] == {"v1": "16", "v2": "8", "v3": "8"}[api]
    for query in cloud.queries:
        asked = {"tasks": "plate"} if api == "v1" else {"recognize_vehicle": "0"}
        assert query == {"secret_key": KEY, "country": "eu", "topn": "10"} | asked


def test_a_second_run_sends_nothing_and_says_the_same(cloud, tmp_path, capsys):
    assert command(cloud, tmp_path) == 0
    first = capsys.readouterr().out
    assert command(cloud, tmp_path) == 0
    second = capsys.readouterr().out
    assert len(cloud.asked) == 4
    assert "sent 0" in second
    assert first.splitlines()[1:6] == second.splitlines()[1:6]


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
@pytest.mark.parametrize("suffix", [".jpg.json", ".json"])
def test_saved_replies_of_any_form_are_scored_offline(labels, tmp_path, capsys, api, suffix):
    for image, plates in labels.items():
        reply = reply_of(api, plates, [p.text for p in plates])
        (tmp_path / f"{Path(image).stem}{suffix}").write_text(json.dumps(reply))
    assert compare_cloud.main([str(SAMPLES), "--save", str(tmp_path), "--offline"]) == 0
    out = capsys.readouterr().out
    assert next(line for line in out.splitlines() if line.startswith("strict")).endswith(
        "5 of 5, 100.0 %"
    )
    assert "not measured" in out  # no latency was saved with them


def test_only_pictures_with_a_reply_count(labels, tmp_path, capsys):
    reply = reply_of("v2", labels["us.jpg"], ["LMR4827"])
    (tmp_path / "us.json").write_text(json.dumps(reply))
    assert compare_cloud.main([str(SAMPLES), "--save", str(tmp_path), "--offline"]) == 0
    assert "1 plates in 1 of 4 pictures" in capsys.readouterr().out


def test_a_reply_is_kept_as_it_came(cloud, labels, tmp_path):
    raw = b'{"results": [],\n  "extra": 1e2}'
    cloud.script = [(200, {}, raw)]
    store = cloud_replies.Store(tmp_path)
    assert gather(cloud, store, ["us.jpg"]).sent == 1
    assert (tmp_path / "us.jpg.json").read_bytes() == raw
    assert not list(tmp_path.glob("*.asked"))
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_busy_server_is_given_the_time_it_asks_for(cloud, tmp_path, naps, status):
    cloud.script = [(status, {"Retry-After": "7"}, b"{}"), (status, {}, b"{}")]
    assert gather(cloud, cloud_replies.Store(tmp_path), ["us.jpg"]).sent == 1
    assert naps == [7.0, 4.0]  # what it said, then our own 2, 4, 8
    assert cloud.asked == ["us.jpg"] * 3


def test_waiting_has_an_end(cloud, labels, tmp_path, naps):
    cloud.script = [(429, {"Retry-After": "40"}, b"{}")] * 9
    with pytest.raises(cloud_replies.StopAsking, match="busy"):
        gather(cloud, cloud_replies.Store(tmp_path), labels, max_wait=100)
    assert naps == [40.0, 40.0]
    assert not list(tmp_path.glob("*.asked"))  # nothing was done: it may be asked again


def test_a_date_to_retry_after_is_understood():
    assert cloud_replies.asked_wait({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0) == 0
    assert cloud_replies.asked_wait({"Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT"}, 0) > 1e8
    assert cloud_replies.asked_wait({"Retry-After": "soon"}, 2) == 8
    assert cloud_replies.asked_wait({}, 0) == 2


def test_a_used_up_allowance_ends_it_and_keeps_what_came(cloud, tmp_path, capsys):
    full = (402, {}, b'{"error": "Monthly Usage (50) exceeded for this month"}')
    cloud.script = [(200, {}, b'{"results": []}'), full]
    assert command(cloud, tmp_path) == 1
    assert len(cloud.asked) == 2
    said = capsys.readouterr()
    assert "402 Monthly Usage (50)" in said.err
    assert "1 of 4 pictures" in said.out


@pytest.mark.parametrize("answer", [None, (500, {}, b"")])
def test_a_request_that_may_have_been_paid_for_is_not_sent_again(cloud, tmp_path, answer):
    store = cloud_replies.Store(tmp_path)
    cloud.script = [answer]
    assert gather(cloud, store, ["us.jpg"]).unanswered == ["us.jpg"]
    assert gather(cloud, store, ["us.jpg"]).unanswered == ["us.jpg"]
    assert cloud.asked == ["us.jpg"]
    assert gather(cloud, store, ["us.jpg"], again=True).sent == 1
    assert store.has("us.jpg")


def test_a_server_that_is_not_there_may_be_asked_later(labels, tmp_path):
    store = cloud_replies.Store(tmp_path)
    with pytest.raises(cloud_replies.StopAsking, match="cannot connect"):
        cloud_replies.collect(SAMPLES, labels, server_at("http://127.0.0.1:9"), store, max_wait=1)
    assert not list(tmp_path.iterdir())


def test_refusals_in_a_row_end_it(cloud, labels, tmp_path):
    cloud.script = [(400, {}, b'{"error": "Could not initialize"}')] * 9
    with pytest.raises(cloud_replies.StopAsking, match="in a row"):
        gather(cloud, cloud_replies.Store(tmp_path), labels)
    assert len(cloud.asked) == 3


def test_a_redirect_is_not_followed(cloud, labels, tmp_path):
    cloud.script = [(307, {"Location": "http://127.0.0.1:9/v2/recognize"}, b"")]
    assert gather(cloud, cloud_replies.Store(tmp_path), ["us.jpg"]).refused == ["us.jpg"]


def test_the_key_is_neither_printed_nor_saved(cloud, tmp_path, capsys, monkeypatch):
    echo = json.dumps({"error": f"no such key: {KEY}"}).encode()
    cloud.script = [(400, {}, echo), None, (200, {}, b'{"results": []}'), (401, {}, echo)]
    assert command(cloud, tmp_path, monkeypatch=monkeypatch) == 1
    assert all(query["secret_key"] == KEY for query in cloud.queries)
    said = capsys.readouterr()
    assert "no such key: (key)" in said.err
    assert KEY not in said.out + said.err
    for path in tmp_path.iterdir():
        assert KEY not in path.read_text(), path.name


def test_a_key_leaves_this_machine_only_under_tls(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ALPR_SECRET_KEY", KEY)
    with pytest.raises(SystemExit):
        compare_cloud.main([str(SAMPLES), "--save", str(tmp_path), "--url", "http://192.0.2.1/"])
    assert "https only" in capsys.readouterr().err


def test_a_key_file_is_read(cloud, tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert (
        command(cloud, tmp_path / "out", "--key-file", str(tmp_path / "key"), "--limit", "1") == 0
    )
    assert cloud.queries[0]["secret_key"] == KEY
    assert len(cloud.asked) == 1


def test_replies_to_other_requests_are_not_mixed_in(cloud, tmp_path, capsys):
    assert command(cloud, tmp_path, "--limit", "1") == 0
    assert command(cloud, tmp_path, "--api", "v3") == 1
    assert "holds replies to other requests" in capsys.readouterr().err
    assert len(cloud.asked) == 1


def test_a_damaged_reply_counts_as_none(labels, tmp_path):
    store = cloud_replies.Store(tmp_path)
    for content in (b"", b"{", b"[]", b'"x"', b'{"error": "x"}', b"\xff"):
        (tmp_path / "us.jpg.json").write_bytes(content)
        assert store.read("us.jpg") is None
        assert store.has("us.jpg")  # it was paid for


def test_names_of_pictures_become_names_of_files(tmp_path):
    store = cloud_replies.Store(tmp_path)
    paths = [store.path(name, ".json") for name in ("a/b.jpg", "../a.jpg", "a b.jpg", "ü.jpg")]
    assert {path.parent for path in paths} == {tmp_path}
    assert len(set(paths)) == 4


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_colour_and_make_are_found_in_every_form(labels, api):
    reply = reply_of(api, labels["us.jpg"], ["LMR4827"])
    if api == "v3":  # a vehicle beside the plate
        look = reply["results"][0].pop("vehicle")
        reply["vehicles"] = [{"x": 1, "y": 2, "width": 3, "height": 4, "details": look}]
    assert compare_cloud.one_form(reply, None)["look"] == {k: n for k, (n, _) in LOOK.items()}


def test_agreement_counts_where_both_name_something():
    def side(*colors):
        replies = {str(i): {"results": [], "look": {"color": c}} for i, c in enumerate(colors)}
        return compare_cloud.Side(replies)

    ours, theirs = side("gray", "red", "", "blue"), side("silver-gray", "blue", "red", "blue")
    assert compare_cloud.agreement(ours, theirs, "color") == (2, 3)
    assert compare_cloud.same_name("make", "Land Rover", "land-rover")
    assert not compare_cloud.same_name("make", "seat", "skoda")


def test_pictures_may_lie_anywhere(cloud, labels, tmp_path, capsys):
    folder = tmp_path / "set"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(SAMPLES / "us.jpg", folder / "deep" / "us.jpg")
    (folder / "truth.csv").write_text("image,x,y,w,h,plate\ndeep/us.jpg,470,400,143,66,LMR4827\n")
    save = tmp_path / "out"
    assert compare_cloud.main([str(folder), "--save", str(save), "--url", cloud.url]) == 0
    assert "1 plates in 1 of 1 pictures" in capsys.readouterr().out


@pytest.fixture(scope="module")
def own_server():
    pytest.importorskip("uvicorn")
    from server_process import serving

    with serving(1) as (port, _):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_our_own_server_says_what_the_package_says(own_server, tmp_path, capsys, api):
    options = ["--url", own_server, "--api", api, "--country", "eu", "--vehicles"]
    assert compare_cloud.main([str(SAMPLES), "--save", str(tmp_path), *options]) == 0
    out = capsys.readouterr().out
    assert "sent 4, refused 0, asked in vain 0" in out
    assert "read right by alprcore alone 0, by the other alone 0" in out
    for name in ("found", "strict", "folded", "top-10"):
        (line,) = [line for line in out.splitlines() if line.startswith(name)]
        first, second = re.findall(r"\d+ of 5", line)
        assert first == second
    for kind in ("color", "make", "make and model"):
        for same, both in re.findall(rf"^{kind}: the same in (\d+) of (\d+)", out, re.MULTILINE):
            assert same == both
