"""Archives as they are delivered, ``.zip`` and ``.gz``: unpacked file by file, within stated limits.

A member is written to a work folder under a number, never under its own name, and is gone when the
next one is asked for. A member that is over a limit, encrypted or broken is refused by its name
and the others go on. An archive within an archive is refused.
"""

from __future__ import annotations

import errno
import gzip
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from ecomon.errors import SourceRefused
from ecomon.sources.checksums import MANIFEST, SUFFIX, read_checksums
from ecomon.sources.folder import FETCHED
from ecomon.sources.names import shown_name

PIECE_BYTES = 1 << 18
DIRECTORY_BYTES = 8 << 20
"""Largest table of contents of a zip; it is held in memory."""

RATIO_FREE_BYTES = 10 << 20
"""So much may come out of however little: repetitive readings pack well, and this harms nobody."""

SIDECAR_BYTES = 4 << 20
_ARCHIVES = (".zip", ".gz")
_OTHER_ARCHIVES = (".tar", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may come out of one archive: files, octets of one and of all, octets per packed octet.

    Deflate packs at most 1032 to 1 (zlib documentation, "Technical Details"); tables of readings
    about 5 to 40 to 1.
    """

    members: int = 1000
    member_bytes: int = 2 << 30
    total_bytes: int = 8 << 30
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class Member:
    """One unpacked file: what it is called, where it lies for now, and what stood beside it."""

    name: str
    path: Path
    fetched: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedMember:
    """A file of an archive that was not unpacked, and why."""

    name: str
    reason: str


def is_archive(path: Path) -> bool:
    """Whether a file is unpacked before it is read, by its ending."""
    return path.name.lower().endswith(_ARCHIVES)


def refuse_other_archive(name: str) -> None:
    """SourceRefused, naming the kinds that are taken, for an archive of another kind."""
    if name.lower().endswith(_OTHER_ARCHIVES):
        kind = name.rsplit(".", 1)[-1]
        raise SourceRefused(f"an archive of the kind .{kind}; send .zip or .gz")


def unpack(
    archive: Path, work: Path, limits: Limits
) -> Generator[Member | RefusedMember, None, None]:
    """The files of an archive one after another.

    Parameters
    ----------
    archive : Path
        A ``.zip`` or ``.gz`` file.
    work : Path
        An existing folder; a member's file in it lives until the next member is asked for.

    Yields
    ------
    Member or RefusedMember
        In the order of the archive. Folders, hidden files and the sidecars ``.fetched``,
        ``.sha256`` and ``MANIFEST.sha256`` are not among them: they are read.

    Raises
    ------
    SourceRefused
        if the archive as a whole is broken, empty, or has too many members.
    OSError
        if it cannot be read, or the work folder not written.
    """
    opened = _members_of_gzip if archive.name.lower().endswith(".gz") else _members_of_zip
    room = _Room(limits, limits.total_bytes, archive.stat().st_size)
    for number, (name, packed_bytes, stream, beside) in enumerate(opened(archive, limits)):
        path = work / f"member-{number}"
        try:
            if isinstance(stream, str):
                raise SourceRefused(stream)
            _refuse_nested(name)
            with _broken_is_refused(), stream as source, path.open("wb") as target:
                room.copy(source, target, packed_bytes)
        except SourceRefused as error:
            yield RefusedMember(name, str(error))
        else:
            yield Member(name, path, beside.fetched.get(name), beside.sha256.get(_base(name)))
        finally:
            path.unlink(missing_ok=True)


@dataclass(slots=True)
class _Beside:
    """What sidecars in an archive state, by the member they are of."""

    fetched: dict[str, str] = field(default_factory=dict[str, str])
    sha256: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class _Room:
    """What may still come out of an archive; what was refused is not counted."""

    limits: Limits
    left_bytes: int
    archive_bytes: int
    used_bytes: int = 0

    def copy(self, source: IO[bytes], target: IO[bytes], packed_bytes: int) -> None:
        """Unpack one member; SourceRefused at the first octet over a limit."""
        limits, size = self.limits, 0
        while piece := source.read(PIECE_BYTES):
            size += len(piece)
            if size > limits.member_bytes:
                raise SourceRefused(f"over {limits.member_bytes >> 20} MB unpacked; not read")
            if size > self.left_bytes:
                raise SourceRefused(f"the archive is over {limits.total_bytes >> 20} MB unpacked")
            if size > max(limits.ratio * packed_bytes, RATIO_FREE_BYTES) or self._is_bomb(size):
                raise SourceRefused(
                    f"unpacks to more than {limits.ratio} times its packed size, as a zip bomb"
                    " does; not read"
                )
            target.write(piece)
        self.left_bytes -= size
        self.used_bytes += size

    def _is_bomb(self, size: int) -> bool:
        """Members that share their packed octets are each harmless, and together are not."""
        whole = self.limits.ratio * self.archive_bytes
        return self.used_bytes + size > max(whole, RATIO_FREE_BYTES)


_Opened = tuple[str, int, IO[bytes] | str, _Beside]
"""Name of a member, its packed octets, its stream or why there is none, and the sidecars."""


def _members_of_gzip(archive: Path, _limits: Limits) -> Iterator[_Opened]:
    name = shown_name(archive.name)[: -len(".gz")]
    with _broken_is_refused(), archive.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise SourceRefused("no gzip file, though it is named .gz")
    with gzip.open(archive, "rb") as stream:
        yield name, archive.stat().st_size, cast("IO[bytes]", stream), _Beside()


def _members_of_zip(archive: Path, limits: Limits) -> Iterator[_Opened]:
    with archive.open("rb") as file:
        with _broken_is_refused():
            zipped = zipfile.ZipFile(cast("IO[bytes]", _Rationed(file, archive.stat().st_size)))
        with zipped:
            infos = [one for one in zipped.infolist() if not one.is_dir()]
            if len(infos) > limits.members:
                raise SourceRefused(
                    f"{len(infos)} files in the archive, more than {limits.members}; send it in parts"
                )
            beside = _read_sidecars(zipped, infos)
            readable = [one for one in infos if not _is_passed_over(_member_name(one))]
            if not readable:
                raise SourceRefused("the archive holds no file")
            for info in readable:
                yield _member_name(info), info.compress_size, _open_member(zipped, info), beside


def _open_member(zipped: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes] | str:
    """The octets of a member, or why they are not read."""
    if info.flag_bits & 0x1:
        return "encrypted; send it without a password"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a symbolic link; put the file itself"
    if info.compress_type not in _METHODS:
        return f"packed by the method {info.compress_type}; pack it as plain zip (deflate)"
    try:
        with _broken_is_refused():
            return zipped.open(info)
    except SourceRefused as error:
        return str(error)


def _read_sidecars(zipped: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> _Beside:
    beside = _Beside()
    for info in infos:
        name = _member_name(info)
        if not name.endswith((FETCHED, SUFFIX)) or _is_hidden(name):
            continue
        stream = _open_member(zipped, info)
        if isinstance(stream, str):
            raise SourceRefused(f"{name}: {stream}")
        with _broken_is_refused(), stream:
            octets = stream.read(SIDECAR_BYTES + 1)
        if len(octets) > SIDECAR_BYTES:
            raise SourceRefused(f"{name}: over {SIDECAR_BYTES >> 20} MB, not what its name says")
        if name.endswith(FETCHED):
            beside.fetched[name.removesuffix(FETCHED)] = octets.decode("utf-8", "replace")
            continue
        stated = read_checksums(octets, name)
        if _base(name) != MANIFEST:
            stated = {_base(name).removesuffix(SUFFIX): next(iter(stated.values()))}
        beside.sha256.update(stated)
    return beside


def _member_name(info: zipfile.ZipInfo) -> str:
    """A member's name as text, without what would lead out of a folder.

    Where the archive does not say that a name is UTF-8, Windows programs in China wrote GBK.
    """
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = info.filename
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return shown_name("/".join(parts))[:500]


def _is_passed_over(name: str) -> bool:
    return _is_hidden(name) or name.endswith((FETCHED, SUFFIX))


def _is_hidden(name: str) -> bool:
    base = _base(name)
    return name.startswith("__MACOSX/") or base.startswith((".", "~$")) or base == "Thumbs.db"


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _refuse_nested(name: str) -> None:
    if name.lower().endswith((*_ARCHIVES, *_OTHER_ARCHIVES)):
        raise SourceRefused("an archive within an archive; send its files themselves")


@contextmanager
def _broken_is_refused() -> Iterator[None]:
    """What the unpackers raise for broken octets, as a refusal; errors of the disk go on."""
    try:
        yield
    except _BROKEN as error:
        said = str(error) or type(error).__name__
        raise SourceRefused(f"broken archive: {said}") from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # an offset before the beginning of the file
            raise
        raise SourceRefused(f"broken archive: {error}") from None


@dataclass(slots=True)
class _Rationed:
    """A file that gives at most so much at once: a zip's table of contents is read in one go."""

    file: IO[bytes]
    size: int

    def read(self, n: int = -1) -> bytes:
        wanted = self.size - self.file.tell() if n < 0 else n
        if wanted > DIRECTORY_BYTES:
            raise SourceRefused(f"its table of contents is over {DIRECTORY_BYTES >> 20} MB")
        return self.file.read(n)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True
