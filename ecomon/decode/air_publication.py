"""What all layouts of the national air publication share: its fields, its marks, and its ozone.

Which of the pair ``O3`` and ``O3_24h`` is the hour cannot be taken from its name: in archives of the
live feed they are exchanged, in others they are not (stations.md §6.2 of the reference notes). The
maximum of 24 hours is never below the hour that ends it, so each file says it itself; where it does
not, the reading is rejected and not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ecomon.decode.cells import MARKS, CellKind

HOUR_S = 3600
Label = Literal["start", "end"]
"""Which end of its hour a time of the publication names."""

FIELDS: Mapping[str, tuple[str, str]] = {
    "pm2_5": ("PM25", "ug/m3"),
    "pm10": ("PM10", "ug/m3"),
    "so2": ("SO2", "ug/m3"),
    "no2": ("NO2", "ug/m3"),
    "co": ("CO_AIR", "mg/m3"),
    "o3": ("O3", "ug/m3"),
}
"""Field of the feed (in lower case), determinand and unit of the hourly means."""

DERIVED = frozenset({f"{field}_24h" for field in FIELDS} | {"o3_8h", "o3_8h_24h"})
OZONE, OZONE_MAXIMUM = "o3", "o3_24h"
AIR_MARKS = {**MARKS, "-;": CellKind.MISSING, "": CellKind.BLANK}

NOT_READ = "running means and daily maxima not read"
EXCHANGED = "O3 and O3_24h exchanged"
UNCLEAR = "the hour or the maximum of 24 hours: the file does not say which"


@dataclass(frozen=True, slots=True)
class OzoneAnswer:
    """What a file says of its two columns of ozone.

    ``is_exchanged`` and ``is_unclear``: whether the hour stands in the column of the maximum, and
    whether nobody can tell, one a pair. ``n_exchanged`` counts the pairs that show it themselves.
    """

    is_exchanged: npt.NDArray[np.bool_]
    is_unclear: npt.NDArray[np.bool_]
    n_exchanged: int


def tell_ozone(named: npt.NDArray[np.float64], beside: npt.NDArray[np.float64]) -> OzoneAnswer:
    """Which of two columns holds the hour, by what a maximum of 24 hours cannot be.

    Parameters
    ----------
    named, beside : ndarray of float64, one shape
        What stands under ``O3`` and under ``O3_24h`` in one file, one unit; NaN where nothing does.

    Returns
    -------
    OzoneAnswer
        Of the same shape. Where all pairs of the file that differ say the same, it holds for all of
        them. Where they disagree, or none differs, each pair speaks for itself, and one with a
        single number says nothing.

    Source
    ------
    ``o3`` is never below ``o3_24h`` in 1,476 rows of the live feed of 2018 and all of 2022
    (stations.md §6.2 of the reference notes).
    """
    is_above, is_below = named > beside, named < beside
    n_exchanged = int(is_above.sum())
    if is_above.any() != is_below.any():
        is_nowhere = np.zeros(named.shape, dtype=bool)
        return OzoneAnswer(np.full(named.shape, n_exchanged > 0), is_nowhere, n_exchanged)
    return OzoneAnswer(is_above, np.isnan(named) != np.isnan(beside), n_exchanged)
