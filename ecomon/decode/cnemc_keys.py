"""What names a row of the national water publication: its section, its time, its class."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ecomon.decode.cells import narrow, read_text, repair_mojibake
from ecomon.decode.civil_time import (
    NOT_A_TIME,
    CivilTime,
    end_of_harvest,
    epoch_us,
    infer_year,
    read_civil_time,
    read_date,
)
from ecomon.errors import SourceRefused
from ecomon.model.period import to_beijing

NAME_CHARS = 60
_ANNOTATION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
_GRADES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "劣V": 6, "VI": 6} | {
    str(grade): grade for grade in range(1, 7)
}
_NOT_ASSESSED = frozenset({"", "*", "-", "--", "7", "NULL", "NONE", "NAN"})


def site_key(province: str, name: str, *, has_annotation: bool = False) -> str:
    """The key of a section in this feed: ``四川省/清泉乡`` for ``清泉乡（文成镇）``.

    Names repeat across provinces and their bracketed annotations vary (formats.md §2), so the
    key is the province and the name in one spelling: NFKC, no white space, no annotation.

    Parameters
    ----------
    province, name : str
        As published, without HTML.
    has_annotation : bool
        Keep the annotation: needed where two sections of a province differ by it alone.
    """
    full = _one_spelling(name)
    bare = full if has_annotation else _ANNOTATION.sub("", full)
    return f"{_one_spelling(province)}/{bare or full}"


def _one_spelling(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


@dataclass(slots=True)
class SectionNames:
    """The sections of one file, numbered as they come."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    repaired: set[tuple[str, str]] = field(default_factory=set)
    _codes: dict[str, int] = field(default_factory=dict[str, int])

    def code(self, cells: tuple[str, str]) -> int:
        """The number of the section that (province, section) cells name; -1 where they name none."""
        province, name = read_text(cells[0]), read_text(cells[1])
        key = site_key(province, name, has_annotation=True)
        is_named = bool(_one_spelling(province)) and bool(_one_spelling(name))
        if not is_named or len(key) > NAME_CHARS or not key.isprintable():
            return -1
        if repair_mojibake(cells[0]) or repair_mojibake(cells[1]):
            self.repaired.add(cells)
        if key not in self._codes:
            self._codes[key] = len(self.pairs)
            self.pairs.append((province, name))
        return self._codes[key]

    def keys_by_code(self) -> tuple[list[str], set[int]]:
        """Site keys in the order of the codes, and the codes whose annotation was dropped."""
        alike: dict[str, int] = defaultdict(int)
        for province, name in self.pairs:
            alike[site_key(province, name)] += 1
        keys: list[str] = []
        dropped: set[int] = set()
        for code, (province, name) in enumerate(self.pairs):
            bare, full = site_key(province, name), site_key(province, name, has_annotation=True)
            keys.append(bare if alike[bare] == 1 else full)
            if keys[-1] != full:
                dropped.add(code)
        return keys, dropped


@dataclass(slots=True)
class YearRule:
    """How the times of one file get their year, and what came of it.

    The year of a time without one comes from the date of the file, else it is ``year``, else the
    latest that lies not more than an hour after ``fetched_at`` (formats.md §2).
    """

    year: int | None
    fetched_at: datetime | None
    has_file_date: bool = False
    inferred: set[tuple[str, str]] = field(default_factory=set)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    def time_us(self, cells: tuple[str, str]) -> int:
        """Epoch microseconds of (file date, time) cells; NaT, with its reason kept, if no time."""
        file_date, text = narrow(read_text(cells[0])), narrow(read_text(cells[1]))
        written = read_civil_time(text)
        if written is None:
            is_empty = text.lower() in ("", "null", "none", "nan", "--", "-", "*")
            self.reasons[cells] = "no time" if is_empty else f"not a time: {text[:40]!r}"
            return NOT_A_TIME
        try:
            return epoch_us(self._resolve(cells, written, read_date(file_date)))
        except (ValueError, OverflowError) as wrong:
            self.reasons[cells] = f"no such time: {text[:40]!r} ({wrong})"
            return NOT_A_TIME

    def _resolve(
        self, cells: tuple[str, str], written: CivilTime, file_date: date | None
    ) -> datetime:
        if written.year is not None:
            return written.in_year(written.year)
        if file_date is None and self.year is not None:
            return written.in_year(self.year)
        latest = self._latest(file_date)
        if latest is not None:
            moment = infer_year(written, latest)
            self.inferred.add(cells)
            return moment
        if self.has_file_date:
            raise ValueError("no file_date to take the year from")
        raise SourceRefused(
            f"the times have no year ({cells[1][:40]!r}): pass year=, or fetched_at= (when it was "
            "fetched), or give the file a column file_date"
        )

    def _latest(self, file_date: date | None) -> datetime | None:
        if file_date is not None:
            return end_of_harvest(file_date)
        if self.fetched_at is not None:
            return to_beijing(self.fetched_at) + timedelta(hours=1)
        return None


def read_grade(text: str) -> int:
    """The published class 1..6 (劣Ⅴ is 6), 0 where not assessed, -1 where it cannot be read."""
    folded = _one_spelling(read_text(text)).upper().removesuffix("类")
    if folded in _NOT_ASSESSED:
        return 0
    return _GRADES.get(folded, -1)


def count_among(cells: Iterable[tuple[str, str]], wanted: set[tuple[str, str]]) -> int:
    """How many of ``cells`` are among ``wanted``; most files have none."""
    return sum(map(wanted.__contains__, cells)) if wanted else 0
