# SPDX-License-Identifier: Apache-2.0
"""Clients that others publish, unchanged, from their registries, against the real server.

Each is installed by npm or pip into a temporary folder; where that cannot be, the test is skipped
with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from server_tools import SAMPLES, running

from alprcore import Engine
from alprcore.server.config import Serving

JAVASCRIPT = "openalpr_api@2.0.1"  # the cloud's official client
HOME_ASSISTANT = "ha-alpr==0.3"  # calls the command `alpr`

# What a program in JavaScript does: the base path is the only thing that it sets.
PROGRAM = """
const api = require('openalpr_api');
const fs = require('fs');
const [version, port, picture] = process.argv.slice(2);
api.ApiClient.instance.basePath = `http://127.0.0.1:${port}/${version}`;
const client = new api.DefaultApi();
const shown = {};
const done = (name, next) => (error, data) => {
  shown[name] = error ? {status: error.status, said: error.response.body} : data;
  next();
};
const bytes = fs.readFileSync(picture).toString('base64');
const print = () => console.log(JSON.stringify(shown));
const wrong = () => client.recognizeBytes(
  bytes, 'key', 'atlantis', {}, done('wrong', print));
const file = () => client.recognizeFile(
  fs.createReadStream(picture), 'key', 'us', {recognizeVehicle: 1, topn: 3}, done('file', wrong));
client.recognizeBytes(bytes, 'key', 'us', {recognizeVehicle: 0}, done('bytes', file));
"""


@pytest.fixture(scope="module")
def port():
    engine = Engine(tilted=False)
    with running(Serving(threads=1), load=lambda _: engine) as port:
        yield port


@pytest.fixture(scope="module")
def javascript(tmp_path_factory) -> Path:
    """A folder with the client and a program that uses it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("javascript")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), JAVASCRIPT]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{JAVASCRIPT} could not be installed in 120 s")
    if done.returncode:
        pytest.skip(f"{JAVASCRIPT} cannot be installed: {done.stderr[-200:]!r}")
    (folder / "program.js").write_text(PROGRAM, "utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_official_javascript_client_reads_plates(javascript, port, version):
    command = ["node", "program.js", version, str(port), str(SAMPLES / "us.jpg")]
    done = subprocess.run(
        command, cwd=javascript, capture_output=True, check=False, timeout=120, text=True
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    for name in ("bytes", "file"):
        (plate,) = shown[name]["results"]
        assert plate["plate"] == "LMR4827", name
        assert len(plate["coordinates"]) == 4
    assert len(shown["file"]["results"][0]["candidates"]) <= 3
    assert shown["file"]["results"][0]["vehicle"]["color"]
    assert shown["wrong"]["status"] == 400
    assert shown["wrong"]["said"]["error"] == "Could not initialize OpenALPR with given parameters"


@pytest.mark.slow
def test_home_assistants_wrapper_reads_what_alpr_prints(tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path)]
    done = subprocess.run([*pip, HOME_ASSISTANT], capture_output=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip(f"{HOME_ASSISTANT} cannot be installed: {done.stderr[-200:]!r}")
    alpr = tmp_path / "alpr"
    main = "from alprcore.cli.alpr.command import main"
    alpr.write_text(f"#!{sys.executable}\nimport sys\n{main}\nsys.exit(main())\n", "utf-8")
    alpr.chmod(0o755)
    code = (
        "import sys, haalpr\n"
        f"found = haalpr.HAAlpr(binary={str(alpr)!r}, country='us')\n"
        f"picture = open({str(SAMPLES / 'us.jpg')!r}, 'rb').read()\n"
        "import json; print(json.dumps(found.recognize_byte(picture, timeout=60)))\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, check=False,
        timeout=120, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (plate,) = json.loads(done.stdout)
    best = max(plate, key=plate.get)
    assert best == "LMR4827"
    assert all(0 <= value <= 100 for value in plate.values())
    # Without fixed notation it takes the 2.6 of 2.6e-05 for a confidence of 2.6.
    assert sorted(plate.values())[-2] < plate[best]
