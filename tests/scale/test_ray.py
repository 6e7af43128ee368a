# SPDX-License-Identifier: Apache-2.0
"""`archive add --engine ray` by a real Ray on this machine leaves the case that processes leave."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
from archive_tools import marked, rows, sample, small_tree

from alprcore.archive import Case
from alprcore.archive.evidence import verify

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None or importlib.util.find_spec("pandas") is None,
    reason="needs ray[data], of the extra scale",
)

# One Ray for both runs, as on a cluster. A machine too busy to start it within Ray's own 30 seconds
# says nothing of alprcore.
SCRIPT = """
import sys
import ray
try:
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
except Exception as error:
    print(f"no ray: {error}")
    sys.exit(0)
from alprcore.cli import main
common = ["--country", "us,eu", "--quiet", "--engine", "ray", "--workers", "2"]
for case, path in zip(sys.argv[1::2], sys.argv[2::2]):
    code = main(["archive", "add", case, path, *common])
    print("exit code", code)
ray.shutdown()
"""


def run(*arguments: object) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    if "no ray:" in done.stdout:
        pytest.skip(f"Ray does not start here: {done.stdout.strip()[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_ray_leaves_the_case_that_processes_leave(tmp_path):
    (tmp_path / "sources").mkdir()
    tree = small_tree(tmp_path / "sources")
    for number in range(20):  # more than one batch
        name = tree / f"{number:02}.jpg"
        name.write_bytes(marked(sample("us.jpg"), str(number // 2)))
    (tmp_path / "run.py").write_text(SCRIPT)
    out = run(
        tmp_path / "run.py", tmp_path / "ray", tree, tmp_path / "ray", tree,
        tmp_path / "objects", f"file://{tree}",
    )  # fmt: skip
    codes = [line.split()[-1] for line in out.splitlines() if line.startswith("exit code")]
    assert codes == ["2", "0", "2"]  # one picture is broken, which the second run knows
    from alprcore.cli import main

    main(["archive", "add", str(tmp_path / "processes"), str(tree), "--country", "us,eu",
          "--quiet", "--workers", "1"])  # fmt: skip
    assert rows(tmp_path / "ray") == rows(tmp_path / "processes")
    with Case.open(tmp_path / "ray") as case:
        assert list(verify(case, sample=0)) == []
        assert case.status()["runs"] == 2
    objects = rows(tmp_path / "objects")
    by_hash = {row["sha256"] for row in rows(tmp_path / "processes")["sources"]}
    zipped = {row["sha256"] for row in objects["sources"]} ^ by_hash
    assert len(zipped) == 1  # what lies in the zip file, which is not opened there
    assert [row["reason"] for row in objects["unreadable"] if row["path"].endswith(".zip")] == [
        "an archive inside an archive, which is not opened"
    ]
