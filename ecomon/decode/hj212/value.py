"""One value as a station writes it: a number, a limit with its sign, or a mark for none."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ecomon.decode.hj212.quirk import Quirk

_NAN: Final = float("nan")
_PLAIN: Final = re.compile(r"-?\d+(?:\.\d*)?|-?\.\d+", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MISSING: Final = frozenset(
    (
        "",
        "-",
        "--",
        "---",
        "—",
        "——",
        "nan",
        "null",
        "none",
        "n/a",
        "na",
        "/",
        "*",
        "无",
        "缺测",
        "inf",
        "-inf",
    )
)
_NOT_DETECTED: Final = frozenset(("nd", "<dl", "未检出"))
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class Value(NamedTuple):
    """A value that was read.

    ``number`` is NaN where the text gives none (``reason`` says why) and the limit where
    ``censor`` is not none. A text that is no value at all is not ``is_readable``.
    """

    number: float
    censor: str = "none"
    quirk: Quirk | None = None
    reason: str = ""
    is_readable: bool = True


def read_value(text: str, power: int = 0) -> Value:
    """Read a value and shift its point by ``power`` places (0.025L, <0.01, --, NaN, 1e1, +352).

    The shift is made in the decimal text, so that 1.2 of ug/L is 0.0012 of mg/L and no neighbour.
    An empty value or a mark is missing, never 0 (project rule; formats.md 1.9).
    """
    if _PLAIN.fullmatch(text):
        return Value(float(f"{text}e{power}") if power else float(text))
    plain = text.translate(_WIDE).strip()
    if plain.lower() in _MISSING:
        return Value(_NAN, "none", Quirk.VALUE_MARK, f"缺测 the station sent {text!r} for a value")
    if plain.lower() in _NOT_DETECTED:
        reason = f"未检出，未给检出限 not detected, no limit given: {text!r}"
        return Value(_NAN, "left", Quirk.VALUE_CENSORED, reason)
    censor, digits = _read_sign(plain)
    if not _NUMBER.fullmatch(digits):
        return Value(_NAN, "none", None, f"不是数值 no number: {text[:40]!r}", is_readable=False)
    mantissa, _, exponent = digits.lower().partition("e")
    number = float(f"{mantissa}e{int(exponent or 0) + power}")
    if number - number != 0.0:
        return Value(_NAN, "none", None, f"不是数值 no number: {text[:40]!r}", is_readable=False)
    quirk = Quirk.VALUE_SPELLING if censor == "none" else Quirk.VALUE_CENSORED
    return Value(number, censor, quirk)


def _read_sign(text: str) -> tuple[str, str]:
    if text[-1:] in ("L", "l"):
        return "left", text[:-1].strip()
    if text[:1] in ("<", "≤", "＜"):
        return "left", text[1:].lstrip("=").strip()
    if text[:1] in (">", "≥", "＞"):
        return "right", text[1:].lstrip("=").strip()
    return "none", text
