"""One cell of a table of readings: a number, a limit with its sign, or a mark for none.

Cells repeat (two decimals give few distinct texts), so each distinct text of a column is read
once and rows are looked up: that is what makes a long archive quick.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from ecomon.model.quantity import convert

CELL_CHARS = 1000
"""A longer cell is no reading; its HTML is not looked at."""

_TAG = re.compile(r"""</?[A-Za-z](?:[^<>'"]|'[^']*'|"[^"]*")*>""")
_TITLE = re.compile(
    r"""<[A-Za-z](?:[^<>'"]|'[^']*'|"[^"]*")*?\stitle\s*=\s*(?:'([^']*)'|"([^"]*)")"""
)
_ORIGINAL = re.compile(r"原始值\s*[：:]\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_DETECTED = frozenset({"未检出", "nd", "<dl", "dl"})
_NAN = float("nan")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_CP1252 = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


class CellKind(IntEnum):
    """What a cell says."""

    NOT_MEASURED = 0  # the station does not measure it: no observation
    BLANK = 1  # nothing stands there: missing
    MISSING = 2  # a mark for a missing reading
    FILTERED = 3  # missing because the publisher filtered it (极值过滤)
    NOT_DETECTED = 4  # below a detection limit that is not given
    VALUE = 5
    BELOW = 6  # below the detection limit in ``value``
    ABOVE = 7  # over the range limit in ``value``
    UNREADABLE = 8


IS_READABLE: npt.NDArray[np.bool_] = np.isin(
    np.arange(9), (CellKind.VALUE, CellKind.BELOW, CellKind.ABOVE)
)
"""Whether a kind, as an index, carries a number."""

IS_OBSERVATION: npt.NDArray[np.bool_] = ~np.isin(
    np.arange(9), (CellKind.NOT_MEASURED, CellKind.UNREADABLE)
)
"""Whether a kind, as an index, makes an observation."""

MARKS: Mapping[str, CellKind] = {
    "*": CellKind.NOT_MEASURED,
    "": CellKind.BLANK,
    "null": CellKind.BLANK,
    "none": CellKind.BLANK,
    "nan": CellKind.BLANK,
    "-": CellKind.MISSING,
    "--": CellKind.MISSING,
    "—": CellKind.MISSING,
    "——": CellKind.MISSING,
}
"""Marks of the national publication (formats.md §2, stations.md §6.1)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that was read; ``value`` is NaN unless the kind carries a number."""

    kind: CellKind
    value: float = _NAN
    quirk: str | None = None
    reason: str | None = None


def repair_mojibake(text: str) -> str | None:
    """UTF-8 that somebody read as Windows-1252 or Latin-1, set right; None where it is not that."""
    if text.isascii():
        return None
    try:
        return text.translate(_CP1252).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def narrow(text: str) -> str:
    """Full-width ASCII forms as ASCII; nothing else changes (NFKC would turn 1² into 12)."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def split_html(text: str) -> tuple[str, str | None]:
    """Text and ``title`` of a cell that may be HTML, entities resolved, outer space removed."""
    if len(text) > CELL_CHARS:
        return text, None
    title = None
    if "<" in text:
        if found := _TITLE.search(text):
            title = html.unescape(found[1] if found[1] is not None else found[2])
        text = _TAG.sub("", text)
    return (html.unescape(text) if "&" in text else text).strip(), title


def read_text(text: str) -> str:
    """What a cell of words says: HTML and mojibake removed, outer space removed."""
    return split_html(repair_mojibake(text) or text)[0]


def read_cell(text: str, marks: Mapping[str, CellKind] = MARKS) -> Cell:
    """Read one cell of readings.

    Parameters
    ----------
    text : str
        ``24.7``, ``0.025L``, ``<0.025``, ``--``, ``*``, or HTML of the national publication
        whose title holds the value with more digits (``原始值：24.74``) or 极值过滤.
    marks : mapping
        What stands, in lower case, for a reading that is not there.

    Returns
    -------
    Cell
        Unconverted value; ``UNREADABLE`` with a reason where nothing else fits.
    """
    if _NUMBER.fullmatch(text):
        return _number(text)
    if len(text) > CELL_CHARS:
        return Cell(CellKind.UNREADABLE, reason=f"a cell of {len(text)} characters")
    repaired = repair_mojibake(text)
    shown, title = split_html(repaired or text)
    quirk = "mojibake" if repaired else None
    cell = _read_plain(shown, marks)
    if title is not None:
        cell = _with_title(cell, title, marks)
    if quirk is None or cell.quirk is not None:
        return cell
    return Cell(cell.kind, cell.value, quirk, cell.reason)


def _with_title(cell: Cell, title: str, marks: Mapping[str, CellKind]) -> Cell:
    """The title's value where it has one; a reading that is shown as missing stays missing."""
    if cell.kind in (CellKind.MISSING, CellKind.BLANK):
        return Cell(CellKind.FILTERED) if "极值过滤" in title else cell
    found = _ORIGINAL.search(title)
    if found is None or not IS_READABLE[cell.kind]:
        return cell
    original = _read_plain(found[1].strip(), marks)
    if IS_READABLE[original.kind]:
        return original
    return Cell(cell.kind, cell.value, "original value not read, shown value taken")


def _read_plain(text: str, marks: Mapping[str, CellKind]) -> Cell:
    narrowed = narrow(text).strip()
    quirk = "full-width characters" if narrowed != text else None
    folded = narrowed.lower()
    if folded in marks:
        return Cell(marks[folded], quirk=quirk)
    if folded in _NOT_DETECTED:
        return Cell(CellKind.NOT_DETECTED, quirk="not detected, limit not given")
    kind = CellKind.VALUE
    if narrowed.startswith(("<", ">")):
        kind = CellKind.BELOW if narrowed[0] == "<" else CellKind.ABOVE
        narrowed = narrowed[1:].lstrip()
    elif folded.endswith("l"):
        kind = CellKind.BELOW
        narrowed = narrowed[:-1].rstrip()
    if not _NUMBER.fullmatch(narrowed):
        return Cell(CellKind.UNREADABLE, reason=f"not a reading: {text[:60]!r}")
    return _number(narrowed, kind, quirk)


def _number(text: str, kind: CellKind = CellKind.VALUE, quirk: str | None = None) -> Cell:
    value = float(text)
    if abs(value) == float("inf") or (value < 0 and kind is not CellKind.VALUE):
        return Cell(CellKind.UNREADABLE, reason=f"not a reading: {text[:60]!r}")
    return Cell(kind, value, quirk)


@dataclass(slots=True)
class CellColumn:
    """Reads the cells of one column, each distinct text once.

    Attributes
    ----------
    unit, to_unit : str
        Values are converted from the column's unit to the canonical one.
    sentinels : frozenset of float
        Numbers that stand for a missing reading (SL 323: -9999).
    """

    unit: str
    to_unit: str
    marks: Mapping[str, CellKind] = field(default_factory=lambda: MARKS)
    sentinels: frozenset[float] = frozenset()

    def read(
        self, texts: Sequence[str]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8], dict[int, str], Counter[str]]:
        """Values (canonical unit, NaN where there is none), kinds, faults by position, quirks."""
        place = {text: position for position, text in enumerate(dict.fromkeys(texts))}
        codes = np.fromiter(map(place.__getitem__, texts), np.intp, len(texts))
        values, odd = self._read_numbers(list(place))
        kinds = np.full(len(place), CellKind.VALUE, dtype=np.uint8)
        reasons: dict[int, str] = {}
        quirks: Counter[str] = Counter()
        counts = np.bincount(codes, minlength=len(place)) if odd else np.empty(0, dtype=np.intp)
        for position, text in odd.items():
            cell = self._convert(read_cell(text, self.marks))
            values[position], kinds[position] = cell.value, cell.kind
            if cell.reason is not None:
                reasons[position] = cell.reason
            if cell.quirk is not None:
                quirks[cell.quirk] += int(counts[position])
        bad = np.flatnonzero((kinds == CellKind.UNREADABLE)[codes]).tolist()
        faults = {at: reasons[int(codes[at])] for at in bad}
        return values[codes], kinds[codes], faults, quirks

    def _read_numbers(self, texts: list[str]) -> tuple[npt.NDArray[np.float64], dict[int, str]]:
        """Values of plain numbers, and the other texts by position: the way of nearly all cells."""
        match = _NUMBER.fullmatch
        numbers = [float(text) if match(text) else _NAN for text in texts]
        values = np.array(numbers, dtype=np.float64)
        is_odd = ~np.isfinite(values)
        if self.sentinels:
            is_odd |= np.isin(values, list(self.sentinels))
        if self.unit != self.to_unit:
            is_odd[:] = True
        return values, {at: texts[at] for at in np.flatnonzero(is_odd).tolist()}

    def _convert(self, cell: Cell) -> Cell:
        if not IS_READABLE[cell.kind]:
            return cell
        if cell.value in self.sentinels:
            return Cell(CellKind.MISSING)
        if self.unit == self.to_unit:
            return cell
        value = convert(cell.value, self.unit, self.to_unit)
        return Cell(cell.kind, value, cell.quirk, cell.reason)
