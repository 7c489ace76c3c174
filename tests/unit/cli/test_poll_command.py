"""``ecomon poll status | fingerprint``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import trustme
from https_site import HttpsSite, Reply
from polls import poll_of

from ecomon.settings import read_settings
from ecomon.store import Store

Ecomon = Callable[..., Any]


def test_the_state_of_each_request_of_polls_that_were_never_asked_too(
    ecomon: Ecomon, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ecomon("store", "init", "--home", home)
    records = ecomon("poll", "status", "--home", home, "--json").records
    assert {one["poll"] for one in records} == {"cnemc-air", "cnemc-water"}
    assert not any(one["is_enabled"] or one["is_pinned"] for one in records)
    air = next(one for one in records if one["poll"] == "cnemc-air")
    assert (air["not_before"], air["n_failures"], air["n_requests"]) == (None, 0, 0)
    with Store.open(read_settings(home).store_url, clock=lambda: 1_700_000_000.0) as store:
        state = store.begin_poll(air["request"], source="cnemc-air", lease_s=60)
        assert state is not None
        store.record_poll(state.failed(1_700_000_000, "HTTP 503", 2700))
        store.claim_host("air.cnemc.cn:18007", lease_s=60, per_day=9)
    (air,) = (
        one
        for one in ecomon("poll", "status", "--home", home, "--json").records
        if one["poll"] == "cnemc-air"
    )
    assert air["checked_at"] == "2023-11-15T06:13:20+08:00"
    assert air["not_before"] == "2023-11-15T06:58:20+08:00"
    assert (air["n_failures"], air["last_error"], air["n_requests"]) == (1, "HTTP 503", 1)
    said = ecomon("poll", "status", "--home", home)
    assert "HTTP 503" in said.out


def test_the_fingerprint_to_compare(ecomon: Ecomon, tmp_path: Path) -> None:
    site = HttpsSite(trustme.CA(), lambda _: Reply())
    try:
        folder = tmp_path / "home" / "site" / "stations" / "polls"
        folder.mkdir(parents=True)
        own = f"polls: [{{id: cnemc-air, url: '{poll_of(site).url}'}}]"
        (folder / "own.yaml").write_text(own, "utf-8")
        said = ecomon("poll", "fingerprint", "cnemc-air", "--home", tmp_path / "home")
    finally:
        site.stop()
    assert said.code == 0
    assert f"public_key   {site.public_key}" in said.lines
    assert f"certificate  {site.certificate}" in said.lines
    assert site.requests == []


def test_a_poll_that_is_not_there(ecomon: Ecomon, tmp_path: Path) -> None:
    said = ecomon("poll", "fingerprint", "other", "--home", tmp_path)
    assert said.code == 2
    assert "cnemc-air, cnemc-water" in said.err
