"""Quality flags: the QARTOD values, and how several become one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Flag(IntEnum):
    """QARTOD flag values (IOOS QARTOD, Manual for the Use of Flags, 2020, table 2-2)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9

    @property
    def severity(self) -> int:
        """Order for aggregation: a test that was not evaluated never outranks one that was."""
        return _SEVERITY[self]


_SEVERITY: dict[int, int] = {
    Flag.NOT_EVALUATED: 0, Flag.GOOD: 1, Flag.SUSPECT: 2, Flag.FAIL: 3, Flag.MISSING: 4,
}  # fmt: skip
_RANK = np.zeros(10, dtype=np.int8)
for _flag, _severity in _SEVERITY.items():
    _RANK[_flag] = _severity
_OF_RANK = np.array(sorted(_SEVERITY, key=_SEVERITY.__getitem__), dtype=np.int8)

FLAG_NAMES_ZH: dict[Flag, str] = {
    Flag.GOOD: "有效", Flag.NOT_EVALUATED: "未评定", Flag.SUSPECT: "存疑",
    Flag.FAIL: "无效", Flag.MISSING: "缺测",
}  # fmt: skip


def worst(flags: Iterable[Flag]) -> Flag:
    """The flag of the highest severity; ``NOT_EVALUATED`` of nothing."""
    return max(flags, key=lambda flag: flag.severity, default=Flag.NOT_EVALUATED)


def worst_of(columns: list[npt.NDArray[np.int8]]) -> npt.NDArray[np.int8]:
    """Element-wise :func:`worst` over arrays of flags of one shape."""
    rank = _RANK[columns[0]]
    for column in columns[1:]:
        rank = np.maximum(rank, _RANK[column])
    return _OF_RANK[rank]
