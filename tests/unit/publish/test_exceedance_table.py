"""Exceedances: each value once with all its limits, the doubtful ones apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.tables import EXCEEDANCES
from ecomon.publish.alert_table import alert_table
from ecomon.publish.bulletin import Bulletin
from ecomon.publish.exceedance_table import exceedance_table, list_exceeding
from ecomon.publish.intake import intake_months, intake_table

Make = Callable[..., Bulletin]
NOON = datetime(2021, 4, 3, 12)


def found(*rows: tuple[str, float, float, int], start: datetime = NOON) -> pd.DataFrame:
    """Rows of (basis, value, factor, flag) of one determinand, site and moment."""
    columns: dict[str, list[Any]] = {
        "site": ["yaodu"] * len(rows), "determinand": ["TP"] * len(rows), "start": [start] * len(rows),
        "duration_s": [0] * len(rows), "value": [row[1] for row in rows], "unit": ["mg/L"] * len(rows),
        "limit": [0.1] * len(rows), "factor": [row[2] for row in rows],
        "basis": [row[0] for row in rows], "standard": ["t1"] * len(rows),
        "revision": list(range(len(rows))), "flag": [row[3] for row in rows],
    }  # fmt: skip
    return EXCEEDANCES.frame(columns)


def test_one_reading_with_two_limits_is_one() -> None:
    (one,) = list_exceeding(found(("target", 0.3, 2.0, 1), ("class_3", 0.3, 0.5, 1)))
    assert [(breach.basis, breach.factor) for breach in one.breaches] == [("class_3", 0.5), ("target", 2.0)]  # fmt: skip
    assert not one.is_doubtful


def test_of_two_sources_the_good_one_stands_then_the_worse() -> None:
    (one,) = list_exceeding(found(("target", 9.0, 89.0, 3), ("target", 0.2, 1.0, 2)))
    assert (one.value, one.flag, one.is_doubtful) == (0.2, 2, False)
    (one,) = list_exceeding(found(("target", 0.2, 1.0, 1), ("target", 0.3, 2.0, 1)))
    assert one.value == 0.3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["class_3", "target"]), st.integers(0, 5), st.sampled_from([1, 2, 3])
        )
    )
)
def test_every_moment_stands_once_and_good_ones_first(rows: list[tuple[str, int, int]]) -> None:
    table = pd.concat(
        [EXCEEDANCES.empty()]
        + [found((basis, 0.2, 1.0, flag), start=datetime(2021, 4, 1, hour)) for basis, hour, flag in rows],
        ignore_index=True,
    )  # fmt: skip
    listed = list_exceeding(EXCEEDANCES.frame(table.to_dict(orient="series")))
    assert len(listed) == len({hour for _, hour, _ in rows})
    good = {hour for _, hour, flag in rows if flag != 3}
    assert {one.start.hour for one in listed if not one.is_doubtful} == good
    assert [one.is_doubtful for one in listed] == sorted(one.is_doubtful for one in listed)


def test_readings_keep_their_digits_and_means_are_rounded_as_assessed(bulletin: Make) -> None:
    text = exceedance_table(bulletin())
    assert ">0.000102<" in text and "0.00010<" not in text  # the decimals of a reading are five
    assert ">0.227<" in text
    rough = bulletin().exceedances.assign(value=0.22749, duration_s=30 * 86400)
    text = exceedance_table(bulletin(exceedances=rough.iloc[:1]))
    assert ">0.227<" in text and "0.22749" not in text


def test_doubtful_readings_stand_in_a_block_of_their_own(bulletin: Make) -> None:
    standing, doubtful = exceedance_table(bulletin()).split('<div class="doubtful">')
    assert "存疑，待复核（不计入超标记录）" in doubtful
    assert "9.6" in doubtful and "9.6" not in standing and doubtful.count("<tr>") == 3
    assert doubtful.count("高锰酸盐指数") == 1 and "断面目标" in doubtful and "Ⅲ类标准" in doubtful


def test_an_intake_is_judged_by_table_3(bulletin: Make) -> None:
    months = intake_months(bulletin())
    assert list(months) == ["bamiaogou", "intake"]
    (finding,) = months["intake"].findings
    assert finding.words.zh == "表3 铊 超标 2 次，峰值 1.18 倍，另有存疑 1 次"
    assert finding.words.en == "Table 3, thallium: 2 exceedances, peak factor 1.18, 1 in doubt"
    assert months["bamiaogou"].verdict.zh == "未超表3限值" and months["bamiaogou"].is_reference
    text = intake_table(bulletin(), months)
    assert "铊 94" in text and "取水口上游，仅作参照" in text


def test_an_intake_without_readings_is_not_called_clean(bulletin: Make) -> None:
    lines = tuple(line for line in bulletin().sections if line.is_intake)
    bare = bulletin(sections=lines, exceedances=EXCEEDANCES.empty())
    assert intake_months(bare)["intake"].verdict.zh == "未超表3限值"
    bare = bulletin(sections=(replace(lines[0], limited=()),), exceedances=EXCEEDANCES.empty())
    month = intake_months(bare)["intake"]
    assert (month.verdict.zh, month.mark.zh, month.kind) == ("表3项目无数据", "—", "g0")


def test_alerts_of_the_period_closed_ones_too(bulletin: Make) -> None:
    rows = [
        re.sub(r'<span class="en".*?</span>|<[^>]+>', " ", row).split()
        for row in re.findall(r"<tr>(.*?)</tr>", alert_table(bulletin()))[1:]
    ]
    assert [row[0] for row in rows] == ["姚渡", "西湾水厂取水口", "清风峡"]
    assert rows[0][-1] == "已解除（未触发）" and "未触发" in rows[0]
    assert rows[1][-3:] == ["mg/L", "1.18", "已解除"] and "0.000218" in rows[1]
    assert rows[2][-2:] == ["不计算", "告警中"]
    assert "本期无告警" in alert_table(bulletin(alerts=()))
