"""Determinands (监测指标): what is measured, and the unit it is kept in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ecomon.model.fact import Fact
from ecomon.model.quantity import UNITS


class Determinand(Fact):
    """One thing that is measured.

    Attributes
    ----------
    key : str
        Our name for it (``NH3N``); it is the ``determinand`` column of every table.
    code : str or None
        HJ 525 / HJ 524 style code (``w21003``).
    unit : str
        Canonical unit; values are converted to it once, at the edge.
    decimals_reading, decimals_assessed : int
        Places of a single reading as published, and of a value that is compared with a limit
        (环办监测函〔2020〕82号, secondary source).
    mean : {"arithmetic", "hydrogen_ion"}
        How values average; pH averages as hydrogen-ion concentration.
    is_toxic_metal : bool
        Heavy metals and metalloids: an exceedance is never rejected by a machine.
    standard_name : str or None
        Its name in the CF Standard Name Table; None where the table has none (it knows the water
        of the sea, and hardly that of rivers).
    """

    key: str
    code: str | None = None
    name_zh: str
    name_en: str
    symbol: str | None = None
    unit: str
    medium: Literal["water", "air", "hydrology"]
    decimals_reading: int = Field(ge=0, le=9)
    decimals_assessed: int = Field(ge=0, le=9)
    mean: Literal["arithmetic", "hydrogen_ion"] = "arithmetic"
    is_toxic_metal: bool = False
    standard_name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    aliases: tuple[str, ...] = ()

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        if unit not in UNITS:
            raise ValueError(f"unknown unit; one of {', '.join(UNITS)}")
        return unit
