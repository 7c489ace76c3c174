"""What must be known of a station before its numbers mean anything: facts, never guesses.

The same code comes in units a thousand apart (``a34004`` in ng/m³ by the table of 2017, in µg/m³
from real devices), times name the start or the end of an interval, and a checksum may be Modbus's.
None of it can be told from a frame. A station is one YAML mapping (``stations/instruments/``)::

    mn: "010000A8900016F000169DC0"
    site: jialing-baishuijiang
    edition: "2017"
    factors:
      - {code: w21003, determinand: NH3N, unit: mg/L, aliases: [NH3N, "060"]}

:func:`plan_station` joins it with the determinands: what the hot path looks up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ecomon.decode.hj212.flags import Edition, flag_table
from ecomon.decode.hj212.frame import Trust
from ecomon.errors import RegistryError, UnitMismatch
from ecomon.model.determinand import Determinand
from ecomon.model.flag import Flag
from ecomon.model.quantity import conversion_factor, unit_symbol

Label = Literal["start", "end"]


class Factor(BaseModel):
    """One parameter of a station: what its code means here, and in which unit it comes.

    Attributes
    ----------
    code : str
        As the station sends it (``w21003``, ``060``, ``PM25``).
    determinand, unit
        Our key, and the unit of -Rtd, -Avg, -Min, -Max.
    total_determinand, total_unit
        The key and unit of -Cou (a mass or a volume is another determinand); without them a total
        is reported as not configured.
    aliases : tuple of str
        Other codes that mean the same here.
    zero_is_below : Decimal or None
        Detection limit, in ``unit``, that a sent 0 stands for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(min_length=1)
    determinand: str
    unit: str
    total_determinand: str | None = None
    total_unit: str | None = None
    aliases: tuple[str, ...] = ()
    zero_is_below: Decimal | None = Field(default=None, gt=0)

    @field_validator("unit", "total_unit")
    @classmethod
    def _known_unit(cls, unit: str | None) -> str | None:
        return None if unit is None else unit_symbol(unit)

    @model_validator(mode="after")
    def _total_is_whole(self) -> Factor:
        if (self.total_determinand is None) != (self.total_unit is None):
            raise ValueError("total_determinand and total_unit are given together")
        return self


class Station(BaseModel):
    """An HJ 212 station as the office knows it.

    Attributes
    ----------
    mn : str
        Its device number, letter for letter.
    site : str
        The registry's site it stands at.
    edition : {"2005", "2017", "2025", "hj1404"}
        Whose flags and times it follows.
    system : str
        ST of what it measures: 21 surface water, 22 air.
    label : {"start", "end"}
        Which end of its interval a DataTime names; the standard says start, some vendors end.
    intervals_s : mapping of CN to int
        Seconds its statistics speak of; 2061 is 14400 where a station reports four-hourly.
    checksum : {"hj212", "modbus"}
    sm4_key_name : str or None
        Name of the secret that holds its SM4 key, never the key.
    password_sha256 : str or None
        :func:`hash_password` of its PW; None where any PW is taken.
    max_ahead_s, max_age_s : int
        How far a DataTime may lie in the future of its reception, and in its past.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mn: str = Field(min_length=1, max_length=64)
    site: str
    edition: Edition = "2017"
    system: str = Field(default="21", pattern=r"^\d{2}$")
    label: Label = "start"
    intervals_s: Mapping[str, int] = Field(default_factory=dict)
    cadence_s: int | None = Field(default=None, gt=0)
    checksum: Literal["hj212", "modbus"] = "hj212"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    sm4_key_name: str | None = None
    password_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    max_ahead_s: int = Field(default=3600, ge=0)
    max_age_s: int = Field(default=400 * 86400, gt=0)
    factors: tuple[Factor, ...] = ()
    source: str = ""
    confidence: Literal["verified", "secondary", "unverified"] = "unverified"

    @field_validator("intervals_s")
    @classmethod
    def _positive(cls, intervals_s: Mapping[str, int]) -> Mapping[str, int]:
        for cn, seconds in intervals_s.items():
            if not (len(cn) == 4 and cn.isdigit()) or seconds <= 0:
                raise ValueError(f"{cn}: {seconds}: a CN of four digits and seconds above 0")
        return intervals_s

    @model_validator(mode="after")
    def _codes_once(self) -> Station:
        codes = [code.lower() for one in self.factors for code in (one.code, *one.aliases)]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"codes that mean two things: {', '.join(twice)}")
        return self


DEFAULT_INTERVALS_S: Final[Mapping[str, int]] = {"2061": 3600, "2031": 86400, "2111": 300}
"""Hour, day and the furnace's five minutes, which their names say; a minute record (2051) and a
mixed sample (2063) say nothing of their length, so a station must."""


class Channel(NamedTuple):
    """What one name of a data area (``w21003-Avg``) becomes."""

    code: str
    determinand: str
    statistic: str
    unit: str
    scale: float  # to the canonical unit
    power: int | None  # where the scale is a power of ten
    flag_name: str
    zero_is_below: float | None
    is_alias: bool


PlainChannel = tuple[str, str, str, str, str]
"""Name of its flag, determinand, statistic, unit, code."""


@dataclass(frozen=True, slots=True)
class StationPlan:
    """A station joined with the determinands.

    ``channels`` is keyed by name as configured, ``channels_by_lower`` by the same in lower case,
    ``factors`` by code and alias in lower case; ``flags`` maps letters to QARTOD. ``plain`` holds
    the channels whose numbers need no second thought: the canonical unit, no alias, no limit for 0.
    """

    station: Station
    intervals_s: Mapping[str, int]
    channels: Mapping[str, Channel]
    channels_by_lower: Mapping[str, Channel]
    factors: Mapping[str, Factor]
    flags: Mapping[str, Flag]
    plain: Mapping[str, PlainChannel]
    good_letters: frozenset[str]

    @property
    def mn(self) -> str:
        return self.station.mn


def plan_station(station: Station, determinands: Mapping[str, Determinand]) -> StationPlan:
    """Look up what a station's codes mean, once.

    Raises
    ------
    RegistryError
        naming the MN and every code whose determinand is unknown or whose unit cannot become its
        canonical one.
    """
    channels: dict[str, Channel] = {}
    faults: list[str] = []
    for factor in station.factors:
        for part, statistic, key, unit in _parts_of(factor):
            known = determinands.get(key)
            if known is None:
                faults.append(f"{factor.code}: no determinand {key!r}")
                continue
            try:
                scale = conversion_factor(unit, known.unit)
            except UnitMismatch as wrong:
                faults.append(f"{factor.code}-{part}: {wrong}")
                continue
            limit = factor.zero_is_below
            zero = float(limit) * scale if limit is not None and statistic != "total" else None
            for code in (factor.code, *factor.aliases):
                channels[f"{code}-{part}"] = Channel(
                    factor.code, key, statistic, known.unit, scale, _power_of(scale),
                    f"{code}-Flag", zero, code != factor.code,
                )  # fmt: skip
    if faults:
        raise RegistryError(f"station {station.mn}: " + "; ".join(faults))
    flags = flag_table(station.edition, station.system)
    return StationPlan(
        station,
        {**DEFAULT_INTERVALS_S, **station.intervals_s},
        channels,
        {name.lower(): channel for name, channel in channels.items()},
        {
            code.lower(): factor
            for factor in station.factors
            for code in (factor.code, *factor.aliases)
        },
        flags,
        {
            name: (one.flag_name, one.determinand, one.statistic, one.unit, one.code)
            for name, one in channels.items()
            if one.power == 0 and one.zero_is_below is None and not one.is_alias
        },
        frozenset(letter for letter, flag in flags.items() if flag is Flag.GOOD),
    )


def _parts_of(factor: Factor) -> Iterator[tuple[str, str, str, str]]:
    """Suffix, statistic, determinand and unit of what a factor can send (HJ 212-2017 table 6)."""
    for part, statistic in (("Rtd", "value"), ("Avg", "mean"), ("Min", "min"), ("Max", "max")):
        yield part, statistic, factor.determinand, factor.unit
    if factor.total_determinand and factor.total_unit:
        yield "Cou", "total", factor.total_determinand, factor.total_unit


def _power_of(scale: float) -> int | None:
    power = round(Decimal(scale).log10())
    return power if abs(scale / 10.0**power - 1.0) < 1e-12 else None


def trust_station(station: Station, keys: Mapping[str, bytes] | None = None) -> Trust:
    """What a reader accepts of a station; ``keys`` holds SM4 keys by name.

    Raises
    ------
    RegistryError
        where the station names a key that is not there.
    """
    key = None
    if station.sm4_key_name is not None:
        key = (keys or {}).get(station.sm4_key_name)
        if key is None:
            raise RegistryError(f"station {station.mn}: no SM4 key named {station.sm4_key_name!r}")
    return Trust(station.checksum, key)


def hash_password(mn: str, password: str) -> str:
    """SHA-256 of MN and PW, in hexadecimal.

    It keeps a password out of files and sight; HJ 212 sends it in clear with every frame, and six
    characters are soon guessed from any hash.
    """
    return hashlib.sha256(f"{mn}:{password}".encode()).hexdigest()


def is_password_right(station: Station, password: str | None) -> bool:
    """Whether a frame's PW is the station's; a station without one takes any."""
    if station.password_sha256 is None:
        return True
    return hash_password(station.mn, password or "") == station.password_sha256
