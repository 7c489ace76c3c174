"""Cells of a reported sample, one by one: each is read, or says what was expected there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecomon.decode.cells import Cell, CellKind, read_cell
from ecomon.decode.typed_sheet import Doubtful, fold
from ecomon.errors import UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.quantity import UNITS, conversion_factor, convert, unit_symbol
from ecomon.model.sample import STATUS_WORDS

_A_NUMBER = "a number, <0.0002, 0.0002L, or 未检出 with its detection limit"
_BARE = frozenset({"<", "l"})
"""A mark for *below the detection limit* that leaves the limit to its own column."""
_REPLICATES = 100


@dataclass(frozen=True, slots=True)
class Result:
    """A measured value in the canonical unit: ``censor`` left: below the limit in ``value``."""

    value: float
    censor: str


def name_determinands(determinands: Mapping[str, Determinand]) -> dict[str, tuple[str, ...]]:
    """What each determinand of water may be called, folded, and the keys that it may mean."""
    found: dict[str, dict[str, None]] = {}
    for one in determinands.values():
        if one.medium == "water":
            names = (one.key, one.code, one.symbol, one.name_zh, one.name_en, *one.aliases)
            for name in filter(None, names):
                found.setdefault(fold(name), {})[one.key] = None
    return {name: tuple(keys) for name, keys in found.items()}


def read_determinand(text: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """The key that a text means."""
    keys = names.get(fold(text), ())
    if len(keys) == 1:
        return keys[0]
    if keys:
        raise Doubtful(f"expected one determinand; this may be {' or '.join(keys)}")
    raise Doubtful("expected a determinand of water: its key, name, symbol or code")


def read_unit(text: str, determinand: Determinand) -> str:
    """The unit of a row, which must fit what is measured; only a number without a unit may omit it."""
    if not text and determinand.unit == "1":
        return "1"
    expected = f"expected a unit of {determinand.key}: {_units_like(determinand.unit)}"
    if not text:
        raise Doubtful(expected)
    try:
        unit = unit_symbol(text)
        conversion_factor(unit, determinand.unit)
    except UnitMismatch as wrong:
        raise Doubtful(f"{expected}; {wrong}") from None
    return unit


def _units_like(unit: str) -> str:
    alike = [one.symbol for one in UNITS.values() if one.dimension == UNITS[unit].dimension]
    return ", ".join(alike)


def read_limit(text: str) -> float | None:
    """A detection limit, a number above zero; None where none is given."""
    if not text:
        return None
    cell = read_cell(text)
    if cell.kind is not CellKind.VALUE or cell.value <= 0:
        raise Doubtful("expected a number above zero, in the unit of the value")
    return cell.value


def read_result(text: str, limit: float | None, unit: str, to_unit: str) -> Result:
    """A value with its sign, against the detection limit of its row where one is given."""
    cell = Cell(CellKind.NOT_DETECTED) if text.casefold() in _BARE else read_cell(text)
    match cell.kind:
        case CellKind.NOT_DETECTED:
            if limit is None:
                raise Doubtful("expected the detection limit of what was not detected: 检出限")
            return Result(convert(limit, unit, to_unit), "left")
        case CellKind.BELOW:
            if cell.value <= 0:
                raise Doubtful(f"expected a limit above zero; {_A_NUMBER}")
            if limit is not None and limit != cell.value:
                raise Doubtful(f"expected one detection limit; the row also says {limit}")
            return Result(convert(cell.value, unit, to_unit), "left")
        case CellKind.ABOVE:
            return Result(convert(cell.value, unit, to_unit), "right")
        case CellKind.VALUE if cell.value < 0:
            raise Doubtful(f"expected no negative number; {_A_NUMBER}")
        case CellKind.VALUE if limit is not None and cell.value < limit:
            raise Doubtful(f"expected a value not below its detection limit {limit}, or {limit}L")
        case CellKind.VALUE:
            return Result(convert(cell.value, unit, to_unit), "none")
        case _:
            raise Doubtful(f"expected {_A_NUMBER}")


def read_status(text: str) -> str | None:
    """疑似 or 确认; None where nothing is said."""
    if not text:
        return None
    if (status := STATUS_WORDS.get(text.casefold())) is None:
        raise Doubtful("expected 疑似 or 确认, or nothing")
    return status


def read_replicate(text: str) -> int:
    """The number of a parallel sample, 0 where none is given."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()) or int(text) >= _REPLICATES:
        raise Doubtful(f"expected a whole number, 0 to {_REPLICATES - 1}")
    return int(text)
