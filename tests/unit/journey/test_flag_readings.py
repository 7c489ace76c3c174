"""How months and sites are joined into what is judged at once."""

from __future__ import annotations

from ecomon.journey.flag_readings import SITE_MONTHS, stretches_to_flag
from ecomon.model.period import Period

JAN, FEB, MARCH, MAY = (Period.month(2021, month) for month in (1, 2, 3, 5))


def test_months_that_touch_are_one_stretch_of_the_sites_that_share_it() -> None:
    months = {JAN: {"a", "b"}, FEB: {"a", "b", "c"}, MAY: {"a"}}
    assert stretches_to_flag(months) == [
        (Period(JAN.start, FEB.end), ["a", "b"]),
        (FEB, ["c"]),
        (MAY, ["a"]),
    ]
    assert stretches_to_flag({}) == []


def test_a_stretch_is_bounded_in_months_and_in_sites() -> None:
    sites = {f"site-{number:02d}" for number in range(20)}
    months = dict.fromkeys(Period.parse("2019-01-01/2021-04-01").split("month"), sites)
    stretches = stretches_to_flag(months)
    for period, some in stretches:
        n_months = len(period.split("month"))
        assert n_months <= 12
        assert n_months * len(some) <= SITE_MONTHS
    told = [
        (month, site)
        for period, some in stretches
        for month in period.split("month")
        for site in some
    ]
    assert len(told) == len(set(told))
    assert set(told) == {(month, site) for month in months for site in sites}


def test_more_months_of_one_site_than_are_judged_at_once_go_alone() -> None:
    assert stretches_to_flag({MARCH: {f"site-{n}" for n in range(SITE_MONTHS + 1)}})[1][1] == [
        "site-9"
    ]
