# SPDX-License-Identifier: Apache-2.0
"""Builds the three extensions and lists the packages; everything else is in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import Extension, find_packages, setup

os.chdir(Path(__file__).resolve().parent)  # the globs below are relative to the project


NO_COMPILER = """
alprcore: building it needs a C++20 compiler, and {what}.

  Debian, Ubuntu   apt install g++ python3-dev
  Fedora, RHEL     dnf install gcc-c++ python3-devel
  Alpine           apk add g++ python3-dev
  macOS            xcode-select --install
  Windows          not supported: use WSL or a container

A wheel needs no compiler: pip install alprcore-VERSION-cp….whl
"""


class Build(build_ext):
    """Builds the extensions, or says what is missing to do so."""

    def build_extensions(self) -> None:
        """Look for the compiler and Python's headers first: nobody reads 200 lines to find out."""
        if sys.platform == "win32":  # csrc uses vector types of GCC and clang
            raise SystemExit(NO_COMPILER.format(what="MSVC is none that csrc knows"))
        for command in (self.compiler.compiler_cxx, self.compiler.compiler_so):
            if shutil.which(command[0]) is None:
                raise SystemExit(NO_COMPILER.format(what=f"{command[0]!r} is not on the path"))
        header = Path(sysconfig.get_path("include")) / "Python.h"
        if not header.exists():
            raise SystemExit(NO_COMPILER.format(what=f"Python's headers are not there: {header}"))
        super().build_extensions()


def flags() -> tuple[list[str], list[str]]:
    """Return the flags of the compiler and of the linker."""
    # No -ffast-math: the matcher relies on NaN and infinity, and results must not drift.
    compile_flags = [
        "-O3",
        "-fno-math-errno",
        "-ffp-contract=fast",
        "-Wall",
        "-Wextra",
        "-Wno-psabi",
    ]
    sanitize = os.environ.get("ALPRCORE_SANITIZE", "")
    if not sanitize:
        return compile_flags, []
    checks = f"-fsanitize={sanitize}"
    return [*compile_flags, "-O1", "-g", "-fno-omit-frame-pointer", checks], [checks]


def sources(*folders: str) -> list[str]:
    """Return the C++ files of `folders`, sorted so that builds are reproducible."""
    return sorted(path.as_posix() for folder in folders for path in Path(folder).glob("*.cpp"))


COMPILE, LINK = flags()
# Without `depends` a changed header rebuilds nothing.
HEADERS = sorted(
    path.as_posix() for path in Path("csrc").rglob("*") if path.suffix in {".hpp", ".inc"}
)

pixels = Pybind11Extension(
    "alprcore._native",
    sources("csrc/src", "csrc/bindings"),
    include_dirs=["csrc/include"],
    depends=HEADERS,
    cxx_std=20,
    extra_compile_args=COMPILE,
    extra_link_args=LINK,
)
texts = [
    Extension(
        f"alprcore.{name}",
        [f"alprcore/{name}.pyx"],
        language="c++",
        # Cython's own code trips these two; ours is checked in csrc.
        extra_compile_args=[
            *COMPILE,
            "-std=c++20",
            "-Wno-extra",
        ],
        extra_link_args=LINK,
    )
    for name in ("_channel", "_readings")
]

ParallelCompile("ALPRCORE_BUILD_JOBS", default=0).install()
setup(
    packages=[*find_packages(include=["alprcore", "alprcore.*"]), "alprcore.runtime_data"],
    package_dir={"alprcore.runtime_data": "runtime_data"},
    ext_modules=[pixels, *cythonize(texts, build_dir="build/cython", language_level=3)],
    cmdclass={"build_ext": Build},
)
