"""Draws of loads: the form in which uncertainty goes on into sums, differences and money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.tables import LOADS

if TYPE_CHECKING:
    import xarray as xr

Draws = npt.NDArray[np.float64]
KEYS = ("section", "determinand", "start")
"""What tells one load from another within a table."""


def draw_loads(loads: pd.DataFrame, *, n_draws: int, seed: int) -> xr.DataArray:
    """Draws of each load from its standard error, Student's t with n_days - 1 degrees of freedom.

    The draws of a section, determinand and month depend on ``seed`` and on nothing else in the
    table: the same load drawn in two calls is the same draw, so that a difference of two accounts
    that share it cancels. Draws of different cells are independent. They are not cut at zero,
    which would move their mean; ``lower_t`` of LOADS is.

    Parameters
    ----------
    loads : LOADS
        One row per section, determinand and month.
    n_draws : int
    seed : int
        Not negative.

    Returns
    -------
    xarray.DataArray, dims (section, determinand, time, draw), float64, t
        ``time`` is the start of the month. NaN where the load is insufficient, rests on one day,
        or the table has no such row.

    Raises
    ------
    ContractError
        if a section, determinand and month stands twice.

    Source
    ------
    Student's t around a jackknifed mean (Tukey 1958).
    """
    LOADS.check(loads)
    keys = list(KEYS)
    if loads.duplicated(keys).any():
        raise ContractError("a section, determinand and month stands twice among the loads")
    drawn = loads[(loads["status"] == "measured") & (loads["n_days"] >= 2)]
    columns = ("load_t", "standard_error_t", "n_days")
    figures = zip(*(drawn[name].to_numpy() for name in columns), strict=True)
    cells = list(zip(*(drawn[key] for key in keys), strict=True))

    def draw_each() -> Iterator[Draws]:
        for (section, determinand, start), (load_t, error_t, n) in zip(cells, figures, strict=True):
            cell = f"{section}|{determinand}|{start:%Y-%m}"
            generator = np.random.default_rng([seed, crc32(cell.encode())])
            yield load_t + error_t * generator.standard_t(n - 1, n_draws)

    array = arrange_draws(loads, dict(zip(cells, draw_each(), strict=True)), n_draws=n_draws)
    return array.assign_attrs(long_name="monthly load", seed=seed)


def arrange_draws(
    rows: pd.DataFrame, draws: Mapping[tuple[Any, ...], Draws], *, n_draws: int
) -> xr.DataArray:
    """Draws by section, determinand and start as one array, with a place for every row.

    Parameters
    ----------
    rows : DataFrame
        ``section``, ``determinand`` and ``start`` of all rows, those without draws too.
    draws : mapping of (section, determinand, start) to ndarray of float64, shape (n_draws,)
    n_draws : int

    Returns
    -------
    xarray.DataArray, dims (section, determinand, time, draw), float64, t
        NaN where nothing was drawn, or no such row is.

    Source
    ------
    Dims of the house (design, section 3).
    """
    import xarray as xr

    sections, determinands, starts = (sorted(rows[key].unique()) for key in KEYS)
    values = np.full((len(sections), len(determinands), len(starts), n_draws), np.nan)
    for (section, determinand, start), drawn in draws.items():
        place = (sections.index(section), determinands.index(determinand), starts.index(start))
        values[place] = drawn
    return xr.DataArray(
        values,
        dims=("section", "determinand", "time", "draw"),
        coords={
            "section": sections,
            "determinand": determinands,
            "time": np.array(starts, dtype="datetime64[us]"),
            "draw": np.arange(n_draws),
        },
        name="load_t",
        attrs={"units": "t"},
    )
