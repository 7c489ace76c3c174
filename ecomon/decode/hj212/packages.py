"""Packages of one upload (PNUM, PNO) put together, within bounds.

Each package has its own QN and repeats DataTime (HJ 212-2017 C.50), so it can be read and
acknowledged alone, and nothing need wait. Some loggers repeat no DataTime: their packages are
joined here. What is incomplete for too long, or one upload too many, comes out unjoined.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.segment import Segment, read_fields

MAX_UPLOADS: Final = 64
MAX_OCTETS: Final = 1 << 18

_Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Upload:
    """Packages of one upload: joined where all came, otherwise as they are."""

    segments: tuple[Segment, ...]
    is_complete: bool


class PackageJoiner:
    """Segments in, whole ones out. One per connection or per station."""

    def __init__(self, max_uploads: int = MAX_UPLOADS, max_octets: int = MAX_OCTETS) -> None:
        self._max_uploads = max_uploads
        self._max_octets = max_octets
        self._n_octets = 0
        self._waiting: OrderedDict[_Key, dict[int, Segment]] = OrderedDict()

    @property
    def n_waiting(self) -> int:
        """Packages whose upload is not complete."""
        return sum(len(parts) for parts in self._waiting.values())

    def add(self, segment: Segment) -> list[Upload]:
        """Take a segment; what is whole now, and what had to give way to stay within bounds.

        A segment in one package, or with a PNO out of range, comes out at once. The same package
        again takes the place of the first.
        """
        package = segment.package
        if package is None or package[1] == 1:
            return [
                Upload((segment,), is_complete=package is not None or "PNUM" not in segment.header)
            ]
        number, count = package
        key = self._key_of(segment, number, count)
        parts = self._waiting.setdefault(key, {})
        if number in parts:
            self._n_octets -= len(parts[number].cp)
        parts[number] = segment
        self._n_octets += len(segment.cp)
        if len(parts) == count:
            del self._waiting[key]
            self._n_octets -= sum(len(one.cp) for one in parts.values())
            return [
                Upload((join_packages([parts[one] for one in sorted(parts)]),), is_complete=True)
            ]
        out: list[Upload] = []
        while self._waiting and (
            len(self._waiting) > self._max_uploads or self._n_octets > self._max_octets
        ):
            out.append(self._give_up())
        return out

    def close(self) -> list[Upload]:
        """Every upload that is not complete, oldest first."""
        return [self._give_up() for _ in range(len(self._waiting))]

    def _give_up(self) -> Upload:
        _, parts = self._waiting.popitem(last=False)
        self._n_octets -= sum(len(one.cp) for one in parts.values())
        return Upload(tuple(parts[number] for number in sorted(parts)), is_complete=False)

    def _key_of(self, segment: Segment, number: int, count: int) -> _Key:
        """MN, CN, DataTime, PNUM; without a DataTime the newest upload that lacks this package.

        A DataTime may also come after packages without one.
        """
        mn, cn = segment.header.get("MN", ""), segment.header.get("CN", "")
        time = _time_of(segment)
        if not time:
            for key, parts in reversed(self._waiting.items()):
                if (key[0], key[1], key[3]) == (mn, cn, count) and number not in parts:
                    return key
        elif (mn, cn, time, count) not in self._waiting:
            untimed = (mn, cn, "", count)
            if untimed in self._waiting and number not in self._waiting[untimed]:
                return untimed
        return mn, cn, time, count


def _time_of(segment: Segment) -> str:
    fields, _ = read_fields(segment.cp)
    return next((one.value for one in fields if one.name.lower() == "datatime"), "")


def join_packages(segments: list[Segment]) -> Segment:
    """One segment of the packages in their order: the first's head, one DataTime, all items.

    PNUM and PNO are left out: what results is in one package.
    """
    first = segments[0]
    header = {name: text for name, text in first.header.items() if name not in ("PNUM", "PNO")}
    items: list[str] = []
    has_time = False
    for segment in segments:
        for item in segment.cp.split(";"):
            if item.strip().lower().startswith("datatime="):
                if has_time:
                    continue
                has_time = True
            if item:
                items.append(item)
    quirks: dict[Quirk, None] = {}
    for segment in segments:
        quirks.update(dict.fromkeys(segment.quirks))
    return Segment(header, ";".join(items), tuple(quirks))
