"""Regression loads: LOADEST's models 1 to 9 and free formulas, censored data included. No I/O.

``fit_regression`` fits ln load; ``predict_loads`` gives every step, ``period_load`` every period
with its error; ``compare_models`` lays the models side by side; ``loadest_tables`` does a whole
LOADEST run on tables in the egret layout.
"""

from ecomon.load.regression.design import MODELS, Design, build_design
from ecomon.load.regression.diagnostics import RegressionDiagnostics, diagnose_regression
from ecomon.load.regression.fit import RegressionFit, fit_regression
from ecomon.load.regression.period_sum import (
    LOADEST_RULES,
    PeriodRules,
    months_of,
    period_load,
    total_of,
    water_years_of,
)
from ecomon.load.regression.predict import StepLoads, predict_loads
from ecomon.load.regression.sample import (
    DischargeSteps,
    LoadSamples,
    samples_of_frames,
    steps_of_frame,
)
from ecomon.load.regression.selection import compare_models
from ecomon.load.regression.tables import loadest_tables

__all__ = [
    "LOADEST_RULES",
    "MODELS",
    "Design",
    "DischargeSteps",
    "LoadSamples",
    "PeriodRules",
    "RegressionDiagnostics",
    "RegressionFit",
    "StepLoads",
    "build_design",
    "compare_models",
    "diagnose_regression",
    "fit_regression",
    "loadest_tables",
    "months_of",
    "period_load",
    "predict_loads",
    "samples_of_frames",
    "steps_of_frame",
    "total_of",
    "water_years_of",
]
