"""Decoded observations one by one, as the command line prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ecomon.model.observation import Batch


def as_json(batch: Batch) -> Iterator[dict[str, Any]]:
    """Each observation of a batch as a JSON object.

    Parameters
    ----------
    batch : Batch
        Columns of ``tables.OBSERVATIONS``; times are naive Beijing time.

    Yields
    ------
    dict
        ``kind`` ("observation"), ``site``, ``determinand``, ``statistic``, ``start`` (ISO 8601
        with +08:00), ``duration_s``, ``value`` (None for NaN), ``unit``, ``censor`` and
        ``source_flag`` (None for NA); ``reported_at`` (None where not stated) where the source
        states it, and so ``method`` and ``note`` of emergency samples. Rows that were rejected have ``Rejected.as_json``.
    """
    table = batch.observations
    starts = np.datetime_as_string(table["start"].to_numpy().astype("datetime64[s]"))
    values = [None if value != value else value for value in table["value"].tolist()]
    flags = [flag if isinstance(flag, str) else None for flag in table["source_flag"].tolist()]
    columns: dict[str, list[Any]] = {
        "site": table["site"].tolist(),
        "determinand": table["determinand"].tolist(),
        "statistic": table["statistic"].tolist(),
        "start": [f"{start}+08:00" for start in starts.tolist()],
        "duration_s": table["duration_s"].tolist(),
        "value": values,
        "unit": table["unit"].tolist(),
        "censor": table["censor"].tolist(),
        "source_flag": flags,
    }
    if "reported_at" in table:
        columns["reported_at"] = [
            None if pd.isna(one) else f"{one:%Y-%m-%dT%H:%M:%S}+08:00"
            for one in table["reported_at"]
        ]
    for name in ("method", "note"):
        if name in table:
            columns[name] = [one if isinstance(one, str) else None for one in table[name].tolist()]
    for row in zip(*columns.values(), strict=True):
        yield {"kind": "observation", **dict(zip(columns, row, strict=True))}
