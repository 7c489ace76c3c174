"""Summaries of values below detection, none of them substituted. No I/O."""

from ecomon.load.censored.kaplan_meier import kaplan_meier_weights
from ecomon.load.censored.lognormal import Lognormal, expected_below, fit_lognormal
from ecomon.load.censored.ros import fill_by_ros, plotting_positions
from ecomon.load.censored.summary import CensoredSummary, summarise_censored

__all__ = [
    "CensoredSummary",
    "Lognormal",
    "expected_below",
    "fill_by_ros",
    "fit_lognormal",
    "kaplan_meier_weights",
    "plotting_positions",
    "summarise_censored",
]
