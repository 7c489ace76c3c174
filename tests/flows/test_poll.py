"""Poll, from a real HTTPS server to observations; off unless a site turns it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from https_site import Asked, HttpsSite, Reply
from polls import air_answer, water_page

from ecomon.errors import RegistryError, SourceRefused
from ecomon.model.period import Period

AIR = """\
polls:
  - id: cnemc-air
    url: {url}
    is_enabled: true
    spacing_s: 1
    jitter_s: 0
    pins:
      - {{sha256: "{sha256}", of: public_key, source: compared by telephone, confidence: verified}}
"""
WATER = """\
polls:
  - id: cnemc-water
    url: {url}
    is_enabled: true
    spacing_s: 1
    jitter_s: 0
    pages: {{rows: 10}}
    pins:
      - {{sha256: "{sha256}", of: certificate, source: compared by telephone, confidence: verified}}
"""
ETAG = '"hour 14"'


@pytest.fixture
def site() -> Iterator[HttpsSite]:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("If-None-Match") == ETAG:
            return Reply(304)
        return Reply(body=air_answer(), headers={"ETag": ETAG})

    made = HttpsSite(trustme.CA(), answer)
    yield made
    made.stop()


@pytest.fixture
def home(api: str, make_installation: Callable[..., Any]) -> Any:
    made = make_installation("real")
    (made.home / "ecomon.env").write_text("ECOMON_CONTACT=someone@example.org\n", "utf-8")
    return made


def turn_on(home: Any, name: str, text: str) -> None:
    path: Path = home.home / "site" / "stations" / "polls" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def air(site: HttpsSite, sha256: str | None = None) -> str:
    return AIR.format(url=site.url, sha256=sha256 or site.public_key)


def waiting(home: Any, feed: str) -> list[str]:
    files = home.files(f"inbox/{feed}")
    return [name for name in files if "/" not in name and name.endswith(".json")]


def make_due(home: Any) -> None:
    """What an interval would do."""
    with home.store() as store:
        store.record_poll(*(replace(one, not_before_s=0) for one in store.read_polls()))


def test_from_the_site_to_observations_and_then_nothing_new(home: Any, site: HttpsSite) -> None:
    turn_on(home, "cnemc-air.yaml", air(site))
    counts = home.run("poll")
    assert (counts["polls"], counts["asked"], counts["files"]) == (1, 1, 1)
    (request,) = site.requests
    assert request.fields == {"cityName": "广元市"}
    assert request.headers["User-Agent"].endswith("(+someone@example.org)")
    (name,) = waiting(home, "cnemc-air")
    assert home.files("inbox/cnemc-air")[name] == air_answer()

    ingested = home.run("ingest", feed="cnemc-air")
    assert (ingested["files"], ingested["n_new"]) == (1, 6)
    with home.store() as store:
        read = store.read_observations(Period.parse("2026-11-24"), sites=["heishipo"])
        # The labels of ozone are exchanged in this answer: its hour is the lesser.
        assert read.set_index("determinand")["value"].to_dict() == {
            "PM25": 35.0, "PM10": 60.0, "SO2": 3.0, "NO2": 21.0, "CO_AIR": 0.6, "O3": 40.0,
        }  # fmt: skip
        (state,) = store.read_polls()
        assert state.etag == ETAG

    assert home.run("poll")["not_due"] == 1
    assert len(site.requests) == 1
    make_due(home)
    counts = home.run("poll")
    assert (counts["asked"], counts["files"], counts["unchanged"]) == (1, 0, 1)
    assert site.requests[-1].headers["If-None-Match"] == ETAG
    assert waiting(home, "cnemc-air") == []


def test_as_shipped_nobody_is_asked(home: Any) -> None:
    (home.home / "ecomon.env").unlink()
    counts = home.run("poll")
    assert (counts["polls"], counts["asked"]) == (0, 0)
    with home.store() as store:
        assert store.read_hosts() == []


def test_another_certificate_is_told_and_the_other_polls_go_on(home: Any, site: HttpsSite) -> None:
    site.answer = lambda asked: Reply(
        body=water_page(10 if asked.fields["PageIndex"] == "1" else 4, 14)
    )
    turn_on(home, "cnemc-air.yaml", air(site, sha256="0" * 64))
    turn_on(home, "cnemc-water.yaml", WATER.format(url=site.url, sha256=site.certificate))
    counts = home.run("poll")
    (reason,) = counts["refused"].values()
    assert site.public_key in reason
    assert (counts["asked"], counts["files"]) == (2, 2)
    assert [one.fields["PageIndex"] for one in site.requests] == ["1", "2"]
    with home.store() as store:
        (failed,) = store.read_polls(source="cnemc-air")
        assert (failed.n_failures, failed.last_error) == (1, reason)
        assert {one.n_failures for one in store.read_polls(source="cnemc-water")} == {0}
    make_due(home)
    again = home.run("poll")
    assert (again["files"], again["unchanged"]) == (0, 1)


def test_an_answer_that_is_no_data_is_kept_for_a_person(home: Any, site: HttpsSite) -> None:
    site.answer = lambda _: Reply(body="<html><title>验证码</title></html>".encode())
    turn_on(home, "cnemc-air.yaml", air(site))
    for _ in range(2):
        assert "web page" in next(iter(home.run("poll")["refused"].values()))
        make_due(home)
    kept = home.files("inbox/cnemc-air/failed")
    assert sorted(name.rpartition("-")[2][16:] for name in kept) == [".txt", ".txt.reason.txt"]
    assert waiting(home, "cnemc-air") == []
    with home.store() as store:
        assert store.read_polls()[0].n_failures == 2


def test_what_is_missing_is_said_before_anybody_is_asked(
    home: Any, site: HttpsSite, make_installation: Callable[..., Any]
) -> None:
    turn_on(home, "cnemc-air.yaml", air(site))
    (home.home / "ecomon.env").unlink()
    with pytest.raises(RegistryError, match="ECOMON_CONTACT"):
        home.run("poll")
    example = make_installation("example")
    turn_on(example, "cnemc-air.yaml", air(site))
    with pytest.raises(SourceRefused, match="example data"):
        example.run("poll")
    assert site.requests == []
