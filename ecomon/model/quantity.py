"""Units, exact decimals and the one rounding rule.

Measurements are float64 with a declared unit. Where a rule says *round*, the value is first
made exact (:func:`exact`, or an exact mean) and then rounded by GB/T 8170-2008 clause 3
(half to even); a mean of binary floats would misplace one exact tie in five.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError, UnitMismatch

SCALE_DECIMALS = 9
"""Resolution of scaled integers: 1e-9 of the canonical unit (1 pg/L for mg/L)."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension and the factor that takes it to the dimension's base unit."""

    symbol: str
    dimension: str
    factor: float


UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit("1", "number", 1.0),
        Unit("mg/L", "mass concentration", 1.0),
        Unit("g/L", "mass concentration", 1e3),
        Unit("ug/L", "mass concentration", 1e-3),
        Unit("ng/L", "mass concentration", 1e-6),
        Unit("g/m3", "mass concentration", 1.0),
        Unit("mg/m3", "mass concentration", 1e-3),
        Unit("ug/m3", "mass concentration", 1e-6),
        Unit("ng/m3", "mass concentration", 1e-9),
        Unit("degC", "temperature", 1.0),
        Unit("uS/cm", "conductivity", 1.0),
        Unit("mS/cm", "conductivity", 1e3),
        Unit("NTU", "turbidity", 1.0),
        Unit("cells/L", "number concentration", 1.0),
        Unit("count/L", "number concentration", 1.0),
        Unit("m3/s", "discharge", 1.0),
        Unit("L/s", "discharge", 1e-3),
        Unit("m3", "volume", 1.0),
        Unit("hm3", "volume", 1e6),  # cubic hectometre: the million m3 of a reservoir
        Unit("m", "length", 1.0),
        Unit("km", "length", 1e3),
        Unit("mm", "length", 1e-3),
        Unit("g/s", "mass rate", 1.0),
        Unit("t", "mass", 1.0),
        Unit("kg", "mass", 1e-3),
        Unit("h", "time", 3600.0),
        Unit("s", "time", 1.0),
        Unit("CNY", "money", 1.0),
    )
}

_SPELLINGS = str.maketrans({"μ": "u", "µ": "u", "³": "3", "²": "2", " ": None, "／": "/"})
_OTHER_NAMES = {
    "": "1", "-": "1", "无量纲": "1", "℃": "degC", "°C": "degC", "个/L": "cells/L",
    "毫克/升": "mg/L", "微克/升": "ug/L", "微克/立方米": "ug/m3", "毫克/立方米": "mg/m3",
    "立方米/秒": "m3/s", "米": "m", "毫米": "mm", "立方米": "m3", "百万立方米": "hm3", "百万m³": "hm3",
}  # fmt: skip


def unit_symbol(text: str) -> str:
    """Canonical symbol of a unit as a source spells it (``μS/cm``, ``℃``, ``无量纲``, ``mg/l``).

    Raises
    ------
    UnitMismatch
        if the spelling is not known: a unit is never guessed.
    """
    squeezed = text.strip()
    squeezed = _OTHER_NAMES.get(squeezed, squeezed).translate(_SPELLINGS)
    if squeezed in UNITS:
        return squeezed
    for symbol in UNITS:
        if symbol.lower() == squeezed.lower():
            return symbol
    raise UnitMismatch(f"unknown unit {text!r}")


def conversion_factor(unit: str, to_unit: str) -> float:
    """The factor that takes a value in ``unit`` to ``to_unit``; raises UnitMismatch across dimensions."""
    try:
        have, want = UNITS[unit], UNITS[to_unit]
    except KeyError as unknown:
        raise UnitMismatch(f"unknown unit {unknown.args[0]!r}") from None
    if have.dimension != want.dimension:
        raise UnitMismatch(f"{unit} ({have.dimension}) cannot become {to_unit} ({want.dimension})")
    return have.factor / want.factor


def convert(value: float, unit: str, to_unit: str) -> float:
    """``value`` in ``unit`` expressed in ``to_unit``.

    Equal units return the value untouched; otherwise the decimal text of the value is shifted
    exactly where the factor is a power of ten, so that 1.2 ug/L is 0.0012 mg/L and not a neighbour.
    """
    if unit == to_unit:
        return value
    factor = conversion_factor(unit, to_unit)
    if value != value or value in (float("inf"), float("-inf")):
        return value
    power = round(float(np.log10(factor)))
    if abs(factor / 10.0**power - 1.0) < 1e-12:
        return float(exact(value).scaleb(power))
    return value * factor


def exact(value: float) -> Decimal:
    """The decimal a float64 was written from: its shortest round-trip text, not its binary expansion."""
    return Decimal(repr(float(value)))


def round_gbt8170(value: Decimal | Fraction | int, decimals: int) -> Decimal:
    """Round an exact value to ``decimals`` places, half to even (GB/T 8170-2008, clause 3).

    Parameters
    ----------
    value : Decimal, Fraction or int
        An exact value. A float is refused: make it exact first.
    decimals : int
        Places after the point; negative rounds to tens, hundreds ...

    Examples
    --------
    >>> round_gbt8170(Decimal("0.205"), 2)
    Decimal('0.20')
    """
    if isinstance(value, float):
        raise ContractError("round_gbt8170 takes exact values; use exact() on a float first")
    scaled = _to_fraction(value) * Fraction(10) ** decimals
    whole = round(scaled)  # Python rounds a Fraction half to even, exactly
    return _WIDE.scaleb(Decimal(whole), -decimals)


def round_assessed(value: Decimal | Fraction | int, decimals: int) -> Decimal:
    """Round for assessment: as GB/T 8170, but a positive value never becomes zero.

    Where rounding would give 0 the value keeps one significant digit instead
    (总站水字〔2018〕87号, carried on by 环办监测函〔2020〕82号; secondary source).
    """
    rounded = round_gbt8170(value, decimals)
    if rounded != 0 or value == 0:
        return rounded
    ratio = abs(_to_fraction(value))
    places = decimals
    while ratio * Fraction(10) ** places < 1:
        places += 1
    return round_gbt8170(value, places)


def _to_fraction(value: Decimal | Fraction | int) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(value)


def scaled_integers(
    values: npt.NDArray[np.float64], decimals: int = SCALE_DECIMALS
) -> npt.NDArray[np.int64]:
    """Values times 10**decimals as int64, so that sums and means of them are exact.

    Parameters
    ----------
    values : ndarray of float64, any shape, without NaN
        Measurements in their canonical unit.

    Raises
    ------
    ContractError
        on NaN, or where a value is too large for 64 bits at this scale.
    """
    scaled = values * 10.0**decimals
    if not np.all(np.abs(scaled) < 2.0**62):
        raise ContractError("NaN or a value too large to be scaled; drop NaN or use fewer decimals")
    return np.rint(scaled).astype(np.int64)


def exact_mean(values: Iterable[float], decimals: int = SCALE_DECIMALS) -> Fraction:
    """Arithmetic mean on scaled integers, as an exact fraction (to be rounded once, at the end).

    Parameters
    ----------
    values : iterable of float, shape (n,), no NaN, n >= 1
    """
    whole = [round(exact(value).scaleb(decimals)) for value in values]
    if not whole:
        raise ContractError("the mean of no values")
    return Fraction(sum(whole), len(whole) * 10**decimals)
