"""Our own plain layout of readings, for a bureau that types them and for what ecomon ships.

UTF-8 text, one row per site and time::

    # feed: cnemc-water
    # programme: automatic
    # statistic: value
    # duration_s: 0
    # source: who measured, where the numbers stand
    # licence: under what terms they may be passed on
    # kind: real
    site,start,source_flag,WT,PH,DO,NH3N[ug/L]
    yaodu,2021-04-03 08:00,正常,13.9,8.19,11.43,2880
    yaodu,2021-04-03T12:00,维护,13.9,--,--!,<25

Lines before the header that start with ``#`` are ``key: value``. ``feed`` becomes the ``source``
of the observations (without it: ``tabulated``), ``programme`` (default ``automatic``),
``statistic`` (``value``) and ``duration_s`` (0) are those of every row; ``source``, ``licence``,
``note`` and ``kind`` are for people and for :func:`read_preamble`. Another key is a quirk.

The header names ``site`` and ``start`` and, if wanted, ``source_flag``; every other column is a
determinand key, with its unit in square brackets where that is not the canonical one. ``site`` is
an id of our registry. ``start`` is the start of the interval, ISO 8601; without a zone it is
Beijing time. Cells: a number; ``0.025L`` or ``<0.025`` below the detection limit; ``>50`` over
the range; empty (or ``*``) not measured, which makes no observation; ``--`` missing, an observation
with the value NaN; ``--!`` missing because filtered (its source flag becomes 极值过滤).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

import numpy as np

from ecomon.decode.batches import emit
from ecomon.decode.cells import CellKind
from ecomon.decode.civil_time import read_times
from ecomon.decode.delimited import DelimitedFile, RowBlock, read_delimited
from ecomon.decode.readings import (
    Distinct,
    Feed,
    KeyedBlock,
    ReadingColumn,
    ReadingsBuilder,
    code_each,
)
from ecomon.errors import SourceRefused, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Programme, Rejected, Statistic
from ecomon.model.quantity import conversion_factor, unit_symbol

SOURCE = "tabulated"
_FOR_PEOPLE = frozenset({"source", "licence", "note", "kind"})
_SETTINGS = frozenset({"feed", "programme", "statistic", "duration_s"})
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_HEADING = re.compile(r"(?P<key>[A-Za-z0-9_]+)\s*(?:\[(?P<unit>[^\[\]]*)\])?")
_MARKS = {
    "": CellKind.NOT_MEASURED,
    "*": CellKind.NOT_MEASURED,
    "--": CellKind.MISSING,
    "--!": CellKind.FILTERED,
}


def decode(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Batch | Rejected]:
    """Decode a file of the layout above.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.
    determinands : mapping of key to Determinand
        The keys a header may name, and the units values are converted to.

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS``; NaN where the file says missing.
    Rejected
        Each row without an observation, once; each unreadable cell, with its column; each column
        that is no determinand or has no fitting unit (row 0).

    Raises
    ------
    SourceRefused
        if there is no header, no column is a determinand, or a setting has an unknown value.
    """
    table = _open(chunks)
    settings, quirks = _read_settings(table.preamble)
    feed = _feed_of(settings)
    header = [cell.strip() for cell in table.header]
    columns, rejected = _reading_columns(header, determinands)
    builder = ReadingsBuilder(columns, marks=_MARKS, quirks=quirks, rejected=rejected)
    sites, flags = Distinct(_read_site_id), Distinct(_read_flag)
    for block in table.blocks():
        builder.rejected.extend(block.rejected)
        builder.add(block.rows, block.columns, _key_rows(block, header, sites, flags))
    yield from emit(builder.finish(table.raw, sites.texts, flags.texts), feed)


def read_preamble(chunks: Iterable[bytes]) -> dict[str, str]:
    """The ``# key: value`` lines of a file of this layout; raises SourceRefused as :func:`decode`.

    Reads the head of the file only.
    """
    return _read_settings(_open(chunks).preamble)[0]


def _open(chunks: Iterable[bytes]) -> DelimitedFile:
    return read_delimited(chunks, _is_header, comment="#")


def _is_header(cells: Sequence[str]) -> bool:
    return {"site", "start"} <= {cell.strip() for cell in cells}


def _read_settings(preamble: Sequence[str]) -> tuple[dict[str, str], Counter[str]]:
    """Keys and values of the lines before the header; what is not known is a quirk."""
    settings: dict[str, str] = {}
    quirks: Counter[str] = Counter()
    for line in preamble:
        key, colon, value = line.lstrip("#").partition(":")
        key = key.strip().lower()
        if not colon or key not in _FOR_PEOPLE | _SETTINGS:
            quirks[f"header line not known: {key[:40]}"] += 1
        if colon:
            # A spreadsheet pads every line with commas to the width of the header.
            settings[key] = value.rstrip(",").strip()
    return settings, quirks


def _feed_of(settings: Mapping[str, str]) -> Feed:
    programme = settings.get("programme", "automatic")
    statistic = settings.get("statistic", "value")
    duration = settings.get("duration_s", "0")
    feed = settings.get("feed", SOURCE)
    if programme not in get_args(Programme):
        raise SourceRefused(f"programme {programme!r}: one of {', '.join(get_args(Programme))}")
    if statistic not in get_args(Statistic):
        raise SourceRefused(f"statistic {statistic!r}: one of {', '.join(get_args(Statistic))}")
    if not re.fullmatch(r"[0-9]{1,9}", duration):
        raise SourceRefused(f"duration_s {duration!r}: a whole number of seconds")
    if not _SLUG.fullmatch(feed):
        raise SourceRefused(f"feed {feed!r}: lower-case letters, digits, - and _")
    return Feed(feed, programme, statistic, int(duration))


def _reading_columns(
    header: Sequence[str], determinands: Mapping[str, Determinand]
) -> tuple[list[ReadingColumn], list[Rejected]]:
    """The columns of readings, and those that are none; a column is never left out in silence."""
    columns: list[ReadingColumn] = []
    rejected: list[Rejected] = []
    for index, heading in enumerate(header):
        if heading in ("site", "start", "source_flag"):
            if header.index(heading) != index:
                raise SourceRefused(f"the column {heading} stands twice")
            continue
        column = _reading_column(index, heading, determinands)
        if isinstance(column, str):
            rejected.append(Rejected(0, f"column not read: {column}", heading, heading))
        elif column.determinand in {other.determinand for other in columns}:
            rejected.append(Rejected(0, "column not read: it stands twice", heading, heading))
        else:
            columns.append(column)
    if not columns:
        raise SourceRefused("no column of the header is a determinand with a unit that is known")
    return columns, rejected


def _reading_column(
    index: int, heading: str, determinands: Mapping[str, Determinand]
) -> ReadingColumn | str:
    """A column of readings, or why it is none."""
    found = _HEADING.fullmatch(heading)
    if found is None or found["key"] not in determinands:
        return "no determinand of this name"
    determinand = determinands[found["key"]]
    try:
        unit = determinand.unit if found["unit"] is None else unit_symbol(found["unit"])
        conversion_factor(unit, determinand.unit)
    except UnitMismatch as wrong:
        return str(wrong)
    return ReadingColumn(index, heading, determinand.key, unit, determinand.unit)


def _read_site_id(cell: str) -> str | None:
    return text if _SLUG.fullmatch(text := cell.strip()) else None


def _read_flag(cell: str) -> str | None:
    return cell.strip() or None


def _key_rows(
    block: RowBlock, header: Sequence[str], sites: Distinct, flags: Distinct
) -> KeyedBlock:
    ids = block.columns[header.index("site")]
    site = code_each(ids, sites.code)
    start, faults = read_times(block.columns[header.index("start")])
    for position in np.flatnonzero(site < 0).tolist():
        faults[position] = f"not a site id: {ids[position][:60]!r}"
    flag = np.full(len(ids), -1, dtype=np.int64)
    if "source_flag" in header:
        flag = code_each(block.columns[header.index("source_flag")], flags.code)
    return KeyedBlock(site=site, start=start, flag=flag, faults=faults)
