"""receptions of a gateway -> frames -> messages -> observations, checks, counts, dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from ecomon.decode.hj212.frame import Frame
from ecomon.decode.hj212.frame import Rejected as NoFrame
from ecomon.decode.hj212.message import Message, read_segment
from ecomon.decode.hj212.packages import PackageJoiner, join_packages
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.segment import Segment, parse_segment
from ecomon.decode.hj212.station import StationPlan
from ecomon.journey.stations import StationBook, judge
from ecomon.model.instrument import InstrumentCheck, InstrumentCount
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import from_epoch_s
from ecomon.model.reception import Reception
from ecomon.model.tables import OBSERVATIONS

FEED: Final = "hj212"
DECODER: Final = "ecomon.decode.hj212"
VERSION: Final = "1"

NO_OTHERS: Final = "分包不全且无 DataTime other packages did not come, and this has no DataTime"
PACKAGE_WAIT: Final = timedelta(minutes=10)
"""So long the packages of one upload, which repeat no DataTime, may be apart."""

_RAW_OCTETS: Final = 4096
_US: Final = 1_000_000


@dataclass(slots=True)
class ReadReceptions:
    """What a run of receptions says.

    Attributes
    ----------
    batches : list of Batch
        At most one; its rows bear the number of their reception.
    rejected : list of Rejected
        Octets that are no frame, frames nobody may send, items that are no reading.
    checks : list of InstrumentCheck
    counts : dict
        By MN; empty for octets that name none.
    waiting : list of Reception
        Packages whose others have not come: they are read again with what comes next.
    """

    batches: list[Batch] = field(default_factory=list[Batch])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    checks: list[InstrumentCheck] = field(default_factory=list[InstrumentCheck])
    counts: dict[str, InstrumentCount] = field(default_factory=dict[str, InstrumentCount])
    waiting: list[Reception] = field(default_factory=list[Reception])


def read_receptions(receptions: Sequence[Reception], book: StationBook) -> ReadReceptions:
    """Read receptions in the order of their numbers. Never raises on what they hold.

    Every reception ends in observations, checks, counts, dead letters or among those that wait;
    most in more than one of them.
    """
    return _Reading(book).read(receptions)


class _Reading:
    """One pass over a run of receptions."""

    def __init__(self, book: StationBook) -> None:
        self.book, self.reader = book, book.begin_reader(is_patient=True)
        self.found = ReadReceptions()
        self.columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self.joiners: dict[str, PackageJoiner] = {}
        self.parts: dict[str, list[Reception]] = {}

    def read(self, receptions: Sequence[Reception]) -> ReadReceptions:
        for one in receptions:
            received_at = from_epoch_s(one.received_us // _US)
            for item in (*self.reader.receive(one.octets), *self.reader.close()):
                if isinstance(item, Frame):
                    self.take_frame(item, one, received_at)
                else:
                    self.reject_octets(item, one, received_at)
        self.give_up(max((one.received_us for one in receptions), default=0))
        if self.columns["site"]:
            quirks: dict[str, int] = {}
            for count in self.found.counts.values():
                for name, n in count.quirks.items():
                    quirks[name] = quirks.get(name, 0) + n
            self.found.batches.append(Batch(_table(self.columns), quirks))
        return self.found

    def take_frame(self, frame: Frame, one: Reception, received_at: datetime) -> None:
        segment = parse_segment(frame.segment)
        count = self.count_of(segment, received_at)
        plan, why = judge(segment, self.book)
        if plan is None:
            self.reject(one, why, frame.octets or one.octets, count)
            return
        count.site = plan.station.site
        count.n_frames += 1
        count.n_backfilled += segment.header.get("RF") == "1"
        if segment.package and segment.package[1] > 1:
            # Some loggers state DataTime in one of the packages alone, whichever it is.
            self.wait_for_others(segment, one, received_at)
            return
        # That no tail came with it says nothing: it may have come in a segment of its own.
        quirks = tuple(quirk for quirk in frame.quirks if quirk is not Quirk.TAIL_NONE)
        message = read_segment(segment, plan, quirks, received_at=received_at)
        self.take_message(message, plan, one, count)

    def wait_for_others(self, segment: Segment, one: Reception, received_at: datetime) -> None:
        mn = segment.header["MN"]
        self.parts.setdefault(mn, []).append(one)
        for upload in self.joiners.setdefault(mn, PackageJoiner()).add(segment):
            count = self.count_of(segment, received_at)
            plan = self.book.plans[mn]
            for whole in upload.segments:
                message = read_segment(whole, plan, received_at=received_at)
                self.take_message(message, plan, one, count)
            if not self.joiners[mn].n_waiting:
                self.parts[mn] = []

    def give_up(self, now_us: int) -> None:
        """Packages that waited long enough are read as they are; the others wait on."""
        for mn, parts in self.parts.items():
            oldest_us = min((one.received_us for one in parts), default=now_us)
            if now_us - oldest_us < PACKAGE_WAIT / timedelta(microseconds=1):
                self.found.waiting.extend(parts)
                # They are counted when they are read with their others.
                count = self.found.counts[mn]
                count.n_frames -= len(parts)
                count.n_backfilled -= sum(b";RF=1;" in one.octets for one in parts)
                continue
            plan, last = self.book.plans[mn], parts[-1]
            at = from_epoch_s(last.received_us // _US)
            for upload in self.joiners[mn].close():
                whole = join_packages(list(upload.segments))
                count = self.count_of(whole, at)
                if "datatime" not in whole.cp.lower():
                    # A package that is sent again alone; QN is not the time of its data.
                    self.reject(last, NO_OTHERS, whole.cp.encode(), count)
                    continue
                message = read_segment(whole, plan, received_at=at)
                self.take_message(message, plan, last, count)

    def take_message(
        self, message: Message, plan: StationPlan, one: Reception, count: InstrumentCount
    ) -> None:
        count.quirks.update(str(quirk) for quirk in message.quirks)
        if message.data_time is not None and not message.refused:
            count.last_data = max(count.last_data or message.data_time, message.data_time)
        if message.drift_s is not None:
            count.note_drift(message.drift_s - self.expected_drift_s(message, plan))
        if message.refused:
            self.reject(one, message.refused, one.octets, count)
        for problem in message.problems:
            self.found.rejected.append(
                Rejected(one.number, problem.reason, problem.item[:_RAW_OCTETS])
            )
            count.n_rejected += 1
        self.take_readings(message, plan, one)
        self.take_checks(message, plan, one)

    @staticmethod
    def expected_drift_s(message: Message, plan: StationPlan) -> float:
        """The length of the interval, where DataTime names its start and QN follows its end."""
        if plan.station.label == "end":
            return 0.0
        cn = message.segment.header.get("CN", "")
        return float(plan.intervals_s.get(cn, 0)) if message.readings else 0.0

    def take_readings(self, message: Message, plan: StationPlan, one: Reception) -> None:
        columns, site = self.columns, plan.station.site
        for reading in message.readings:
            columns["site"].append(site)
            columns["determinand"].append(reading.determinand)
            columns["statistic"].append(reading.statistic)
            columns["start"].append(reading.start)
            columns["duration_s"].append(reading.duration_s)
            columns["replicate"].append(reading.replicate)
            columns["value"].append(reading.value)
            columns["unit"].append(reading.unit)
            columns["censor"].append(reading.censor)
            columns["source_flag"].append(reading.source_flag)
            columns["row"].append(one.number)

    def take_checks(self, message: Message, plan: StationPlan, one: Reception) -> None:
        cn = message.segment.header.get("CN", "")
        for check in message.checks:
            determinand = None if check.determinand == check.code else check.determinand
            self.found.checks.append(
                InstrumentCheck(
                    plan.mn, plan.station.site, check.code, cn, check.checked_at, determinand,
                    _number(check.measured), _number(check.standard), check.unit or None,
                    check.source_flag, {"sent": check.raw}, one.number,
                )
            )  # fmt: skip

    def reject_octets(self, item: NoFrame, one: Reception, received_at: datetime) -> None:
        count = self.found.counts.setdefault(
            "", InstrumentCount("", None, received_at, received_at)
        )
        count.last_seen = max(count.last_seen, received_at)
        self.reject(one, f"{item.reason}: {item.detail}", item.octets, count)

    def reject(self, one: Reception, reason: str, octets: bytes, count: InstrumentCount) -> None:
        raw = f"[{one.peer}] " + octets[:_RAW_OCTETS].decode("utf-8", "backslashreplace")
        self.found.rejected.append(Rejected(one.number, reason, raw.replace("\0", "\\x00")))
        count.n_rejected += 1

    def count_of(self, segment: Segment, received_at: datetime) -> InstrumentCount:
        mn = segment.header.get("MN", "")
        # What nobody registered is counted together: anybody may invent such names.
        mn = mn if mn in self.book.plans else ""
        count = self.found.counts.get(mn)
        if count is None:
            count = self.found.counts[mn] = InstrumentCount(mn, None, received_at, received_at)
        count.last_seen = max(count.last_seen, received_at)
        return count


_COLUMNS: Final = (
    "site", "determinand", "statistic", "start", "duration_s", "replicate", "value", "unit",
    "censor", "source_flag", "row",
)  # fmt: skip


def _table(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    n = len(columns["site"])
    return OBSERVATIONS.frame(
        {
            **{name: pd.array(columns[name], dtype="str") for name in ("site", "determinand", "statistic", "unit", "censor", "source_flag")},
            "start": pd.array(columns["start"], dtype="datetime64[us]"),
            "duration_s": columns["duration_s"],
            "programme": pd.array(["automatic"] * n, dtype="str"),
            "source": pd.array([FEED] * n, dtype="str"),
            "replicate": columns["replicate"],
            "value": columns["value"],
            "row": columns["row"],
        }
    )  # fmt: skip


def _number(value: float) -> float | None:
    return None if value != value else value


def numbers_of(receptions: Iterable[Reception]) -> tuple[int, int]:
    """The least and the greatest number."""
    numbers = [one.number for one in receptions]
    return min(numbers), max(numbers)
