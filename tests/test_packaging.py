# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from alprcore import _native

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CHECK_DATA = """
from alprcore import resources
records = resources.source_records()
for record in records:
    resources._checked_bytes(record.path)
assert resources.country_codes()
from alprcore.server.page.files import page_files
assert {"index.html", "main.js", "look.css", "logo.svg"} <= set(page_files())
print(resources.__file__, len(records))
"""


def run(*words: object, **options) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of what a fresh clone has and a build needs."""
    copy = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info", "build")
    for name in ("alprcore", "csrc", "runtime_data", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, copy / name, ignore=skip)
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    shutil.copy(ROOT / "CHANGELOG.md", copy / "CHANGELOG.md")
    return copy


@pytest.fixture(scope="module")
def sdist(tree) -> Path:
    run(sys.executable, "setup.py", "-q", "sdist", cwd=tree)
    (archive,) = (tree / "dist").glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def installed(sdist, tmp_path_factory) -> Path:
    """A folder that holds the package, installed from a wheel built from the sdist."""
    work = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", work, sdist)
    (wheel,) = work.glob("*.whl")
    run(*pip, "install", "--no-deps", "--target", work / "site", wheel)
    return work / "site"


def test_the_top_of_the_changelog_is_the_version_of_the_package():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)[1]
    assert newest == PROJECT["version"] == metadata.version("alprcore")


def test_the_sdist_holds_what_a_build_needs(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    needed = [*ROOT.glob("csrc/**/*.[hci]*p*"), *ROOT.glob("csrc/**/*.inc")]
    needed += [*ROOT.glob("alprcore/**/*.py"), *ROOT.glob("alprcore/**/*.py[xi]")]
    needed += [*ROOT.glob("runtime_data/**/*.*"), ROOT / "alprcore/py.typed", ROOT / "LICENSE"]
    wanted = {path.relative_to(ROOT).as_posix() for path in needed}
    assert {name for name in wanted if "__pycache__" not in name} <= names
    assert not [name for name in names if name.endswith((".so", ".pyc"))]


def test_an_installed_wheel_finds_its_data(installed, tmp_path):
    path = {**os.environ, "PYTHONPATH": str(installed)}
    out = run(sys.executable, "-c", CHECK_DATA, cwd=tmp_path, env=path)
    assert out.startswith(str(installed))


def test_an_installed_wheel_ships_types_and_no_sources(installed):
    package = installed / "alprcore"
    assert (package / "py.typed").exists()
    assert (package / "_native.pyi").exists()
    assert not [*package.rglob("*.pyx"), *package.rglob("*.cpp"), *package.rglob("*.hpp")]
    assert (installed / "bin" / "alprcore").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="not built there")
def test_without_a_compiler_a_build_says_what_to_install(tree, tmp_path):
    nothing = {key: value for key, value in os.environ.items() if key not in {"CC", "CXX"}}
    command = [sys.executable, "setup.py", "-q", "build_ext", "--build-temp", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=False,
        env={**nothing, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode != 0
    assert "is not on the path" in done.stderr
    assert "apt install g++" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_top_level_holds_nothing_else():
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    tracked = run(git, "ls-files", cwd=ROOT).splitlines()
    visible = {name.split("/")[0] for name in tracked if not name.startswith(".")}
    files = {"setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "MANIFEST.in"}
    folders = {"alprcore", "csrc", "runtime_data", "benchmarks", "tests"}
    assert visible == files | folders


def test_the_readme_and_the_checks_use_the_same_test_command():
    readme = (ROOT / "README.md").read_text("utf-8")
    pattern = re.search(r"grep -m1 -E '(.+)' README\.md", (ROOT / ".ci/run").read_text())[1]
    assert re.search(pattern, readme, re.MULTILINE)


def test_every_source_file_states_its_licence():
    folders = ("alprcore", "csrc", "tests", "benchmarks")
    sources = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".pyx", ".cpp", ".hpp", ".inc"}
    ]
    assert sources
    for path in [*sources, ROOT / "setup.py"]:
        first = path.read_text("utf-8").split("\n", 1)[0]
        assert "SPDX-License-Identifier: Apache-2.0" in first, path


def test_sources_without_the_compiled_module_say_so(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "alprcore", tmp_path / "alprcore", ignore=skip)
    command = [sys.executable, "-S", "-c", "import alprcore"]  # -S: without what is installed
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=bare
    )
    assert told.returncode == 1
    assert "ImportError: alprcore: no compiled module in" in told.stderr
    assert "pip install -e ." in told.stderr


def test_python_started_in_the_sources_takes_the_installed_package(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("*.so", "__pycache__", "runtime_data")
    shutil.copytree(ROOT / "alprcore", tmp_path / "alprcore", ignore=skip)
    compiled = Path(_native.__file__).parent
    path = {**os.environ, "PYTHONPATH": str(compiled.parent)}
    program = "import alprcore.engine; print(alprcore.engine.__file__)"
    out = run(sys.executable, "-c", program, cwd=tmp_path, env=path)
    assert Path(out.strip()).parent == compiled
