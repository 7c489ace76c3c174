"""the registry's reaches and past events -> how long water takes between two sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ecomon.model.fact import CONFIDENCE_ZH

if TYPE_CHECKING:
    from ecomon.model.fact import Confidence
    from ecomon.registry import Registry

_EDGES = ("front", "pulse", "recession")
"""In the order in which an edge of an event speaks for the water itself."""


@dataclass(frozen=True, slots=True)
class Travel:
    """Hours from one section to another, with where they stand and how sure they are."""

    start: str
    end: str
    hours: float
    source: str
    confidence: Confidence

    @property
    def in_words(self) -> str:
        """The figure with its mark, Chinese first."""
        mark = "" if self.confidence == "verified" else f"，{CONFIDENCE_ZH[self.confidence]}"
        return (
            f"传播时间 {self.start}→{self.end} {self.hours:g} h（{self.source}{mark}）"
            f" / travel time, {self.confidence}"
        )


def travel_of_way(registry: Registry, way: Sequence[str]) -> Travel | None:
    """How long water takes along a way, by what the registry knows.

    What was seen between its two ends in a past event counts first, else the sum of its reaches,
    each by its own travel time or by an event. An edge of which only a bound is known says nothing.

    Parameters
    ----------
    way : sequence of str
        Sections in the order of the water.

    Returns
    -------
    Travel or None
        None where some part of the way is not known: nothing is guessed from lengths. The
        confidence is that of its weakest part.
    """
    if len(way) < 2:
        return None
    seen = _seen(registry, way[0], way[-1])
    if seen is not None:
        return seen
    legs = [_of_reach(registry, *leg) or _seen(registry, *leg) for leg in pairwise(way)]
    known = [leg for leg in legs if leg is not None]
    if len(known) < len(legs):
        return None
    order: tuple[Confidence, ...] = ("verified", "secondary", "unverified")
    weakest = order[max(order.index(leg.confidence) for leg in known)]
    sources = "；".join(dict.fromkeys(leg.source for leg in known))
    return Travel(way[0], way[-1], sum(leg.hours for leg in known), sources, weakest)


def _of_reach(registry: Registry, start: str, end: str) -> Travel | None:
    for _, reach in sorted(registry.reaches.items()):
        if (reach.from_section, reach.to_section) == (start, end) and reach.travel_time_h:
            return Travel(start, end, reach.travel_time_h, reach.source, reach.confidence)
    return None


def _seen(registry: Registry, start: str, end: str) -> Travel | None:
    """The passage of the best edge; of several the latest event's."""
    usable = [
        (event, passage)
        for event, passage in registry.passages(start, end)
        if passage.bound == "about"
    ]
    for edge in _EDGES:
        for event, passage in reversed(usable):
            if passage.edge == edge:
                source = f"{event.name_zh}，{edge}；{passage.source}"
                return Travel(start, end, passage.elapsed_h, source, passage.confidence)
    return None
