# SPDX-License-Identifier: Apache-2.0
"""Keys, credits and rate limits: right under many processes, after restarts, and over HTTP."""

from __future__ import annotations

import io
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from process_tools import wait_until
from server_tools import PICTURE, FakeEngine, multipart, post, running

from alprcore.cli import main
from alprcore.server.accounts.file import Accounts, month_of
from alprcore.server.accounts.records import UNLIMITED, AccountError
from alprcore.server.api.problems import Problem
from alprcore.server.config import Limits, Serving

NOW = 1_700_000_030.0  # 10 s into a minute of the clock
NEXT_MONTH = NOW + 31 * 86_400


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.db"


@pytest.fixture
def accounts(path):
    accounts = Accounts(path, create=True)
    yield accounts
    accounts.close()


def listed(accounts):
    """Name and whether it is good still, of each key."""
    return [(record.name, record.revoked is None) for record in accounts.keys()]  # noqa: SIM118


def status(call, *words, **named):
    with pytest.raises(Problem) as found:
        call(*words, **named)
    return found.value.status


def test_keys_are_random_and_kept_as_hashes(accounts, path):
    keys = {accounts.add(f"k{i}") for i in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch("sk_[0-9a-f]{32}", key) for key in keys)
    accounts.close()
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not any(key.removeprefix("sk_").encode() in content for key in keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_added_keys_are_admitted(accounts):
    key = accounts.add("a")
    accounts.add("b")
    assert accounts.admit(key, now=NOW).name == "a"
    for wrong in ("", "sk_", key[:-1], key.upper(), key + " ", "\udcff", "' OR 1=1 --"):
        assert status(accounts.admit, wrong, now=NOW) == 401
    accounts.revoke("a")
    assert status(accounts.admit, key, now=NOW) == 401
    assert listed(accounts) == [("a", False), ("b", True)]


def test_a_revoked_name_goes_on_under_a_new_key(accounts):
    old = accounts.add("a", credits_a_month=5, rate=3)
    accounts.add("b")
    accounts.charge(accounts.admit(old, now=NOW), 4, now=NOW)
    with pytest.raises(AccountError, match="already exists"):
        accounts.add("a")
    accounts.revoke("a")
    new = accounts.add("a", credits_a_month=6)
    assert new != old
    assert status(accounts.admit, old, now=NOW) == 401
    account = accounts.admit(new, now=NOW)
    assert (account.name, account.used, account.total) == ("a", 4, 6)  # the month is not new
    assert account.rate.limit == UNLIMITED
    assert accounts.charge(account, 1, now=NOW) == 5
    assert [(used.name, used.credits, used.requests) for used in accounts.usage()] == [("a", 5, 2)]
    assert listed(accounts) == [("a", True), ("b", True)]
    accounts.revoke("a")
    assert status(accounts.admit, new, now=NOW) == 401


def test_a_revoked_key_does_not_come_back_as_itself(accounts):
    key = accounts.add("a")
    accounts.revoke("a")
    for name in ("a", "b"):
        with pytest.raises(AccountError, match="or its key already exists"):
            accounts.add(name, key=key)
    other = accounts.add("b")
    with pytest.raises(AccountError, match="or its key already exists"):
        accounts.add("a", key=other)
    assert listed(accounts) == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a\nb", "a\tb", "a\x1b[2J", "a\u202eb", "a\udcff", "a" * 65]
)
def test_names_that_would_break_a_list(accounts, name):
    with pytest.raises(AccountError, match="a name is 1 to 64 printable characters"):
        accounts.add(name)
    assert listed(accounts) == []


@pytest.mark.parametrize("name", ["a", "Bäckerei 7, Zürich", "店", "a" * 64])
def test_names_that_are_taken(accounts, name):
    accounts.add(name)
    assert listed(accounts) == [(name, True)]


def test_a_month_has_its_credits(accounts):
    key = accounts.add("a", credits_a_month=5)
    account = accounts.admit(key, now=NOW)
    assert (account.used, account.total) == (0, 5)
    assert accounts.charge(account, 2, now=NOW) == 2
    assert accounts.charge(account, 2, now=NOW) == 4
    assert status(accounts.charge, account, 2, now=NOW) == 402
    account = accounts.admit(key, now=NOW)
    assert account.used == 4  # what could not be paid was not charged
    account.check(1)
    with pytest.raises(Problem, match=r"^Monthly Usage \(5\) exceeded for this month$"):
        account.check(2)
    assert accounts.charge(account, 1, now=NOW) == 5
    assert accounts.admit(key, now=NEXT_MONTH).used == 0
    assert accounts.charge(account, 3, now=NEXT_MONTH) == 3
    assert [(u.month, u.credits, u.requests) for u in accounts.usage()] == [
        ("2023-11", 5, 3),
        ("2023-12", 3, 1),
    ]
    assert [u.month for u in accounts.usage("2023-12")] == ["2023-12"]


def test_months_begin_at_midnight_utc():
    assert month_of(1_701_388_799) == "2023-11"
    assert month_of(1_701_388_800) == "2023-12"


def test_a_period_has_its_requests(accounts):
    key = accounts.add("a", rate=3, period_s=60)
    rates = [accounts.admit(key, now=NOW + i).rate for i in range(3)]
    assert [rate.remaining for rate in rates] == [2, 1, 0]
    assert {(rate.limit, rate.reset) for rate in rates} == {(3, 1_700_000_040)}
    with pytest.raises(Problem) as found:
        accounts.admit(key, now=NOW + 4)
    assert (found.value.status, found.value.headers["Retry-After"]) == (403, "6")
    assert found.value.headers["X-Ratelimit-Remaining"] == "0"
    assert accounts.admit(key, now=NOW + 10).rate.remaining == 2  # the next minute


def test_no_limit_is_a_number_that_clients_can_hold(accounts):
    account = accounts.admit(accounts.add("a"), now=NOW)
    assert account.total == account.rate.limit == UNLIMITED == 2**31 - 1


def test_what_was_counted_outlives_a_restart(path):
    first = Accounts(path, create=True)
    key = first.add("a", credits_a_month=10, rate=5)
    first.charge(first.admit(key, now=NOW), 7, now=NOW)
    first.close()
    second = Accounts(path)
    account = second.admit(key, now=NOW)
    assert (account.used, account.rate.remaining) == (7, 3)
    second.close()


def test_files_that_are_no_account_files(path, tmp_path):
    with pytest.raises(AccountError, match="no file"):
        Accounts(path)
    path.write_bytes(b"x" * 5000)
    with pytest.raises(AccountError, match="cannot use"):
        Accounts(path)
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(AccountError, match="not a file of this version"):
        Accounts(other)


# What a worker process does, without the recognition: so often with each of the keys.
SPEND = """
import sys
from pathlib import Path
from alprcore.server.accounts.file import Accounts
from alprcore.server.api.problems import Problem
accounts = Accounts(Path(sys.argv[1]))
for key in sys.argv[2:]:
    done = 0
    for _ in range(60):
        try:
            account = accounts.admit(key, now=1_700_000_030.0)
            account.check(1)
            accounts.charge(account, 1, now=1_700_000_030.0)
        except Problem:
            continue
        done += 1
    print(done)
"""


def test_several_processes_lose_nothing_and_count_nothing_twice(accounts, path):
    limits = {"free": {}, "poor": {"credits_a_month": 130}, "slow": {"rate": 150}}
    keys = [accounts.add(name, **limit) for name, limit in limits.items()]
    command = [sys.executable, "-c", SPEND, str(path), *keys]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    counts = [[int(done) for done in worker.communicate()[0].split()] for worker in workers]
    assert [sum(each) for each in zip(*counts, strict=True)] == [240, 130, 150]
    assert [(used.name, used.credits, used.requests) for used in accounts.usage()] == [
        ("free", 240, 240),
        ("poor", 130, 130),
        ("slow", 150, 150),
    ]


def ask(port, key, *, tasks="plate", picture=PICTURE):
    target = f"/v1/recognize?secret_key={key}&tasks={tasks}&country=us"
    return post(port, target, *multipart({}, picture))


def test_credits_over_http(accounts, path):
    key = accounts.add("a", credits_a_month=5)
    with running(Serving(accounts=path)) as port:
        first = ask(port, key, tasks="plate,color,make").json
        names = ("credit_cost", "credits_monthly_used", "credits_monthly_total")
        assert [first[name] for name in names] == [3, 3, 5]
        for broken in (b"no picture", b""):
            assert ask(port, key, picture=broken).status == 400
        assert ask(port, key, tasks="plate,paint").status == 400
        assert ask(port, key, tasks="plate,color,make").status == 402
        assert ask(port, key, tasks="plate,color").json["credits_monthly_used"] == 5
        refused = ask(port, key)
        assert (refused.status, refused.error) == (
            402,
            "Monthly Usage (5) exceeded for this month",
        )
        wrong = ask(port, key + "0")
        assert (wrong.status, wrong.error) == (401, "Invalid credentials")
        accounts.revoke("a")
        assert ask(port, key).status == 401
    (used,) = accounts.usage()
    assert (used.credits, used.requests) == (5, 2)  # a failed request costs nothing


def test_rates_over_http(accounts, path):
    key = accounts.add("a", rate=2, period_s=86_400)
    with running(Serving(accounts=path)) as port:
        replies = [ask(port, key) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 403]
    assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["1", "0", "0"]
    assert {reply.headers["x-ratelimit-limit"] for reply in replies} == {"2"}
    assert all(int(reply.headers["x-ratelimit-reset"]) > time.time() for reply in replies)
    assert int(replies[2].headers["retry-after"]) > 0
    assert accounts.usage()[0].credits == 2


def test_requests_at_one_time_cannot_spend_more_than_there_is(accounts, path):
    key = accounts.add("a", credits_a_month=3)
    gate = threading.Event()
    serving = Serving(accounts=path, threads=8)
    with running(serving, engine=FakeEngine(gate=gate)) as port, ThreadPoolExecutor(8) as callers:
        replies = [callers.submit(ask, port, key) for _ in range(8)]
        threading.Timer(0.3, gate.set).start()  # all are let in before the first has paid
        statuses = sorted(reply.result().status for reply in replies)
    assert statuses == [200] * 3 + [402] * 5
    assert accounts.usage()[0].credits == 3


def test_a_request_whose_recognition_fails_costs_nothing(accounts, path):
    class Broken(FakeEngine):
        def with_settings(self, **changes):
            return self

        def recognize(self, image, *, tasks):
            raise RuntimeError(f"secret of {__file__}")

    key = accounts.add("a")
    with running(Serving(accounts=path), engine=Broken()) as port:
        reply = ask(port, key)
        assert (reply.status, reply.error) == (500, "Internal error")
        assert ask(port, key).status == 500  # and the server goes on
    assert accounts.usage() == []


def test_a_client_that_goes_away_is_not_charged(accounts, path):
    import socket

    key = accounts.add("a")
    gate = threading.Event()
    body, kind = multipart({}, PICTURE)
    head = f"POST /v1/recognize?secret_key={key}&tasks=plate&country=us HTTP/1.1\r\nHost: a\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    engine = FakeEngine(gate=gate)
    with running(Serving(accounts=path, limits=Limits()), engine=engine) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + body)
            wait_until(lambda: len(engine.calls) == 1)
        time.sleep(0.2)
        gate.set()
        assert ask(port, key).json["credits_monthly_used"] == 1
    assert accounts.usage()[0].requests == 1


def run(*words):
    return main(["keys", *map(str, words)])


def test_the_command_line(path, capsys, monkeypatch):
    file = ("--accounts", path)
    assert run("add", "shop", *file, "--credits", 100, "--rate", 5, "--period", 10) == 0
    key = capsys.readouterr().out.strip()
    monkeypatch.setattr("sys.stdin", io.StringIO("sk_DEMODEMODEMODEMODEMODEMO\n"))
    assert run("add", "old", *file, "--existing") == 0
    assert capsys.readouterr().out.strip() == "sk_DEMODEMODEMODEMODEMODEMO"
    accounts = Accounts(path)
    accounts.charge(accounts.admit(key, now=NOW), 3, now=NOW)
    assert accounts.admit("sk_DEMODEMODEMODEMODEMODEMO", now=NOW).name == "old"
    accounts.close()
    assert run("revoke", "old", *file) == run("list", *file) == 0
    listed = capsys.readouterr().out
    assert key not in listed
    assert re.search(r"^shop +100 +5 / 10 s +\d{4}-\d\d-\d\d +-", listed, re.MULTILINE)
    assert re.search(r"^old +- +- +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d", listed, re.MULTILINE)
    assert run("usage", *file) == run("usage", *file, "--month", "2023-11") == 0
    assert len(re.findall(r"^2023-11 +shop +3 +1$", capsys.readouterr().out, re.MULTILINE)) == 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("add", "a"), "already exists"),
        (("add", ""), "a name is 1 to 64 printable characters"),
        (("add", "a\nb"), "got 'a\\nb'"),
        (("revoke", "b"), "no key 'b' to revoke"),
        (("add", "b", "--existing"), "holds no key"),
        (("add", "b", "--credits", "-1"), "expected 0 to"),
        (("add", "b", "--rate", "0"), "expected 1 to"),
    ],
)
def test_what_the_command_line_refuses(accounts, path, capsys, monkeypatch, words, text):
    accounts.add("a")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    try:
        code = run(*words, "--accounts", path)
    except SystemExit as stop:
        code = stop.code
    assert code == 1
    assert text in capsys.readouterr().err


def test_a_key_that_could_be_guessed_is_refused(accounts):
    with pytest.raises(AccountError, match="at least 20"):
        accounts.add("a", key="letmein")


def test_the_other_verbs_make_no_file(path, capsys):
    assert run("list", "--accounts", path) == 1
    assert "no file" in capsys.readouterr().err
    assert not path.exists()


def test_a_rotated_key_goes_on_for_its_grace(accounts):
    old = accounts.add("a", credits_a_month=5)
    accounts.charge(accounts.admit(old, now=NOW), 2, now=NOW)
    new = accounts.rotate("a", grace_s=60, now=NOW)
    assert accounts.admit(new, now=NOW).used == 2
    assert accounts.admit(old, now=NOW + 59).used == 2
    assert status(accounts.admit, old, now=NOW + 60) == 401
    with pytest.raises(AccountError, match="no key 'b' to rotate"):
        accounts.rotate("b", grace_s=1, now=NOW)


def test_a_revoked_name_takes_its_former_keys_with_it(accounts):
    old = accounts.add("a")
    accounts.rotate("a", grace_s=600, now=NOW)
    accounts.revoke("a")
    accounts.add("a")
    assert status(accounts.admit, old, now=NOW) == 401


def test_a_file_of_the_first_version_is_taken_along(tmp_path):
    path = tmp_path / "old.db"
    accounts = Accounts(path, create=True)
    key = accounts.add("a")
    accounts._file.execute("DROP TABLE former")
    accounts._file.execute("PRAGMA user_version = 1")
    accounts.close()
    again = Accounts(path)
    assert again.admit(key, now=NOW).name == "a"
    again.rotate("a", grace_s=1, now=NOW)
    again.close()


def test_keys_brought_along_are_those_of_their_names(accounts):
    accounts.ensure("a", "k" * 20)
    accounts.ensure("a", "k" * 20)
    assert accounts.admit("k" * 20, now=NOW).name == "a"
    accounts.ensure("a", "n" * 20)
    assert accounts.admit("n" * 20, now=NOW).name == "a"
    assert status(accounts.admit, "k" * 20, now=NOW) == 401
    with pytest.raises(AccountError, match="its key already exists"):
        accounts.ensure("b", "n" * 20)
