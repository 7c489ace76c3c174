"""Random courses that a calendar month has whoever asks for it, alone or among others.

Every draw belongs to a seed, a subject and a calendar month. A month is always computed from the
same window (itself and the two months before), so that it comes out the same, octet for octet,
whatever else is simulated with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ecomon.example.course import Array, Times, autoregression, hours_of
from ecomon.model.period import Period

LEAD_MONTHS = 2
"""Longer than any departure lasts and any water travels, but for the great reservoirs."""


@dataclass(frozen=True, slots=True)
class Window:
    """A calendar month with the months before it, hourly.

    ``hours`` are starts of hours, naive Beijing; the month itself begins at ``lead_h``. ``lengths``
    are the hours of each calendar month in it, ``indices`` their numbers since 1970.
    """

    month: Period
    hours: Times
    lead_h: int
    indices: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def times(self) -> Times:
        """The hours of the month itself."""
        return self.hours[self.lead_h :]


def month_index(moment: datetime) -> int:
    """Calendar months since January 1970."""
    return (moment.year - 1970) * 12 + moment.month - 1


def window_of(month: Period) -> Window:
    """The window of a calendar month."""
    first = month_index(month.start) - LEAD_MONTHS
    indices = tuple(range(first, first + LEAD_MONTHS + 1))
    months = [Period.month(1970 + index // 12, index % 12 + 1) for index in indices]
    hours = hours_of(Period(months[0].start, month.end))
    lengths = tuple(one.seconds // 3600 for one in months)
    return Window(month, hours, sum(lengths[:-1]), indices, lengths)


def month_stream(seed: int, subject: str, index: int) -> np.random.Generator:
    """The draws of a subject in one calendar month: no other subject or month moves them."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode("utf-8")), index])


def white_noise(window: Window, seed: int, subjects: Sequence[str]) -> Array:
    """Standard normal noise by hour, shape (subject, hour of the window)."""
    noise = np.empty((len(subjects), window.hours.size))
    for row, subject in enumerate(subjects):
        at = 0
        for index, length in zip(window.indices, window.lengths, strict=True):
            month_stream(seed, subject, index).standard_normal(out=noise[row, at : at + length])
            at += length
    return noise


def departures(window: Window, seed: int, subjects: Sequence[str], memory_h: float) -> Array:
    """AR(1) of unit variance by subject, shape (subject, hour of the window)."""
    return autoregression(white_noise(window, seed, subjects), memory_h)


def fixed_share(subject: str) -> float:
    """A number from 0 to 1 that belongs to a name, whatever the seed: what a place is like."""
    return zlib.crc32(subject.encode("utf-8")) / 2**32
