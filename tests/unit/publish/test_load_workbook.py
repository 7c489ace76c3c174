"""The workbook of loads, read back."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOADS
from ecomon.publish.load_workbook import load_workbook

Of = Callable[..., Provenance]


def rows_of(octets: bytes, sheet: str = "负荷 Loads") -> list[list[Any]]:
    book = openpyxl.load_workbook(BytesIO(octets))
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def test_same_input_same_octets(
    loads: pd.DataFrame, provenance: Of, names: dict[str, tuple[str, str]]
) -> None:
    first = load_workbook(loads, provenance("real"), names=names)
    assert load_workbook(loads, provenance("real"), names=names) == first


def test_figures_read_back_as_they_were(loads: pd.DataFrame, provenance: Of) -> None:
    heading, *rows = rows_of(load_workbook(loads, provenance("real")))[2:]
    assert heading[4:7] == ["月均浓度 (mg/L)\nConcentration (mg/L)", "水量 (m³)\nVolume (m³)", "负荷 (t)\nLoad (t)"]  # fmt: skip
    assert len(rows) == len(loads)
    measured = loads["status"] == "measured"
    for row, stated in zip(rows, loads.to_dict(orient="records"), strict=True):
        assert row[:3] == ["yaodu", stated["determinand"], stated["period"]]
        if stated["status"] == "measured":
            assert row[4:10] == pytest.approx(
                [stated[name] for name in ("concentration_mg_l", "volume_m3", "load_t", "lower_t",
                                           "upper_t", "standard_error_t")]
            )  # fmt: skip
    assert measured.sum() == 5


def test_the_interval_says_what_it_leaves_out(loads: pd.DataFrame, provenance: Of) -> None:
    octets = load_workbook(loads, provenance("real"))
    heading = rows_of(octets)[2]
    assert all("仅日间抽样" in heading[column] for column in (7, 8, 9))
    notes = {row[0].split("\n")[0]: row[1] for row in rows_of(octets, "说明 Notes") if row[0]}
    assert notes["不确定度"].startswith(
        "95% 区间（仅日间抽样误差） 95 % interval (between-day sampling error only)"
    )
    for missing in ("协方差", "自相关", "流量本身的误差"):
        assert missing in notes["区间未包含"]
    assert "忽略月内浓度与流量的协方差" in notes["方法 B 的局限"]


def test_insufficient_is_words_and_not_zero(loads: pd.DataFrame, provenance: Of) -> None:
    rows = rows_of(load_workbook(loads, provenance("real")))[3:]
    (row,) = [row for row in rows if row[1] == "NH3N" and row[2] == "2021-05"]
    assert row[3] == "数据不足 insufficient data"
    assert row[4:10] == ["数据不足"] * 6
    assert "少于 18 天" in row[17]


@pytest.mark.parametrize(
    ("kind", "is_shadow", "mark"),
    [("real", False, None), ("example", False, "示例数据"), ("real", True, "模拟核算")],
)
def test_mark_stands_on_top_only_where_due(
    loads: pd.DataFrame, provenance: Of, kind: str, is_shadow: bool, mark: str | None
) -> None:
    octets = load_workbook(loads, provenance(kind), is_shadow=is_shadow)
    for sheet in ("负荷 Loads", "说明 Notes"):
        second = rows_of(octets, sheet)[1][0]
        assert second is None if mark is None else mark in second


def test_provenance_and_names_are_in_it(
    loads: pd.DataFrame, provenance: Of, names: dict[str, tuple[str, str]]
) -> None:
    octets = load_workbook(loads, provenance("real"), names=names)
    notes = dict(row[:2] for row in rows_of(octets, "说明 Notes") if row[0])
    assert notes["数据知悉序号\nAs known at sequence"] == "1274"
    assert notes["规则集指纹\nRule-set hash (sha256)"] == " ".join(["9f2c" * 4] * 4)
    assert rows_of(octets)[3][:2] == ["姚渡 Yaodu", "高锰酸盐指数 permanganate index"]


def test_headings_stay_and_created_is_of_the_data(loads: pd.DataFrame, provenance: Of) -> None:
    book = openpyxl.load_workbook(BytesIO(load_workbook(loads, provenance("real"))))
    assert book["负荷 Loads"].freeze_panes == "D4"
    assert f"{book.properties.created:%Y-%m-%d}" == "2021-05-01"


def test_a_formula_in_the_data_stays_text(loads: pd.DataFrame, provenance: Of) -> None:
    odd = loads.assign(reason="=1+1")
    book = openpyxl.load_workbook(BytesIO(load_workbook(odd, provenance("real"))))
    cell = book["负荷 Loads"].cell(row=4, column=18)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_no_loads_is_a_workbook_of_headings(provenance: Of) -> None:
    assert len(rows_of(load_workbook(LOADS.empty(), provenance("real")))) == 3


def test_a_table_of_another_shape_is_refused(loads: pd.DataFrame, provenance: Of) -> None:
    with pytest.raises(ContractError):
        load_workbook(loads.drop(columns="load_t"), provenance("real"))
