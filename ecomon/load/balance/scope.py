"""Between which places a balance runs: where load comes in, and where it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecomon.errors import ContractError


@dataclass(frozen=True, slots=True)
class Inflow:
    """A section at which load enters, and the way of its water to the outlet.

    Attributes
    ----------
    section : str
    kind : {"border", "tributary"}
        Over an upstream border, or by a tributary that comes from outside the scope and is measured
        where it joins. A tributary that rises inside is the scope's own and no inflow.
    travel_time_d : float or None
        To the outlet, days; None where no source says.
    reservoirs : tuple of str
        Names, in words, of the pools that hold its water on the way.
    """

    section: str
    kind: Literal["border", "tributary"] = "border"
    travel_time_d: float | None = None
    reservoirs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.travel_time_d is not None and not self.travel_time_d >= 0:
            raise ContractError(f"{self.section}: a travel time of {self.travel_time_d} days")


@dataclass(frozen=True, slots=True)
class BalanceScope:
    """A reach or a jurisdiction: its inflows and its outlets.

    ``caveat`` is what a reader must be told of these facts (待核实 ...).

    Raises
    ------
    ContractError
        if there is no outlet, or a section stands on both sides.
    """

    name: str
    inflows: tuple[Inflow, ...]
    outlets: tuple[str, ...]
    caveat: str = ""

    def __post_init__(self) -> None:
        if not self.outlets:
            raise ContractError(f"{self.name}: a balance needs a section where the load leaves")
        named = [*(one.section for one in self.inflows), *self.outlets]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ContractError(f"{self.name}: {', '.join(twice)} stands twice in the balance")

    @property
    def is_decoupled(self) -> bool:
        """Some of the water that enters is stored before it leaves."""
        return any(one.reservoirs for one in self.inflows)
