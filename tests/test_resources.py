# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from alprcore import resources
from alprcore.errors import CountryError, ResourceError

DATA = Path(__file__).parents[1] / "runtime_data"
FIELDS = 'made_by = "x"\nfrom = "y"\nlicence = "z"\n'


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder with one bank, whose record can be spoilt."""
    for name in ("models", "banks", "countries", "samples"):
        (tmp_path / name).mkdir()
    (tmp_path / "banks" / "a.npz").write_bytes(b"bank")
    digest = hashlib.sha256(b"bank").hexdigest()
    record = f'[[file]]\npath = "banks/a.npz"\nsha256 = "{digest}"\n{FIELDS}'
    (tmp_path / "SOURCES.toml").write_text(record)
    monkeypatch.setattr(resources.resources, "files", lambda _: tmp_path)
    return tmp_path


def test_a_recorded_file_is_read(data):
    assert resources.bank_bytes("a.npz") == b"bank"


def test_a_changed_file_is_refused(data):
    (data / "banks" / "a.npz").write_bytes(b"another")
    with pytest.raises(ResourceError, match=r"banks/a\.npz has SHA-256 .*, expected"):
        resources.bank_bytes("a.npz")


def test_a_missing_file_is_refused(data):
    (data / "banks" / "a.npz").unlink()
    with pytest.raises(ResourceError, match=r"banks/a\.npz is missing"):
        resources.bank_bytes("a.npz")


@pytest.mark.parametrize("name", ["b.npz", "../SOURCES.toml", "../../setup.py"])
def test_a_file_without_a_record_is_refused(data, name):
    with pytest.raises(ResourceError, match="not recorded"):
        resources.bank_bytes(name)


@pytest.mark.parametrize("text", ["", "[[file]]\npath = 'x'", "not toml"])
def test_a_spoilt_record_is_refused(data, text):
    (data / "SOURCES.toml").write_text(text)
    with pytest.raises(ResourceError, match="cannot read"):
        resources.bank_bytes("a.npz")


def test_a_missing_record_is_refused(data):
    (data / "SOURCES.toml").unlink()
    with pytest.raises(ResourceError, match="cannot read"):
        resources.source_records()


def test_an_unknown_country_is_refused_with_the_known_ones(data):
    (data / "countries" / "us.toml").write_text("")
    with pytest.raises(CountryError, match="expected one of us, got 'xx'"):
        resources.country_text("xx")


def test_every_shipped_file_has_a_true_record():
    shipped = {
        path.relative_to(DATA).as_posix()
        for path in DATA.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    records = resources.source_records()
    assert len({record.path for record in records}) == len(records)
    assert {record.path for record in records} == shipped - {"SOURCES.toml", "__init__.py"}
    for record in records:
        assert hashlib.sha256((DATA / record.path).read_bytes()).hexdigest() == record.sha256
        assert record.made_by
        assert record.origin
        assert record.licence


def test_every_country_is_valid_toml():
    codes = resources.country_codes()
    assert {"us", "eu", "br"} <= set(codes)
    for code in codes:
        assert tomllib.loads(resources.country_text(code))


def test_samples_lie_on_disk():
    names = resources.sample_names()
    assert names
    for name in names:
        assert resources.sample_path(name).is_file()
