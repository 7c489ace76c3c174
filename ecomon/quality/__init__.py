"""Observations to flags: range, spike, flat line, rate, part over total, and what the station says."""

from ecomon.quality.evaluate import evaluate
from ecomon.quality.gaps import find_gaps
from ecomon.quality.limits import count_unknown_source_flags
from ecomon.quality.receipts import count_receipts
from ecomon.quality.rules import QualityRules

__all__ = ["QualityRules", "count_receipts", "count_unknown_source_flags", "evaluate", "find_gaps"]
