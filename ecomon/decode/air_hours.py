"""Lines of an air archive, one hour of one pollutant at all stations, as observations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.decode.air_publication import (
    EXCHANGED,
    HOUR_S,
    NOT_READ,
    OZONE,
    OZONE_MAXIMUM,
    UNCLEAR,
    tell_ozone,
)
from ecomon.decode.batches import BATCH_OBSERVATIONS
from ecomon.decode.cells import IS_OBSERVATION, IS_READABLE, CellKind
from ecomon.decode.readings import Codes
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected
from ecomon.model.tables import OBSERVATIONS

_CENSORS = ("none", "left", "right")
_CENSOR = np.zeros(len(CellKind), dtype=np.intp)
_CENSOR[CellKind.BELOW], _CENSOR[CellKind.ABOVE] = 1, 2
_SILENT = "station without any reading in an hour"


@dataclass(slots=True)
class Stations:
    """Headings of the columns of stations, n of them, and where they stand in the file."""

    names: list[str]
    places: npt.NDArray[np.intp]

    @property
    def is_all(self) -> bool:
        """Whether every column from the fourth to the last station's is a station's."""
        return len(self.places) == int(self.places[-1]) - 2


@dataclass(slots=True)
class HourLine:
    """One line: what stands at n stations in the hour that ``moment`` names.

    ``values`` float64 (n,) in the canonical unit, NaN where ``kinds`` (:class:`CellKind`, uint8)
    carries no number; ``faults`` reason and text of unreadable cells by station.
    """

    name: str
    moment: np.datetime64
    row: int
    values: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.uint8]
    faults: dict[int, tuple[str, str]]
    shown: str

    @property
    def n_numbers(self) -> int:
        return int(IS_READABLE[self.kinds].sum())


@dataclass(slots=True)
class _Part:
    """Observations of one hour in columns, shape (m,)."""

    station: Codes
    determinand: Codes
    start: npt.NDArray[np.datetime64]
    value: npt.NDArray[np.float64]
    kind: npt.NDArray[np.uint8]
    row: Codes

    def cut(self, rows: slice) -> _Part:
        return _Part(*(getattr(self, name)[rows] for name in self.__slots__))

    @classmethod
    def joined(cls, parts: Sequence[_Part]) -> _Part:
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__)
        )


@dataclass(slots=True)
class _Hours:
    """The hours of one file on their way to batches."""

    stations: Stations
    determinands: Mapping[str, Determinand]
    source: str
    shift: np.timedelta64
    quirks: Counter[str]
    shut: frozenset[int] = frozenset()  # columns of stations that contradict one another
    parts: list[_Part] = field(default_factory=list[_Part])
    n: int = 0


def emit_hours(
    lines: Sequence[HourLine],
    stations: Stations,
    determinands: Mapping[str, Determinand],
    *,
    source: str,
    shift: np.timedelta64,
    quirks: Counter[str],
) -> Iterator[Batch | Rejected]:
    """Observations and rejected records of the lines of one file, hour by hour.

    Of lines of one type and hour the one with the most numbers stays, the later of equals. A line
    none of whose cells makes an observation is rejected once.

    Parameters
    ----------
    lines : sequence of HourLine
        All of one file.
    determinands : mapping of type (as in ``FIELDS``) to Determinand
    shift : timedelta
        What is taken from the moment of a line to come to the start of its hour.
    quirks : Counter
        Those met so far; they ride on the first batch.
    """
    hours = _Hours(stations, determinands, source, shift, quirks)
    yield from _merge_twins(hours, lines)
    kept: dict[tuple[np.datetime64, str], HourLine] = {}
    for line in sorted(lines, key=lambda one: (one.n_numbers, one.row)):
        kept[line.moment, line.name] = line
    for line in lines:
        if (stays := kept[line.moment, line.name]) is not line:
            told = "repeat of" if _says_the_same(line, stays) else "superseded by"
            yield Rejected(line.row, f"{told} row {stays.row}", line.shown)
    by_hour: dict[np.datetime64, list[HourLine]] = {}
    for (moment, _), line in sorted(kept.items()):
        by_hour.setdefault(moment, []).append(line)
    _settle_ozone(hours, by_hour)
    for of_hour in by_hour.values():
        yield from _read_hour(hours, sorted(of_hour, key=lambda one: one.row))
        while hours.n >= BATCH_OBSERVATIONS:
            yield _take_batch(hours)
    if hours.n or hours.quirks:
        yield _take_batch(hours)


def _says_the_same(one: HourLine, other: HourLine) -> bool:
    is_same = np.array_equal(one.values, other.values, equal_nan=True)
    return is_same and np.array_equal(one.kinds, other.kinds)


def _merge_twins(hours: _Hours, lines: Sequence[HourLine]) -> Iterator[Rejected]:
    """Columns of one station become its first one; where two of its numbers differ, none is read."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(hours.stations.names):
        places.setdefault(name, []).append(place)
    shut: set[int] = set()
    for name, (first, *others) in places.items():
        if not others:
            continue
        if any(_contradict(line, [first, *others]) for line in lines):
            shut.update((first, *others))
            reason = f"column not read: the station stands {len(others) + 1} times and differs"
            yield Rejected(0, reason, name, name)
            continue
        shut.update(others)
        hours.quirks["station stands twice, the same readings"] += 1
        for line in lines:
            best = max((first, *others), key=lambda at: bool(IS_READABLE[line.kinds[at]]))
            line.values[first], line.kinds[first] = line.values[best], line.kinds[best]
    for line in lines if shut else ():
        line.kinds[sorted(shut)], line.values[sorted(shut)] = CellKind.NOT_MEASURED, np.nan
    hours.shut = frozenset(shut)


def _contradict(line: HourLine, places: list[int]) -> bool:
    return len(set(line.values[places][IS_READABLE[line.kinds[places]]].tolist())) > 1


def _settle_ozone(hours: _Hours, by_hour: dict[np.datetime64, list[HourLine]]) -> None:
    """Put what is the hour of ozone in the place of the pair of lines, in each hour."""
    pairs = {
        moment: tuple(
            next((one for one in lines if one.name == name), None)
            for name in (OZONE, OZONE_MAXIMUM)
        )
        for moment, lines in by_hour.items()
    }
    if not any(beside for _, beside in pairs.values()):
        return
    if not any(named for named, _ in pairs.values()):
        # Without a single line of the hour, a maximum is what it says it is.
        for moment, lines in by_hour.items():
            by_hour[moment] = [one for one in lines if one.name != OZONE_MAXIMUM]
            hours.quirks[NOT_READ] += len(lines) - len(by_hour[moment])
        return
    nothing = np.full(len(hours.stations.names), np.nan)
    named, beside = (
        np.stack([nothing if line is None else line.values for line in column])
        for column in zip(*pairs.values(), strict=True)
    )
    told = tell_ozone(named, beside)
    if told.n_exchanged:
        hours.quirks[EXCHANGED] += told.n_exchanged
    for number, (moment, pair) in enumerate(pairs.items()):
        settled = _hour_of_ozone(hours, pair, told.is_exchanged[number], told.is_unclear[number])
        rest = [one for one in by_hour[moment] if one.name not in (OZONE, OZONE_MAXIMUM)]
        by_hour[moment] = rest + settled


def _hour_of_ozone(
    hours: _Hours,
    pair: tuple[HourLine | None, ...],
    is_exchanged: npt.NDArray[np.bool_],
    is_unclear: npt.NDArray[np.bool_],
) -> list[HourLine]:
    """The lines of a pair, each with only those cells that are the hour or may be it."""
    named, beside = pair
    unclear = {at: _pair_text(pair, at) for at in np.flatnonzero(is_unclear).tolist()}
    settled: list[HourLine] = []
    may_be = is_exchanged | is_unclear if named is None else is_exchanged
    for line, is_meant in ((named, ~is_exchanged), (beside, may_be)):
        if line is None:
            continue
        if not is_meant.any():
            hours.quirks[NOT_READ] += 1
            continue
        line.faults = {at: fault for at, fault in line.faults.items() if is_meant[at]}
        for at, text in unclear.items():
            if is_meant[at]:
                line.faults[at] = (UNCLEAR, text)
                line.values[at], line.kinds[at] = np.nan, CellKind.UNREADABLE
        line.name = OZONE
        line.values[~is_meant], line.kinds[~is_meant] = np.nan, CellKind.NOT_MEASURED
        settled.append(line)
    return settled


def _pair_text(pair: tuple[HourLine | None, ...], at: int) -> str:
    names = ("O3", "O3_24h")
    texts = ["no line" if one is None else f"{one.values[at]}" for one in pair]
    return ", ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))


def _read_hour(hours: _Hours, lines: Sequence[HourLine]) -> Iterator[Rejected]:
    """Take in the observations of one hour; the records of what is none."""
    if not lines:
        return
    kinds = np.stack([line.kinds for line in lines])
    is_observed = IS_OBSERVATION[kinds]
    is_heard = (is_observed & (kinds != CellKind.BLANK)).any(axis=0)
    is_observed &= is_heard
    for line, has_any in zip(lines, is_observed.any(axis=1).tolist(), strict=True):
        if not has_any:
            yield Rejected(line.row, "no reading", line.shown)
        for at, (reason, text) in sorted(line.faults.items()):
            if at not in hours.shut:
                yield Rejected(line.row, reason, text, hours.stations.names[at])
    if not is_heard.any():
        return
    if n_silent := len(is_heard) - int(is_heard.sum()) - len(hours.shut):
        hours.quirks[_SILENT] += n_silent
    at_line, at_station = np.nonzero(is_observed)
    keys = list(hours.determinands)
    hours.parts.append(
        _Part(
            station=at_station,
            determinand=np.array([keys.index(line.name) for line in lines])[at_line],
            start=np.full(len(at_line), lines[0].moment - hours.shift),
            value=np.stack([line.values for line in lines])[at_line, at_station],
            kind=kinds[at_line, at_station],
            row=np.array([line.row for line in lines], dtype=np.int64)[at_line],
        )
    )
    hours.n += len(at_line)


def _take_batch(hours: _Hours) -> Batch:
    """The next batch, of what is waiting; the quirks ride on the first."""
    quirks, hours.quirks = dict(hours.quirks), Counter()
    if not hours.parts:
        return Batch(OBSERVATIONS.empty(), quirks)
    whole = _Part.joined(hours.parts)
    part = whole.cut(slice(0, BATCH_OBSERVATIONS))
    hours.parts = [whole.cut(slice(BATCH_OBSERVATIONS, None))]
    hours.n -= len(part.row)
    return Batch(_frame(hours, part), quirks)


def _frame(hours: _Hours, part: _Part) -> pd.DataFrame:
    known = list(hours.determinands.values())
    n = len(part.row)
    same = np.zeros(n, dtype=np.intp)
    return OBSERVATIONS.frame(
        {
            "site": _texts(hours.stations.names, part.station),
            "determinand": _texts([one.key for one in known], part.determinand),
            "statistic": _texts(["mean"], same),
            "start": part.start,
            "duration_s": np.full(n, HOUR_S, dtype=np.int64),
            "programme": _texts(["automatic"], same),
            "source": _texts([hours.source], same),
            "replicate": np.zeros(n, dtype=np.int64),
            "value": part.value,
            "unit": _texts([one.unit for one in known], part.determinand),
            "censor": _texts(list(_CENSORS), _CENSOR[part.kind]),
            "source_flag": pd.array([None], dtype="str").take(same),
            "row": part.row,
        }
    )


def _texts(labels: Sequence[str], codes: Codes) -> pd.api.extensions.ExtensionArray:
    """Labels by code; taking from a text array is twenty times as quick as making one."""
    return pd.array(np.array(labels, dtype=object), dtype="str").take(codes)
