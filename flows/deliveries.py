"""One delivery into the store: a file, or an archive file by file, each in a transaction of its own."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import structlog
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
)

from ecomon.errors import SourceRefused, SourceUnavailable, StoreUnavailable
from ecomon.journey.read_readings import Feed, names_digest, read_readings
from ecomon.model.observation import isoformat
from ecomon.model.period import to_beijing
from ecomon.model.sample import FEED as SAMPLES
from ecomon.sources.archive import (
    Limits,
    Member,
    RefusedMember,
    is_archive,
    refuse_other_archive,
    unpack,
)
from ecomon.sources.checksums import stated_sha256
from ecomon.sources.folder import FETCHED
from ecomon.sources.names import has_file, shown_name
from ecomon.store import IngestReport
from ecomon.store.blobs import PIECE_BYTES, Octets
from ecomon.store.samples import SampleNotes
from flows.installation import Run

READ_ATTEMPTS = 4
STORE_PATIENCE_S = 180.0
_HOPELESS = (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError)

R = TypeVar("R")
_log = structlog.get_logger()


@dataclass(slots=True)
class Outcome:
    """What became of files, by the names they are shown with."""

    done: list[IngestReport] = field(default_factory=list[IngestReport])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    unavailable: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, other: Outcome) -> None:
        """Take in what became of other files."""
        self.done.extend(other.done)
        self.refused.update(other.refused)
        self.unavailable.update(other.unavailable)

    def log_left(self) -> None:
        """One line for each file that did not go in."""
        for event, files in (
            ("file_refused", self.refused),
            ("file_unavailable", self.unavailable),
        ):
            for name, reason in files.items():
                _log.warning(event, file=name, reason=reason)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file to read: where it lies, what it is called, when it was fetched, what its hash must be."""

    path: Path
    name: str
    fetched_at: datetime | None = None
    sha256: str | None = None


def ingest_delivery(
    run: Run, feed: Feed, path: Path, year: int | None, *, is_checked: bool = False
) -> Outcome:
    """Store a file, or each file of an archive; what cannot be is named and stops no other.

    ``is_checked`` says that the file's stated checksum was compared already.
    """
    name, outcome = shown_name(path.name), Outcome()
    try:
        if is_archive(path):
            _ingest_archive(run, feed, path, year, outcome, is_checked=is_checked)
        else:
            outcome.done.append(ingest_file(run, feed, path, year, is_checked=is_checked))
    except SourceRefused as error:
        outcome.refused[name] = str(error)
    except SourceUnavailable as error:
        outcome.unavailable[name] = str(error)
    return outcome


def ingest_file(
    run: Run, feed: Feed, path: Path, year: int | None, *, is_checked: bool = False
) -> IngestReport:
    """Read one file, decode it and store it in one transaction.

    Raises
    ------
    SourceRefused
        if it is no file of the feed, is larger than ``max_file_mb``, or differs from its checksum.
    SourceUnavailable
        if it could not be read, though it was tried several times.
    StoreUnavailable
        if the database stayed away for three minutes.
    """

    def read() -> IngestReport:
        refuse_other_archive(path.name)
        stated = None if is_checked else stated_sha256(path)
        delivered = Delivered(path, shown_name(path.name), stated_fetch(path), stated)
        return _ingest_once(run, feed, delivered, year, received_at=_received_at(path))

    return read_patiently(lambda: _as_unavailable(path, read))


def _ingest_archive(
    run: Run, feed: Feed, path: Path, year: int | None, outcome: Outcome, *, is_checked: bool
) -> None:
    """Store the files of an archive; whatever is wrong with one of them is put beside the others."""
    stated = None if is_checked else _as_unavailable(path, lambda: stated_sha256(path))
    if stated is not None:
        _check_sha256(_as_unavailable(path, lambda: Octets.of_file(path)).sha256, stated)
    limits = Limits(member_bytes=run.settings.max_file_mb << 20)
    with (
        TemporaryDirectory(dir=work_folder(run), prefix=f"unpack-{feed.name}-") as work,
        closing(unpack(path, Path(work), limits)) as members,
    ):
        while (member := _as_unavailable(path, lambda: next(members, None))) is not None:
            name = f"{shown_name(path.name)}!{member.name}"
            if isinstance(member, RefusedMember):
                outcome.refused[name] = member.reason
                continue
            try:
                outcome.done.append(_ingest_member(run, feed, path, member, year))
            except SourceRefused as error:
                outcome.refused[name] = str(error)
            except SourceUnavailable as error:
                outcome.unavailable[name] = str(error)


def _ingest_member(
    run: Run, feed: Feed, archive: Path, member: Member, year: int | None
) -> IngestReport:
    """Store one file of an archive; what stands beside the archive holds where the member has none."""
    name = f"{shown_name(archive.name)}!{member.name}"
    if member.fetched is None:
        fetched_at = _as_unavailable(archive, lambda: stated_fetch(archive))
    else:
        fetched_at = read_fetch(member.fetched, name)
    delivered = Delivered(member.path, name, fetched_at, member.sha256)

    def read() -> IngestReport:
        return _ingest_once(run, feed, delivered, year, received_at=_received_at(archive))

    return read_patiently(lambda: _as_unavailable(archive, read))


def work_folder(run: Run) -> Path:
    """Where archives are unpacked: ``home/work``."""
    folder = run.settings.home / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear_work_folder(run: Run, feed: str) -> None:
    """Remove what a killed run of this feed left half unpacked; the caller has the feed's turn."""
    for left in work_folder(run).glob(f"unpack-{feed}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _ingest_once(
    run: Run, feed: Feed, delivered: Delivered, year: int | None, *, received_at: datetime | None
) -> IngestReport:
    """Decode one file and store it, in one transaction."""
    path = delivered.path
    size = path.stat().st_size
    if size > run.settings.max_file_mb << 20:
        raise SourceRefused(
            f"{size >> 20} MB, more than the {run.settings.max_file_mb} MB of max_file_mb"
            " (ECOMON_MAX_FILE_MB); send it in parts"
        )
    first_read = Octets.of_file(path)
    if delivered.sha256 is not None:
        _check_sha256(first_read.sha256, delivered.sha256)
    octets = replace(first_read, pieces=lambda: _unchanged_pieces(path, first_read))
    with path.open("rb") as head:
        kind = feed.kind_of(iter(lambda: head.read(PIECE_BYTES), b""))
    if kind is not None and kind != run.store.kind:
        raise SourceRefused(f"{kind} data do not go into a store of {run.store.kind} data")
    fetched_at = delivered.fetched_at
    began_s = time.monotonic()
    batches = read_readings(feed, octets.pieces(), run.registry, year=year, fetched_at=fetched_at)
    notes = SampleNotes() if feed.name == SAMPLES else None
    report = run.store.ingest(
        batches if notes is None else notes.noting(batches),
        blob=octets,
        file_name=delivered.name,
        source=feed.name,
        decoder=feed.decoder,
        decoder_version=feed.version,
        # What else decides how the octets are read: with other names registered, or another year,
        # the same file is read anew and mends what it made before.
        options={
            "year": year,
            "fetched_at": fetched_at and isoformat(fetched_at),
            "names": names_digest(feed, run.registry),
        },
        received_at=received_at,
        kind=kind,
        is_again=run.is_again,
        beside=None if notes is None else notes.write,
    )
    _log.info(
        "file_ingested", feed=feed.name, file=delivered.name, size=size, **asdict(report),
        duration_s=round(time.monotonic() - began_s, 3),
    )  # fmt: skip
    return report


def _unchanged_pieces(path: Path, first_read: Octets) -> Iterator[bytes]:
    """A file's octets once more; SourceUnavailable at their end if they are others than before."""
    digest = hashlib.sha256()
    for piece in first_read.pieces():
        digest.update(piece)
        yield piece
    if digest.hexdigest() != first_read.sha256:
        raise SourceUnavailable(f"{path}: changed while it was read")


def _check_sha256(found: str, stated: str) -> None:
    if found != stated:
        raise SourceRefused(
            f"its SHA-256 is {found}, stated is {stated}: not whole or damaged; send it again"
        )


def _received_at(path: Path) -> datetime | None:
    """When a file was last written, naive Beijing time; None where its stamp is no date."""
    try:
        return to_beijing(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    except (OverflowError, ValueError):
        return None


def stated_fetch(path: Path) -> datetime | None:
    """When a file was fetched, as ``FILE.fetched`` beside it states (ISO 8601); None without one.

    A file's own date is not asked: copying changes it, and it would silently become a year.
    """
    beside = path.with_name(path.name + FETCHED)
    if not has_file(beside):
        return None
    with beside.open("rb") as file:
        text = file.read(200).decode("utf-8-sig", "replace")
    return read_fetch(text, beside.name)


def read_fetch(text: str, where: str) -> datetime:
    """An ISO 8601 time as naive Beijing time; SourceRefused, naming the file, where it is none."""
    try:
        return to_beijing(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise SourceRefused(f"{where}: not a time: {text.strip()[:80]!r}") from None


def _as_unavailable(path: Path, act: Callable[[], R]) -> R:
    """What ``act`` gives; an error of the disk as SourceUnavailable."""
    try:
        return act()
    except OSError as error:
        raise SourceUnavailable(f"{path}: {error}") from error


def read_patiently(act: Callable[[], R], *, sleep: Callable[[float], Any] = time.sleep) -> R:
    """What ``act`` gives, tried again with growing pauses.

    A source that is unavailable is tried ``READ_ATTEMPTS`` times within some ten seconds, unless
    its file is gone or forbidden; a database that is away, for ``STORE_PATIENCE_S``.
    """
    reading = Retrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(READ_ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, exp_base=4, max=30),
        sleep=sleep,
        reraise=True,
    )
    storing = Retrying(
        retry=retry_if_exception_type(StoreUnavailable),
        stop=stop_after_delay(STORE_PATIENCE_S),
        wait=wait_exponential(multiplier=0.5, max=30),
        sleep=sleep,
        reraise=True,
    )
    return storing(lambda: reading(act))


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, SourceUnavailable) and not isinstance(error.__cause__, _HOPELESS)
