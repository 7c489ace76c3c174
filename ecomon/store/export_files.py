"""The files of an export: a month's readings as a Parquet file, or as the groups of a Zarr store."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ecomon.errors import StoreError
from ecomon.model.tables import FLAGGED
from ecomon.store.backup_file import sync_folder

WriteMonth = Callable[[Path, str, pd.DataFrame, Mapping[str, str]], Path]
"""Folder, label of the month, table FLAGGED, facts to note in the file; where the copy stands."""

ZONE = "Asia/Shanghai"
_AHEAD = pd.Timedelta(hours=8)
_SERIES = ["programme", "statistic", "duration_s", "source", "replicate"]
_ARROW: dict[str, pa.DataType] = {
    "site": pa.string(), "determinand": pa.string(), "statistic": pa.string(),
    "start": pa.timestamp("us", tz=ZONE), "duration_s": pa.int64(), "programme": pa.string(),
    "source": pa.string(), "replicate": pa.int32(), "value": pa.float64(), "unit": pa.string(),
    "censor": pa.string(), "source_flag": pa.string(), "row": pa.int64(), "revision": pa.int64(),
    "flag": pa.int8(), "decision": pa.string(), "approval": pa.string(),
}  # fmt: skip
_ORIGINS: dict[str, pa.DataType] = {
    "batch_id": pa.int64(), "file_name": pa.string(), "sha256": pa.string(),
    "decoder": pa.string(), "decoder_version": pa.string(),
}  # fmt: skip


def writer_of(form: str) -> WriteMonth:
    """What writes the copies of a form; StoreError for another one or if a package is missing."""
    match form:
        case "parquet":
            return write_parquet
        case "zarr" if importlib.util.find_spec("zarr") is not None:
            return write_zarr
        case "zarr":
            raise StoreError(
                "导出 Zarr 须先安装 a Zarr export needs the extra packages: pip install 'ecomon[cube]'"
            )
        case _:
            raise StoreError(f"an export is parquet or zarr, not {form!r}")


def arrow_table(table: pd.DataFrame) -> pa.Table:
    """The readings with their names as Arrow columns; ``start`` is an instant of Beijing's zone.

    Where the table has columns of their origin (``batch_id`` ...), these follow.
    """
    columns: dict[str, Any] = {}
    origins = {name: kind for name, kind in _ORIGINS.items() if name in table}
    for name, kind in {**_ARROW, **origins}.items():
        values = table[name]
        if name == "start":
            # Not tz_localize: that zone had summer time until 1991, and our time never has.
            values = (values - _AHEAD).dt.tz_localize("UTC")
        elif isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype("str")
        # A missing value is NULL; NaN says the same in a number.
        columns[name] = pa.array(values, type=kind, from_pandas=True)
    return pa.table(columns)


def parquet_octets(table: pd.DataFrame, facts: Mapping[str, str]) -> bytes:
    """The readings as a Parquet file; its metadata holds the facts, and the unit of each determinand.

    Parameters
    ----------
    table : table FLAGGED with ``decision`` and ``approval``
    facts : mapping of str
        What is to be said of the file; each under ``ecomon.NAME``.
    """
    pairs = table[["determinand", "unit"]].drop_duplicates().sort_values(["determinand", "unit"])
    units = {
        str(key): str(unit) for key, unit in zip(pairs["determinand"], pairs["unit"], strict=True)
    }
    told = {**facts, "units": json.dumps(units, ensure_ascii=False)}
    arrow = arrow_table(table).replace_schema_metadata(
        {f"ecomon.{name}": value for name, value in told.items()}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(arrow, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def read_parquet(octets: bytes) -> pd.DataFrame:
    """The table that :func:`parquet_octets` was given, exactly; texts that are missing are NA."""
    arrow = pq.ParquetFile(pa.BufferReader(octets)).read()
    columns: dict[str, Any] = {}
    for name in arrow.column_names:
        column, kind = arrow.column(name), {**_ARROW, **_ORIGINS}[name]
        if name == "start":
            instants = column.cast(pa.timestamp("us")).to_numpy()
            columns[name] = instants + np.timedelta64(_AHEAD.to_timedelta64())
        elif pa.types.is_string(kind):
            columns[name] = pd.array(column.to_pylist(), dtype="str")
        elif pa.types.is_floating(kind):
            columns[name] = column.fill_null(float("nan")).to_numpy()
        else:
            columns[name] = column.to_numpy().astype(np.int64)
    return FLAGGED.frame(columns)


def digest_of(table: pd.DataFrame) -> str:
    """SHA-256 of what the readings say: the same for the same readings, whenever they are read."""
    digest = hashlib.sha256()
    for batch in arrow_table(table).to_batches(max_chunksize=65_536):
        digest.update(batch.serialize())
    return digest.hexdigest()


def write_parquet(folder: Path, label: str, table: pd.DataFrame, facts: Mapping[str, str]) -> Path:
    """Write ``month=LABEL/observations.parquet``, its facts in the file's own metadata."""
    path = folder / f"month={label}" / "observations.parquet"
    path.parent.mkdir(exist_ok=True)
    replace_file(path, parquet_octets(table, facts))
    return path


def write_zarr(folder: Path, label: str, table: pd.DataFrame, facts: Mapping[str, str]) -> Path:
    """Write ``LABEL.zarr`` (format 3), one CF dataset for each kind of series in it.

    Times are seconds in UTC and units those of UDUNITS (:func:`ecomon.model.cf.encode_dataset`).
    """
    from ecomon.model.cf import encode_dataset
    from ecomon.model.dataset import to_dataset

    path = folder / f"{label}.zarr"
    part = folder / f"{label}.zarr.part"
    remove(part)
    for key, rows in table.groupby(_SERIES, sort=True, observed=True):
        dataset = encode_dataset(to_dataset(rows)).assign_attrs(facts)
        dataset.to_zarr(part, group=group_name(*key), mode="a", zarr_format=3, consolidated=False)  # pyright: ignore[reportArgumentType, reportCallIssue]
    replace_folder(path, part)
    return path


def group_name(programme: str, statistic: str, duration_s: int, source: str, replicate: int) -> str:
    """Where in a month's Zarr store the readings of a kind of series stand."""
    name = "/".join(
        part.replace("/", "_") for part in (programme, statistic, f"{duration_s}s", source)
    )
    return name if replicate == 0 else f"{name}/replicate_{replicate}"


def replace_file(path: Path, octets: bytes) -> None:
    """Let a file hold these octets: whole, or as it was."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def replace_folder(path: Path, part: Path) -> None:
    """Move a folder to its place; the old one goes aside first, for a folder replaces no other."""
    old = path.with_name(f"{path.name}.old")
    remove(old)
    if path.exists():
        path.rename(old)
    part.rename(path)
    sync_folder(path.parent)
    remove(old)


def remove(path: Path) -> None:
    """Remove a copy, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
