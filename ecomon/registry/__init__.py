"""Facts as data: reads ``stations/`` and ``thresholds/``, lays the site's own over them, checks all."""

from __future__ import annotations

from ecomon.registry.describe import describe
from ecomon.registry.difference import compare_registries, compare_with_shipped
from ecomon.registry.gaps import Gap, GapCount, count_gaps, find_calendar_gaps, find_gaps
from ecomon.registry.line import Line, line_of
from ecomon.registry.read import read_registry
from ecomon.registry.registry import Registry
from ecomon.registry.snapshot import read_snapshot

__all__ = [
    "Gap",
    "GapCount",
    "Line",
    "Registry",
    "compare_registries",
    "compare_with_shipped",
    "count_gaps",
    "describe",
    "find_calendar_gaps",
    "find_gaps",
    "line_of",
    "read_registry",
    "read_snapshot",
]
