# SPDX-License-Identifier: Apache-2.0
"""The queue on disk: nothing is lost, everything in order, whatever is killed or full."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the extra `agent` is not installed")

from agent_tools import Receiver, filled, free_port, receiving, small_disk
from process_tools import wait_until

from alprcore.agent.courier import Courier
from alprcore.agent.messages import GROUP, HEARTBEAT, RESULTS, Message
from alprcore.agent.metrics import Metrics
from alprcore.agent.sinks.lines import Lines
from alprcore.agent.sinks.webhook import Webhook, signature
from alprcore.agent.spool import Spool
from alprcore.errors import AlprError

ONE = {"webhook-1": frozenset({GROUP, HEARTBEAT})}


def message(number: int, kind: str = GROUP, *, size: int = 10) -> Message:
    body = json.dumps({"data_type": kind, "number": number, "filler": "x" * size})
    return Message(f"uid-1-{number}-0", kind, 1, f"uid-1-{number}", body)


def spool_of(path: Path, sinks: dict | None = None, **options: object) -> tuple[Spool, Metrics]:
    metrics = Metrics()
    return Spool(path / "spool.db", sinks or ONE, metrics, **options), metrics


def delivered(receiver: Receiver) -> list[int]:
    return [json.loads(body)["number"] for _, body, _ in list(receiver.posts)]


def courier_of(spool: Spool, url: str, metrics: Metrics, **options: object) -> Courier:
    courier = Courier(Webhook(url, timeout_s=1.0, **options), spool, metrics, most_s=0.05)
    courier.start()
    return courier


def test_messages_come_back_in_order_after_the_spool_is_opened_again(tmp_path):
    spool, _ = spool_of(tmp_path)
    for number in range(5):
        spool.add(message(number))
    spool.close()
    spool, metrics = spool_of(tmp_path)
    assert metrics.get("messages_waiting", sink="webhook-1") == 5
    for number in range(5):
        at, found = spool.next("webhook-1")
        assert found == message(number)
        spool.done("webhook-1", at)
    assert spool.next("webhook-1") is None
    spool.close()


def test_each_receiver_has_its_own_queue_of_what_it_wants(tmp_path):
    sinks = {"a": frozenset({GROUP}), "b": frozenset({GROUP, RESULTS})}
    spool, _ = spool_of(tmp_path, sinks)
    spool.add(message(1, RESULTS))
    spool.add(message(2))
    assert spool.next("a")[1] == message(2)
    assert spool.next("b")[1] == message(1, RESULTS)
    spool.done("b", spool.next("b")[0])
    assert (spool.waiting("a"), spool.waiting("b"), spool.waiting()) == (1, 1, 2)
    spool.close()


def test_the_same_message_is_taken_once(tmp_path):
    spool, _ = spool_of(tmp_path)
    spool.add(message(1))
    spool.add(message(1))
    assert spool.waiting() == 1
    spool.close()


def test_what_waits_for_a_receiver_that_is_gone_is_forgotten(tmp_path):
    spool, _ = spool_of(tmp_path, {"old": frozenset({GROUP}), **ONE})
    spool.add(message(1))
    spool.close()
    said = []
    spool, _ = spool_of(tmp_path, say=said.append)
    assert spool.waiting() == 1
    assert "1 messages of receivers that are no longer configured" in said[0]
    spool.close()


def test_beyond_its_size_the_oldest_go_and_are_counted(tmp_path):
    spool, metrics = spool_of(tmp_path, most_bytes=400_000)
    for number in range(100):
        spool.add(message(number, size=10_000))
    assert metrics.get("messages_lost_total") + spool.waiting() == 100
    assert 15 < spool.waiting() < 45
    assert json.loads(spool.next("webhook-1")[1].body)["number"] == 100 - spool.waiting()
    spool.close()


def test_a_damaged_file_is_put_aside_and_said(tmp_path):
    (tmp_path / "spool.db").write_bytes(b"not a database, but long enough to look like one" * 99)
    said = []
    spool, _ = spool_of(tmp_path, say=said.append)
    spool.add(message(1))
    assert spool.waiting() == 1
    assert "damaged" in said[0]
    assert list(tmp_path.glob("spool.db.damaged-*"))
    spool.close()


@pytest.fixture
def disk(tmp_path):
    """A file system of 8 MiB."""
    with small_disk(tmp_path / "disk", 8) as mounted:
        if not mounted:
            pytest.skip("no right to mount a small file system")
        yield tmp_path / "disk"


def test_on_a_full_disk_messages_wait_in_memory_and_nothing_is_lost_or_doubled(disk):
    spool, metrics = spool_of(disk)
    for number in range(5):
        spool.add(message(number))
    fill = filled(disk)
    assert shutil.disk_usage(disk).free < 4096
    for number in range(5, 200):
        spool.add(message(number, size=5000))
    assert metrics.get("spool_failures_total") > 0
    assert spool.waiting() == 200
    with receiving() as receiver:
        courier = courier_of(spool, receiver.url, metrics)
        wait_until(lambda: len(receiver.posts) >= 5)  # those on disk are delivered all the same
        fill.unlink()
        wait_until(lambda: len(receiver.posts) == 200)
        courier.stop()
        courier.join()
        assert delivered(receiver) == list(range(200))
    assert metrics.get("messages_lost_total") == 0
    spool.close()


def test_on_a_full_disk_the_start_waits_for_room(disk):
    spool_of(disk)[0].close()
    fill = filled(disk)
    said = []

    def say(line: str) -> None:
        said.append(line)
        fill.unlink(missing_ok=True)

    spool, _ = spool_of(disk, {"new": frozenset({GROUP})}, say=say)
    assert spool.add(message(1))
    assert not said or "waiting for room" in said[0]
    spool.close()


def test_a_spool_that_may_not_be_written_is_an_error(tmp_path):
    (tmp_path / "spool.db").mkdir()
    with pytest.raises(AlprError, match="cannot be opened"):
        spool_of(tmp_path)


def test_a_full_disk_takes_the_room_of_pictures(tmp_path):
    calls = []

    def make_room() -> bool:
        calls.append(1)
        spool._base.execute("PRAGMA max_page_count = 1000000").fetchall()
        return True

    spool, _ = spool_of(tmp_path, make_room=make_room)
    spool._base.execute("PRAGMA max_page_count = 12").fetchall()
    spool.add(message(1, size=100_000))
    assert calls
    assert not spool._held
    assert spool.waiting() == 1
    spool.close()


def test_a_receiver_that_fails_in_every_way_gets_everything_in_order(tmp_path):
    spool, metrics = spool_of(tmp_path)
    statuses = [500, 0, 302, 503, 401, 200, 429, 200, 404, 500, 0]
    answer = lambda n: statuses[n - 1] if n <= len(statuses) else 201  # noqa: E731
    with receiving(answer=answer) as receiver:
        courier = courier_of(spool, receiver.url, metrics)
        for number in range(20):
            spool.add(message(number))
        wait_until(lambda: len(receiver.posts) == 20)
        courier.stop()
        courier.join()
        assert delivered(receiver) == list(range(20))
    wait_until(lambda: spool.waiting() == 0)
    assert metrics.get("message_failures_total", sink="webhook-1") == 9
    spool.close()


def test_what_is_refused_is_set_aside_and_can_be_sent_again(tmp_path):
    spool, metrics = spool_of(tmp_path)
    with receiving(answer=lambda n: 422 if n == 1 else 200) as receiver:
        courier = courier_of(spool, receiver.url, metrics)
        for number in range(3):
            spool.add(message(number))
        wait_until(lambda: len(receiver.posts) == 2)
        assert delivered(receiver) == [1, 2]
        wait_until(lambda: spool.waiting() == 0)
        assert metrics.get("messages_set_aside") == 1
        assert spool.retry_refused() == 1
        wait_until(lambda: len(receiver.posts) == 3)
        courier.stop()
        courier.join()
    spool.close()


def test_a_slow_receiver_is_asked_again_and_a_slow_one_loses_nothing(tmp_path):
    spool, metrics = spool_of(tmp_path)
    with receiving() as receiver:
        receiver.delay_s = 1.5  # more than the time-out
        courier = courier_of(spool, receiver.url, metrics)
        spool.add(message(1))
        wait_until(lambda: metrics.get("message_failures_total", sink="webhook-1") >= 1)
        receiver.delay_s = 0.0
        wait_until(lambda: spool.waiting() == 0)
        courier.stop()
        courier.join()
        # It came in time for the sender, or after; by its key it is one.
        assert {key for key, _, _ in receiver.posts} == {message(1).key}
    spool.close()


def test_a_receiver_that_was_down_gets_all_of_it_when_it_is_back(tmp_path):
    port = free_port()
    spool, metrics = spool_of(tmp_path)
    courier = courier_of(spool, f"http://127.0.0.1:{port}/", metrics)
    for number in range(50):
        spool.add(message(number))
    wait_until(lambda: metrics.get("message_failures_total", sink="webhook-1") > 3)
    with receiving(port) as receiver:
        wait_until(lambda: len(receiver.posts) == 50)
        assert delivered(receiver) == list(range(50))
        courier.stop()
        courier.join()
    spool.close()


def test_a_heartbeat_is_never_late(tmp_path):
    spool, metrics = spool_of(tmp_path)
    port = free_port()
    courier = courier_of(spool, f"http://127.0.0.1:{port}/", metrics)
    for number in range(3):
        courier.beat(message(number, HEARTBEAT))
        time.sleep(0.1)
    spool.add(message(9))
    wait_until(lambda: metrics.get("message_failures_total", sink="webhook-1") > 1)
    with receiving(port) as receiver:
        wait_until(lambda: len(receiver.posts) == 1)
        assert delivered(receiver) == [9]
        courier.beat(message(4, HEARTBEAT))
        wait_until(lambda: len(receiver.posts) == 2)
        courier.stop()
        courier.join()
    spool.close()


def test_the_signature_is_the_hmac_of_the_body(tmp_path):
    spool, metrics = spool_of(tmp_path)
    with receiving() as receiver:
        courier = courier_of(spool, receiver.url, metrics, secret="secret")
        spool.add(message(1))
        wait_until(lambda: receiver.posts)
        courier.stop()
        courier.join()
        key, body, headers = receiver.posts[0]
    # openssl dgst -sha256 -hmac key, of RFC 4231's second test case
    assert signature(b"Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert headers["X-Alprcore-Signature"] == signature(b"secret", body)
    assert headers["Content-Type"] == "application/json"
    assert key == message(1).key
    spool.close()


def test_lines_are_whole_also_after_one_was_cut_off(tmp_path):
    path = tmp_path / "groups.jsonl"
    path.write_text('{"cut":', "utf-8")
    sink = Lines(str(path))
    sink.send(message(1))
    path.rename(tmp_path / "old.jsonl")  # as logrotate does
    sink.send(message(2))
    assert path.read_text("utf-8") == message(2).body + "\n"
    assert (tmp_path / "old.jsonl").read_text("utf-8") == f'{{"cut":\n{message(1).body}\n'


SENDER = """
import sys, time
from pathlib import Path
from alprcore.agent.courier import Courier
from alprcore.agent.messages import Message
from alprcore.agent.metrics import Metrics
from alprcore.agent.sinks.webhook import Webhook
from alprcore.agent.spool import Spool
from alprcore.errors import AlprError

metrics = Metrics()
sink = Webhook(sys.argv[2], timeout_s=1.0)
spool = Spool(Path(sys.argv[1]), {sink.name: sink.kinds}, metrics)
Courier(sink, spool, metrics, most_s=0.05).start()
for number in range(int(sys.argv[3]), 10**6):
    body = '{"data_type":"alpr_group","number":%d,"filler":"%s"}' % (number, "x" * 20_000)
    spool.add(Message(f"uid-1-{number}-0", "alpr_group", 1, "", body))
    print(number, flush=True)
    time.sleep(0.003)
"""


@pytest.mark.slow
def test_killed_again_and_again_a_sender_loses_and_doubles_nothing(tmp_path):
    chance, safe = random.Random(3), -1
    failing = lambda n: (200, 200, 500, 200, 0)[n % 5]  # noqa: E731
    with receiving(answer=failing) as receiver:
        for _ in range(3):
            words = [tmp_path / "spool.db", receiver.url, safe + 1]
            sender = subprocess.Popen(
                [sys.executable, "-c", SENDER, *map(str, words)], stdout=subprocess.PIPE, text=True
            )
            until = chance.randint(5, 30)
            for line in sender.stdout:
                safe = int(line)
                until -= 1
                if until == 0:
                    break
            time.sleep(chance.uniform(0, 0.05))
            sender.send_signal(signal.SIGKILL)
            rest = sender.communicate()[0].split()
            safe = int(rest[-1]) if rest else safe
            # What was committed but not yet said is there as well.
            with sqlite3.connect(tmp_path / "spool.db") as base:
                newest = base.execute("SELECT max(id), key FROM message").fetchone()[1]
            safe = max(safe, int(newest.split("-")[2])) if newest else safe
        spool, metrics = spool_of(tmp_path)
        courier = courier_of(spool, receiver.url, metrics)
        wait_until(lambda: spool.waiting() == 0)
        courier.stop()
        courier.join()
        numbers = delivered(receiver)
    first = sorted({n: i for i, n in reversed(list(enumerate(numbers)))}.items())
    assert [number for number, _ in first] == list(range(safe + 1))
    assert [at for _, at in first] == sorted(at for _, at in first)  # in order, repeats aside
    assert len(numbers) - len(first) <= 3  # at most the one that was on its way at each kill
    spool.close()


def test_many_threads_may_add_while_one_delivers(tmp_path):
    spool, metrics = spool_of(tmp_path)
    with receiving() as receiver:
        courier = courier_of(spool, receiver.url, metrics)
        threads = [
            threading.Thread(target=lambda at=at: [spool.add(message(at + i)) for i in range(20)])
            for at in range(0, 80, 20)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        wait_until(lambda: spool.waiting() == 0)
        assert sorted(delivered(receiver)) == list(range(80))
        courier.stop()
        courier.join()
    spool.close()
