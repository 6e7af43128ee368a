# SPDX-License-Identifier: Apache-2.0
"""The table of peers: who is there is run on the same pictures, who is not is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import peers  # noqa: E402

SAMPLES = ROOT / "runtime_data" / "samples"


@pytest.fixture(autouse=True)
def all_cores(monkeypatch):
    """The benchmark keeps to one core; the other tests need not."""
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)


def reader_of(texts: dict[str, str]):
    """A peer that reads these texts in place of the labels."""

    def made(_: str) -> list[peers.Peer]:
        def read(_: object, labels: object) -> list[dict]:
            found = []
            for label in labels:
                box = label.box
                corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom),
                           (box.left, box.bottom)]  # fmt: skip
                found.append(peers.result(texts.get(label.text, label.text), corners, 0.9))
            return found

        return [peers.Peer("reader", read)]

    return made


def absent(_: str) -> list[peers.Peer]:
    raise ImportError("No module named 'elsewhere'")


def test_all_that_are_there_are_counted_alike_and_others_are_named(monkeypatch, capsys):
    makers = {"alprcore": peers.alprcore_peer, "reader": reader_of({"QTB4F73": "QTB4F78"}),
              "elsewhere": absent}  # fmt: skip
    monkeypatch.setattr(peers, "MAKERS", makers)
    words = [str(SAMPLES), "--country", "us,eu,br", "--peers", "reader,elsewhere"]
    assert peers.main(words) == 0
    out, err = capsys.readouterr()
    head, _, own, other = out.splitlines()
    assert head.startswith("| set | peer | n |")
    assert own.split("|")[3].strip() == other.split("|")[3].strip() == "5"
    assert other.split("|")[4:6] == [" 100.0 ", " 80.0 (37.6-96.4) "]
    assert own.split("|")[8].strip() == "-"
    assert float(other.split("|")[8]) == 1.0  # one plate tells nobody apart
    assert err == "elsewhere: not run: ImportError: No module named 'elsewhere'\n"


def test_peers_take_turns(monkeypatch):
    order = []

    def peer(name: str) -> peers.Peer:
        return peers.Peer(name, lambda *_: order.append(name) or [])

    labels = peers.labels_of(SAMPLES, 3)
    peers.run(SAMPLES, labels, [peer("a"), peer("b")])
    assert order == ["a", "b", "b", "a", "a", "b"]
