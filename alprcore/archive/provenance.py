# SPDX-License-Identifier: Apache-2.0
"""What read the sources: settings, version, models with their hashes, and the machine."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import socket
from collections.abc import Collection
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from alprcore.archive.canonical import digest
from alprcore.countries.fit import load_countries
from alprcore.errors import CaseError
from alprcore.reading.attempts import load_reader
from alprcore.reading.bank import Bank, load_bank, read_bank
from alprcore.resources import kernels, source_records
from alprcore.settings import Settings

_LIBRARIES = ("numpy", "onnxruntime", "opencv-python-headless", "av")


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a reading depends on, but for the pixels.

    Attributes
    ----------
    key
        SHA-256 of the description: readings of one key are comparable, and one source has at most
        one of each.
    alphabet
        The character of each class of the lattices.
    description
        ``settings``, ``tasks``, ``version``, ``files`` (shipped ones, path to SHA-256) and
        ``own_files`` (the user's).
    """

    key: str
    alphabet: str
    description: dict[str, Any]


def setup_of(settings: Settings, tasks: Collection[str]) -> Setup:
    """Return what readings with these settings depend on.

    Raises
    ------
    AlprError
        If a country, a bank or another file cannot be read.
    """
    described = asdict(settings)
    del described["threads"]  # changes how fast a picture is read, and not what comes out
    description = {
        "settings": {name: _plain(value) for name, value in described.items()},
        "tasks": sorted(tasks),
        "version": metadata.version("alprcore"),
        "files": {
            record.path: record.sha256
            for record in source_records()
            if record.path.startswith(("models/", "banks/", "countries/"))
        },
        "own_files": _own_files(settings),
    }
    return Setup(digest(description), alphabet_of(settings), description)


def alphabet_of(settings: Settings) -> str:
    """Return all characters that may be read with settings.

    Raises
    ------
    AlprError
        If a bank or a country cannot be read.
    """
    countries = load_countries(settings.country, settings.country_dirs)
    return load_reader(settings, countries, {}).alphabet


def bank_of(settings: Settings, country: str) -> Bank:
    """Return the template bank that plates of a country are read with.

    Raises
    ------
    AlprError
        If it cannot be read.
    """
    if settings.bank:
        return read_bank(settings.bank)
    return load_bank(load_countries((country,), settings.country_dirs).scripts[0])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _own_files(settings: Settings) -> dict[str, str]:
    """Return the user's own files that readings depend on, each with its SHA-256."""
    paths = [Path(each) for each in (settings.bank, settings.detection_mask) if each]
    for folder in settings.country_dirs:
        paths += sorted(Path(folder).glob("*.toml"))
    try:
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    except OSError as error:
        raise CaseError(f"{error.filename}: cannot be read: {error.strerror}") from error


def host() -> dict[str, Any]:
    """Return the machine and the program: what is written down with each run."""
    return {
        "name": socket.gethostname(),
        "user": user(),
        "pid": os.getpid(),
        "system": platform.platform(),
        "processor": _processor(),
        "kernel": kernels(),
        "python": platform.python_version(),
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }


def user() -> str:
    """Return who runs the program, as the system has it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, as in some containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
