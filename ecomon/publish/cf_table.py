"""An encoded CF dataset of readings, read back as the table it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ecomon.errors import SourceRefused
from ecomon.model.approval import APPROVAL_STATES
from ecomon.model.cf import CENSORS, beijing_times
from ecomon.model.tables import FLAGGED
from ecomon.publish.cf import DECISIONS, NO_CODE, SERIES
from ecomon.publish.export_facts import KEY

_TEXT_CODES = {"censor": CENSORS, "decision": DECISIONS, "approval": APPROVAL_STATES}


def read_table(dataset: xr.Dataset) -> pd.DataFrame:
    """The readings that :func:`ecomon.publish.cf.cf_dataset` was given.

    Parameters
    ----------
    dataset : Dataset
        Encoded: of :func:`ecomon.publish.cf_netcdf.read_netcdf`, or of xarray with
        ``decode_cf=False``.

    Returns
    -------
    table FLAGGED
        With ``decision`` and ``approval`` where the dataset has approvals; sorted by the key.

    Raises
    ------
    SourceRefused
        where the dataset is none of ours.
    """
    try:
        series, seconds = _samples(dataset)
        names = [str(name) for name, one in dataset.variables.items() if "determinand" in one.attrs]
        parts = [_rows_of(dataset, name, series, seconds) for name in names]
        table = pd.concat(parts, ignore_index=True)
    except (KeyError, IndexError, ValueError) as wrong:
        raise SourceRefused(f"no dataset of readings of ours: {wrong!r}") from None
    ordered = table.sort_values(list(KEY), ignore_index=True)
    return FLAGGED.frame({str(name): ordered[name] for name in ordered})


def _samples(dataset: xr.Dataset) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Series and time of each cell of the arrays, flattened."""
    seconds = dataset["time"].to_numpy().astype(np.int64)
    if "row_size" in dataset.variables:
        sizes = dataset["row_size"].to_numpy()
        return np.repeat(np.arange(len(sizes)), sizes), seconds
    n_series = dataset.sizes["series"]
    return np.repeat(np.arange(n_series), len(seconds)), np.tile(seconds, n_series)


def _rows_of(
    dataset: xr.Dataset,
    name: str,
    series: npt.NDArray[np.intp],
    seconds: npt.NDArray[np.int64],
) -> pd.DataFrame:
    variable = dataset[name]
    flag = dataset[f"{name}_flag"].to_numpy().ravel()
    there = np.flatnonzero(flag != NO_CODE)

    def beside(suffix: str) -> npt.NDArray[Any] | None:
        one = f"{name}_{suffix}"
        return dataset[one].to_numpy().ravel()[there] if one in dataset.variables else None

    columns: dict[str, Any] = {one: dataset[one].to_numpy()[series[there]] for one in SERIES}
    columns |= {
        "determinand": variable.attrs["determinand"],
        "statistic": variable.attrs["statistic"],
        "start": beijing_times(seconds[there]),
        "value": variable.to_numpy().ravel()[there],
        "unit": variable.attrs["unit_symbol"],
        "flag": flag[there].astype(np.int64),
        "revision": beside("revision"),
        "row": beside("row"),
        "source_flag": _texts(beside("source_flag"), len(there)),
    }
    for column, meanings in _TEXT_CODES.items():
        codes = beside(column)
        if codes is not None:
            columns[column] = np.array([None if one == "none" and column == "decision" else one for one in meanings], dtype=object)[codes]  # fmt: skip
        elif column == "censor":
            columns[column] = "none"
        elif column == "decision" and beside("approval") is not None:
            columns[column] = None
    return pd.DataFrame(columns).astype({one: "str" for one in ("decision",) if one in columns})


def _texts(texts: npt.NDArray[Any] | None, n: int) -> Any:
    if texts is None:
        return pd.array([None] * n, dtype="str")
    return pd.array([str(one) or None for one in texts], dtype="str")
