"""Where in a run of octets a frame could begin and end, and when each place is complete.

A place is tried as soon as its octets are there, the first completed first; of two completed
together the nearer beginning, which a frame cut short before it cannot have reached over.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from enum import IntEnum
from typing import Final, NamedTuple

_NEAREST: Final = 4
"""How many beginnings before an end are tried where the length does not say which."""
_BEGIN: Final = re.compile(rb"#(?=#[0-9])")
_END: Final = re.compile(rb"&&[0-9A-Fa-f]{4}(?=[\r\n\0]|##)")
_LAST_END: Final = re.compile(rb"&&[0-9A-Fa-f]{4}\Z")
_DIGITS: Final = re.compile(rb"[0-9]{1,6}")


class PlaceKind(IntEnum):
    """Kinds of places to look at, in the order of trial where two are complete together."""

    LENGTH = 0  # an end its length names
    END = 1  # an end by && and four digits, whatever the length
    HOPELESS = 2  # a whole frame whose checksum fails, with nothing else begun inside it


class Place(NamedTuple):
    complete: int  # octets of the window that must be there
    kind: PlaceKind
    begin: int
    end: int


def count_digits(view: bytes, begin: int) -> int:
    """How many digits, six at most, follow the ``##`` at ``begin``."""
    found = _DIGITS.match(view, begin + 2)
    return len(found[0]) if found else 0


def find_begins(view: bytes, *, is_last: bool) -> list[int]:
    """Where a frame could begin: ``##`` and a digit, with all its digits there."""
    begins = [found.start() for found in _BEGIN.finditer(view)]
    while begins and not is_last and begins[-1] + 2 + count_digits(view, begins[-1]) == len(view):
        begins.pop()
    return begins


def find_places(view: bytes, begins: list[int], tried: int, *, is_last: bool) -> list[Place]:
    """Places complete now and not within the first ``tried`` octets, first completed first."""
    places: list[Place] = []
    n = len(view)
    for number, begin in enumerate(begins):
        n_digits = min(4, count_digits(view, begin))
        end = begin + 6 + n_digits + int(view[begin + 2 : begin + 2 + n_digits])
        if tried < end <= n:
            places.append(Place(end, PlaceKind.LENGTH, begin, end))
        is_alone = number + 1 == len(begins) or begins[number + 1] >= end
        if is_alone and tried < end + 2 <= n and _END.match(view, end - 6):
            places.append(Place(end + 2, PlaceKind.HOPELESS, begin, end))
    places += [
        Place(found.end() + 2, PlaceKind.END, found.start(), found.end())
        for found in _END.finditer(view, max(0, tried - 8))
        if tried < found.end() + 2 <= n
    ]
    if is_last and (found := _LAST_END.search(view, max(0, n - 8))):
        places.append(Place(n + 1, PlaceKind.END, found.start(), n))
    if is_last and (found := _END.search(view, max(0, n - 7))) and found.end() + 1 == n:
        places.append(Place(n + 1, PlaceKind.END, found.start(), found.end()))
    places.sort(key=lambda place: (place.complete, place.kind, -place.begin))
    return places


def nearest_begins(begins: list[int], floor: int, end: int) -> list[int]:
    """The last few beginnings before an end, nearest first."""
    last = bisect_left(begins, end - 8)
    return [begin for begin in reversed(begins[max(0, last - _NEAREST) : last]) if begin >= floor]
