"""Estimates of loads with the choice of method explained: all rows of one series or section."""

from ecomon.load.estimate.case import LoadCase, with_common_error
from ecomon.load.estimate.section import estimate_section
from ecomon.load.estimate.series import SeriesLoads, estimate_series

__all__ = ["LoadCase", "SeriesLoads", "estimate_section", "estimate_series", "with_common_error"]
