"""The file of a backup: a zip of Parquet parts and a manifest that names each by its SHA-256.

It belongs to no database: what was backed up from one engine is restored into another. The parts
are Parquet, so that the tables can be read without ecomon, too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ecomon.errors import StoreError

FORMAT = "ecomon backup 1"
MANIFEST = "manifest.json"
PART_ROWS, PART_BYTES = 500_000, 64 << 20
"""A part ends at whichever it reaches first."""
GROUP_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Part:
    """A run of rows of one table: a Parquet file within the backup."""

    table: str
    name: str
    n_rows: int
    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What a backup holds. ``tables`` are in an order in which each refers to earlier ones only."""

    schema: str
    kind: str
    id: str
    seq: int
    created_at: str
    code_version: str
    tables: dict[str, dict[str, str]]  # name: {column: type}
    parts: list[Part] = field(default_factory=list[Part])

    @property
    def n_rows(self) -> dict[str, int]:
        """Rows of each table."""
        rows = dict.fromkeys(self.tables, 0)
        for part in self.parts:
            rows[part.table] += part.n_rows
        return rows

    def octets(self) -> bytes:
        """The manifest as it stands in the file."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)
        return text.encode()

    def sha256(self) -> str:
        """The hash of its octets: of every part, through the hashes it names."""
        return hashlib.sha256(self.octets()).hexdigest()


@contextmanager
def new_file(path: Path) -> Iterator[io.BufferedRandom]:
    """A file that stands at ``path`` when the block ends well, whole and on the disk, or not at all.

    It is readable by its owner only: a backup holds the hashes of tokens.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise StoreError(f"{path} exists already; a backup is never written over another")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        sync_folder(path.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"the backup cannot be written to {path}: {error}") from error
        raise


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BackupWriter:
    """Writes parts into a zip, and the manifest last."""

    def __init__(self, file: io.BufferedRandom, manifest: Manifest) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self.manifest = manifest

    def write_table(self, table: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the rows of a table, cut into parts."""
        number, held = 0, _Held(schema)
        for batch in batches:
            held.add(batch)
            if held.n_rows >= PART_ROWS or held.n_bytes >= PART_BYTES:
                number += 1
                self._write_part(table, number, held)
                held = _Held(schema)
        if held.n_rows:
            self._write_part(table, number + 1, held)

    def _write_part(self, table: str, number: int, held: _Held) -> None:
        octets = held.octets()
        name = f"{table}/{number:06d}.parquet"
        self._zip.writestr(_entry(name), octets)
        digest = hashlib.sha256(octets).hexdigest()
        self.manifest.parts.append(Part(table, name, held.n_rows, len(octets), digest))

    def close(self) -> None:
        """Write the manifest and the list of the zip."""
        self._zip.writestr(_entry(MANIFEST), self.manifest.octets())
        self._zip.close()


def _entry(name: str) -> zipfile.ZipInfo:
    # A fixed time: a backup says when it was made in its manifest, once.
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


class _Held:
    """A part that is being written."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = io.BytesIO()
        self._writer = pq.ParquetWriter(self._sink, schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._n_waiting = self._waiting_bytes = 0
        self.n_rows = 0

    @property
    def n_bytes(self) -> int:
        return self._sink.tell() + self._waiting_bytes

    def add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._n_waiting += batch.num_rows
        self._waiting_bytes += batch.nbytes
        self.n_rows += batch.num_rows
        if self._n_waiting >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        """Write what waits as one group of rows, which is what a reader holds at once."""
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting, self._n_waiting, self._waiting_bytes = [], 0, 0

    def octets(self) -> bytes:
        self._flush()
        self._writer.close()
        return self._sink.getvalue()


class BackupReader:
    """A backup, open for reading; a context manager. ``file``: one that will stand at ``path``.

    Raises
    ------
    StoreError
        if the file is no backup, or is not whole.
    """

    def __init__(self, path: Path, file: io.BufferedRandom | None = None) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path if file is None else file)
        except FileNotFoundError:
            raise StoreError(f"there is no backup {path}") from None
        except (zipfile.BadZipFile, OSError) as broken:
            raise StoreError(f"{path} is no whole backup: {broken}") from None
        try:
            self.manifest = _read_manifest(self._octets(MANIFEST), path)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> BackupReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def verify(self) -> None:
        """Read every part against its hash; StoreError naming the first that is not what it was."""
        listed = {part.name for part in self.manifest.parts} | {MANIFEST}
        names = self._zip.namelist()
        if strangers := sorted(set(names) - listed):
            raise StoreError(f"{self.path} holds {strangers[0]}, which its manifest does not name")
        for part in self.manifest.parts:
            self._part(part)

    def batches(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of a part, some ten thousand at a time."""
        file = pq.ParquetFile(pa.BufferReader(self._part(part)))
        for number in range(file.num_row_groups):
            yield from file.read_row_group(number).to_batches()

    def _part(self, part: Part) -> bytes:
        octets = self._octets(part.name)
        if len(octets) != part.size or hashlib.sha256(octets).hexdigest() != part.sha256:
            raise StoreError(f"{self.path} is damaged: {part.name} is not what was written")
        return octets

    def _octets(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError:
            raise StoreError(f"{self.path} is damaged: it lacks {name}") from None
        except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as broken:
            raise StoreError(f"{self.path} is damaged at {name}: {broken}") from None


def _read_manifest(octets: bytes, path: Path) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(octets)
        if told.pop("format") != FORMAT:
            raise StoreError(f"{path} is a backup of another form; install the ecomon that made it")
        parts = [Part(**one) for one in told.pop("parts")]
        return Manifest(**told, parts=parts)
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise StoreError(f"{path} is no backup of ecomon: {broken}") from None
