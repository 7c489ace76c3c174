"""Tables of daily means, written down from a list of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from ecomon.model.place import DischargeLink
from ecomon.model.tables import MEANS

Days = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def days() -> Days:
    """``days(site, determinand, texts)``: one daily mean per text from 1 April 2021 on; None is missing."""

    def build(
        site: str,
        determinand: str,
        texts: Sequence[str | None],
        *,
        first: datetime = datetime(2021, 4, 1),
        unit: str = "mg/L",
        n_censored: Sequence[int] | None = None,
    ) -> pd.DataFrame:
        starts = [first + timedelta(days=i) for i in range(len(texts))]
        exact = [None if text is None else Fraction(text) for text in texts]
        is_measured = [text is not None for text in texts]
        return MEANS.frame(
            {
                "site": [site] * len(texts),
                "determinand": [determinand] * len(texts),
                "period": [f"{start:%Y-%m-%d}" for start in starts],
                "period_kind": ["day"] * len(texts),
                "start": starts,
                "value": [float("nan") if x is None else float(x) for x in exact],
                "exact": pd.Series(exact, dtype="object"),
                "unit": [unit] * len(texts),
                "n_valid": [6 if ok else 0 for ok in is_measured],
                "n_expected": [6] * len(texts),
                "n_excluded": [0] * len(texts),
                "n_censored": list(n_censored) if n_censored else [0] * len(texts),
                "coverage": [1.0 if ok else 0.0 for ok in is_measured],
                "status": ["measured" if ok else "missing" for ok in is_measured],
            }
        )

    return build


@pytest.fixture(scope="session")
def link() -> DischargeLink:
    return DischargeLink(gauge="bikou", method="same_site", source="test", confidence="verified")
