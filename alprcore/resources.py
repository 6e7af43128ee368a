# SPDX-License-Identifier: Apache-2.0
"""The shipped files: models, template banks, countries and samples, each checked by its hash.

The only module that opens `runtime_data`. ``SOURCES.toml`` there records, for each file, where it
comes from, its licence and its SHA-256; a file that is not recorded, or not the recorded one, is
refused.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from alprcore import _native
from alprcore.errors import CountryError, ResourceError

_PACKAGE = "alprcore.runtime_data"
_RECORDS = "SOURCES.toml"
KERNELS_VARIABLE = "ALPRCORE_KERNELS"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The provenance of one shipped file, as ``SOURCES.toml`` states it."""

    path: str
    sha256: str
    made_by: str
    origin: str
    licence: str


def model_bytes(name: str) -> bytes:
    """Return the network `name`, such as ``"plates.onnx"``.

    Raises
    ------
    ResourceError
        If the file is missing, not recorded or not the recorded one.
    """
    return _checked_bytes(f"models/{name}")


def bank_bytes(name: str) -> bytes:
    """Return the template bank `name`.

    Raises
    ------
    ResourceError
        If the file is missing, not recorded or not the recorded one.
    """
    return _checked_bytes(f"banks/{name}")


def kernels() -> str:
    """Return the name of the compiled inner loops in use: ``"avx512"``, ``"avx2"``, ``"portable"``.

    They are the fastest ones that the processor runs, or those that the environment variable
    ``ALPRCORE_KERNELS`` names: readings are the same to the last digit with the same ones, and
    probabilities to 1e-5 with others. It is read when a template bank is loaded.

    Raises
    ------
    ResourceError
        If it names none, or some that this processor does not run.
    """
    name = os.environ.get(KERNELS_VARIABLE, "")
    try:
        return _native.kernels(name)
    except ValueError as error:
        known = ", ".join(_native.available_kernels())
        raise ResourceError(
            f"{KERNELS_VARIABLE}: expected one of {known} on this processor, got {name!r}"
        ) from error


def country_text(code: str) -> str:
    """Return the TOML text of the shipped country `code`, such as ``"us"``.

    Raises
    ------
    CountryError
        If there is no such country.
    ResourceError
        If the file is not recorded or not the recorded one.
    """
    return country_file(code)[0]


def country_codes(folders: Sequence[str] = ()) -> list[str]:
    """Return the codes of all shipped countries and those of the folders, sorted.

    Raises
    ------
    CountryError
        If a folder cannot be listed.
    """
    names = {entry.name for entry in _folder("countries").iterdir()}
    return sorted(
        name.removesuffix(".toml")
        for name in names.union(*map(_names_in, folders))
        if name.endswith(".toml")
    )


def country_file(code: str, folders: Sequence[str] = ()) -> tuple[str, str]:
    """Return the TOML text of a country and the name of its file, for messages.

    Parameters
    ----------
    code
        Such as ``"us"``.
    folders
        Folders with country files of the user's own: the last one that has the code wins, and all
        of them over the shipped file. Their files are not checked by a hash.

    Raises
    ------
    CountryError
        If there is no such country, or a file or folder cannot be read.
    ResourceError
        If the shipped file is not recorded or not the recorded one.
    """
    codes = country_codes(folders)
    if code not in codes:
        raise CountryError(f"country: expected one of {', '.join(codes)}, got {code!r}")
    name = f"{code}.toml"
    own = next((folder for folder in reversed(folders) if name in _names_in(folder)), None)
    if own is None:
        return _checked_bytes(f"countries/{name}").decode("utf-8"), name
    path = Path(own) / name
    try:
        return path.read_text("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CountryError(f"{path}: cannot be read: {error}") from error


def _names_in(folder: str) -> set[str]:
    try:
        return {path.name for path in Path(folder).iterdir()}
    except (OSError, ValueError) as error:  # a NUL in the name
        raise CountryError(f"country_dirs: cannot list {folder!r}: {error}") from error


def sample_names() -> list[str]:
    """Return the names of the sample pictures, sorted."""
    return sorted(
        record.path.removeprefix("samples/")
        for record in source_records()
        if record.path.startswith("samples/")
    )


def sample_path(name: str) -> Path:
    """Return the path of a sample picture that comes with the package.

    Parameters
    ----------
    name
        One of `sample_names`, such as ``"eu.jpg"`` or ``"two_plates.jpg"``.

    Raises
    ------
    ResourceError
        If the file is missing, not recorded, not the recorded one, or the package is not
        installed as files.
    """
    _checked_bytes(f"samples/{name}")
    path = _folder("samples") / name
    if not isinstance(path, Path):
        raise ResourceError(f"runtime_data: samples/{name} is inside an archive, it has no path")
    return path


def source_records() -> list[SourceRecord]:
    """Return the provenance of every shipped file, in the order of ``SOURCES.toml``.

    Raises
    ------
    ResourceError
        If ``SOURCES.toml`` is missing or incomplete.
    """
    try:
        listed = tomllib.loads(_root().joinpath(_RECORDS).read_text("utf-8"))["file"]
        return [
            SourceRecord(
                path=entry["path"],
                sha256=entry["sha256"],
                made_by=entry["made_by"],
                origin=entry["from"],
                licence=entry["licence"],
            )
            for entry in listed
        ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResourceError(f"runtime_data: cannot read {_RECORDS}: {error!r}") from error


def _root() -> Traversable:
    try:
        return resources.files(_PACKAGE)
    except ModuleNotFoundError as error:
        raise ResourceError("runtime_data: the package was installed without its data") from error


def _folder(name: str) -> Traversable:
    folder = _root().joinpath(name)
    if not folder.is_dir():
        raise ResourceError(f"runtime_data: the folder {name} is missing")
    return folder


def _checked_bytes(path: str) -> bytes:
    expected = {record.path: record.sha256 for record in source_records()}.get(path)
    if expected is None:
        raise ResourceError(f"runtime_data: {path} is not recorded in {_RECORDS}")
    try:
        content = _root().joinpath(path).read_bytes()
    except OSError as error:
        raise ResourceError(f"runtime_data: {path} is missing") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ResourceError(f"runtime_data: {path} has SHA-256 {found}, expected {expected}")
    return content
