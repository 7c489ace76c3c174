"""A written file, and the truth of each reading in it by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.course import Array, Times

TRUTH_COLUMNS = (
    "feed", "file", "row", "site", "determinand", "start", "true_value", "sound_value",
    "reported_value", "is_censored", "fault",
)  # fmt: skip


@dataclass(slots=True)
class Written:
    """A file as an office receives it.

    ``truth`` has a row per reading of it with ``TRUTH_COLUMNS`` (``feed`` is added on the way out);
    ``row`` is counted as the store counts it: rows of data from 1 in delimited files, lines of the
    sheet in tables of samples (their heading is counted too).
    """

    name: str
    feed: str
    octets: bytes
    n_rows: int
    truth: pd.DataFrame


def write_lines(header: str, lines: Sequence[str], *, newline: str = "\n") -> bytes:
    """A header and its lines as UTF-8."""
    return (newline.join([header, *lines]) + newline).encode("utf-8")


def stamps_of(times: Times) -> list[str]:
    """Times as ``2025-01-01 08:00:00``."""
    texts = np.datetime_as_string(times.astype("datetime64[us]"), "s").tolist()
    return [text.replace("T", " ") for text in texts]


def truth_table(
    determinand: str, true: Array, sound: Array | None, reported: Array, *,
    name: str, sites: Sequence[str], times: Times, where: tuple[npt.NDArray[np.intp], ...],
    fault: npt.NDArray[np.object_] | npt.NDArray[np.str_] | None, is_censored: npt.NDArray[np.bool_] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The truth of one determinand in the rows of one file.

    Parameters
    ----------
    true, sound, reported : ndarray (site, time)
        ``sound`` None: what is reported is sound
    where : pair of index arrays
        the readings in the order of the file's rows
    fault : ndarray of str, optional
        kind of fault of each reading of ``where``
    rows : ndarray, optional
        row of each reading; one each from row 1 on by default
    """
    n = len(where[0])
    return pd.DataFrame(
        {
            "file": np.full(n, name, dtype=object),
            "row": np.arange(1, n + 1) if rows is None else rows,
            "site": np.array(sites, dtype=object)[where[0]],
            "determinand": np.full(n, determinand, dtype=object),
            "start": times[where[1]].astype("datetime64[us]"),
            "true_value": true[where],
            "sound_value": (reported if sound is None else sound)[where],
            "reported_value": reported[where],
            "is_censored": np.zeros(n, dtype=bool) if is_censored is None else is_censored[where],
            "fault": np.full(n, "", dtype=object) if fault is None else fault.astype(object),
        }
    )
