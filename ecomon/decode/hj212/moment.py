"""Times as stations write them: ``YYYYMMDDhhmmss``, with milliseconds, without seconds, 24:00."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from ecomon.decode.hj212.quirk import Quirk

YEARS: Final = range(2005, 2080)
"""Years a logger can have measured in: HJ/T 212 begins 2005, and a lost clock says 2000 or 2099."""


@lru_cache(maxsize=4096)
def read_moment(text: str) -> tuple[datetime | None, tuple[Quirk, ...]]:
    """A naive Beijing time and what was odd about it; None where the calendar has no such time.

    HJ 212-2017 table 4: DataTime has fourteen digits; QN has seventeen, and so has the DataTime of
    some 2005 loggers. ``24:00`` is the next day's midnight.
    """
    if not (text.isascii() and text.isdigit()) or len(text) not in (10, 12, 14, 17):
        return None, ()
    quirks: tuple[Quirk, ...] = ()
    if len(text) != 14:
        quirks = (Quirk.DATATIME_17 if len(text) == 17 else Quirk.DATATIME_SHORT,)
    digits = text[:14].ljust(14, "0")
    clock = digits[8:]
    try:
        if clock == "240000":
            day = datetime.fromisoformat(digits[:8])
            return day + timedelta(days=1), (*quirks, Quirk.TIME_24)
        return datetime.fromisoformat(f"{digits[:8]}T{clock}"), quirks
    except (ValueError, OverflowError):
        return None, quirks


def write_moment(moment: datetime, *, is_qn: bool = False) -> str:
    """Fourteen digits, or the seventeen of a QN."""
    text = f"{moment:%Y%m%d%H%M%S}"
    return f"{text}{moment.microsecond // 1000:03d}" if is_qn else text
