"""How other vocabularies spell our units: UDUNITS (netCDF), UCUM and QUDT (linked data).

Source
------
UDUNITS 2 (each spelling is read by its parser in a test); The Unified Code for Units of Measure
2.1; QUDT vocabulary of units. A unit that a vocabulary does not hold, or whose spelling there was
not certain, is left out.
"""

from __future__ import annotations

from typing import Final

UDUNITS: Final[dict[str, str]] = {
    "1": "1", "mg/L": "mg L-1", "g/L": "g L-1", "ug/L": "ug L-1", "ng/L": "ng L-1",
    "g/m3": "g m-3", "mg/m3": "mg m-3", "ug/m3": "ug m-3", "ng/m3": "ng m-3",
    "degC": "degree_Celsius", "uS/cm": "uS cm-1", "mS/cm": "mS cm-1",
    # A scale of an instrument, or money: UDUNITS knows neither, and CF has 1 for what has no dimension.
    "NTU": "1", "CNY": "1",
    "cells/L": "L-1", "count/L": "L-1", "m3/s": "m3 s-1", "L/s": "L s-1", "m3": "m3", "hm3": "hm3",
    "m": "m", "km": "km", "mm": "mm", "g/s": "g s-1", "t": "t", "kg": "kg", "h": "h", "s": "s",
}  # fmt: skip
"""By our symbol (``quantity.UNITS``): what a reader of CF takes for ``units``."""

UCUM: Final[dict[str, str]] = {
    "1": "1", "mg/L": "mg/L", "g/L": "g/L", "ug/L": "ug/L", "ng/L": "ng/L",
    "g/m3": "g/m3", "mg/m3": "mg/m3", "ug/m3": "ug/m3", "ng/m3": "ng/m3",
    "degC": "Cel", "uS/cm": "uS/cm", "mS/cm": "mS/cm", "m3/s": "m3/s", "L/s": "L/s",
    "m3": "m3", "hm3": "hm3", "m": "m", "km": "km", "mm": "mm", "g/s": "g/s", "t": "t",
    "kg": "kg", "h": "h", "s": "s",
}  # fmt: skip

_QUDT = "http://qudt.org/vocab/unit/"
QUDT: Final[dict[str, str]] = {
    symbol: _QUDT + name
    for symbol, name in {
        "1": "UNITLESS", "mg/L": "MilliGM-PER-L", "g/L": "GM-PER-L", "ug/L": "MicroGM-PER-L",
        "mg/m3": "MilliGM-PER-M3", "ug/m3": "MicroGM-PER-M3", "degC": "DEG_C",
        "uS/cm": "MicroS-PER-CentiM", "NTU": "NTU", "m3/s": "M3-PER-SEC", "m3": "M3", "m": "M",
        "km": "KiloM", "mm": "MilliM", "kg": "KiloGM", "s": "SEC", "h": "HR",
    }.items()
}  # fmt: skip
