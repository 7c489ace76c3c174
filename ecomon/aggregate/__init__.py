"""Flagged readings to means of days and months, with coverage."""

from ecomon.aggregate.days import daily_means, readings_used
from ecomon.aggregate.months import monthly_means
from ecomon.aggregate.rules import AggregationRules

__all__ = ["AggregationRules", "daily_means", "monthly_means", "readings_used"]
