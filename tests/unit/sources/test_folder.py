"""A watched folder: what has arrived, what waits, what is no file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ecomon.sources.folder import Arrivals, Patience, find_arrivals, list_inbox

NOW = 1_700_000_000.0
PATIENCE = Patience(settle_s=5.0, checksum_s=600.0)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path


def lay(inbox: Path, name: str, octets: bytes = b"x") -> Path:
    path = inbox / name
    path.write_bytes(octets)
    return path


def state(path: Path, octets: bytes) -> None:
    digest = hashlib.sha256(octets).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")


def look(
    inbox: Path, *, age_s: float, meanwhile: Callable[[], object] = lambda: None
) -> tuple[Arrivals, list[float]]:
    """Look when what was laid is so old; what is done while young files are waited for."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        meanwhile()

    listing = list_inbox(inbox)
    newest_s = max((seen.changed_s for seen in listing.files.values()), default=0.0)
    return find_arrivals(listing, PATIENCE, now_s=newest_s + age_s, wait=wait), waits


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_files_in_order_and_nothing_that_is_none(inbox: Path) -> None:
    for name in (
        "b.csv",
        "a.csv",
        "c.csv.part",
        "d.TMP",
        ".hidden",
        "~$open.xlsx",
        "a.csv.fetched",
    ):
        lay(inbox, name)
    for name in ("done", "failed", "folder"):
        (inbox / name).mkdir()
    (inbox / "link.csv").symlink_to(inbox / "a.csv")
    (inbox / "dangling.csv").symlink_to(inbox / "nowhere")
    os.mkfifo(inbox / "pipe.csv")
    listing = list_inbox(inbox)
    assert names(list(listing.files)) == ["a.csv", "b.csv"]
    assert set(listing.left) == {"folder", "link.csv", "dangling.csv", "pipe.csv"}
    assert "symbolic link" in listing.left["link.csv"]
    assert "pipe" in listing.left["pipe.csv"]
    assert names(list(listing.sidecars)) == ["a.csv.fetched"]


def test_an_inbox_that_is_not_there_or_no_folder(inbox: Path) -> None:
    assert not list_inbox(inbox / "none").files
    lay(inbox, "file")
    assert list(list_inbox(inbox / "file").left) == ["file"]


def test_an_old_file_is_taken_without_waiting(inbox: Path) -> None:
    lay(inbox, "a.csv")
    found, waits = look(inbox, age_s=5.0)
    assert (names(found.arrived), waits) == (["a.csv"], [])


@pytest.mark.parametrize("age_s", [0.0, 4.9, -86_400.0])
def test_a_young_file_is_taken_when_it_stood_still(inbox: Path, age_s: float) -> None:
    """Also one of the future: a clock was set back, or the sender's is ahead."""
    lay(inbox, "a.csv")
    found, waits = look(inbox, age_s=age_s)
    assert (names(found.arrived), waits) == (["a.csv"], [5.0])


def test_a_file_that_grows_waits_and_holds_no_other_up(inbox: Path) -> None:
    growing, gone = lay(inbox, "a.csv"), lay(inbox, "b.csv")
    lay(inbox, "c.csv")

    def meanwhile() -> None:
        growing.write_bytes(b"xy")
        gone.unlink()

    found, _ = look(inbox, age_s=1.0, meanwhile=meanwhile)
    assert names(found.arrived) == ["c.csv"]
    assert set(found.waiting) == {"a.csv", "b.csv"}
    assert found.waiting["a.csv"] == "still being written"


def test_a_young_file_with_its_checksum_is_taken_at_once(inbox: Path) -> None:
    state(lay(inbox, "a.csv", b"whole"), b"whole")
    found, waits = look(inbox, age_s=0.0)
    assert (names(found.arrived), waits) == (["a.csv"], [])


@pytest.mark.parametrize(("age_s", "is_refused"), [(1.0, False), (599.0, False), (600.0, True)])
def test_a_file_that_differs_waits_and_is_refused_in_the_end(
    inbox: Path, age_s: float, is_refused: bool
) -> None:
    state(lay(inbox, "a.csv", b"half"), b"half and more")
    lay(inbox, "b.csv")
    found, _ = look(inbox, age_s=age_s)
    assert names(found.arrived) == ["b.csv"]
    told = {path.name: why for path, why in found.refused.items()} if is_refused else found.waiting
    assert list(told) == ["a.csv"]
    assert hashlib.sha256(b"half").hexdigest() in told["a.csv"]


def test_a_manifest_states_checksums_of_the_whole_delivery(inbox: Path) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    lay(inbox, "a.csv")
    lay(inbox, "b.csv", b"other")
    lay(inbox, "unnamed.csv")
    (inbox / "MANIFEST.sha256").write_text(f"{digest}  a.csv\n{digest}  b.csv\n")
    found, _ = look(inbox, age_s=10.0)
    assert names(found.arrived) == ["a.csv", "unnamed.csv"]
    assert list(found.waiting) == ["b.csv"]


def test_a_checksum_that_is_none_is_not_passed_over(inbox: Path) -> None:
    lay(inbox, "a.csv")
    lay(inbox, "a.csv.sha256", b"soon")
    young, _ = look(inbox, age_s=10.0)
    old, _ = look(inbox, age_s=1000.0)
    assert list(young.waiting) == ["a.csv"]
    assert "a.csv.sha256" in next(iter(old.refused.values()))
