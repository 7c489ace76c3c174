"""The models side by side, so that a choice can be explained.

Source: Runkel, Crawford & Cohn 2004, USGS TM4-A5 (automated selection by AIC and SPCC).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from ecomon.load.regression.decimal_time import Convention
from ecomon.load.regression.design import MODELS
from ecomon.load.regression.diagnostics import diagnose_regression
from ecomon.load.regression.fit import Method, fit_regression
from ecomon.load.regression.sample import DischargeSteps, LoadSamples


def compare_models(
    samples: LoadSamples,
    models: Sequence[int | Sequence[str]] = tuple(MODELS),
    *,
    method: Method = "amle",
    steps: DischargeSteps | None = None,
    convention: Convention = "ecomon",
) -> pd.DataFrame:
    """Fit every model and lay its figures beside the others'.

    Parameters
    ----------
    samples : LoadSamples
    models : sequence
        Numbers 1 to 9 or lists of terms.
    method, convention
        As :func:`fit.fit_regression`.
    steps : DischargeSteps, optional
        The record the model is meant for.

    Returns
    -------
    DataFrame
        One row a model, in the order given: model, n_parameters, n_samples, n_censored, aic, spcc,
        r_squared, s, the fields of :class:`diagnostics.RegressionDiagnostics`, is_least_aic,
        is_least_spcc, status, reason. NaN where ``status`` is not ``fitted``; AIC and SPCC are NaN
        for LAD, which has no likelihood.

    Source
    ------
    Akaike 1974; Schwarz 1978; Runkel, Crawford & Cohn 2004.
    """
    rows = []
    for model in models:
        fit = fit_regression(samples, model, method=method, convention=convention)
        label = str(model) if isinstance(model, int) else " + ".join(model)
        rows.append(
            {
                "model": label,
                "n_parameters": fit.n_parameters,
                "n_samples": fit.n_samples,
                "n_censored": fit.n_censored,
                "aic": fit.aic,
                "spcc": fit.spcc if fit.is_fitted else np.nan,
                "r_squared": fit.r_squared,
                "s": float(np.sqrt(fit.variance)),
            }
            | asdict(diagnose_regression(fit, steps))
            | {"status": fit.status, "reason": fit.reason}
        )
    table = pd.DataFrame(rows)
    for name in ("aic", "spcc"):
        table[f"is_least_{name}"] = table[name] == table[name].min()
    return table
