"""Which samples a regression can use, and the words for why there is none.

Source: section 6.10 of the project's load reference (zero discharge is kept out of logarithms) and
project rules.
"""

from __future__ import annotations

import numpy as np

from ecomon.load.regression.sample import LoadSamples

REASONS = {
    "too_few": "样品数少于参数数加二 fewer samples than parameters + 2",
    "all_censored": "全部样品低于检出限,只能给出上下界 every sample is censored: a bound only",
    "rank_deficient": "流量或时间无变化,参数不可辨识 rank-deficient: discharge or time does not vary",
    "no_scatter": "残差为零 the line passes through every sample: no error can be stated",
    "not_converged": "似然未收敛 the likelihood has not converged",
    "censored_for_method": "该方法不接受删失值 this method takes no censored values; use amle or mle",
}


def screen_samples(samples: LoadSamples) -> tuple[LoadSamples, list[str]]:
    """Samples a logarithm can be taken of, in the order of time, one at a time.

    Parameters
    ----------
    samples : LoadSamples

    Returns
    -------
    LoadSamples, list of str
        What is left, and a note with its count for each kind left aside: without discharge,
        discharge not above zero (dry or reversed), without a positive upper bound or with crossed
        or open bounds, and all but the first of a time.

    Source
    ------
    Project rule; LOADEST likewise stops at duplicated days and takes no zero discharge.
    """
    notes: list[str] = []
    q, low, high = samples.discharge_m3_s, samples.lower_mg_l, samples.upper_mg_l
    is_open = np.isposinf(high) & ~(low > 0)
    is_valued = (high > 0) & ~(low > high) & ~(low < 0) & ~is_open
    kinds = (
        (np.isnan(q) | np.isinf(q), "个样品无流量 samples without discharge"),
        (q <= 0, "个样品流量为零或倒流 samples at zero or reversed discharge"),
        (~is_valued, "个样品无有效浓度 samples without a valid concentration"),
    )
    is_kept = np.ones(len(q), dtype=np.bool_)
    for is_bad, words in kinds:
        n_bad = int((is_bad & is_kept).sum())
        if n_bad:
            notes.append(f"{n_bad} {words}")
        is_kept &= ~is_bad
    kept = samples.take(is_kept)
    order = np.argsort(kept.time, kind="stable")
    kept = kept.take(order)
    if len(kept.time) > 1:
        is_first = np.append(True, kept.time[1:] != kept.time[:-1])
        if not is_first.all():
            notes.append(
                f"{(~is_first).sum()} 个重复时间样品,取其先者 duplicates: the first counts"
            )
            kept = kept.take(is_first)
    return kept, notes
