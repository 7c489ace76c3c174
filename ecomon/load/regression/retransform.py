"""From the logarithm of a load back to the load, without losing what is above the median.

Source: section 6.4 of the project's load reference; each function names its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import hyp0f1

Values = npt.NDArray[np.float64]


def smearing_factor(residuals: Values, weights: Values | None = None) -> float:
    """Duan's smearing: mean of exp(residual), each weighted by its probability.

    Parameters
    ----------
    residuals : ndarray of float64, shape (n,)
        Natural logarithms.
    weights : ndarray of float64, shape (n,), optional
        Sum to one; equal ones when absent.

    Returns
    -------
    float
        The factor exp(x'b) is multiplied with. 1 where all residuals are 0.

    Source
    ------
    Duan 1983, J. Am. Stat. Assoc. 78.
    """
    if weights is None:
        weights = np.full(len(residuals), 1 / len(residuals))
    return float(np.exp(residuals) @ weights)


def mvue_factor(variance: float, degrees_of_freedom: int, leverage: Values) -> Values:
    """Bradu & Mundlak's g_m: the factor that makes exp(x'b) g the minimum variance unbiased mean.

    Parameters
    ----------
    variance : float
        s^2 with divisor m = n - p.
    degrees_of_freedom : int
        m.
    leverage : ndarray of float64, shape (k,)
        x'(X'X)^-1 x of each row predicted.

    Returns
    -------
    ndarray of float64, shape (k,)

    Source
    ------
    Bradu & Mundlak 1970, J. Am. Stat. Assoc. 65; Cohn et al. 1989, Water Resour. Res. 25. With
    z = (m+1)(1-V)s^2/(2m), g_m(z) is 0F1(; m/2; m^2 z/(2(m+1))).
    """
    m = degrees_of_freedom
    # The (m + 1) of z and of the argument cancel.
    return hyp0f1(m / 2, m * (1 - leverage) * variance / 4)


def ferguson_factor(variance: float) -> float:
    """exp(s^2/2), the lognormal mean over its median; s^2 of natural logarithms.

    In common logarithms it is exp(2.651 s^2), 2.651 = ln(10)^2/2.

    Source
    ------
    Ferguson 1986, Water Resour. Res. 22.
    """
    return float(np.exp(variance / 2))
