"""Tables of flagged readings for the tests of exports: a small one by hand, and any by hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from ecomon.model.determinand import Determinand
from ecomon.model.observation import DataKind
from ecomon.model.period import Period
from ecomon.model.place import Gauge, Section
from ecomon.model.provenance import Provenance
from ecomon.model.tables import FLAGGED
from ecomon.publish.export_facts import KEY, ExportFacts

FACT: dict[str, Any] = {"source": "test", "confidence": "verified"}
UNIT = {"TP": "mg/L", "WT": "degC", "TURB": "NTU", "RAINFALL": "mm"}
DETERMINANDS = {
    key: Determinand(
        key=key, name_zh=zh, name_en=en, unit=UNIT[key], medium="water", decimals_reading=3,
        decimals_assessed=3, code=code, standard_name=standard_name, **FACT,
    )
    for key, zh, en, code, standard_name in (
        ("TP", "总磷", "total phosphorus", "w21011", None),
        ("WT", "水温", "water temperature", "w01010", None),
        ("TURB", "浊度", "turbidity", "w01003", None),
        ("RAINFALL", "降水量", "rainfall", None, "lwe_thickness_of_precipitation_amount"),
    )
}  # fmt: skip
SITES: dict[str, Section | Gauge] = {
    "yaodu": Section(
        id="yaodu", name_zh="姚渡", name_en="Yaodu", kind="inside", located_in="510800",
        longitude=105.4, latitude=32.8, position_error_km=2.0, **FACT,
    ),
    "bikou": Gauge(id="bikou", name_zh="碧口", name_en="Bikou", river="bailong", **FACT),
}  # fmt: skip


def export_facts(kind: DataKind = "golden", **options: Any) -> ExportFacts:
    """What the exports of these tests say of themselves."""
    return ExportFacts(
        Provenance(kind, 7, "f" * 64, "0.1.0"), Period.month(2021, 4), DETERMINANDS, SITES, **options
    )  # fmt: skip


def flagged_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Table FLAGGED with decision and approval, of rows that name what is not the common case."""
    common: dict[str, Any] = {
        "site": "yaodu", "determinand": "TP", "statistic": "value", "start": "2021-04-03T08:00",
        "duration_s": 0, "programme": "automatic", "source": "cnemc-water", "replicate": 0,
        "value": 0.1, "unit": None, "censor": "none", "source_flag": None, "row": 1, "revision": 1,
        "flag": 1, "decision": None, "approval": "provisional",
    }  # fmt: skip
    table = pd.DataFrame([{**common, "revision": n, **row} for n, row in enumerate(rows, start=1)], columns=list(common))  # fmt: skip
    stated = table["unit"].where(table["unit"].notna(), table["determinand"].map(UNIT))
    table["unit"] = stated.astype("str")
    table["start"] = table["start"].to_numpy().astype("datetime64[us]")
    table = table.astype({"decision": "str", "approval": "str", "value": "float64"})
    return FLAGGED.frame({str(name): table[name] for name in table})


SMALL = [
    {"value": 0.1 + 0.2, "source_flag": "正常"},
    {"start": "2021-04-03T12:00", "value": 0.01, "censor": "left", "flag": 3, "decision": "accept"},
    {"determinand": "WT", "value": 1e-300},
    {"determinand": "WT", "start": "2021-04-03T12:00", "value": float("nan"), "flag": 9, "source_flag": "维护"},
    {"determinand": "TURB", "value": 3000.0, "censor": "right", "approval": "approved"},
]  # fmt: skip
RAIN = [
    {"site": "bikou", "determinand": "RAINFALL", "statistic": "total", "duration_s": 3600,
     "start": f"2021-04-03T{hour:02}:00", "value": float(hour), "source": "st-pptn-r", "row": hour}
    for hour in range(3)
]  # fmt: skip

_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8
) | st.sampled_from(["正常", '"', "a,b", "=1+1", "'", "-", "-1+cmd", "\r", "\n", "\r\n", "@x", " "])
_STARTS = st.datetimes(
    pd.Timestamp("1901-01-01").to_pydatetime(), pd.Timestamp("2100-01-01").to_pydatetime()
).map(lambda one: np.datetime64(one.replace(microsecond=0), "us"))
_ROW = st.fixed_dictionaries(
    {
        "site": st.sampled_from(["yaodu", "bikou", "x"]),
        "determinand": st.sampled_from(sorted(UNIT)),
        "statistic": st.sampled_from(["value", "mean", "min", "max", "total"]),
        "start": _STARTS | st.just(np.datetime64("2021-04-03T08", "us")),
        "duration_s": st.sampled_from([0, 3600, 86_400]),
        "programme": st.sampled_from(["automatic", "emergency"]),
        "source": st.sampled_from(["cnemc-water", "laboratory"]),
        "replicate": st.integers(0, 2),
        "value": st.floats(),
        "censor": st.sampled_from(["none", "left", "right"]),
        "source_flag": st.none() | _TEXTS,
        "row": st.integers(0, 2**62),
        "revision": st.integers(1, 2**62),
        "flag": st.sampled_from([1, 2, 3, 4, 9]),
        "decision": st.sampled_from([None, "accept", "reject", "correct"]),
        "approval": st.sampled_from(["provisional", "reviewed", "approved"]),
    }
)
TABLES = st.lists(
    _ROW, min_size=1, max_size=12, unique_by=lambda row: tuple(row[name] for name in KEY)
).map(flagged_table)
"""Any table that the store could give."""


def sorted_by_key(table: pd.DataFrame) -> pd.DataFrame:
    """The table in the order of its key."""
    return table.sort_values(list(KEY), ignore_index=True)
