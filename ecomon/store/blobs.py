"""Blobs: the octets of ingested files, by their SHA-256, in pieces that memory can hold."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select

from ecomon.errors import StoreError
from ecomon.store.knowledge import Commit
from ecomon.store.schema import blob, blob_piece

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Octets:
    """A file's octets, told again each time they are asked for, never held whole.

    ``sha256`` and ``size`` are known before anything is written; what is told later must be that.
    """

    sha256: str
    size: int
    pieces: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, octets: bytes) -> Octets:
        """Octets that are in memory already."""

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(octets), PIECE_BYTES):
                yield octets[at : at + PIECE_BYTES]

        return cls(hashlib.sha256(octets).hexdigest(), len(octets), pieces)

    @classmethod
    def of_file(cls, path: Path) -> Octets:
        """Octets of a file, which is read now for its hash; OSError where it cannot be."""

        def pieces() -> Iterator[bytes]:
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

        digest, size = hashlib.sha256(), 0
        for piece in pieces():
            digest.update(piece)
            size += len(piece)
        return cls(digest.hexdigest(), size, pieces)


def write_blob(commit: Commit, octets: Octets) -> None:
    """Keep octets under their hash; known ones stay as they are, pruned ones come back.

    Raises
    ------
    StoreError
        if what is told is not what the hash says: the file changed meanwhile.
    """
    conn = commit.conn
    known = conn.execute(
        select(blob.c.pruned_at_s).where(blob.c.sha256 == octets.sha256)
    ).one_or_none()
    if known is not None and known.pruned_at_s is None:
        return
    if known is None:
        conn.execute(
            insert(blob).values(sha256=octets.sha256, size=octets.size, first_seq=commit.seq)
        )
    else:
        conn.execute(blob.update().where(blob.c.sha256 == octets.sha256).values(pruned_at_s=None))
    digest = hashlib.sha256()
    for number, piece in enumerate(octets.pieces()):
        digest.update(piece)
        conn.execute(
            insert(blob_piece).values(
                sha256=octets.sha256, number=number, octets=zlib.compress(piece, 3)
            )
        )
    if digest.hexdigest() != octets.sha256:
        raise StoreError("the file changed while it was read; nothing of it was stored")


def read_blob(conn: Connection, sha256: str) -> bytes:
    """The octets of an ingested file; StoreError if they are not here (or no longer)."""
    known = conn.execute(select(blob.c.pruned_at_s).where(blob.c.sha256 == sha256)).one_or_none()
    if known is None:
        raise StoreError(f"there are no octets {sha256}")
    if known.pruned_at_s is not None:
        raise StoreError(f"the octets {sha256} were let go by the retention of this store")
    pieces = conn.execute(
        select(blob_piece.c.octets)
        .where(blob_piece.c.sha256 == sha256)
        .order_by(blob_piece.c.number)
    )
    return b"".join(zlib.decompress(piece) for (piece,) in pieces)
