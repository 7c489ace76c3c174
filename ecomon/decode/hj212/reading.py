"""Fields of a data area to readings: code to determinand, unit to canonical, flag to QARTOD.

The plain area (every field as configured, none twice) takes a short way; whatever is odd takes
:func:`_untangle`, which keeps what can be kept and names the rest item by item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from ecomon.decode.hj212.flags import BELOW_RANGE, OVER_RANGE
from ecomon.decode.hj212.moment import read_moment
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.segment import read_fields
from ecomon.decode.hj212.station import Channel, StationPlan
from ecomon.decode.hj212.value import read_value
from ecomon.model.flag import Flag

_TIMES: Final = frozenset(
    ("datatime", "begintime", "endtime", "ctime", "restarttime", "systemtime", "alarmtime", "polid")
)
_RIDERS: Final = frozenset(
    (
        "flag",
        "eflag",
        "sampletime",
        "completetime",
        "sampletype",
        "validnum",
        "totalnum",
        "sn",
        "info",
    )
)
"""Parts of a name that go with a value and are none."""
_GOOD: Final = Flag.GOOD
_CHECK_PARTS: Final = frozenset(("check", "standardvalue"))


class Reading(NamedTuple):
    """An observation as the station sent it, in our words.

    Attributes
    ----------
    determinand, statistic, start, duration_s
        What, and of which half-open interval (naive Beijing time; 0 s is an instant).
    value : float
        In ``unit``, the canonical one; the limit where ``censor`` is not none; NaN where there is
        none, and ``reason`` says why.
    source_flag : str or None
        The letter as sent; None where no flag was.
    flag : Flag
        The letter by the station's edition, as QARTOD (missing where there is no value).
    sampled_at : datetime or None
        SampleTime of an analyser that works by batches.
    replicate : int
        Above 0 where the same field came again in one area: which is right is not known.
    code, raw : str
        As sent.
    """

    determinand: str
    statistic: str
    start: datetime
    duration_s: int
    value: float
    unit: str
    censor: str
    source_flag: str | None
    flag: Flag
    sampled_at: datetime | None
    replicate: int
    code: str
    raw: str
    reason: str


_MAKE: Final = cast("Callable[[type[Reading], tuple[Any, ...]], Reading]", tuple.__new__)
"""The constructor of the tuple itself: that of a NamedTuple takes twice the time."""


class Problem(NamedTuple):
    """An item of a data area that is no reading: its text as sent, and why."""

    item: str
    reason: str


class Area(NamedTuple):
    """Fields of a data area by name, and what was odd on the way; ``data_time`` as sent or empty."""

    fields: dict[str, str]
    data_time: str
    problems: list[Problem]
    quirks: dict[Quirk, None]
    has_sample_times: bool


class When(NamedTuple):
    """The time of a message: its moment, and the interval its statistics speak of (0 s: unknown)."""

    moment: datetime
    start: datetime
    duration_s: int
    cn: str


def read_area(cp: str) -> Area:
    """Fields of a data area. A name that comes again ends in NULs, so that nothing is lost."""
    fields, problems, quirks = _read_plain(cp) or _untangle(cp)
    data_time = fields.get("DataTime", "") or _find_data_time(fields, quirks)
    return Area(fields, data_time, problems, quirks, "ampletime" in cp.lower())


def read_readings(area: Area, plan: StationPlan, when: When) -> list[Reading]:
    """Readings of a data area (HJ 212-2017 6.5 and table 6).

    What is odd is added to the area's ``quirks``, and what is no reading to its ``problems``.
    """
    return _Parser(area, plan, when).parse()


_Fields = dict[str, str]
_Quirks = dict[Quirk, None]


def _read_plain(cp: str) -> tuple[_Fields, list[Problem], _Quirks] | None:
    """Fields of an area with nothing odd about it, or None."""
    texts = cp.replace(";", ",").split(",")
    try:
        fields = dict([pair.split("=") for pair in texts])  # pyright: ignore[reportArgumentType]
    except ValueError:
        return None
    if len(fields) != len(texts) or " " in cp:
        return None
    return fields, [], {}


_AGAIN = "\0"
"""Ends the key of a field that came again: no name of a data area holds it."""


def _untangle(cp: str) -> tuple[_Fields, list[Problem], _Quirks]:
    """Fields of an odd area. An item grown into the next is a problem, and no other item is."""
    found, odd = read_fields(cp)
    quirks = dict.fromkeys(odd)
    grown: set[int] = set()
    if Quirk.SEPARATOR_MISSING in quirks:
        grown = {one.item for one in found if "=" in one.value}
    items = cp.split(";") if grown or Quirk.ITEM_WITHOUT_VALUE in quirks else []
    problems = [
        Problem(items[number], "缺少分隔符 two fields grown together") for number in sorted(grown)
    ]
    problems += [
        Problem(text, "没有等号 no value: there is no =")
        for number, item in enumerate(items)
        for text in item.split(",")
        if text.strip() and "=" not in text and number not in grown
    ]
    fields: _Fields = {}
    for one in found:
        if one.item in grown:
            continue
        name = one.name
        while name in fields:
            name += _AGAIN
        fields[name] = one.value
    return fields, problems, quirks


def _find_data_time(fields: _Fields, quirks: _Quirks) -> str:
    for name, value in fields.items():
        if name.lower() == "datatime":
            quirks[Quirk.TIME_CASE] = None
            return value
    return ""


class _Parser:
    """One pass over the fields of an area; what it finds odd goes to ``problems`` and ``quirks``."""

    def __init__(self, area: Area, plan: StationPlan, when: When) -> None:
        self.plan = plan
        self.when = when
        self.fields = area.fields
        self.problems = area.problems
        self.quirks = area.quirks
        self.is_odd = bool(area.quirks) or area.has_sample_times
        self.by_lower: _Fields | None = None

    def parse(self) -> list[Reading]:
        fields, good, plain = self.fields, self.plan.good_letters, self.plan.plain
        moment, start, duration_s, _ = self.when
        is_odd = self.is_odd
        make = _MAKE
        readings: list[Reading] = []
        for name, raw in fields.items():
            known = plain.get(name)
            if known is None:
                if name[-5:] == "-Flag" or name == "DataTime":
                    continue
            elif not is_odd:
                flag_name, key, statistic, unit, code = known
                letter = fields.get(flag_name)
                is_instant = statistic == "value"
                if (
                    letter in good
                    and (duration_s or is_instant)
                    and raw.replace(".", "", 1).isdecimal()
                ):
                    at, length_s = (moment, 0) if is_instant else (start, duration_s)
                    readings.append(make(Reading, (
                        key, statistic, at, length_s, float(raw), unit, "none", letter, _GOOD,
                        None, 0, code, raw, "",
                    )))  # fmt: skip
                    continue
            channel = self.plan.channels.get(name)
            if channel is None:
                is_odd = True
                channel = self.find_channel(name, raw)
            if channel is not None:
                is_odd = is_odd or channel.is_alias
                reading = self.parse_closely(name, channel, raw)
                if reading is not None:
                    readings.append(reading)
        return mark_repeats(readings, self.quirks) if is_odd else readings

    def parse_closely(self, name: str, channel: Channel, raw: str) -> Reading | None:
        if channel.is_alias:
            self.quirks[Quirk.CODE_ALIAS] = None
        code = name.rstrip(_AGAIN).rpartition("-")[0]
        letter = self.fields.get(channel.flag_name) or self.find_lower(f"{code}-flag") or None
        flag, plain_letter = self.read_flag(letter)
        value = read_value(raw, channel.power or 0)
        if not value.is_readable:
            self.problems.append(Problem(f"{name.rstrip(_AGAIN)}={raw}", value.reason))
            return None
        if value.quirk:
            self.quirks[value.quirk] = None
        number, censor = value.number, value.censor
        if channel.power is None:
            number *= channel.scale
        if number == 0.0 and censor == "none" and channel.zero_is_below is not None:
            number, censor = channel.zero_is_below, "left"
            self.quirks[Quirk.VALUE_ZERO] = None
        if number != number:
            flag = Flag.MISSING
        elif censor == "none" and plain_letter in OVER_RANGE:
            censor = "right"
        elif censor == "none" and plain_letter in BELOW_RANGE:
            censor = "left"
        return self.place(channel, code, raw, (number, censor, letter, flag, value.reason))

    def place(
        self,
        channel: Channel,
        code: str,
        raw: str,
        said: tuple[float, str, str | None, Flag, str],
    ) -> Reading | None:
        """The reading at its time; a statistic of an interval nobody configured is a problem."""
        moment, start, duration_s, cn = self.when
        sample_time = self.find_lower(f"{code}-sampletime")
        sampled_at = read_moment(sample_time)[0] if sample_time else None
        if sample_time and sampled_at is None:
            self.quirks[Quirk.SAMPLE_TIME_BAD] = None
        if channel.statistic == "value":
            start, duration_s = sampled_at or moment, 0
        elif not duration_s:
            reason = f"时段长度未配置 no interval is configured for CN {cn}"
            self.problems.append(Problem(f"{code} {channel.statistic} {raw}", reason))
            return None
        number, censor, letter, flag, reason = said
        return Reading(
            channel.determinand, channel.statistic, start, duration_s, number, channel.unit,
            censor, letter, flag, sampled_at, 0, channel.code, raw, reason,
        )  # fmt: skip

    def read_flag(self, letter: str | None) -> tuple[Flag, str]:
        """The letter by the edition; a small one is taken for its capital."""
        if letter is None:
            return Flag.NOT_EVALUATED, ""
        flag = self.plan.flags.get(letter)
        if flag is not None:
            return flag, letter
        flag = self.plan.flags.get(letter.upper())
        if flag is not None:
            self.quirks[Quirk.FLAG_CASE] = None
            return flag, letter.upper()
        self.quirks[Quirk.FLAG_UNKNOWN] = None
        return Flag.NOT_EVALUATED, ""

    def find_lower(self, name: str) -> str:
        if self.by_lower is None:
            self.by_lower = {key.lower(): value for key, value in self.fields.items()}
        return self.by_lower.get(name.lower(), "")

    def find_channel(self, name: str, raw: str) -> Channel | None:
        """What an odd name means; a name that means nothing here is a problem unless it only rides."""
        plan = self.plan
        name = name.rstrip(_AGAIN)
        code, dash, part = name.rpartition("-")
        channel = plan.channels.get(name)
        if channel is None and (channel := plan.channels_by_lower.get(name.lower())):
            sent = f"{channel.flag_name[:-5]}-"
            is_code = not name.startswith(sent)
            self.quirks[Quirk.CODE_CASE if is_code else Quirk.SUFFIX_CASE] = None
        if channel is None and len(code) == 5 and code.isdigit():
            medium = "a" if plan.station.system in ("22", "31") else "w"
            channel = plan.channels_by_lower.get(f"{medium}{name}".lower())
            if channel is not None:
                self.quirks[Quirk.CODE_WITHOUT_LETTER] = None
        if channel is None and name.lower() not in _TIMES and part.lower() not in _RIDERS:
            self.problems.append(Problem(f"{name}={raw}", self.explain(code, dash, part)))
        return channel

    def explain(self, code: str, dash: str, part: str) -> str:
        if not dash:
            return "不是监测项 no factor of the station"
        if part.lower() in _CHECK_PARTS:
            return "质控值不是监测值 a QC value is no observation"
        if part.lower().startswith("zs"):
            return "折算值不采用 a value converted to reference oxygen is not kept"
        if code.lower() not in self.plan.factors:
            return f"编码未配置 code {code} is not configured for this station"
        if part.lower() == "cou":
            return f"排放量单位未配置 no unit is configured for the total of {code}"
        return f"后缀未知 unknown suffix -{part}"


def mark_repeats(readings: list[Reading], quirks: dict[Quirk, None]) -> list[Reading]:
    """Of a value that came twice both stay, numbered and suspect: which is right is not known."""
    total = Counter((one.determinand, one.statistic) for one in readings)
    if len(total) == len(readings):
        return readings
    quirks[Quirk.DUPLICATE_KEY] = None
    seen: Counter[tuple[str, str]] = Counter()
    marked: list[Reading] = []
    for one in readings:
        key = (one.determinand, one.statistic)
        if total[key] > 1:
            is_open = one.flag in (Flag.GOOD, Flag.NOT_EVALUATED)
            marked.append(
                one._replace(
                    replicate=seen[key],
                    flag=Flag.SUSPECT if is_open else one.flag,
                    reason=one.reason or "同一报文内重复 the same field came more than once",
                )
            )
            seen[key] += 1
        else:
            marked.append(one)
    return marked
