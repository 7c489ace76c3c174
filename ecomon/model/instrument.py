"""Instruments that speak to a gateway: what is counted of each, and checks of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class InstrumentCount:
    """What a run of receptions adds to what is known of one instrument (MN).

    Attributes
    ----------
    mn : str
        As sent; empty for octets that name none.
    site : str or None
        The place it is registered at.
    n_frames, n_rejected, n_backfilled : int
        Good frames of it, frames or items that were rejected, and late ones marked RF=1.
    quirks : Counter of str
    first_seen, last_seen : naive Beijing datetime
        By the clock of the gateway.
    last_data : naive Beijing datetime or None
        The latest time its data speak of.
    drift_s, drift_least_s, drift_most_s : float or None
        How far its clock (QN) is from what DataTime makes one expect: the last, least and most.
    """

    mn: str
    site: str | None
    first_seen: datetime
    last_seen: datetime
    n_frames: int = 0
    n_rejected: int = 0
    n_backfilled: int = 0
    quirks: Counter[str] = field(default_factory=Counter[str])
    last_data: datetime | None = None
    drift_s: float | None = None
    drift_least_s: float | None = None
    drift_most_s: float | None = None

    def note_drift(self, drift_s: float) -> None:
        """Take one more drift in."""
        self.drift_s = drift_s
        least, most = self.drift_least_s, self.drift_most_s
        self.drift_least_s = drift_s if least is None else min(least, drift_s)
        self.drift_most_s = drift_s if most is None else max(most, drift_s)


@dataclass(frozen=True, slots=True)
class InstrumentCheck:
    """One check of an instrument with a standard, a blank or a spike (质控核查).

    ``detail`` is every field as sent; ``kind`` names the check, ``row`` the reception it stood in.
    """

    mn: str
    site: str
    code: str
    kind: str
    at: datetime
    determinand: str | None
    value: float | None
    expected: float | None
    unit: str | None
    letter: str | None
    detail: dict[str, str]
    row: int
