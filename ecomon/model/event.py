"""What the river did once: past releases and floods, seen where and when, and how fast they went."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ecomon.model.fact import Fact, Slug

EventKind = Literal["pollution", "turbidity", "flood"]
Edge = Literal["front", "recession", "pulse"]
Bound = Literal["about", "at_least", "at_most"]


class Sighting(Fact):
    """One thing seen at one place and time of an event.

    Attributes
    ----------
    time : str or None
        Beijing time as the source gives it: a minute, a day, a span; None where it gives none.
    text : str
        What was seen.
    site : str or None
        A section or reservoir of the registry; ``km_above_mouth`` is where it was, also without one.
    """

    time: str | None = None
    text: str
    site: Slug | None = None
    km_above_mouth: float | None = None
    discharge_m3_s: float | None = None
    stage_m: float | None = None
    velocity_m_s: float | None = None
    note: str | None = None

    @property
    def start(self) -> datetime | None:
        """Naive Beijing time, where the source gives the hour."""
        try:
            return datetime.strptime(self.time or "", "%Y-%m-%d %H:%M")
        except ValueError:
            return None


class Passage(Fact):
    """How long an edge of an event took between two places.

    ``bound`` says what the numbers are: a travel time of ``at_least`` so long is a velocity of at
    most so much. The bound is that of ``elapsed_h``; that of the velocity is the other one.
    """

    from_site: Slug
    to_site: Slug
    edge: Edge
    arrived: str | None = None
    distance_km: float | None = Field(default=None, gt=0)
    elapsed_h: float = Field(gt=0)
    velocity_m_s: float | None = Field(default=None, gt=0)
    bound: Bound = "about"
    note: str | None = None


class RiverEvent(Fact):
    """A past release, flushing or flood (历史事件), with what was seen of it.

    ``determinand`` is what was released, where it is one of the registry.
    """

    id: Slug
    name_zh: str
    name_en: str
    river: Slug
    kind: EventKind
    determinand: str | None = None
    sightings: tuple[Sighting, ...] = ()
    passages: tuple[Passage, ...] = ()
    note: str | None = None
