"""Readings and means → classes, grades, exceedances, main pollutants.

*A reading's class* uses unrounded values, as the national feed does; *an assessment grade* rounds
first, as 环办监测函〔2020〕82号 does. They are two functions, never one with a switch.
"""

from ecomon.assess.exceedances import find_exceedances, find_mean_exceedances
from ecomon.assess.limits import Bounds, bounds_of, grade_values
from ecomon.assess.months import grade_months, round_means
from ecomon.assess.pollutants import MAIN_POLLUTANTS, main_pollutants, name_main_pollutants
from ecomon.assess.readings import NATIONAL_FEED_ITEMS, classify_readings

__all__ = [
    "MAIN_POLLUTANTS",
    "NATIONAL_FEED_ITEMS",
    "Bounds",
    "bounds_of",
    "classify_readings",
    "find_exceedances",
    "find_mean_exceedances",
    "grade_months",
    "grade_values",
    "main_pollutants",
    "name_main_pollutants",
    "round_means",
]
