"""Text columns as small integers, which is what stages compute on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.intp]


def encode(column: pd.Series[Any]) -> tuple[Codes, list[str]]:
    """Codes of a text column, and the texts they stand for in the order they first come.

    Neighbouring rows of a table mostly agree, so only the first row of each run is hashed.

    Parameters
    ----------
    column : Series of str or category, shape (row,)

    Returns
    -------
    codes : ndarray of int, shape (row,)
        Places in the list; -1 where there is no text.
    names : list of str
        A category that no row has may be among them.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes, dtype=np.intp)
        return codes, [str(name) for name in column.cat.categories]
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is pd.NA:  # pyright: ignore[reportUnknownMemberType]
        # A comparison with pd.NA has no truth.
        column = column.astype("str")
    texts: npt.NDArray[np.object_] = column.to_numpy(dtype=object)
    heads = run_starts(texts[1:] != texts[:-1])[: len(texts)]
    is_mixed = len(heads) > len(texts) // 8
    found: tuple[Codes, npt.NDArray[np.object_]] = pd.factorize(texts if is_mixed else texts[heads])  # pyright: ignore[reportUnknownMemberType]
    codes, names = found
    if not is_mixed:
        codes = np.repeat(codes, np.diff(heads, append=len(texts)))
    return codes, [str(name) for name in names]


def run_starts(is_new: npt.NDArray[np.bool_]) -> Codes:
    """Places where a run starts, of the n - 1 marks between n neighbours."""
    return np.append(0, np.flatnonzero(is_new) + 1)
