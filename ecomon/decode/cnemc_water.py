"""The national surface-water publication (CNEMC): its JSON answers and archives of them as CSV.

Layout, traps and quirks: formats.md §2, stations.md §6.1 of the reference notes, from the public
clients named there. Programme ``automatic``, statistic ``value``, an instant (duration 0).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

import numpy as np

from ecomon.decode.batches import emit
from ecomon.decode.cells import CellKind, read_text
from ecomon.decode.cnemc_headings import Header, is_cnemc_header, read_header
from ecomon.decode.cnemc_keys import (
    SectionNames,
    YearRule,
    count_among,
    read_grade,
    site_key,
)
from ecomon.decode.cnemc_payload import Payload, gather_answer, read_payload
from ecomon.decode.delimited import DelimitedFile, RowBlock, read_delimited
from ecomon.decode.lines import cut_pieces
from ecomon.decode.readings import (
    FILTERED_FLAG,
    Codes,
    Distinct,
    Feed,
    KeyedBlock,
    Readings,
    ReadingsBuilder,
    Times,
    code_each,
    with_status,
)
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected

__all__ = ["SOURCE", "decode", "site_key"]

SOURCE = "cnemc-water"


def decode(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],
    *,
    year: int | None = None,
    fetched_at: datetime | None = None,
) -> Iterator[Batch | Rejected]:
    """Decode one JSON answer or one archive CSV.

    Repeats and sections that differ by an annotation alone are known only when the file has been
    seen whole, so the numbers of a CSV are held until then, and its lines packed; a JSON answer
    is held whole and may have ``JSON_BYTES``. Batches stay bounded.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere. CSV: UTF-8 (byte-order mark or not) or GB18030.
    determinands : mapping of key to Determinand
        Columns are mapped to them by their text, and values converted to their units.
    year : int, optional
        Year of times without one, where the file has no ``file_date``.
    fetched_at : datetime, optional
        When the answer was fetched (a naive time is Beijing time); the year is inferred from it.

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS`` with ``site`` as :func:`site_key` gives it, ``source_flag`` the
        published 站点情况 (极值过滤 for a filtered reading; NA without that column), and one more
        column ``published_class`` (1..6, 0 not assessed). A missing reading has the value NaN.
    Rejected
        Each data row without an observation, once; each unreadable cell, with its column.

    Raises
    ------
    SourceRefused
        if the file as a whole cannot be read; the text says where or what to pass.
    """
    table = _open(chunks)
    header = read_header(table.header, determinands)
    years = YearRule(year, fetched_at, has_file_date="file_date" in header.places)
    readings = _read_rows(table, header, years)
    yield from emit(readings, Feed(source=SOURCE))


def _open(chunks: Iterable[bytes]) -> DelimitedFile | Payload:
    """Tell JSON from CSV by the first character; refuse what is neither."""
    pieces = cut_pieces(chunks)
    first = next(pieces, b"")
    start = first[:4096].removeprefix(b"\xef\xbb\xbf").strip()
    if not start:
        raise SourceRefused("the file is empty")
    if len(first) < 100 and start.strip(b'"') == b"-1":
        raise SourceRefused(
            "the publication answered -1: a cold call; its page has to be opened first"
        )
    if start.startswith(b"<"):
        raise SourceRefused("a web page, not an answer of the publication")
    if start.startswith((b"{", b"[")):
        return read_payload(gather_answer(chain([first], pieces)))
    return read_delimited(chain([first], pieces), is_cnemc_header)


def _read_rows(table: DelimitedFile | Payload, header: Header, years: YearRule) -> Readings:
    builder = ReadingsBuilder(header.columns, quirks=header.quirks.copy())
    if isinstance(table, Payload):
        builder.quirks.update(table.quirks)
    builder.rejected.extend(header.rejected)
    names, flags = SectionNames(), Distinct(_read_status)
    for block in table.blocks():
        builder.rejected.extend(block.rejected)
        keyed = KeyedBlock(
            site=_code_sections(block, header, names, builder.quirks),
            start=_read_times(block, header, years, builder.quirks),
            flag=code_each(_column(block, header, "status"), flags.code),
            faults={},
            extra={"published_class": _read_grades(block, header, builder.quirks)},
        )
        keyed.faults.update(_find_faults(block, header, keyed, years, flags))
        kinds = builder.add(block.rows, block.columns, keyed)
        is_filtered = code_each(_column(block, header, "filter_mark"), _is_filter_mark)
        kinds[(is_filtered == 1)[:, None] & (kinds == CellKind.MISSING)] = CellKind.FILTERED
    keys, dropped = names.keys_by_code()
    readings = builder.finish(table.raw, keys, flags.texts)
    readings.extra.setdefault("published_class", np.empty(0, dtype=np.int64))  # of no rows
    n_dropped = int(np.isin(readings.site, list(dropped)).sum()) if dropped else 0
    if n_dropped:
        readings.quirks["annotation dropped from a section name"] += n_dropped
    return readings


def _column(block: RowBlock, header: Header, place: str) -> Sequence[str]:
    """The texts of a column that is no reading; empty texts where the file has no such column."""
    if place in header.places:
        return block.columns[header.places[place]]
    return ("",) * len(block.rows)


def _code_sections(
    block: RowBlock, header: Header, names: SectionNames, quirks: Counter[str]
) -> Codes:
    pairs = _pairs(block, header, "province", "section")
    codes = code_each(pairs, names.code)
    if n_repaired := count_among(pairs, names.repaired):
        quirks["mojibake"] += n_repaired
    return codes


def _read_times(block: RowBlock, header: Header, years: YearRule, quirks: Counter[str]) -> Times:
    pairs = _pairs(block, header, "file_date", "time")
    times = code_each(pairs, years.time_us).view("datetime64[us]")
    if n_inferred := count_among(pairs, years.inferred):
        quirks["year inferred"] += n_inferred
    return times


def _pairs(block: RowBlock, header: Header, left: str, right: str) -> list[tuple[str, str]]:
    return list(zip(_column(block, header, left), _column(block, header, right), strict=True))


def _read_grades(block: RowBlock, header: Header, quirks: Counter[str]) -> Codes:
    texts = _column(block, header, "grade")
    grades = code_each(texts, read_grade)
    for position in np.flatnonzero(grades < 0).tolist():
        quirks[f"class not read: {read_text(texts[position])[:20]}"] += 1
    return np.maximum(grades, 0)


def _read_status(cell: str) -> str | None:
    return read_text(cell) or None


def _is_filter_mark(text: str) -> int:
    return int(FILTERED_FLAG in read_text(text))


def _find_faults(
    block: RowBlock, header: Header, keyed: KeyedBlock, years: YearRule, flags: Distinct
) -> dict[int, str]:
    """Rows of a block that have no section or no time, and why."""
    pairs = _pairs(block, header, "file_date", "time")
    faults: dict[int, str] = {}
    for position in np.flatnonzero((keyed.site < 0) | np.isnat(keyed.start)).tolist():
        reason = "no province or no section name that can be read"
        if keyed.site[position] >= 0:
            reason = years.reasons[pairs[position]]
        code = int(keyed.flag[position])
        faults[position] = with_status(reason, flags.texts[code] if code >= 0 else None)
    return faults
