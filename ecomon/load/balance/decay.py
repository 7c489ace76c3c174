"""First-order loss between two sections."""

from __future__ import annotations

import math

from ecomon.errors import ContractError
from ecomon.load.choice.rules import DecayRate

REFERENCE_C = 20.0


def rate_at(decay: DecayRate, water_temperature_c: float) -> float:
    """The rate of decay at a temperature, K_T = K_20 theta^(T - 20), 1/d.

    Parameters
    ----------
    decay : DecayRate
        A rate cannot be made without its citation.
    water_temperature_c : float
        Finite, degC.

    Raises
    ------
    ContractError
        if the temperature is none of liquid water.

    Source
    ------
    GB/T 25173-2010 (K_T = K_20 x 1.047^(T-20)).
    """
    if not -1 <= water_temperature_c <= 45:
        raise ContractError(f"water of {water_temperature_c} degC")
    return decay.k_20_per_day * decay.theta ** (water_temperature_c - REFERENCE_C)


def delivered_share(k_per_day: float, travel_time_d: float) -> float:
    """Share of a load that is left after its travel, exp(-K t), 0..1.

    Source
    ------
    GB/T 25173-2010, one-dimensional: C(x) = C0 exp(-K x / (86 400 u)).
    """
    return math.exp(-k_per_day * travel_time_d)
