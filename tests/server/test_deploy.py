# SPDX-License-Identifier: Apache-2.0
"""The files to run the server with: they name what exists, and their own programs take them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from alprcore.cli import parser

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "alprcore" / "server" / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


def options() -> set[str]:
    """The variables of the environment that `alprcore serve` takes."""
    (commands,) = (each for each in parser()._actions if each.dest == "command")
    flags = [flag for each in commands.choices["serve"]._actions for flag in each.option_strings]
    names = {flag[2:].upper().replace("-", "_") for flag in flags if flag.startswith("--")}
    return {f"ALPRCORE_{name}" for name in names} | {"ALPRCORE_KEYS"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_an_option(path):
    named = set(re.findall(r"ALPRCORE_[A-Z_]+", path.read_text("utf-8")))
    assert named <= options()


def test_the_image_copies_what_a_build_needs_and_nothing_else():
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignore if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    needed = {"setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"}
    assert kept == needed | {"alprcore", "csrc", "runtime_data"}
    assert "*" in ignore
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.search(r"'\.\[(\w+)\]'", DOCKERFILE)[1] in extras["optional-dependencies"]


def test_the_image_does_not_run_as_root_and_says_how_it_is():
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "/readyz" in last
    assert not re.search(r"(secret|KEYS)=\S", DOCKERFILE)


def test_compose_takes_keys_from_the_environment():
    yaml = pytest.importorskip("yaml", reason="no YAML reader here")
    (service,) = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"].values()
    assert service["environment"]["ALPRCORE_KEYS"].startswith("${ALPRCORE_KEYS:?")
    assert service["read_only"] is True
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).is_file()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path):
    unit = (DEPLOY / "alprcore.service").read_text("utf-8")
    assert "ExecStart=/opt/alprcore/bin/alprcore serve" in unit
    here = tmp_path / "alprcore.service"
    here.write_text(unit.replace("/opt/alprcore/bin/alprcore", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False
    )
    own = [line for line in done.stderr.splitlines() if "alprcore.service" in line]
    assert own == []


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_nginx_takes_the_site(tmp_path):
    make = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=plates.example",
    ]
    subprocess.run(
        ["openssl", *make, "-keyout", "key", "-out", "crt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    for kind in ("crt", "key"):
        site = site.replace(f"/etc/ssl/plates.example.{kind}", str(tmp_path / kind))
    whole = f"events {{}}\npid {tmp_path}/pid;\nhttp {{ access_log off;\n{site}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "test is successful" in done.stderr, done.stderr
