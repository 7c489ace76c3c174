"""Rows of a table that are new, page by page, written as the CSV file their decoder reads.

A pull compares its increment column with plain values only (a function on it would scan every
partition of the table), and only with whole seconds: engines keep parts of a second differently
(SQL Server rounds to 3.33 ms), so equality of parts would skip or repeat rows at the seam of two
pages. Pages end between two seconds; a second that alone is longer than a page is read from one
cursor. Texts are not compared at all: engines disagree about the spaces that pad a station code.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, quoted_name, select, table
from sqlalchemy import text as sql_text

from ecomon.errors import SourceRefused
from ecomon.model.period import BEIJING
from ecomon.model.pull import COLUMNS, NEEDED, Pull
from ecomon.sources.database import Row, Source, fetch, stream

SECOND = timedelta(seconds=1)
_BEIJING_OFFSET = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Found:
    """Which columns of a pull its table has: SL 323 names, in the order of the file.

    ``others`` are columns of the table that nobody reads, as the database calls them.
    """

    columns: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(slots=True)
class Part:
    """Octets of one file, and how far the rows are read with it (None: no farther than before)."""

    octets: bytes
    n_rows: int
    watermark: datetime | None


@dataclass(slots=True)
class _File:
    """A file that is being filled."""

    header: tuple[str, ...]
    write: Callable[[Any], str]
    out: StringIO = field(default_factory=lambda: StringIO(newline=""))
    n_rows: int = 0
    watermark: datetime | None = None

    def add(self, rows: Sequence[Row]) -> None:
        writer = csv.writer(self.out, lineterminator="\r\n")
        writer.writerows([self.write(value) for value in row] for row in rows)
        self.n_rows += len(rows)

    def as_part(self) -> Part:
        text = f"{','.join(self.header)}\r\n{self.out.getvalue()}"
        return Part(text.encode(), self.n_rows, self.watermark)


def find_columns(source: Source, pull: Pull) -> Found:
    """Look at the table without reading a row of it.

    Raises
    ------
    SourceRefused
        where there is no such table, it may not be read, or a column that is needed is missing.
    SourceUnavailable
        where the database is not there.
    """
    query = select(sql_text("*")).select_from(_table(pull)).where(sql_text("1 = 0"))
    names, _ = fetch(source, query)
    present = {name.upper() for name in names}
    columns = tuple(one for one in COLUMNS[pull.feed] if pull.column(one).upper() in present)
    needed = dict.fromkeys((*NEEDED[pull.feed], pull.increment_column or "STCD"))
    missing = [pull.column(one) for one in needed if one not in columns]
    if missing:
        raise SourceRefused(
            f"{pull.id}: {pull.table_name} 缺少字段 has no column {', '.join(missing)}; it has"
            f" {', '.join(names) or 'none'}. State what they are called under columns"
        )
    taken = {pull.column(one).upper() for one in columns}
    return Found(columns, tuple(name for name in names if name.upper() not in taken))


def read_parts(
    source: Source, pull: Pull, found: Found, *, watermark: datetime | None, now: datetime
) -> Iterator[Part]:
    """The rows that are new since a watermark (and those of the overlap before it), file by file.

    In memory stand the rows of one page and the text of one file.

    Parameters
    ----------
    watermark : naive datetime, optional
        As an earlier part gave it, in the database's own time; None where nothing was read yet.
    now : naive datetime
        In the database's own time. A row that claims to be later does not move the watermark
        beyond it: one clock set wrong would hide all rows that follow.

    Yields
    ------
    Part
        UTF-8 CSV with SL 323 names as header and Beijing time. When a part is given, all rows up
        to its watermark are in it or in an earlier one.

    Raises
    ------
    SourceUnavailable, SourceRefused
        as :func:`ecomon.sources.database.fetch`.
    """
    pages = _read_whole(source, pull, found)
    if pull.increment != "whole":
        pages = _read_since(source, pull, found, _begin(pull, watermark))
    file = _File(found.columns, _writer(pull))
    for rows, reached in pages:
        file.add(rows)
        if reached is not None:
            file.watermark = min(max(reached, watermark or reached), now)
        if file.n_rows >= pull.file_rows:
            yield file.as_part()
            file = _File(found.columns, file.write)
    if file.n_rows:
        yield file.as_part()


def read_sample(
    source: Source, pull: Pull, found: Found, *, watermark: datetime | None
) -> list[Row]:
    """At most five rows of those a pull would read first, unchanged; for a person to look at."""
    query = _select(pull, found)
    if pull.increment != "whole":
        query = query.where(_increment(pull) >= _begin(pull, watermark))
        query = query.order_by(_increment(pull))
    return fetch(source, query.limit(5))[1]


def _begin(pull: Pull, watermark: datetime | None) -> datetime:
    """From which whole second on rows are read."""
    assert pull.since is not None
    if watermark is None:
        return pull.since
    overlapped = watermark - timedelta(hours=pull.overlap_h)
    return max(pull.since, overlapped.replace(microsecond=0))


Page = tuple[list[Row], datetime | None]
"""Rows, and the last moment up to which none are left to read (None: no such moment)."""


def _read_since(source: Source, pull: Pull, found: Found, begin: datetime) -> Iterator[Page]:
    """Pages in the order of the increment, cut between two seconds."""
    place = found.columns.index(pull.increment_column or "")
    if pull.increment == "modified":
        for rows in _read_unmodified(source, pull, found, begin):
            yield rows, None
    while True:
        query = _select(pull, found).where(_increment(pull) >= begin).order_by(_increment(pull))
        _, rows = fetch(source, query.limit(pull.page_rows))
        moments = [_second_of(row[place], pull) for row in rows]
        if len(rows) < pull.page_rows:
            yield rows, max(moments, default=None)
            return
        last = moments[-1]
        whole = [row for row, moment in zip(rows, moments, strict=True) if moment < last]
        if whole:
            yield whole, moments[len(whole) - 1]
            begin = last
            continue
        query = _select(pull, found).where(_within_second(pull, last))
        for page in stream(source, query, pull.page_rows):
            yield page, None
        yield [], last
        begin = last + SECOND


def _read_unmodified(
    source: Source, pull: Pull, found: Found, begin: datetime
) -> Iterator[list[Row]]:
    """Rows that were never given a MODITIME: no comparison with it finds them, so TM tells."""
    query = _select(pull, found).where(_column(pull, "MODITIME").is_(None))
    if "TM" in found.columns:
        query = query.where(_column(pull, "TM") >= begin)
    return stream(source, query, pull.page_rows)


def _read_whole(source: Source, pull: Pull, found: Found) -> Iterator[Page]:
    for page in stream(source, _select(pull, found).order_by(*_key(pull, found)), pull.page_rows):
        yield page, None


def _within_second(pull: Pull, begin: datetime) -> ColumnElement[bool]:
    return and_(_increment(pull) >= begin, _increment(pull) < begin + SECOND)


def _key(pull: Pull, found: Found) -> list[ColumnElement[Any]]:
    """The table's key: a table that did not change is then the same octets."""
    names = ("STCD", "BGTM", "LNNM", "PTNO", "Z") if pull.feed == "st-zqrl-b" else ("STCD", "TM")
    return [_column(pull, name) for name in names if name in found.columns]


def _table(pull: Pull) -> Any:
    def named(name: str) -> quoted_name:
        return quoted_name(name, quote=pull.is_quoted)

    schema = None if pull.schema_name is None else named(pull.schema_name)
    return table(named(pull.table_name), schema=schema)


def _column(pull: Pull, name: str) -> ColumnElement[Any]:
    return column(quoted_name(pull.column(name), quote=pull.is_quoted))


def _increment(pull: Pull) -> ColumnElement[Any]:
    assert pull.increment_column is not None
    return _column(pull, pull.increment_column)


def _select(pull: Pull, found: Found) -> Select[Any]:
    query = select(*(_column(pull, name) for name in found.columns)).select_from(_table(pull))
    if pull.stations:
        query = query.where(_column(pull, "STCD").in_(pull.stations))
    return query


def _second_of(value: Any, pull: Pull) -> datetime:
    """The whole second of an increment; SourceRefused where the column holds no time."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime):
        raise SourceRefused(
            f"{pull.id}: {pull.column(pull.increment_column or '')} 不是时间 holds {value!r}, no time"
        )
    return _naive(moment, pull).replace(microsecond=0)


def _naive(moment: datetime, pull: Pull) -> datetime:
    """A moment in the database's own civil time."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(BEIJING if pull.times_are == "beijing" else UTC).replace(tzinfo=None)


def _writer(pull: Pull) -> Callable[[Any], str]:
    """How a value of a row is written into the file: numbers as they are, times in Beijing time."""

    def write(value: Any) -> str:
        match value:
            case None:
                return ""
            case datetime():
                beijing = _naive(value, pull)
                if pull.times_are == "utc":
                    beijing += _BEIJING_OFFSET
                return f"{beijing:%Y-%m-%d %H:%M:%S}" + (
                    f".{beijing.microsecond:06d}" if beijing.microsecond else ""
                )
            case date():
                return f"{value:%Y-%m-%d} 00:00:00"
            case Decimal():
                return format(value, "f") if value.is_finite() else ""
            case float():
                return repr(value) if value == value else ""
            case bytes():
                return _one_line(_decode(value, pull))
            case str():
                return _one_line(_reread(value, pull))
            case _:
                return str(value)

    return write


def _decode(octets: bytes, pull: Pull) -> str:
    """A text that the driver hands over as octets: as stated, else as files are read."""
    for encoding in (pull.text_encoding,) if pull.text_encoding else ("utf-8", "gb18030"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceRefused(
        f"{pull.id}: 字符集不符 a text that is no {pull.text_encoding or 'GB18030'}: {octets[:40]!r}"
    )


def _reread(value: str, pull: Pull) -> str:
    """A text that was read as Latin-1 and is not, where the pull says what it is."""
    if pull.text_encoding is None or value.isascii():
        return value
    try:
        octets = value.encode("latin-1")
    except UnicodeEncodeError:
        return value
    return _decode(octets, pull)


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ").replace("\0", " ")
