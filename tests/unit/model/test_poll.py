"""Polls as facts: what is refused in a file, and which requests a poll makes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from ecomon.model.poll import Poll, PollState

FACT: dict[str, Any] = {
    "id": "air", "name_zh": "空气", "name_en": "air", "feed": "cnemc-air",
    "url": "https://example.org:18007/data", "method": "GET", "interval_s": 2700, "spacing_s": 10,
    "jitter_s": 5, "requests_per_day": 100, "timeout_s": 60, "max_bytes": 1000, "source": "test",
    "confidence": "unverified",
}  # fmt: skip
PAGES = {
    "index": "PageIndex", "size": "PageSize", "rows": 500, "records": "records", "body": "tbody",
    "min_share": 0.9, "max_pages": 20,
}  # fmt: skip


def poll(**fields: Any) -> Poll:
    return Poll.model_validate({**FACT, **fields})


def test_it_is_off_unless_somebody_turns_it_on() -> None:
    assert not poll().is_enabled
    assert not poll().is_pinned
    assert poll(ca_file="certificates/site.pem").is_pinned


def test_one_request_for_each_city() -> None:
    requests = poll(each={"parameter": "city", "values": ["广元市", "南充市"]}).requests()
    assert [one.parameters for one in requests] == [(("city", "广元市"),), (("city", "南充市"),)]
    assert requests[0].key == "GET https://example.org:18007/data city=广元市"
    assert requests[0].host == "example.org:18007"
    assert poll(url="https://example.org/").requests()[0].host == "example.org:443"


def test_pages_are_numbered_from_one() -> None:
    one = poll(method="POST", parameters={"AreaID": ""}, pages=PAGES)
    (first,) = one.requests()
    assert first.parameters == (("AreaID", ""), ("PageIndex", "1"), ("PageSize", "500"))
    assert one.page(first, 3).parameters == (
        ("AreaID", ""),
        ("PageIndex", "3"),
        ("PageSize", "500"),
    )


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"url": "http://example.org/data"}, "https"),
        ({"url": "https://example.org/data?city=1"}, "without user, query"),
        ({"url": "https://someone@example.org/"}, "without user, query"),
        ({"interval_s": 60}, "300"),
        ({"spacing_s": 0}, "greater than or equal to 1"),
        ({"verify": False}, "Extra inputs"),
        ({"unverified_fields": ["label"]}, "no field of a poll"),
        ({"parameters": {"PageIndex": "1"}, "pages": PAGES}, "given twice: PageIndex"),
        ({"pins": [{"sha256": "ab", "of": "certificate"}]}, "pattern"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        poll(**fields)


def test_pins_hold_from_a_day_to_a_day() -> None:
    def pin(digit: str, **dates: str) -> dict[str, str]:
        return {
            "sha256": digit * 64, "of": "certificate", "source": "-", "confidence": "verified",
            **dates,
        }  # fmt: skip

    one = poll(pins=[pin("a", valid_to="2027-01-01"), pin("b", valid_from="2026-12-01")])
    held = [[pin.sha256[0] for pin in one.pins_on(date(2026, month, 15))] for month in (11, 12)]
    assert held == [["a"], ["a", "b"]]
    assert [pin.sha256[0] for pin in one.pins_on(date(2027, 1, 1))] == ["b"]


def test_a_later_wait_that_the_site_asks_for_is_kept() -> None:
    state = PollState("-", "air").failed(1000, "busy", 300, retry_after_s=9000)
    assert state.not_before_s == 10_000
    assert not state.is_due(9999)
    assert state.is_due(10_000)
    assert state.postponed(20_000).n_failures == 1
