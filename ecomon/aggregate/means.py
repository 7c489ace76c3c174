"""The table of means, the same for days and months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.model.determinand import Determinand
from ecomon.model.period import Period
from ecomon.model.tables import MEANS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_STATUSES = ("missing", "insufficient", "measured")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the means stand on; shapes (mean,), series after series and part after part."""

    n_valid: Ints
    n_expected: Ints
    n_excluded: Ints
    n_censored: Ints

    def is_measured(self, min_share: Decimal) -> npt.NDArray[np.bool_]:
        """Enough of the expected values are valid; compared as whole numbers, so a share that is
        met exactly is met.
        """
        above, below = min_share.as_integer_ratio()
        return (self.n_valid > 0) & (self.n_valid * below >= self.n_expected * above)


def frame_means(
    pairs: Sequence[tuple[str, str]],
    parts: Sequence[Period],
    kind: Literal["day", "month"],
    determinands: Mapping[str, Determinand],
    *,
    counts: Counts,
    value: Floats,
    exact: npt.NDArray[np.object_],
    is_measured: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    """Table MEANS with a row for every pair and part, pair after pair.

    ``value`` is NaN and ``exact`` None where not ``is_measured``. Without a source: it lays out
    what the means' rules give.
    """
    of_pair = np.repeat(np.arange(len(pairs)), len(parts))
    of_part = np.tile(np.arange(len(parts)), len(pairs))
    status = (counts.n_valid > 0).astype(np.intp) + is_measured
    starts = np.array([part.start for part in parts], dtype="datetime64[us]")
    return MEANS.frame(
        {
            "site": _texts([site for site, _ in pairs], of_pair),
            "determinand": _texts([key for _, key in pairs], of_pair),
            "period": _texts([part.label for part in parts], of_part),
            "period_kind": _texts([kind], np.zeros_like(of_pair)),
            "start": starts[of_part],
            "value": value,
            "exact": pd.Series(exact, dtype="object"),
            "unit": _texts([determinands[key].unit for _, key in pairs], of_pair),
            "n_valid": counts.n_valid,
            "n_expected": counts.n_expected,
            "n_excluded": counts.n_excluded,
            "n_censored": counts.n_censored,
            "coverage": np.minimum(counts.n_valid / counts.n_expected, 1.0),
            "status": _texts(_STATUSES, status),
        }
    )


def _texts(names: Sequence[str], places: npt.NDArray[Any]) -> Any:
    """A text column that repeats a few names."""
    return pd.array(list(names), dtype="str").take(places)
