"""One inbox with everything that goes wrong with files, and good ones among it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ecomon.errors import SourceUnavailable, StoreUnavailable
from ecomon.model.period import Period
from ecomon.sources.journal import read_records
from flows.deliveries import read_patiently

DAY = Period.parse("2025-01-01")
HEAD = "# kind: example\nsite,start,source_flag,TL[mg/L]\n"
LONG_MB = int(os.environ.get("ECOMON_LONG_LINE_MB", "3"))
"""How long the long line is; 1000 in a campaign."""


def tabulated(*rows: str) -> bytes:
    return (HEAD + "".join(f"{row}\n" for row in rows)).encode()


def row(hour: int, text: str = "0.00003", flag: str = "正常") -> str:
    return f"xiwan-intake,2025-01-01T{hour:02d}:00,{flag},{text}"


def zipped(**members: bytes) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return octets.getvalue()


GOOD = {
    "good.csv": tabulated(row(0), row(1)),
    "packed.csv.gz": gzip.compress(tabulated(row(2))),
    "z-last.csv": tabulated(row(3)),
}
# Files whose bad rows are rejected, and how many observations still come through.
PARTLY = {
    "long-line.csv": tabulated(row(4)),  # the line is appended where it is written
    "nul.csv": tabulated(row(6), "xiwan\0,2025-01-01T07:00,,1"),
    "mixed-encoding.csv": tabulated(row(8)) + row(9).encode("gb18030") + b"\n",
    "cut.csv": tabulated(row(10)) + b"xiwan-intake,2025-01",
    "column.csv": tabulated(row(11)).replace(b"TL[mg/L]", b"TL[mg/L],XX").replace(b"3\n", b"3,1\n"),
    "header.csv": HEAD.encode(),
}
# Files that are refused, a word of the reason.
BAD = {
    "empty.csv": (b"", "empty"),
    "utf16.csv": (tabulated(row(0)).decode().encode("utf-16"), "UTF-16"),
    "utf16-no-mark.csv": (tabulated(row(0)).decode().encode("utf-16-le"), "NUL"),
    "rubbish.csv": (bytes(range(256)) * 400, "header"),
    "columns.csv": (b"place,time,TL\n1,2,3\n", "header"),
    "broken.zip": (b"PK\3\4 nothing follows", "broken archive"),
    "cut.csv.gz": (gzip.compress(GOOD["good.csv"])[:-9], "broken archive"),
    "sent.rar": (b"Rar!", "send .zip or .gz"),
    "mixed.zip": (
        zipped(a_csv=tabulated(row(12)), bomb_csv=b"\0" * (20 << 20), z_csv=tabulated(row(13))),
        "bomb.csv: unpacks to more than 200 times",
    ),
    "damaged.csv": (tabulated(row(0, "0.5")), "SHA-256"),
}


@pytest.fixture(scope="module")
def inbox_after(api: str, make_installation: Callable[..., Any]) -> tuple[Any, Any, dict[str, Any]]:
    """An installation, the inbox and what the ingest told."""
    home = make_installation("example")
    with (home.home / "ecomon.env").open("a") as file:
        file.write("ECOMON_INBOX_PATIENCE_S=0\n")
    inbox = home.home / "inbox" / "tabulated"
    inbox.mkdir(parents=True)
    for name, octets in GOOD.items():
        (inbox / name).write_bytes(octets)
    for name, octets in PARTLY.items():
        (inbox / name).write_bytes(octets)
    with (inbox / "long-line.csv").open("ab") as file:
        for _ in range(LONG_MB):
            file.write(b"x" * (1 << 20))
        file.write(f"\n{row(5)}\n".encode())
    for name, (octets, _) in BAD.items():
        (inbox / name).write_bytes(octets)
    (inbox / "damaged.csv.sha256").write_text(f"{'0' * 64}  damaged.csv\n")
    (inbox / "link.csv").symlink_to(inbox / "good.csv")
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "folder").mkdir()
    (inbox / "later.csv.part").write_bytes(b"half")
    return home, inbox, home.run("ingest", feed="tabulated")


def test_the_good_goes_through(inbox_after: tuple[Any, Path, dict[str, Any]]) -> None:
    home, inbox, report = inbox_after
    with home.store() as store:
        table = store.read_observations(DAY)
    assert table["start"].dt.hour.tolist() == [*range(7), 8, 10, 11, 12, 13]
    assert report["n_new"] == len(table) == report["flags"]
    done = {path.name for path in (inbox / "done").iterdir()} - {"manifest.jsonl"}
    assert done == GOOD.keys() | PARTLY.keys()
    records = {one["name"]: one for one in read_records(inbox / "done")}
    assert records.keys() == done
    for name, octets in GOOD.items():
        assert records[name]["sha256"] == hashlib.sha256(octets).hexdigest()
        assert records[name]["size"] == len(octets)
        assert len(records[name]["batches"]) == 1


def test_each_bad_file_is_named_with_its_reason(
    inbox_after: tuple[Any, Path, dict[str, Any]],
) -> None:
    _, inbox, report = inbox_after
    for name, (octets, word) in BAD.items():
        assert (inbox / "failed" / name).read_bytes() == octets
        assert word in (inbox / "failed" / f"{name}.reason.txt").read_text("utf-8")
    told = {name.partition("!")[0] for name in report["refused"]}
    assert told == BAD.keys()
    assert "unavailable" not in report


def test_each_bad_row_is_named_with_file_row_and_column(
    inbox_after: tuple[Any, Path, dict[str, Any]],
) -> None:
    home, _, _ = inbox_after
    with home.store() as store:
        letters = {one["file_name"]: one for one in store.read_dead_letters()}
    places = {name: (one["row"], one["column_name"]) for name, one in letters.items()}
    assert places == {
        "long-line.csv": (2, None), "nul.csv": (2, None), "mixed-encoding.csv": (2, None),
        "cut.csv": (2, None), "column.csv": (0, "XX"), "header.csv": (0, None),
    }  # fmt: skip
    assert f"{LONG_MB << 20} bytes" in letters["long-line.csv"]["reason"]
    assert letters["long-line.csv"]["raw"] == "x" * 4000


def test_what_is_no_file_is_told_and_stays(inbox_after: tuple[Any, Path, dict[str, Any]]) -> None:
    _, inbox, report = inbox_after
    assert set(report["left"]) == {"link.csv", "pipe.csv", "folder"}
    stays = {path.name for path in inbox.iterdir()} - {"done", "failed"}
    assert stays == {"link.csv", "pipe.csv", "folder", "later.csv.part"}


def test_archives_are_read_file_by_file(inbox_after: tuple[Any, Path, dict[str, Any]]) -> None:
    home, _, _ = inbox_after
    with home.store() as store:
        names = [one["file_name"] for one in store.read_batches()]
    assert {one for one in names if "!" in one} == {
        "packed.csv.gz!packed.csv", "mixed.zip!a.csv", "mixed.zip!z.csv",
    }  # fmt: skip
    assert not any((home.home / "work").iterdir())


def test_a_file_over_the_largest_size_is_refused_by_name(
    api: str, make_installation: Callable[..., Any], tmp_path: Path
) -> None:
    home = make_installation("example")
    with (home.home / "ecomon.env").open("a") as file:
        file.write("ECOMON_MAX_FILE_MB=1\n")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate((1 << 20) + 1)
    report = home.run("ingest", feed="tabulated", files=[str(large)])
    assert "more than the 1 MB" in report["refused"]["large.csv"]


def test_a_delivery_with_its_manifest(api: str, make_installation: Callable[..., Any]) -> None:
    home = make_installation("example")
    inbox = home.home / "inbox" / "tabulated"
    inbox.mkdir(parents=True)
    (inbox / "a.csv").write_bytes(GOOD["good.csv"])
    digest = hashlib.sha256(GOOD["good.csv"]).hexdigest()
    (inbox / "MANIFEST.sha256").write_text(f"{digest}  a.csv\n{digest}  b.csv\n")
    report = home.run("ingest", feed="tabulated")
    assert (report["files"], list(report["missing"])) == (1, ["b.csv"])
    assert set(home.files("inbox")) == {"tabulated/MANIFEST.sha256", "tabulated/done/a.csv"}
    (inbox / "b.csv").write_bytes(GOOD["good.csv"])
    report = home.run("ingest", feed="tabulated")
    assert (report["files"], report["n_new"]) == (1, 0) and "missing" not in report
    assert set(home.files("inbox")) == {
        f"tabulated/done/{name}" for name in ("MANIFEST.sha256", "a.csv", "b.csv")
    }


def test_many_files_are_few_task_runs_in_order() -> None:
    from flows.ingest import PORTIONS, portions_of

    for n_files in (0, 1, PORTIONS, PORTIONS + 1, 1000):
        paths = [Path(str(number)) for number in range(n_files)]
        portions = list(portions_of(paths))
        assert len(portions) <= PORTIONS
        assert [path for portion in portions for path in portion] == paths


# --- trying again -----------------------------------------------------------------------------------


def failing(*errors: Exception | None) -> Callable[[], str]:
    told: Iterator[Exception | None] = iter(errors)

    def act() -> str:
        if error := next(told):
            raise error
        return "read"

    return act


def unavailable(cause: OSError) -> SourceUnavailable:
    error = SourceUnavailable(str(cause))
    error.__cause__ = cause
    return error


def test_an_error_of_the_disk_is_tried_again_with_growing_pauses() -> None:
    pauses: list[float] = []
    act = failing(*[unavailable(OSError(5, "Input/output error"))] * 3, None)
    assert read_patiently(act, sleep=pauses.append) == "read"
    assert pauses == sorted(pauses) and len(pauses) == 3 and sum(pauses) > 5


def test_it_is_given_up_in_the_end_and_at_once_where_it_is_hopeless() -> None:
    for error, n_pauses in (
        (OSError(5, "Input/output error"), 3),
        (PermissionError(13, "no"), 0),
        (FileNotFoundError(2, "gone"), 0),
    ):
        pauses: list[float] = []
        with pytest.raises(SourceUnavailable):
            read_patiently(failing(*[unavailable(error)] * 9), sleep=pauses.append)
        assert len(pauses) == n_pauses


def test_a_database_that_is_away_is_waited_for() -> None:
    pauses: list[float] = []
    act = failing(*[StoreUnavailable("away")] * 6, None)
    assert read_patiently(act, sleep=pauses.append) == "read"
    assert len(pauses) == 6
