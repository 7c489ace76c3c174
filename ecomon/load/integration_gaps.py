"""What stands for the concentrations of a dense record where it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecomon.load.flux import FilledDays, Floats


@dataclass(frozen=True, slots=True)
class FilledGaps:
    """What a filler found for the segments it was asked for.

    Attributes
    ----------
    concentration_mg_l : ndarray of float64, shape (u,)
    standard_error_g : float
        Of the sum of concentration x water over the segments.
    days : FilledDays or None
    note : str
        In words: what was filled, how; or, without ``days``, why nothing could be.
    """

    concentration_mg_l: Floats
    standard_error_g: float
    days: FilledDays | None
    note: str

    @classmethod
    def lacking(cls, note: str) -> FilledGaps:
        """Nothing could be filled, and why."""
        return cls(np.empty(0), float("nan"), None, note)


Filler = Callable[[Floats, Floats], FilledGaps]
"""From middles of segments without a concentration (s from the start of the period, shape (u,)) and
their water (m3) to what stands for it."""
