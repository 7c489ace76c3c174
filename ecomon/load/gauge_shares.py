"""Whose ratings a discharge rests on, and how much of its error is each one's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecomon.errors import ContractError

GaugeShares = tuple[tuple[str, float], ...]
"""Gauge and the share of the common error that moves with it: the squares sum to one; the share of a
gauge that is subtracted is negative."""


def share_error(parts: Sequence[tuple[str, float]]) -> GaugeShares:
    """Shares of gauges whose errors are independent.

    Parameters
    ----------
    parts : sequence of (gauge, error)
        Signed standard error that each gauge brings to the discharge, in any one unit.

    Returns
    -------
    GaugeShares
        In proportion; empty where no gauge brings any.

    Source
    ------
    Sum of independent errors in quadrature; errors common to all that one gauge measures: Le Coz et
    al. 2014 (BaRatin), loads.md 6.9.
    """
    total = float(np.sqrt(sum(error**2 for _, error in parts)))
    if not total > 0:
        return ()
    return tuple((gauge, error / total) for gauge, error in parts)


def write_shares(shares: GaugeShares) -> str:
    """``bikou`` of one gauge, ``bikou*0.8+wudu*-0.6`` of several: the column ``gauge`` of loads.

    Source
    ------
    Contract ``LOAD_ERRORS``.
    """
    if len(shares) == 1:
        return shares[0][0]
    return "+".join(f"{gauge}*{share:.6g}" for gauge, share in shares)


def read_shares(text: str) -> Mapping[str, float]:
    """What :func:`write_shares` wrote; gauges without a share have equal ones.

    Raises
    ------
    ContractError
        if a share is no number.

    Source
    ------
    Contract ``LOAD_ERRORS``.
    """
    parts = [one.partition("*") for one in text.split("+")] if text else []
    equal = 1 / np.sqrt(len(parts)) if parts else 0.0
    try:
        return {gauge: float(share) if star else float(equal) for gauge, star, share in parts}
    except ValueError:
        raise ContractError(f"gauges {text!r}: write gauge*share+gauge*share") from None
