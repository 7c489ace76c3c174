"""WRTDS: weighted regressions on time, discharge and season, and WRTDS-K. No I/O.

``fit_wrtds`` fits one record, ``wrtds_tables`` gives it in EGRET's layout, ``bootstrap_loads``
loads of periods with their uncertainty.
"""

from ecomon.load.wrtds.bootstrap import BootstrapLoads, bootstrap_loads
from ecomon.load.wrtds.kalman import kalman
from ecomon.load.wrtds.model import WrtdsModel, fit_record, fit_wrtds, wrtds_tables
from ecomon.load.wrtds.normalise import normalise_flow, normalise_flow_in_windows
from ecomon.load.wrtds.record import (
    RecordNote,
    WrtdsRecord,
    decimal_year,
    find_obstacles,
    read_record,
    water_year,
)
from ecomon.load.wrtds.settings import WrtdsSettings

__all__ = [
    "BootstrapLoads",
    "RecordNote",
    "WrtdsModel",
    "WrtdsRecord",
    "WrtdsSettings",
    "bootstrap_loads",
    "decimal_year",
    "find_obstacles",
    "fit_record",
    "fit_wrtds",
    "kalman",
    "normalise_flow",
    "normalise_flow_in_windows",
    "read_record",
    "water_year",
    "wrtds_tables",
]
