"""observations whose places were written by hand -> observations of registered sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.model.observation import Batch, Rejected
from ecomon.model.sample import SAMPLE_COLUMNS
from ecomon.registry.names import sections_named

if TYPE_CHECKING:
    from ecomon.registry import Registry

_PLACE = next(column.heading_zh for column in SAMPLE_COLUMNS if column.key == "place")


def name_places(batch: Batch, registry: Registry) -> Iterator[Batch | Rejected]:
    """Put the ids of sections in the place of what a person wrote; a doubtful place is rejected.

    Yields
    ------
    Rejected
        Each row whose place is none of our sections and intakes on that day, or may be several; and
        rows that are one sample (place, determinand, time, replicate) under two names of its place.
    Batch
        The others, the place as it was written in a further column ``place``.
    """
    table = batch.observations
    sites: list[str | None] = []
    for row, written, start in zip(table["row"], table["site"], table["start"], strict=True):
        found = sections_named(registry, written, start.date())
        sites.append(found[0] if len(found) == 1 else None)
        if len(found) != 1:
            reason = f"expected one section or intake; {written!r} may be {', '.join(found)}"
            if not found:
                reason = f"expected a section or an intake: nothing is called {written!r}"
            yield Rejected(int(row), reason, str(written), _PLACE)
            yield Rejected(int(row), f"not read; to be mended 待改正: {_PLACE}", str(written))
    named = table.assign(site=pd.array(sites, dtype="str"), place=table["site"])
    named = named[named["site"].notna()]
    is_twice = named.duplicated(["site", "determinand", "start", "replicate"], keep=False)
    for row, site in zip(named["row"][is_twice], named["site"][is_twice], strict=True):
        reason = f"one sample of {site} in several rows, under other names of it; leave one"
        yield Rejected(int(row), reason, str(site))
    kept = named[~is_twice].reset_index(drop=True)
    yield replace(batch, observations=kept)
