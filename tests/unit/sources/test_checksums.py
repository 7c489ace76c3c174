"""Checksums as ``sha256sum`` writes them."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from shutil import which

import pytest

from ecomon.errors import SourceRefused
from ecomon.sources.checksums import read_checksums, sha256_of, stated_sha256

A, B = "a" * 64, "0123456789ABCDEF" * 4


def test_a_list_by_hand() -> None:
    octets = f"{A}  water.csv\n\n{B} *sub/河 流.csv\r\n\\{A}  two\\nlines.csv\n".encode()
    assert read_checksums(octets, "x") == {
        "water.csv": A,
        "河 流.csv": B.lower(),
        "two\nlines.csv": A,
    }
    assert read_checksums(A.encode(), "x") == {"": A}


@pytest.mark.parametrize("octets", [b"", b"\n \n", b"abc  water.csv\n", A[1:].encode(), b"\0\xff"])
def test_what_is_no_list_is_refused_with_its_line(octets: bytes) -> None:
    with pytest.raises(SourceRefused, match=r"sent\.sha256"):
        read_checksums(octets, "sent.sha256")


@pytest.mark.skipif(which("sha256sum") is None, reason="sha256sum of coreutils is not here")
def test_what_sha256sum_writes_is_read(tmp_path: Path) -> None:
    names = ["a.csv", "河.csv", "back\\slash.csv", "two\nlines.csv"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    said = subprocess.run(["sha256sum", *names], cwd=tmp_path, capture_output=True, check=True)
    (tmp_path / "MANIFEST.sha256").write_bytes(said.stdout)
    for name in ("a.csv", "河.csv", "two\nlines.csv"):
        assert stated_sha256(tmp_path / name) == sha256_of(tmp_path / name)
        assert sha256_of(tmp_path / name) == hashlib.sha256(name.encode()).hexdigest()


def test_the_file_beside_comes_before_the_manifest_and_survives_a_renaming(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.touch()
    assert stated_sha256(path) is None
    (tmp_path / "MANIFEST.sha256").write_text(f"{A}  new.csv\n")
    assert stated_sha256(path) == A
    beside = tmp_path / "new.csv.sha256"
    beside.write_text(f"{B}  old.csv\n")
    assert stated_sha256(path) == B.lower()
    beside.write_text(f"{A}  one.csv\n{A}  two.csv\n")
    with pytest.raises(SourceRefused, match=r"no checksum of new\.csv"):
        stated_sha256(path)
