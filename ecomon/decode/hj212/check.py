"""QC checks of instruments (CN 2062): kept beside the observations, never among them.

Under ST=21 the code is an instrument check with ``-Check`` and ``-StandardValue``; in the 2025
edition an automatic check against a standard. Either measures a known solution, and the river not
at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from ecomon.decode.hj212.flags import flag_table
from ecomon.decode.hj212.moment import read_moment
from ecomon.decode.hj212.station import StationPlan
from ecomon.decode.hj212.value import read_value
from ecomon.model.flag import Flag

_MEASURED: Final = ("check", "rtd", "avg")
_NAN: Final = float("nan")


class Check(NamedTuple):
    """A check of one parameter; ``raw`` holds all its fields as sent."""

    determinand: str
    code: str
    checked_at: datetime
    measured: float
    standard: float
    unit: str
    source_flag: str | None
    flag: Flag
    raw: str

    @property
    def relative_error(self) -> float:
        """(measured - standard) / standard; NaN without both, and of a standard of 0."""
        return (self.measured - self.standard) / self.standard if self.standard else _NAN


def read_checks(
    fields: Mapping[str, str], plan: StationPlan, moment: datetime
) -> tuple[Check, ...]:
    """The checks of a 2062, one a code; SampleTime of a code outranks DataTime."""
    by_code: dict[str, dict[str, str]] = {}
    for name, value in fields.items():
        code, dash, part = name.rstrip("\0").rpartition("-")
        if dash:
            by_code.setdefault(code, {}).setdefault(part.lower(), value)
    checks: list[Check] = []
    for code, parts in by_code.items():
        if not {"check", "standardvalue", "rtd", "avg"} & parts.keys():
            continue
        factor = plan.factors.get(code.lower())
        channel = plan.channels.get(f"{factor.code}-Rtd") if factor else None
        power = (channel.power or 0) if channel else 0
        scale = channel.scale if channel and channel.power is None else 1.0
        measured = next((parts[part] for part in _MEASURED if part in parts), "")
        sampled_at = read_moment(parts.get("sampletime", ""))[0]
        letter = parts.get("flag") or None
        table = flag_table(plan.station.edition, plan.station.system)
        checks.append(
            Check(
                channel.determinand if channel else code,
                code,
                sampled_at or moment,
                read_value(measured, power).number * scale,
                read_value(parts.get("standardvalue", ""), power).number * scale,
                channel.unit if channel else "",
                letter,
                table.get(letter.upper(), Flag.NOT_EVALUATED) if letter else Flag.NOT_EVALUATED,
                ",".join(f"{code}-{part}={value}" for part, value in parts.items()),
            )
        )
    return tuple(checks)
