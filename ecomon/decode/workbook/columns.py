"""Cells of one column of values: numbers, limits, marks, and the flag glued to or beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import IS_OBSERVATION, IS_READABLE, MARKS, CellColumn, CellKind
from ecomon.decode.workbook.grid import Cell
from ecomon.decode.workbook.header import text_of
from ecomon.model.mapping import WorkbookMapping

_WORDS = dict.fromkeys(
    (
        "/",
        "无",
        "未测",
        "未监测",
        "未采样",
        "停运",
        "断流",
        "冰封",
        "冰冻",
        "结冰",
        "干涸",
        "停测",
        "缺测",
        "未采",
        "无数据",
        "无水",
    ),
    CellKind.MISSING,
)
WORKBOOK_MARKS = {**MARKS, **_WORDS}
"""Marks of spreadsheets (formats.md §4, practice) besides those of the national publication."""

_GLUED = re.compile(r"(?P<value>.*\S)\s*[(\[（](?P<flag>[^()\[\]（）\d]{1,8})[)\]）]")
_BELOW_WORDS = frozenset({"l", "nd", "未检出", "<dl"})
"""In brackets after a number they say that the number is the limit and no value."""
_BELOW_TWICE = re.compile(r"[<＜]\s*(\d+(?:\.\d+)?)\s*[LlＬ]")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MAY_BE_NEGATIVE = frozenset({"degC", "m", "m3/s"})


@dataclass(slots=True)
class ValueTexts:
    """The cells of a column as texts, with the flag of each where it has one."""

    texts: list[str]
    flags: list[str | None] | None
    quirks: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> ValueTexts:
        raw = [repr(cell) if type(cell) is float else text_of(cell) for cell in cells]
        odd = {text: _split(text) for text in dict.fromkeys(raw) if not _PLAIN.fullmatch(text)}
        odd = {text: parts for text, parts in odd.items() if parts[2] is not None}
        if not odd:
            return cls(raw, None)
        quirks = Counter(str(odd[text][2]) for text in raw if text in odd)
        texts = [odd[text][0] if text in odd else text for text in raw]
        return cls(texts, [odd[text][1] if text in odd else None for text in raw], quirks)

    def set_flags(self, beside: Sequence[str]) -> None:
        """Flags of a column of their own; one glued to a value stays before them."""
        own = self.flags or [None] * len(beside)
        self.flags = [
            "; ".join(filter(None, pair)) or None for pair in zip(own, beside, strict=True)
        ]

    def shown(self, at: int) -> str:
        return self.texts[at][:SHOWN_CHARS]


SHOWN_CHARS = 400


def _split(text: str) -> tuple[str, str | None, str | None]:
    """Text of the value, its flag, and the quirk of how it was written."""
    flag = None
    if found := _GLUED.fullmatch(text):
        text, flag = found["value"], found["flag"].strip()
        if flag.casefold() in _BELOW_WORDS and _PLAIN.fullmatch(text):
            return f"<{text}", flag, "below detection said in brackets"
    if found := _BELOW_TWICE.fullmatch(text):
        return f"<{found[1]}", flag, "below detection said twice"
    if _THOUSANDS.fullmatch(text):
        return text.replace(",", ""), flag, "thousands comma"
    return text, flag, "flag glued to the value" if flag else None


@dataclass(slots=True)
class Values:
    """What a column says; n cells. ``faults`` names the doubtful ones by position."""

    values: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.uint8]
    flags: list[str | None] | None  # None: no cell of the column has one
    faults: dict[int, str]
    quirks: Counter[str]
    negatives: frozenset[int]

    def withhold_unsampled(self, is_unsampled: Sequence[bool]) -> None:
        """Numbers that stand for "not sampled" are no values; one alone in its line is doubtful."""
        for at in self.negatives:
            if is_unsampled[at]:
                self.kinds[at], self.values[at] = CellKind.NOT_MEASURED, np.nan
                self.faults.pop(at, None)
            elif at not in self.faults:
                self.kinds[at], self.values[at] = CellKind.UNREADABLE, np.nan
                self.faults[at] = "a value, or the mark of not sampled? state it in the file"

    def observed(self) -> list[int]:
        """Positions of observations: a number, a mark for a missing one, or a blank with a flag."""
        is_observed = IS_OBSERVATION[self.kinds]
        for at in np.flatnonzero(self.kinds == CellKind.BLANK).tolist():
            is_observed[at] = self.flags is not None and self.flags[at] is not None
        return np.flatnonzero(is_observed).tolist()


def read_values(texts: ValueTexts, unit: str, to_unit: str, mapping: WorkbookMapping) -> Values:
    """Read the texts of one column; values in ``to_unit``.

    A negative concentration is doubtful; a negative temperature, stage or discharge is not, unless
    it is one of the mapping's numbers for "not sampled".
    """
    values, kinds, faults, quirks = CellColumn(unit, to_unit, WORKBOOK_MARKS).read(texts.texts)
    written = values
    if unit != to_unit:
        written = CellColumn(unit, unit, WORKBOOK_MARKS).read(texts.texts)[0]
    is_mark = np.isin(written, list(mapping.not_monitored))
    if to_unit not in _MAY_BE_NEGATIVE:
        for at in np.flatnonzero((values < 0) & ~is_mark).tolist():
            faults[at] = "a negative value where none can be"
            kinds[at], values[at] = CellKind.UNREADABLE, np.nan
    marks = frozenset(np.flatnonzero(is_mark & IS_READABLE[kinds]).tolist())
    return Values(
        values, kinds, _with_words(texts, kinds), faults, quirks + texts.quirks, marks
    )  # fmt: skip


def _with_words(texts: ValueTexts, kinds: npt.NDArray[np.uint8]) -> list[str | None] | None:
    """The flags, and for a cell that says in words why there is no number, its own word."""
    wordy = np.flatnonzero((kinds == CellKind.NOT_DETECTED) | (kinds == CellKind.MISSING)).tolist()
    words = {at: word for at in wordy if (word := _own_word(texts.texts[at], kinds[at]))}
    if not words:
        return texts.flags
    flags = list(texts.flags or [None] * len(texts.texts))
    for at, word in words.items():
        flags[at] = "; ".join(filter(None, (word, flags[at])))
    return flags


def _own_word(text: str, kind: int) -> str | None:
    """A cell that says in words why there is no number is its own flag, letter for letter."""
    is_word = kind == CellKind.NOT_DETECTED or (kind == CellKind.MISSING and text in _WORDS)
    return text if is_word else None
