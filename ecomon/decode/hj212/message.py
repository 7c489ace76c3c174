"""What a frame says: readings with explicit intervals in canonical units, checks, notices, answers.

::

    message = read_message(frame, plan, received_at=now)     # never raises
    message.kind          # READINGS, CHECKS, REQUEST, ANSWER, NOTICE, HEARTBEAT, STATE, TEXT, OTHER
    message.readings      # typed observations (Reading)
    message.checks        # QC checks (2062): their own table, never observations
    message.problems      # items that are no reading, each with its text and reason
    message.refused       # why nothing of it may be stored (a lost clock, no time), or ""
    message.quirks        # of the frame, the segment and what it says

A station nobody configured is read with ``plan=None``: head, kind and quirks, no readings.
A message that is ``refused`` or has ``problems`` goes to the dead letters whole, so that it can be
read again after the station's facts are mended; its other readings are stored all the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from ecomon.decode.hj212.check import Check, read_checks
from ecomon.decode.hj212.frame import Frame
from ecomon.decode.hj212.moment import YEARS, read_moment
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.reading import Problem, Reading, When, read_area, read_readings
from ecomon.decode.hj212.segment import Segment, parse_segment, read_fields
from ecomon.decode.hj212.station import StationPlan

_DATA: Final = frozenset(("2011", "2013", "2031", "2051", "2061", "2063", "2111"))
_INSTANT: Final = frozenset(("2011", "2013"))
_SECOND: Final = timedelta(seconds=1)
_DRIFT_S: Final = 3600.0


class MessageKind(StrEnum):
    """What a message is for."""

    READINGS = "readings"
    CHECKS = "checks"  # 2062: QC of instruments
    REQUEST = "request"  # of the platform: data of a period, a setting, an action
    ANSWER = "answer"  # 9011 9012 9013 9014
    NOTICE = "notice"  # 1013 2012 2022, sent by the field
    HEARTBEAT = "heartbeat"  # 9015
    STATE = "state"  # 2021 devices, 2041 hours run
    TEXT = "text"  # 3020: logs and states of an instrument
    OTHER = "other"


class Message(NamedTuple):
    """A frame read; see the module for its parts.

    ``data_time`` is DataTime as the station's clock had it; ``drift_s`` is QN minus DataTime, which
    of a start-labelled hour is a little over 3600 s.
    """

    kind: MessageKind
    segment: Segment
    readings: tuple[Reading, ...] = ()
    checks: tuple[Check, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: str = ""
    quirks: tuple[Quirk, ...] = ()
    data_time: datetime | None = None
    drift_s: float | None = None


_KINDS: Final = {
    "2062": MessageKind.CHECKS, "9015": MessageKind.HEARTBEAT, "1013": MessageKind.NOTICE,
    "2012": MessageKind.NOTICE, "2022": MessageKind.NOTICE, "2021": MessageKind.STATE,
    "2041": MessageKind.STATE, "3020": MessageKind.TEXT, "9011": MessageKind.ANSWER,
    "9012": MessageKind.ANSWER, "9013": MessageKind.ANSWER, "9014": MessageKind.ANSWER,
}  # fmt: skip


def kind_of(segment: Segment) -> MessageKind:
    """What a message is for, by its CN and whether it carries a DataTime (HJ 212-2017 table 9).

    A platform asks for data with the CN the data come by: without a DataTime it is a request.
    """
    cn = segment.header.get("CN", "")
    if cn in _DATA or cn in ("2062", "2021", "2041"):
        cp = segment.cp
        if not cp or ("BeginTime" in cp and "datatime" not in cp.lower()):
            return MessageKind.REQUEST
        return MessageKind.READINGS if cn in _DATA else _KINDS[cn]
    if cn == "3020" and "-Info" not in segment.cp:
        return MessageKind.REQUEST
    if cn in _KINDS:
        return _KINDS[cn]
    return MessageKind.REQUEST if cn[:1] in ("1", "3") else MessageKind.OTHER


def read_message(
    frame: Frame, plan: StationPlan | None, *, received_at: datetime | None = None
) -> Message:
    """Read a frame by what is known of its station. Never raises.

    Parameters
    ----------
    frame : Frame
    plan : StationPlan or None
        None where the station is not configured.
    received_at : naive Beijing datetime, optional
        When it came; a DataTime too far ahead of it or behind it is refused. Without it only
        a year no logger can have measured in is.

    References
    ----------
    HJ 212-2017 6.4 to 6.6 and annex C; HJ 212-2025 for RF, 2013 and 2062.
    """
    segment = parse_segment(frame.segment)
    return read_segment(segment, plan, frame.quirks, received_at=received_at)


def read_segment(
    segment: Segment,
    plan: StationPlan | None,
    quirks: tuple[Quirk, ...] = (),
    *,
    received_at: datetime | None = None,
) -> Message:
    """As :func:`read_message`, of a segment that was put together from packages."""
    kind = kind_of(segment)
    if plan is None or kind not in (MessageKind.READINGS, MessageKind.CHECKS):
        _, more = read_fields(segment.cp)
        return Message(kind, segment, quirks=(*quirks, *segment.quirks, *more))
    area = read_area(segment.cp)
    noticed = dict.fromkeys((*quirks, *segment.quirks)) if quirks or segment.quirks else {}
    moment, odd = read_moment(area.data_time)
    cn = segment.header["CN"]
    qn, _ = read_moment(segment.header.get("QN", ""))
    if not area.data_time and qn is not None and cn in _INSTANT:
        moment, odd = qn, (Quirk.NO_DATATIME,)
    drift_s: float | None = None
    if qn is not None and moment is not None:
        drift_s = (qn - moment) / _SECOND
        if drift_s < -_DRIFT_S:
            noticed[Quirk.CLOCK_DRIFT] = None
    readings: list[Reading] = []
    checks: tuple[Check, ...] = ()
    refused = _refuse(moment, area.data_time, plan, received_at)
    if moment is not None and not refused:
        if kind is MessageKind.CHECKS:
            checks = read_checks(area.fields, plan, moment)
        else:
            if moment.second and cn not in _INSTANT:
                odd = (*odd, Quirk.SECONDS_NOT_ZERO)
                moment = moment.replace(second=0)
            readings = read_readings(area, plan, _place(moment, plan, cn))
    if odd or area.quirks:
        noticed.update(dict.fromkeys((*odd, *area.quirks)))
    return Message(
        kind, segment, tuple(readings), checks, tuple(area.problems), refused,
        tuple(noticed), moment, drift_s,
    )  # fmt: skip


def _place(moment: datetime, plan: StationPlan, cn: str) -> When:
    """The interval a DataTime names, by the end its station labels (HJ 212-2017 6.4: the start)."""
    duration_s = 0 if cn in _INSTANT else plan.intervals_s.get(cn, 0)
    is_end = duration_s and plan.station.label == "end"
    return When(
        moment, moment - timedelta(seconds=duration_s) if is_end else moment, duration_s, cn
    )


def _refuse(
    moment: datetime | None,
    text: str,
    plan: StationPlan,
    received_at: datetime | None,
) -> str:
    """Why nothing at this time may be stored, or nothing."""
    if moment is None:
        if not text:
            return "没有数据时间 no DataTime"
        return f"数据时间不是日历上的时刻 DataTime is no time of the calendar: {text[:20]!r}"
    if moment.year not in YEARS:
        return f"设备时钟复位 the logger lost its clock: DataTime {moment:%Y-%m-%d %H:%M:%S}"
    station = plan.station
    if received_at is not None:
        if moment > received_at + timedelta(seconds=station.max_ahead_s):
            return (
                f"数据时间在将来 DataTime {moment:%Y-%m-%d %H:%M:%S} is after its reception"
                f" {received_at:%Y-%m-%d %H:%M:%S}"
            )
        if received_at - moment > timedelta(seconds=station.max_age_s):
            return (
                f"数据时间过旧 DataTime {moment:%Y-%m-%d %H:%M:%S} is more than"
                f" {station.max_age_s} s before its reception"
            )
    return ""
