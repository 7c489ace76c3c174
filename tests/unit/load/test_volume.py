from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction

import pandas as pd
import pytest

from ecomon.errors import ContractError, UnitMismatch
from ecomon.load.volume import MonthlyVolume, monthly_volumes
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.tables import MEANS

Days = Callable[..., pd.DataFrame]
APRIL = Period.month(2021, 4)


def discharge(days: Days, texts: list[str | None], **options: object) -> pd.DataFrame:
    return days("bikou", "DISCHARGE", texts, **{"unit": "m3/s", **options})


def monthly_volume(
    table: pd.DataFrame, month: Period, link: DischargeLink | None, *, min_coverage: float
) -> MonthlyVolume:
    (volume,) = monthly_volumes(table, [month], link, min_coverage=min_coverage)
    return volume


def changed(link: DischargeLink, **fields: object) -> DischargeLink:
    return link.model_copy(update=fields)


def test_a_steady_month_by_hand(days: Days, link: DischargeLink) -> None:
    # compensation.md F2: 45 m3/s over 30 days is 116 640 000 m3
    volume = monthly_volume(discharge(days, ["45"] * 30), APRIL, link, min_coverage=0.8)
    assert volume.volume_m3 == 116_640_000
    assert (volume.coverage, volume.lack, volume.caveat) == (1, "", "")


def test_the_factor_of_the_link_is_exact(days: Days, link: DischargeLink) -> None:
    volume = monthly_volume(
        discharge(days, ["45"] * 30), APRIL, changed(link, factor=1.1), min_coverage=0.8
    )
    assert volume.volume_m3 == Fraction("128304000")


def test_missing_days_take_the_mean_of_the_measured(days: Days, link: DischargeLink) -> None:
    texts: list[str | None] = ["10"] * 12 + ["40"] * 12 + [None] * 6
    volume = monthly_volume(discharge(days, texts), APRIL, link, min_coverage=0.8)
    assert volume.volume_m3 == 25 * 86_400 * 30
    assert volume.coverage == Fraction(24, 30)


def test_below_the_coverage_agreed_there_is_no_volume(days: Days, link: DischargeLink) -> None:
    texts: list[str | None] = ["10"] * 23 + [None] * 7
    volume = monthly_volume(discharge(days, texts), APRIL, link, min_coverage=0.8)
    assert volume.volume_m3 is None
    assert "23/30" in volume.lack and "discharge on 23 of 30 days" in volume.lack


def test_no_link_or_no_data_is_said_and_never_zero(days: Days, link: DischargeLink) -> None:
    table = discharge(days, ["45"] * 30)
    assert "无流量关联" in monthly_volume(table, APRIL, None, min_coverage=0.8).lack
    later = changed(link, valid_from=date(2022, 1, 1))
    assert "不在有效期" in monthly_volume(table, APRIL, later, min_coverage=0.8).lack
    elsewhere = changed(link, gauge="xindianzi")
    nothing = monthly_volume(table, APRIL, elsewhere, min_coverage=0.8)
    assert nothing.volume_m3 is None and nothing.lack == "无流量数据 / no discharge data"
    empty = monthly_volume(MEANS.empty(), APRIL, link, min_coverage=0.8)
    assert empty.volume_m3 is None and empty.coverage == 0


def test_a_dry_and_a_reversed_river_are_their_own_cases(days: Days, link: DischargeLink) -> None:
    dry = monthly_volume(discharge(days, ["0"] * 30), APRIL, link, min_coverage=0.8)
    assert dry.volume_m3 is None and "断流" in dry.lack
    back = monthly_volume(discharge(days, ["9"] * 29 + ["-1"]), APRIL, link, min_coverage=0.8)
    assert back.volume_m3 is None and "倒流" in back.lack
    partly = monthly_volume(discharge(days, ["0"] * 29 + ["3"]), APRIL, link, min_coverage=0.8)
    assert partly.volume_m3 == 3 * 86_400


def test_an_unverified_link_is_said(days: Days, link: DischargeLink) -> None:
    doubtful = changed(link, confidence="unverified")
    volume = monthly_volume(discharge(days, ["45"] * 30), APRIL, doubtful, min_coverage=0.8)
    assert volume.volume_m3 and "待核实" in volume.caveat


@pytest.mark.parametrize(("hours", "first_day"), [(23.0, 1), (24.0, 31), (-30.0, 2)])
def test_travel_moves_the_record_by_whole_days(
    days: Days, link: DischargeLink, hours: float, first_day: int
) -> None:
    # 31 March to 1 May carry their own number; April at the section is 30 of them.
    texts: list[str | None] = ["31", *map(str, range(1, 31)), "1000"]
    table = discharge(days, texts, first=datetime(2021, 3, 31))
    volume = monthly_volume(table, APRIL, changed(link, travel_time_h=hours), min_coverage=1.0)
    april = sum(range(1, 31))
    expected = {1: april, 31: 31 + april - 30, 2: april - 1 + 1000}[first_day]
    assert volume.volume_m3 == expected * 86_400


def test_months_are_kept_apart(days: Days, link: DischargeLink) -> None:
    table = discharge(days, ["10"] * 30 + ["20"] * 31)
    months = Period.parse("2021-04/2021-06").split("month")
    april, may, june = monthly_volumes(table, months, link, min_coverage=0.8)
    assert (april.volume_m3, may.volume_m3) == (25_920_000, 53_568_000)
    assert june.volume_m3 is None and "无流量数据" in june.lack


def test_another_unit_or_a_doubled_day_stops(days: Days, link: DischargeLink) -> None:
    with pytest.raises(UnitMismatch, match="L/s"):
        monthly_volume(discharge(days, ["1"], unit="L/s"), APRIL, link, min_coverage=0.8)
    table = discharge(days, ["45"] * 30)
    twice = pd.concat([table, table.tail(1)], ignore_index=True)
    with pytest.raises(ContractError, match="2021-04-30 stands twice"):
        monthly_volume(twice, APRIL, link, min_coverage=0.8)
