# SPDX-License-Identifier: Apache-2.0
"""Pictures from URLs: what may be fetched, what may not, and every trick to make it so."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import quote

import pytest
from server_tools import PICTURE, SMALL, FakeEngine, post, running

from alprcore.server.api.problems import Problem
from alprcore.server.config import Serving
from alprcore.server.fetch.addresses import is_public, target_of
from alprcore.server.fetch.download import UrlRules

FAILED = "Unable to download image_url"
OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"  # of the two, the rules of these tests forbid the second


class Pictures(BaseHTTPRequestHandler):
    """Answers by path, well or badly."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Host"]))
        verb, _, rest = self.path.lstrip("/").partition("/")
        with suppress(OSError):
            getattr(self, f"reply_{verb}", self.reply_missing)(rest)

    def whole(self, status, content, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def reply_picture(self, _):
        self.whole(200, PICTURE)

    def reply_missing(self, _):
        self.whole(404, PICTURE)

    def reply_to(self, where):
        self.whole(302, PICTURE, Location=bytes.fromhex(where).decode())

    def reply_nowhere(self, _):
        self.whole(302, PICTURE)

    def reply_round(self, _):
        self.whole(302, b"", Location=self.path)

    def reply_packed(self, _):
        self.whole(200, gzip.compress(bytes(10**6)), Content_Encoding="gzip")

    def reply_declared(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + PICTURE)
        self.close_connection = True

    def chunks(self, seconds, chunk):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            time.sleep(seconds)

    def reply_endless(self, _):
        self.chunks(0, b"x" * 10_000)

    def reply_drip(self, _):
        self.chunks(0.05, b"x")

    def reply_headers(self, _):
        self.send_response(200)
        self.flush_headers()
        while True:
            self.wfile.write(b"X: y\r\n" * 1000)
            time.sleep(0.01)

    def reply_silence(self, _):
        time.sleep(3)

    def reply_short(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + PICTURE)
        self.close_connection = True

    def reply_noise(self, _):
        self.wfile.write(b"\x00\xff\r\n" * 50)
        self.close_connection = True

    def reply_number(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1e9\r\n\r\n" + PICTURE)
        self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def pictures(address, context=None):
    server = ThreadingHTTPServer((address, 0), Pictures)
    server.asked = []
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is not there")


@pytest.fixture(scope="module")
def outside():
    with pictures(OUTSIDE) as server:
        yield server


@pytest.fixture(scope="module")
def inside():
    with pictures(INSIDE) as server:
        yield server
        assert server.asked == []  # nothing that any test asks for may get here


NAMES = {"pics.test": [[OUTSIDE]], "inside.test": [[INSIDE]], "mapped.test": [["::ffff:127.0.0.1"]]}
NAMES |= {"six.test": [["::1"]], "both.test": [[OUTSIDE, INSIDE]], "none.test": [[]]}
NAMES |= {"link.test": [["fe80::1%lo"]], "odd.test": [["not an address"]]}


async def resolve(host, port):
    """Answer from `NAMES`, each time with the next of the answers, and with the last for ever."""
    if host not in NAMES:
        raise OSError("no such host")
    answers = NAMES[host]
    return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture(scope="module")
def port(outside, inside):
    ports = {outside.server_port, inside.server_port}
    names = [*NAMES, "unknown.test", OUTSIDE, INSIDE, "localhost", "turns.test", "[::1]"]
    rules = UrlRules(
        hosts=tuple(f"{name}:{number}" for name in names for number in ports),
        resolve=resolve,
        allowed=lambda address: str(address) == OUTSIDE,
    )
    serving = Serving(threads=1, limits=SMALL)
    with running(serving, engine=FakeEngine(), url_rules=rules) as port:
        yield port


def fetch(port, url, path="/v2/recognize_url"):
    return post(port, f"{path}?secret_key=k&tasks=plate&country=us&image_url={quote(url, safe='')}")


def at(server, path, host="pics.test"):
    return f"http://{host}:{server.server_port}/{path}"


def redirect(url):
    return f"to/{url.encode().hex()}"


@pytest.mark.parametrize("path", ["/v1/recognize", "/v2/recognize_url", "/v3/recognize_url"])
def test_a_picture_is_fetched(port, outside, path):
    outside.asked.clear()
    reply = fetch(port, at(outside, "picture/a b.png?q=ü#part"), path)
    assert reply.status == 200, reply.body
    assert len(reply.json.get("results", reply.json.get("plate", {}).get("results"))) == 1
    asked = ("/picture/a%20b.png?q=%C3%BC", f"pics.test:{outside.server_port}")
    assert outside.asked == [asked]


def test_redirects_are_followed(port, outside):
    two = redirect(f"/{redirect(at(outside, 'picture'))}")
    assert fetch(port, at(outside, two)).status == 200


def test_too_many_redirects(port, outside):
    outside.asked.clear()
    reply = fetch(port, at(outside, "round"))
    assert (reply.status, reply.error) == (400, FAILED)
    assert len(outside.asked) == 4
    assert fetch(port, at(outside, "nowhere")).error == FAILED


@pytest.mark.parametrize(
    "path",
    ["missing", "packed", "endless", "drip", "headers", "silence", "short", "noise", "number"],
)
def test_what_cannot_be_fetched(port, outside, path):
    begin = time.monotonic()
    reply = fetch(port, at(outside, path))
    assert reply.status == 400
    assert reply.error in {FAILED, "The picture at image_url is larger than 200000 bytes"}
    assert time.monotonic() - begin < 3


def test_what_says_that_it_is_too_large(port, outside):
    reply = fetch(port, at(outside, "declared"))
    assert reply.error == "The picture at image_url is larger than 200000 bytes"


@pytest.mark.parametrize(
    "host", ["inside.test", "mapped.test", "six.test", "both.test", "none.test", "link.test",
             "odd.test", "unknown.test"],
)  # fmt: skip
def test_names_that_point_inwards(port, inside, outside, host):
    for server in (inside, outside):
        assert fetch(port, at(server, "picture", host)).error == FAILED


@pytest.mark.parametrize("host", [INSIDE, "localhost", "[::1]"])
def test_addresses_that_are_on_the_list_must_still_be_public(port, inside, host):
    NAMES.update({INSIDE: [[INSIDE]], "localhost": [[INSIDE]], "::1": [["::1"]]})
    assert fetch(port, at(inside, "picture", host)).error == FAILED


def test_a_redirect_inwards(port, inside, outside):
    for host in ("inside.test", "localhost", INSIDE, "0x7f000001", "2130706433", "0177.1", "[::1]"):
        url = at(inside, "picture", host)
        assert fetch(port, at(outside, redirect(url))).status == 400
    for url in (
        "file:///etc/passwd",
        "ftp://pics.test/",
        "//pics.test@localhost/",
        "http://",
        "\\",
    ):
        assert fetch(port, at(outside, redirect(url))).status == 400


def test_a_name_that_changes_its_answer(port, inside, outside):
    NAMES["turns.test"] = [[OUTSIDE], [INSIDE]]
    assert fetch(port, at(outside, "picture", "turns.test")).status == 200
    assert fetch(port, at(outside, "picture", "turns.test")).error == FAILED
    NAMES["turns.test"] = [[OUTSIDE], [INSIDE]]  # between the first URL and its redirect
    there = redirect(at(inside, "picture", "turns.test"))
    assert fetch(port, at(outside, there, "turns.test")).error == FAILED


def test_a_port_where_nobody_listens(port, outside):
    NAMES["pics.test"] = [[OUTSIDE]]
    with pictures(INSIDE) as other:
        refused = f"http://pics.test:{other.server_port}/picture"
        text = "image_url names a host that this server does not fetch from"
        assert fetch(port, refused).error == text


def test_downloads_have_their_places(outside):
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    rules = UrlRules(hosts=(f"pics.test:{outside.server_port}",), resolve=resolve, allowed=bool)
    serving = Serving(threads=1, limits=replace(SMALL, downloads=2))
    with running(serving, url_rules=rules) as port, ThreadPoolExecutor(4) as callers:
        replies = list(callers.map(lambda _: fetch(port, at(outside, "silence")), range(4)))
        assert sorted(reply.status for reply in replies) == [400, 400, 503, 503]
        assert fetch(port, at(outside, "picture")).status == 200


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_certificates_are_checked_against_the_name(tmp_path):
    files = [str(tmp_path / name) for name in ("key.pem", "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", files[0], "-out", files[1], "-subj", "/CN=pics.test"]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:pics.test"], check=True,
                   capture_output=True)  # fmt: skip
    asked_for = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(files[1], files[0])
    server_side.sni_callback = lambda _, name, __: asked_for.append(name)
    client_side = ssl.create_default_context(cafile=files[1])
    with pictures(OUTSIDE, server_side) as server:
        NAMES["other.test"] = [[OUTSIDE]]
        hosts = tuple(f"{name}:{server.server_port}" for name in ("pics.test", "other.test"))
        rules = UrlRules(hosts, resolve, lambda a: str(a) == OUTSIDE, client_side)
        unsure = UrlRules(hosts, resolve, lambda a: str(a) == OUTSIDE)
        url = f"https://pics.test:{server.server_port}/picture"
        with running(url_rules=rules) as port:
            assert fetch(port, url).status == 200
            assert fetch(port, url.replace("pics.test", "other.test")).error == FAILED
        with running(url_rules=unsure) as port:
            assert fetch(port, url).error == FAILED  # nobody vouches for the certificate
        assert server.asked == [("/picture", f"pics.test:{server.server_port}")]
    assert asked_for[:2] == ["pics.test", "other.test"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pics.test/a",
        "//pics.test/a",
        "http:pics.test/a",
        "http:/pics.test/a",
        "http:///pics.test/a",
        "ftp://pics.test/a",
        "file:///etc/passwd",
        "gopher://pics.test/",
        "javascript:pics.test",
        "http://pics.test@127.0.0.1/",
        "http://user:word@pics.test/",
        "http://127.0.0.1#@pics.test/",
        "http://127.0.0.1?@pics.test/",
        "http://127.0.0.1\\@pics.test/",
        "http://pics.test\\.other.test/",
        "http://pics.test%2f@127.0.0.1/",
        "http://pics.test%00.other.test/",
        "http://pics.test:22/",
        "http://pics.test:0/",
        "http://pics.test:99999/",
        "http://pics.test:8x/",
        "http://pics.test:-80/",
        "http://pics.test./",
        "http://pics.test.other.test/",
        "http://other.test/pics.test",
        "http://[pics.test]/",
        "http://[::1",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://pics。test/",
        "http://\uff50ics.test/",
        "http://pics.test\t.other.test/",
        "http://pics.te\r\nst/",
        "http://pics.test/a\r\nHost: b",
        "http://pics.test/a\0b",
        "http:// pics.test/",
        "https://pics.test:80/",
    ],
)
def test_urls_that_are_refused(url):
    with pytest.raises(Problem) as found:
        target_of(url, ("pics.test",))
    assert found.value.status == 400


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("http://pics.test", "pics.test", "/"),
        (" HTTP://PICS.Test:80/a?b#c ", "pics.test", "/a?b"),
        ("https://pics.test:443/a%20b@c;d", "pics.test", "/a%20b@c;d"),
        ("http://pics.test?x=/ü y", "pics.test", "/?x=/%C3%BC%20y"),
        ("http://pics.test:8080/../a//b", "pics.test:8080", "/../a//b"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080", "/"),
    ],
)
def test_urls_that_are_taken(url, authority, path):
    target = target_of(url, ("pics.test", "pics.test:8080", "[2001:db8::1]:8080"))
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize("address", [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1", "ff0e::1",
])  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_addresses_that_are(address):
    assert is_public(ip_address(address))


def test_without_a_list_nothing_is_fetched(outside):
    with running() as port:
        assert (
            fetch(port, at(outside, "picture")).error == "image_url is not enabled on this server"
        )
