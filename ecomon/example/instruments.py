"""Invented instruments (示例): stations that speak to a gateway, and what each measures at a time.

Each value is a function of the seed, the station and the time alone, so that who checks what a
gateway stored needs no record of what was sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

MN_MARK = "EC0DE"
"""How the device numbers of invented stations begin (hexadecimal, as those of the standard are)."""


@dataclass(frozen=True, slots=True)
class InventedFactor:
    """One parameter: code of HJ 525, our key, unit, decimals, level, daily swing and noise (of one)."""

    code: str
    determinand: str
    unit: str
    decimals: int
    level: float
    swing: float
    noise: float


FACTORS = (
    InventedFactor("w01010", "WT", "degC", 1, 17.0, 0.10, 0.01),
    InventedFactor("w01001", "PH", "1", 2, 8.0, 0.02, 0.004),
    InventedFactor("w01009", "DO", "mg/L", 2, 8.6, 0.12, 0.02),
    InventedFactor("w01014", "EC", "uS/cm", 1, 350.0, 0.03, 0.01),
    InventedFactor("w01003", "TURB", "NTU", 1, 22.0, 0.15, 0.12),
    InventedFactor("w01019", "CODMN", "mg/L", 2, 2.1, 0.06, 0.05),
    InventedFactor("w21003", "NH3N", "mg/L", 3, 0.18, 0.20, 0.10),
    InventedFactor("w21011", "TP", "mg/L", 3, 0.061, 0.08, 0.08),
    InventedFactor("w21001", "TN", "mg/L", 2, 2.35, 0.04, 0.05),
)


@dataclass(frozen=True, slots=True)
class InventedInstrument:
    """A station's device number, password and place; ``beside``: how many stand there before it."""

    number: int
    mn: str
    pw: str
    site: str
    beside: int = 0


def invent_instruments(n: int, sites: Sequence[str], *, seed: int) -> list[InventedInstrument]:
    """Instruments at the sites in turn.

    Parameters
    ----------
    n : int
    sites : sequence of str
        Ids of sections; where there are more instruments than sites, several stand at one.
    seed : int
    """
    generator = np.random.default_rng([seed, 212])
    passwords = generator.integers(0, 1_000_000, n)
    return [
        InventedInstrument(
            number,
            f"{MN_MARK}{seed % 0x1000000:06X}{number:013X}",
            f"{passwords[number]:06d}",
            sites[number % len(sites)],
            number // len(sites),
        )
        for number in range(n)
    ]


def measure(
    instrument: InventedInstrument, start: datetime, *, seed: int
) -> dict[InventedFactor, str]:
    """What an instrument tells of an interval that begins at a time, as text with its decimals.

    Parameters
    ----------
    start : naive Beijing datetime
    """
    generator = np.random.default_rng([seed, instrument.number, int(start.timestamp())])
    noise = generator.standard_normal(len(FACTORS))
    day = 2 * math.pi * (start.hour + start.minute / 60 - 9) / 24
    offset = 1 + 0.2 * math.sin(instrument.number)
    told: dict[InventedFactor, str] = {}
    for place, factor in enumerate(FACTORS):
        level = factor.level if factor.determinand == "PH" else factor.level * offset
        value = level * (1 + factor.swing * math.sin(day)) * math.exp(factor.noise * noise[place])
        told[factor] = f"{value:.{factor.decimals}f}"
    return told
