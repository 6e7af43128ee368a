# SPDX-License-Identifier: Apache-2.0
"""Killed at twenty random moments, a case ends as one that nothing disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest
from archive_tools import add_to, marked, rows, sample

from alprcore.archive import Case
from alprcore.archive.evidence import verify
from alprcore.archive.log import walk

PICTURES = 40
# Forks a process that adds, kills it after a random time, twenty times; the engine is loaded once.
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
import alprcore.archive.batch as batch
import alprcore.archive.pool as pool
from archive_tools import QUICK, add_to
from alprcore.engine import Engine
engine = Engine(settings=QUICK)
pool.Engine = lambda settings: engine
batch.COMMIT_SECONDS = 0.0
generator, killed = random.Random(7), 0
for _ in range(20):
    child = os.fork()
    if child == 0:
        add_to(Path(sys.argv[1]), Path(sys.argv[2]))
        os._exit(0)
    time.sleep(generator.uniform(0.0, float(sys.argv[3])))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    killed += os.WIFSIGNALED(status)
print(killed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twenty_kills_leave_what_an_undisturbed_run_leaves(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(PICTURES):
        data = sample("us.jpg" if number % 3 else "eu.jpg")
        (pictures / f"{number:02}.jpg").write_bytes(marked(data, str(number // 2)))
    (pictures / "broken.jpg").write_bytes(sample("us.jpg")[:2000])
    with zipfile.ZipFile(pictures / "z.zip", "w") as archive:
        archive.writestr("a.jpg", sample("two_plates.jpg"))
    begin = os.times()
    add_to(tmp_path / "undisturbed", pictures)
    spent = os.times().elapsed - begin.elapsed
    (tmp_path / "run.py").write_text(SCRIPT)
    # The kills are spread so that all of them together take about as long as the whole run.
    done = subprocess.run(
        [sys.executable, tmp_path / "run.py", tmp_path / "case", pictures, str(spent / 10)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 5
    add_to(tmp_path / "case", pictures)
    assert rows(tmp_path / "case") == rows(tmp_path / "undisturbed")
    with Case.open(tmp_path / "case") as case:
        assert list(verify(case, sample=0)) == []
    assert not list((tmp_path / "case").rglob(".*.part"))
    lines = [line.entry for line in walk(tmp_path / "case" / "log.jsonl")]
    read = [line["data"]["sha256"] for line in lines if line["action"] == "source"]
    assert len(read) == len(set(read))
