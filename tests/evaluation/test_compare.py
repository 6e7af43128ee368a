# SPDX-License-Identifier: Apache-2.0
"""The comparison with another recogniser: what it sends, keeps, counts, and never does."""

from __future__ import annotations

import csv
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

from alprcore.cli import main
from alprcore.evaluation import asking
from alprcore.evaluation.beside import Side, agreement, same_name
from alprcore.evaluation.forms import one_form
from alprcore.evaluation.paired import Paired
from alprcore.evaluation.replies import Store
from alprcore.evaluation.scoring import parse_truth
from alprcore.geometry import box_quad

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "runtime_data" / "samples"
sys.path.insert(0, str(ROOT / "benchmarks"))

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
    monkeypatch.setattr(asking.time, "sleep", taken.append)
    return taken


def server_at(url, api="v2", key=KEY, vehicles=True, topn=10):
    return asking.Server(url, api, "eu", topn, vehicles, key, 10.0)


def gather(cloud, store, labels, **more):
    return asking.collect(
        SAMPLES, labels, server_at(cloud.url), store, max_wait=more.pop("max_wait", 60), **more
    )


def command(cloud, save, *more, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setenv("ALPR_SECRET_KEY", KEY)
    return main(
        ["compare", str(SAMPLES), "--save", str(save), "--country", "eu", "--url", cloud.url, *more]
    )


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_both_sides_are_counted_whatever_the_version(cloud, tmp_path, capsys, api, monkeypatch):
    assert command(cloud, tmp_path, "--api", api, "--differences", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    lines = {line[:20].strip(): line for line in out.splitlines()}
    assert "5 plates in 4 of 4 pictures" in out
    assert lines["found"].endswith("5 of 5, 100.0 % (56.6-100.0)")
    assert lines["strict"].endswith("4 of 5, 80.0 % (37.6-96.4)")
    assert lines["top-10"].endswith("5 of 5, 100.0 % (56.6-100.0)")  # the right text stood second
    assert "br.jpg: QTB4F73, alprcore" in out
    assert "other WRONG1" in out
    assert sorted(cloud.asked) == sorted(p.name for p in SAMPLES.glob("*.jpg"))
    assert lines["over HTTP, median"].endswith(" ms")
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
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), "--offline"]) == 0
    out = capsys.readouterr().out
    strict = next(line for line in out.splitlines() if line.startswith("strict"))
    assert strict.endswith("5 of 5, 100.0 % (56.6-100.0)")
    assert "not measured" in out  # no latency was saved with them


def test_only_pictures_with_a_reply_count(labels, tmp_path, capsys):
    reply = reply_of("v2", labels["us.jpg"], ["LMR4827"])
    (tmp_path / "us.json").write_text(json.dumps(reply))
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), "--offline"]) == 0
    assert "1 plates in 1 of 4 pictures" in capsys.readouterr().out


def test_a_reply_is_kept_as_it_came(cloud, labels, tmp_path):
    raw = b'{"results": [],\n  "extra": 1e2}'
    cloud.script = [(200, {}, raw)]
    store = Store(tmp_path)
    assert gather(cloud, store, ["us.jpg"]).sent == 1
    assert (tmp_path / "us.jpg.json").read_bytes() == raw
    assert not list(tmp_path.glob("*.asked"))
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_busy_server_is_given_the_time_it_asks_for(cloud, tmp_path, naps, status):
    cloud.script = [(status, {"Retry-After": "7"}, b"{}"), (status, {}, b"{}")]
    assert gather(cloud, Store(tmp_path), ["us.jpg"]).sent == 1
    assert naps == [7.0, 4.0]  # what it said, then our own 2, 4, 8
    assert cloud.asked == ["us.jpg"] * 3


def test_waiting_has_an_end(cloud, labels, tmp_path, naps):
    cloud.script = [(429, {"Retry-After": "40"}, b"{}")] * 9
    with pytest.raises(asking.StopAsking, match="busy"):
        gather(cloud, Store(tmp_path), labels, max_wait=100)
    assert naps == [40.0, 40.0]
    assert not list(tmp_path.glob("*.asked"))  # nothing was done: it may be asked again


def test_a_date_to_retry_after_is_understood():
    assert asking.asked_wait({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0) == 0
    assert asking.asked_wait({"Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT"}, 0) > 1e8
    assert asking.asked_wait({"Retry-After": "soon"}, 2) == 8
    assert asking.asked_wait({}, 0) == 2


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
    store = Store(tmp_path)
    cloud.script = [answer]
    assert gather(cloud, store, ["us.jpg"]).unanswered == ["us.jpg"]
    assert gather(cloud, store, ["us.jpg"]).unanswered == ["us.jpg"]
    assert cloud.asked == ["us.jpg"]
    assert gather(cloud, store, ["us.jpg"], again=True).sent == 1
    assert store.has("us.jpg")


def test_a_server_that_is_not_there_may_be_asked_later(labels, tmp_path):
    store = Store(tmp_path)
    with pytest.raises(asking.StopAsking, match="cannot connect"):
        asking.collect(SAMPLES, labels, server_at("http://127.0.0.1:9"), store, max_wait=1)
    assert not list(tmp_path.iterdir())


def test_refusals_in_a_row_end_it(cloud, labels, tmp_path):
    cloud.script = [(400, {}, b'{"error": "Could not initialize"}')] * 9
    with pytest.raises(asking.StopAsking, match="in a row"):
        gather(cloud, Store(tmp_path), labels)
    assert len(cloud.asked) == 3


def test_a_redirect_is_not_followed(cloud, labels, tmp_path):
    cloud.script = [(307, {"Location": "http://127.0.0.1:9/v2/recognize"}, b"")]
    assert gather(cloud, Store(tmp_path), ["us.jpg"]).refused == ["us.jpg"]


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
    words = [str(SAMPLES), "--save", str(tmp_path), "--url", "http://192.0.2.1/"]
    assert main(["compare", *words]) == 1
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
    store = Store(tmp_path)
    for content in (b"", b"{", b"[]", b'"x"', b'{"error": "x"}', b"\xff"):
        (tmp_path / "us.jpg.json").write_bytes(content)
        assert store.read("us.jpg") is None
        assert store.has("us.jpg")  # it was paid for


def test_names_of_pictures_become_names_of_files(tmp_path):
    store = Store(tmp_path)
    paths = [store.path(name, ".json") for name in ("a/b.jpg", "../a.jpg", "a b.jpg", "ü.jpg")]
    assert {path.parent for path in paths} == {tmp_path}
    assert len(set(paths)) == 4


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_colour_and_make_are_found_in_every_form(labels, api):
    reply = reply_of(api, labels["us.jpg"], ["LMR4827"])
    if api == "v3":  # a vehicle beside the plate
        look = reply["results"][0].pop("vehicle")
        reply["vehicles"] = [{"x": 1, "y": 2, "width": 3, "height": 4, "details": look}]
    assert one_form(reply, None)["look"] == {k: n for k, (n, _) in LOOK.items()}


def test_agreement_counts_where_both_name_something():
    def side(*colors):
        replies = {str(i): {"results": [], "look": {"color": c}} for i, c in enumerate(colors)}
        return Side(replies)

    ours, theirs = side("gray", "red", "", "blue"), side("silver-gray", "blue", "red", "blue")
    assert agreement(ours, theirs, "color") == (2, 3)
    assert same_name("make", "Land Rover", "land-rover")
    assert not same_name("make", "seat", "skoda")


def snapshot_of(plates, texts):
    """A reply of Plate Recognizer, as its documentation shows one."""
    results = [
        {
            "box": {"xmin": int(p.box.left), "ymin": int(p.box.top),
                    "xmax": int(p.box.right), "ymax": int(p.box.bottom)},
            "plate": text.lower(), "region": {"code": "us-ca", "score": 0.2}, "score": 0.904,
            "candidates": [{"score": 0.904, "plate": text.lower()}], "dscore": 0.9,
            "vehicle": {"score": 0.7, "type": "Sedan", "box": {}},
            "model_make": [{"make": "Land Rover", "model": "Range", "score": 0.4}],
            "color": [{"color": "silver", "score": 0.8}],
        }
        for p, text in zip(plates, texts, strict=True)
    ]  # fmt: skip
    return {"processing_time": 50.1, "results": results, "filename": "x.jpg", "version": 1,
            "camera_id": None, "timestamp": "2026-01-01T00:00:00Z"}  # fmt: skip


def test_replies_of_plate_recognizer_and_groups_are_counted_too(labels, tmp_path, capsys):
    (tmp_path / "us.json").write_text(json.dumps(snapshot_of(labels["us.jpg"], ["LMR4827"])))
    group = {"data_type": "alpr_group", "best_plate_number": "MKV3726", "vehicle": {},
             "best_plate": result_of(labels["eu.jpg"][0], "MKV3726")}  # fmt: skip
    (tmp_path / "eu.json").write_text(json.dumps(group))
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), "--offline"]) == 0
    out = capsys.readouterr().out
    assert "2 plates in 2 of 4 pictures" in out
    strict = next(line for line in out.splitlines() if line.startswith("strict"))
    assert strict.count("2 of 2, 100.0 %") == 2
    reply = one_form(snapshot_of(labels["us.jpg"], ["LMR4827"]), None)
    assert reply["results"][0]["confidence"] == pytest.approx(90.4)
    assert reply["look"] == {"color": "silver", "make": "Land Rover",
                             "make_model": "Land Rover_Range"}  # fmt: skip


def test_our_own_snapshot_path_is_asked_in_its_form(own_server, tmp_path, capsys):
    words = ["--url", own_server, "--api", "plate-recognizer", "--country", "eu"]
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), *words]) == 0
    out = capsys.readouterr().out
    assert "sent 4, refused 0, asked in vain 0" in out
    assert "read right by alprcore alone 0, by the other alone 0" in out


def test_a_table_and_a_page_have_every_plate_with_both_confidences(
    cloud, own_server, tmp_path, capsys
):
    table, page = tmp_path / "plates.csv", tmp_path / "page.html"
    more = ["--csv", str(table), "--html", str(page), "--own-url", own_server]
    assert command(cloud, tmp_path / "replies", *more) == 0
    out = capsys.readouterr().out
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert len(rows) == 5
    wrong = next(row for row in rows if row["plate"] == "QTB4F73")
    assert (wrong["other"], wrong["other_right"], wrong["other_confidence"]) == (
        "WRONG1", "0", "90.50",
    )  # fmt: skip
    assert all(float(row["alprcore_confidence"]) > 10 for row in rows)
    html = page.read_text("utf-8")
    assert html.count("<tr>") >= 5
    assert "WRONG1" in html
    assert "http" not in html.replace(cloud.url, "").replace("over HTTP", "")
    (line,) = [line for line in out.splitlines() if line.startswith("over HTTP, median")]
    assert line.count(" ms") == 2  # both were asked over HTTP
    (line,) = [line for line in out.splitlines() if line.startswith("in process, median")]
    assert line.endswith("-")
    assert "McNemar's exact test p = 1" in out


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (1, 8, 0.0390625), (3, 3, 1.0), (0, 5, 0.0625), (0, 6, 0.03125)],
)
def test_the_paired_test_is_exact(first, second, p):
    """By hand: twice the tail of a fair coin that is thrown first + second times."""
    assert Paired(50, first, second, 2).p_value() == pytest.approx(p)
    assert Paired(50, second, first, 2).p_value() == pytest.approx(p)


def test_the_difference_has_an_interval_that_holds_it():
    share, low, high = Paired(60, 12, 3, 5).difference()
    assert share == pytest.approx(9 / 80)
    assert 0 < low < share < high < 0.3
    share, low, high = Paired(40, 0, 0, 0).difference()
    assert share == 0
    assert -0.1 < low < 0 < high < 0.1
    assert Paired(0, 0, 0, 0).difference() == (0.0, -1.0, 1.0)
    assert Paired(0, 3000, 2000, 0).p_value() < 1e-40  # large counts are no error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected --url, or --offline"),
        (["--url", "ftp://x"], "expected http://"),
        (["--url", "https://x.invalid", "--key-file", "/nowhere"], "the key cannot be read"),
        (["--offline"], "no replies to count"),
    ],
)
def test_wrong_options_are_said(words, said, tmp_path, capsys):
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), *words]) == 1
    assert said in capsys.readouterr().err


def test_pictures_may_lie_anywhere(cloud, labels, tmp_path, capsys):
    folder = tmp_path / "set"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(SAMPLES / "us.jpg", folder / "deep" / "us.jpg")
    (folder / "truth.csv").write_text("image,x,y,w,h,plate\ndeep/us.jpg,470,400,143,66,LMR4827\n")
    save = tmp_path / "out"
    assert main(["compare", str(folder), "--save", str(save), "--url", cloud.url]) == 0
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
    assert main(["compare", str(SAMPLES), "--save", str(tmp_path), *options]) == 0
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
