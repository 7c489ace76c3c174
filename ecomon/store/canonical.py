"""Values as text that comes back the same: canonical JSON, fractions, instants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from ecomon.errors import StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import to_beijing, to_epoch_s


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal octets.

    Decimal and Fraction become their text, times ISO 8601 with ``+08:00``, NaN and NA null.
    """
    return json.dumps(
        _as_json(value),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def _as_json(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case Mapping():
            return {str(key): _as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_as_json(item) for item in value]
        case set() | frozenset():
            return sorted(_as_json(item) for item in value)
        case _ if value is pd.NA or value is pd.NaT:
            return None
        case np.generic():
            return _as_json(value.item())
        case int():
            return value
        case float():
            return value if np.isfinite(value) else None
        case Decimal():
            return format(value, "f")
        case Fraction():
            return fraction_text(value)
        case datetime():
            return isoformat(to_beijing(value))
        case date():
            return value.isoformat()
        case _:
            raise StoreError(f"a {type(value).__name__} has no place in a stored document")


def fraction_text(value: Fraction | None) -> str | None:
    """``numerator/denominator``, or None."""
    return None if value is None else f"{value.numerator}/{value.denominator}"


def read_fraction(stored: str | None) -> Fraction | None:
    """The fraction that :func:`fraction_text` wrote."""
    if stored is None:
        return None
    numerator, _, denominator = stored.partition("/")
    return Fraction(int(numerator), int(denominator))


def instant_s(moment: datetime | str | int) -> int:
    """Epoch seconds of an aware or naive Beijing time, its ISO text, or epoch seconds."""
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return to_epoch_s(moment)


def read_json(stored: str | None) -> Any:
    """The value of stored JSON; None of NULL."""
    return None if stored is None else json.loads(stored)
