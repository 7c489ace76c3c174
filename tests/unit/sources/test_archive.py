"""Archives: what is good comes through, what is not is named, nothing is written elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.errors import SourceRefused
from ecomon.sources import archive as room
from ecomon.sources.archive import Limits, Member, RefusedMember, is_archive, unpack

LIMITS = Limits(members=20, member_bytes=30 << 20, total_bytes=60 << 20)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def zipped(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "sent.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, octets in members:
            file.writestr(name, octets)
    return path


def taken(
    path: Path, work: Path, limits: Limits = LIMITS
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Octets of the good members, reasons of the others."""
    good: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    for one in unpack(path, work, limits):
        if isinstance(one, RefusedMember):
            refused[one.name] = one.reason
        else:
            good[one.name] = one.path.read_bytes()
    assert not list(work.iterdir())
    return good, refused


def test_members_come_one_by_one_and_leave_no_file(tmp_path: Path, work: Path) -> None:
    path = zipped(
        tmp_path, ("a.csv", b"1"), ("sub/河.csv", b"22"), ("sub/", b""), (".DS_Store", b"x")
    )
    seen: list[tuple[str, int]] = []
    for one in unpack(path, work, LIMITS):
        assert isinstance(one, Member)
        seen.append((one.name, len(list(work.iterdir()))))
    assert seen == [("a.csv", 1), ("sub/河.csv", 1)]
    assert not list(work.iterdir())


def test_gzip_of_several_parts(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "water.csv.gz"
    path.write_bytes(gzip.compress(b"one\n", mtime=0) + gzip.compress(b"two\n"))
    assert taken(path, work) == ({"water.csv": b"one\ntwo\n"}, {})


def test_what_stands_beside_a_member_in_the_archive(tmp_path: Path, work: Path) -> None:
    digest = hashlib.sha256(b"1").hexdigest()
    path = zipped(
        tmp_path, ("d/a.csv", b"1"), ("b.csv", b"2"),
        ("d/a.csv.fetched", b"2021-04-03T08:00+08:00\n"),
        ("MANIFEST.sha256", f"{digest}  a.csv\n".encode()), ("b.csv.sha256", digest.encode()),
    )  # fmt: skip
    found = [one for one in unpack(path, work, LIMITS) if isinstance(one, Member)]
    assert [(one.name, one.fetched, one.sha256) for one in found] == [
        ("d/a.csv", "2021-04-03T08:00+08:00\n", digest),
        ("b.csv", None, digest),
    ]


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../../evil.csv"]
)
def test_a_path_in_a_name_leads_nowhere(tmp_path: Path, work: Path, name: str) -> None:
    before = set(tmp_path.rglob("*"))
    good, _ = taken(zipped(tmp_path, (name, b"1")), work)
    assert list(good.values()) == [b"1"]
    assert not any(".." in one or one.startswith("/") for one in good)
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "sent.zip"}


def test_a_bomb_is_named_and_the_good_before_and_after_it_come(tmp_path: Path, work: Path) -> None:
    bomb = b"\0" * (20 << 20)
    good, refused = taken(
        zipped(tmp_path, ("a.csv", b"1"), ("bomb.csv", bomb), ("z.csv", b"2")), work
    )
    assert good == {"a.csv": b"1", "z.csv": b"2"}
    assert "200 times" in refused["bomb.csv"]


def test_a_gzip_bomb(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "b.csv.gz"
    path.write_bytes(gzip.compress(b"\0" * (20 << 20), mtime=0))
    _, refused = taken(path, work)
    assert "200 times" in refused["b.csv"]


def test_sizes_are_limited_by_member_and_in_all(tmp_path: Path, work: Path) -> None:
    limits = Limits(member_bytes=1000, total_bytes=1500)
    octets = bytes(range(256)) * 3
    path = zipped(tmp_path, ("a", octets), ("big", octets * 2), ("b", octets[:700]), ("c", octets))
    good, refused = taken(path, work, limits)
    assert list(good) == ["a", "b"]
    assert "over 0 MB unpacked" in refused["big"]
    assert "the archive is over" in refused["c"]


def test_members_that_share_their_octets_are_a_bomb_together(tmp_path: Path, work: Path) -> None:
    """Each is harmless by its own ratio; the table of contents points at one of them many times."""
    octets = b"".join(struct.pack("<I", n * n) * 40 for n in range(60_000))
    path = zipped(tmp_path, ("a", octets))
    raw = path.read_bytes()
    at = raw.index(b"PK\1\2")
    entry, end = raw[at : raw.index(b"PK\5\6")], bytearray(raw[raw.index(b"PK\5\6") :])
    end[8:12] = struct.pack("<HH", 20, 20)
    end[12:16] = struct.pack("<I", 20 * len(entry))
    path.write_bytes(raw[:at] + entry * 20 + bytes(end))
    found = Limits(members=20, ratio=-(-len(octets) // at) + 2)
    try:
        seen = [type(one) for one in unpack(path, work, found)]
    except SourceRefused as error:  # later Pythons see the overlap themselves
        assert "broken archive" in str(error)
    else:
        assert RefusedMember in seen


def test_too_many_members_and_a_table_of_contents_that_fills_memory(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path, *((f"{n}.csv", b"1") for n in range(21)))
    with pytest.raises(SourceRefused, match="21 files in the archive"):
        taken(path, work)
    monkeypatch.setattr(room, "DIRECTORY_BYTES", 500)
    with pytest.raises(SourceRefused, match="table of contents"):
        taken(path, work)


def test_encrypted_linked_nested_and_oddly_packed_members_are_named(
    tmp_path: Path, work: Path
) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = 0o120777 << 16
    odd = zipfile.ZipInfo("odd.csv")
    odd.compress_type = zipfile.ZIP_LZMA
    path = zipped(
        tmp_path, ("secret.csv", b"1"), (link, b"/etc/passwd"), ("in.zip", b"PK"), ("in.tar", b"x"),
        (odd, b"1"), ("good.csv", b"2"),
    )  # fmt: skip
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the first member says that it is encrypted, here and in the table of contents
    raw[raw.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(raw)
    good, refused = taken(path, work)
    assert list(good) == ["good.csv"]
    words = {"secret.csv": "encrypted", "link.csv": "symbolic link", "odd.csv": "method 14"}
    words |= dict.fromkeys(("in.zip", "in.tar"), "archive within an archive")
    assert set(refused) == set(words)
    for name, word in words.items():
        assert word in refused[name]


def test_a_damaged_member_is_named_and_the_others_come(tmp_path: Path, work: Path) -> None:
    path = zipped(
        tmp_path, ("a.csv", b"1" * 5000), ("b.csv", bytes(range(256)) * 20), ("c.csv", b"3")
    )
    raw = bytearray(path.read_bytes())
    at = raw.index(b"b.csv") + 40
    raw[at : at + 8] = b"\xff" * 8
    path.write_bytes(raw)
    good, refused = taken(path, work)
    assert set(good) == {"a.csv", "c.csv"}
    assert "broken archive" in refused["b.csv"]


def test_names_of_windows_programs_are_read(tmp_path: Path, work: Path) -> None:
    path = zipped(tmp_path, ("xx.csv", b"1"))
    path.write_bytes(path.read_bytes().replace(b"xx.csv", "河".encode("gb18030") + b".csv"))
    good, _ = taken(path, work)
    assert list(good) == ["河.csv"]


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("a.zip", b""), ("a.zip", b"no zip at all"), ("a.gz", b""), ("a.gz", b"text"),
        ("a.zip", gzip.compress(b"1", mtime=0)), ("a.zip", b"PK\5\6" + b"\0" * 18),
    ],
)  # fmt: skip
def test_what_is_no_archive_is_refused(
    tmp_path: Path, work: Path, name: str, octets: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(octets)
    with pytest.raises(SourceRefused):
        taken(path, work)


def test_a_gzip_that_breaks_off(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 99)[:-20])
    _, refused = taken(path, work)
    assert "broken archive" in refused["a.csv"]


def test_what_is_an_archive_is_told_by_its_ending() -> None:
    told = [name for name in ("a.ZIP", "a.csv.gz", "a.csv", "a.xlsx") if is_archive(Path(name))]
    assert told == ["a.ZIP", "a.csv.gz"]


def sample() -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", b"1,2,3\n" * 100)
        file.writestr("b.csv", b"4")
    return octets.getvalue()


SAMPLE = sample()


@given(st.integers(0, len(SAMPLE)), st.binary(max_size=30), st.sampled_from([".zip", ".gz"]))
@settings(max_examples=150, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes, ending: str
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    octets = SAMPLE if ending == ".zip" else gzip.compress(SAMPLE, mtime=0)
    path = folder / f"a{ending}"
    path.write_bytes(octets[:at] + noise + octets[at + len(noise) :])
    (folder / "work").mkdir()
    try:
        taken(path, folder / "work")
    except SourceRefused as refusal:
        assert str(refusal)
