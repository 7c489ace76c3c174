"""The one-letter ``-Flag`` of a value, by edition, as a QARTOD flag; the letter is always kept.

A 2005 air station's ``3`` is normal: who took "not N" for bad would discard every one of its
values. A letter that the edition does not know is *not evaluated* (2), never good and never bad.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from ecomon.model.flag import Flag

Edition = Literal["2005", "2017", "2025", "hj1404"]
"""Whose text a station follows; hj1404 is surface-water practice."""

_2017: Final[Mapping[str, Flag]] = {
    "N": Flag.GOOD,
    "F": Flag.FAIL,  # instrument stopped
    "M": Flag.SUSPECT,  # under maintenance
    "S": Flag.SUSPECT,  # entered by hand
    "D": Flag.FAIL,  # instrument fault
    "C": Flag.FAIL,  # calibrating
    "T": Flag.FAIL,  # over range; the value is kept as censored
    "B": Flag.FAIL,  # logger and instrument do not speak
}
_2005: Final[Mapping[str, Flag]] = {
    **{letter: flag for letter, flag in _2017.items() if letter != "B"},
    "P": Flag.FAIL,  # power
}
_2005_AIR: Final[Mapping[str, Flag]] = {
    **_2005,
    "0": Flag.FAIL,  # calibration
    "1": Flag.NOT_EVALUATED,  # a meteorological parameter
    "2": Flag.FAIL,  # abnormal
    "3": Flag.GOOD,
}
_HJ1404: Final[Mapping[str, Flag]] = {
    **_2017,
    "L": Flag.NOT_EVALUATED,  # below the range; the value is kept as censored
    "P": Flag.FAIL,  # power
    "Z": Flag.FAIL,  # no sample at the intake
}
OVER_RANGE: Final = frozenset("T")
BELOW_RANGE: Final = frozenset("L")


def flag_table(edition: Edition, system: str) -> Mapping[str, Flag]:
    """Letters of an edition and what they mean.

    References
    ----------
    HJ 212-2017 6.6.3 table 8; HJ/T 212-2005 as several implementations read it; the letters of the
    national water network as practice has them (its HJ 1404-2024 text was not seen); the mapping
    to QARTOD is a project rule (reference formats.md section 6).
    """
    if edition == "2005":
        return _2005_AIR if system == "22" else _2005
    return _HJ1404 if edition == "hj1404" else _2017
