"""How far maximum likelihood misses, to order 1/n, where values below a limit are censored.

Notation: the response is y = x'b + s e with e ~ N(0, 1); y is seen if it lies above the limit d
of its sample and is only known to lie below it otherwise. Everything depends on the sample through
x and the standardised limit xi = (d - x'b)/s, -inf where no limit was in force.

Source: Cox & Snell 1968, J. R. Stat. Soc. B 30; Shenton & Bowman 1977, Maximum Likelihood
Estimation in Small Samples; Cohn 1988, USGS Open-File Report 88-350; Cohn et al. 1992, Water
Resour. Res. 28 (AMLE). Expected derivatives derived anew; truth: LOADEST by ``rloadest`` 0.4.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr

Values = npt.NDArray[np.float64]

# phi(-38) is the last density above the smallest normal double: beyond it a limit has no effect.
_FAR = 38.0


def quadratic_forms(rows: Values, matrix: Values) -> Values:
    """x'Mx of every row x.

    Source
    ------
    Linear algebra: one matrix product and a sum.
    """
    return ((rows @ matrix) * rows).sum(axis=1)


@dataclass(frozen=True, slots=True)
class LikelihoodBias:
    """Covariance and bias of the estimates, both in units of s (s = 1).

    ``covariance`` (p + 1, p + 1) and ``bias`` (p + 1,) are of (b, s): Cov = s^2 x covariance,
    E[estimate] - truth = s x bias.
    """

    covariance: Values
    bias: Values

    @property
    def variance_bias(self) -> float:
        """Relative bias of s^2: E[s^2]/sigma^2 - 1. Order-1/n biases transform by the chain rule."""
        return float(2 * self.bias[-1] + self.covariance[-1, -1])

    @property
    def variance_variance(self) -> float:
        """Relative variance of s^2: Var[s^2]/sigma^4."""
        return float(4 * self.covariance[-1, -1])


def bias_of_likelihood(design: Values, standardised_limits: Values) -> LikelihoodBias:
    """Expected information and the bias b_i = sum_jkl V_ij V_kl (d K_jk / d theta_l - K_jkl / 2).

    Parameters
    ----------
    design : ndarray of float64, shape (n, p)
        Rank p.
    standardised_limits : ndarray of float64, shape (n,)
        (d - x'b)/s of every sample, seen or censored; -inf where none was in force.

    Returns
    -------
    LikelihoodBias

    Source
    ------
    Cox & Snell 1968, eq. 20; Shenton & Bowman 1977. For no limits the bias of s^2 is -p/n and of
    b is 0, as for least squares.
    """
    xi = np.clip(standardised_limits, -_FAR, _FAR)
    first = _expected_derivatives(xi)
    p = design.shape[1]
    information = np.empty((p + 1, p + 1))
    information[:p, :p] = -(design.T * first.bb) @ design
    information[:p, p] = information[p, :p] = -design.T @ first.bs
    information[p, p] = -first.ss.sum()
    covariance = np.linalg.inv(information)
    covariance = (covariance + covariance.T) / 2
    # Pairs (k, l) of the triple sum meet the covariance only through these three numbers a sample.
    bb = quadratic_forms(design, covariance[:p, :p])
    bs = design @ covariance[:p, p]
    ss = covariance[p, p]
    row_b = (
        first.bb_b * bb
        + (first.bb_s + first.bs_b) * bs
        + first.bs_s * ss
        - (first.bbb * bb + 2 * first.bbs * bs + first.bss * ss) / 2
    )
    row_s = (
        first.bs_b * bb
        + (first.bs_s + first.ss_b) * bs
        + first.ss_s * ss
        - (first.bbs * bb + 2 * first.bss * bs + first.sss * ss) / 2
    )
    bias = covariance @ np.append(design.T @ row_b, row_s.sum())
    return LikelihoodBias(covariance, bias)


@dataclass(frozen=True, slots=True)
class _Derivatives:
    """Expected derivatives of one sample's log-likelihood by its mean (b) and s, at s = 1.

    ``bb bs ss`` second, ``bbb bbs bss sss`` third; ``bs_b`` is the derivative by b of expected bs.
    """

    bb: Values
    bs: Values
    ss: Values
    bbb: Values
    bbs: Values
    bss: Values
    sss: Values
    bb_b: Values
    bb_s: Values
    bs_b: Values
    bs_s: Values
    ss_b: Values
    ss_s: Values


def _expected_derivatives(xi: Values) -> _Derivatives:
    density = np.exp(-(xi**2) / 2) / np.sqrt(2 * np.pi)
    below, above = ndtr(xi), ndtr(-xi)
    mills = np.exp(-(xi**2) / 2 - log_ndtr(xi)) / np.sqrt(2 * np.pi)
    # g1, g2, g3: derivatives of ln Phi at xi, of the censored part.
    g1, g2 = mills, -mills * (xi + mills)
    g3 = -g2 * xi - mills - 2 * mills * g2
    tail = density * (xi + mills)
    tail_slope = density * (1 - (xi + mills) ** 2)
    bb, bs, ss = -above - tail, -density - xi * tail, -2 * above - xi * density - xi**2 * tail
    bb_xi = density - tail_slope
    bs_xi = xi * density - tail - xi * tail_slope
    ss_xi = density * (1 + xi**2) - 2 * xi * tail - xi**2 * tail_slope
    return _Derivatives(
        bb=bb,
        bs=bs,
        ss=ss,
        bbb=-below * g3,
        bbs=2 * above - below * (xi * g3 + 2 * g2),
        bss=6 * density - below * (xi**2 * g3 + 4 * xi * g2 + 2 * g1),
        sss=10 * above + 12 * xi * density - below * (xi**3 * g3 + 6 * xi**2 * g2 + 6 * xi * g1),
        bb_b=-bb_xi,
        bb_s=-xi * bb_xi - 2 * bb,
        bs_b=-bs_xi,
        bs_s=-xi * bs_xi - 2 * bs,
        ss_b=-ss_xi,
        ss_s=-xi * ss_xi - 2 * ss,
    )
