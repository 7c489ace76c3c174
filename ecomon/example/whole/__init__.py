"""The whole basin simulated (示例): every place of the registry, month by month, with its truth."""

from __future__ import annotations

from ecomon.example.whole.places import Places, arrange_places
from ecomon.example.whole.simulation import FEEDS, Delivery, Plan, Simulated, simulate_whole
from ecomon.example.whole.site_facts import rating_file, site_facts
from ecomon.example.whole.spill import Spill, find_arrivals, read_spill

__all__ = [
    "FEEDS",
    "Delivery",
    "Places",
    "Plan",
    "Simulated",
    "Spill",
    "arrange_places",
    "find_arrivals",
    "rating_file",
    "read_spill",
    "simulate_whole",
    "site_facts",
]
