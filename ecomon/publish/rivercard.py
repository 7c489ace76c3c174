"""The card of one section on the river line: its mark, and below it name, standing and chainage."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ecomon.publish.bulletin import SectionLine
from ecomon.publish.intake import IntakeMonth
from ecomon.publish.wording import TARGET_UNKNOWN, VERDICT, Words, grade_look, words_of

CARD = 92.0  # width of a card, in SVG units: longer names are set in several lines
_NAME_ZH, _NAME_EN = 6, 14  # characters of a name's line
_BAD, _INK, _SOFT = "#b3160f", "#33424f", "#52606b"
_SHORT_EN = {
    "compliant": "meets target {}", "exceeding": "exceeds target {}", "insufficient": "target {}, no data",
}  # fmt: skip
_FILLS = {"over": "#c9211e", "under": "#ffffff", "g0": "url(#hatch)"}


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    size: int
    fill: str
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One section, or one intake that is judged by Table 3 and has no grade."""

    line: SectionLine
    intake: IntakeMonth | None = None

    @property
    def depth(self) -> float:
        """From the middle of the mark to the last line below it."""
        return max(_depth(self._rows("zh")), _depth(self._rows("en")))

    def svg(self, x: float, y: float) -> str:
        """The card with the middle of its mark at (x, y)."""
        return (
            f'<g class="card"><title>{escape(self._title())}</title>'
            + self._mark(x, y)
            + _column(x, y, self._rows("zh"), "zh")
            + _column(x, y, self._rows("en"), "en")
            + "</g>"
        )

    @property
    def _month(self) -> IntakeMonth | None:
        return None if self.line.is_to_grade else self.intake

    def _mark(self, x: float, y: float) -> str:
        if month := self._month:
            ink = "#ffffff" if month.is_exceeding else "#1b2733"
            shape = (
                f'<rect x="{x - 17:.1f}" y="{y - 17:.1f}" width="34" height="34" rx="5" '
                f'fill="{_FILLS[month.kind]}" stroke="#33424f" stroke-width="1.4"/>'
            )
            return shape + svg_bilingual(x, y + 5, month.mark, size=14, fill=ink, is_bold=True)
        look = grade_look(self.line.grade)
        fill = look.fill if self.line.grade else _FILLS["g0"]
        size = 12 if len(look.numeral) > 1 else 17
        shape = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="17" fill="{fill}" stroke="#33424f" '
            'stroke-width="1.4"/>'
        )
        at = y + (4.5 if size == 12 else 6)
        return shape + svg_bilingual(x, at, look.mark, size=size, fill=look.ink, is_bold=True)

    def _rows(self, language: str) -> list[_Row]:
        """What stands below the mark, line by line."""
        is_zh = language == "zh"
        name = (
            _wrapped_zh(self.line.name_zh) if is_zh else textwrap.wrap(self.line.name_en, _NAME_EN)
        )
        rows = [_Row(text, 13 if is_zh else 11, "#1b2733", is_bold=True) for text in name]
        size = 11 if is_zh else 10
        for words, is_bad in self._standing():
            text, fill = words.zh if is_zh else words.en, _BAD if is_bad else _INK
            rows.append(_Row(text, size, fill, is_bold=is_bad))
        if self.line.km_above_mouth is not None:
            doubt = " ※" if self.line.has_unverified_km else ""
            rows.append(_Row(f"{self.line.km_above_mouth:g} km{doubt}", 11, _SOFT))
        return rows

    def _standing(self) -> list[tuple[Words, bool]]:
        """Target and verdict, and what exceeded Table 3, each with whether it is bad news."""
        said = [_target_words(self.line)] if self.line.is_to_grade else []
        if self.intake and self.intake.is_exceeding:
            return said + [(words, True) for words in _table_3_words(self.intake)]
        return said or ([(self.intake.verdict, False)] if self.intake else [])

    def _title(self) -> str:
        look = grade_look(self.line.grade)
        stand = ", ".join(str(words) for words, _ in self._standing())
        grade = f"{look.words.zh} {look.words.en}, " if self.line.is_to_grade else ""
        return f"{self.line.name_zh} {self.line.name_en}: {grade}{stand}"


def _table_3_words(month: IntakeMonth) -> list[Words]:
    """What exceeded Table 3, short enough for a card."""
    worst = month.findings[0]
    more = sum(one.n_exceeding > 0 for one in month.findings) - 1
    said = [
        Words(f"{worst.name.zh}超标{worst.n_exceeding}次", f"{worst.name.en}: {worst.n_exceeding} over"),
        Words(f"峰值{worst.peak_factor:.2f}倍", f"peak factor {worst.peak_factor:.2f}"),
    ]  # fmt: skip
    return said + ([Words(f"另{more}项超标", f"{more} more items")] if more else [])


def _target_words(line: SectionLine) -> tuple[Words, bool]:
    if not line.target_grade:
        return Words(TARGET_UNKNOWN.zh, "no target"), False
    doubt = "※" if line.target_confidence == "unverified" else ""
    numeral = grade_look(line.target_grade).numeral + doubt
    verdict = words_of(VERDICT, line.verdict)
    english = _SHORT_EN.get(line.verdict, "target {}").format(numeral)
    return Words(f"目标{numeral} {verdict.zh}", english), line.verdict == "exceeding"


def _wrapped_zh(name: str) -> list[str]:
    """A Chinese name in lines of about one length."""
    n_lines = max(math.ceil(len(name) / _NAME_ZH), 1)
    size = math.ceil(len(name) / n_lines)
    return [name[at : at + size] for at in range(0, len(name), size)]


def _steps(rows: list[_Row]) -> list[float]:
    """Base line of each row, below the middle of the mark."""
    at, places = 34.0, [34.0]
    for above, row in pairwise(rows):
        at += row.size + (2.0 if above.is_bold and row.is_bold and above.fill == row.fill else 4.5)
        places.append(at)
    return places[: len(rows)]


def _depth(rows: list[_Row]) -> float:
    return max(_steps(rows), default=34.0)


def _column(x: float, y: float, rows: list[_Row], language: str) -> str:
    return "".join(
        svg_text(
            x,
            y + at,
            row.text,
            size=row.size,
            fill=row.fill,
            is_bold=row.is_bold,
            language=language,
        )
        for row, at in zip(rows, _steps(rows), strict=True)
    )


def svg_text(
    x: float, y: float, text: str, *, size: int, fill: str = "#1b2733", anchor: str = "middle",
    is_bold: bool = False, language: str = "",
) -> str:  # fmt: skip
    """One line of text; ``language`` is the class by which the page shows or hides it."""
    weight = ' font-weight="700"' if is_bold else ""
    tongue = f' class="{language}"' if language else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{fill}"{weight}{tongue}>{escape(text)}</text>'
    )


def svg_bilingual(
    x: float, y: float, words: Words, *, size: int, fill: str = "#1b2733",
    anchor: str = "middle", is_bold: bool = False,
) -> str:  # fmt: skip
    """One line in both languages at one place; alike in both, it stands once."""
    style = {"fill": fill, "anchor": anchor, "is_bold": is_bold}
    if words.zh == words.en:
        return svg_text(x, y, words.zh, size=size, **style)
    return svg_text(x, y, words.zh, size=size, language="zh", **style) + svg_text(
        x, y, words.en, size=max(size - 2, 10), language="en", **style
    )
