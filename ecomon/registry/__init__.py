"""Facts as data: reads ``stations/`` and ``thresholds/``, lays the site's own over them, checks all."""

from __future__ import annotations

from ecomon.registry.describe import describe
from ecomon.registry.difference import compare_registries, compare_with_shipped
from ecomon.registry.gaps import Gap, find_gaps
from ecomon.registry.read import read_registry
from ecomon.registry.registry import Registry
from ecomon.registry.snapshot import read_snapshot

__all__ = [
    "Gap",
    "Registry",
    "compare_registries",
    "compare_with_shipped",
    "describe",
    "find_gaps",
    "read_registry",
    "read_snapshot",
]
