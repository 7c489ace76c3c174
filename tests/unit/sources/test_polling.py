"""Asking with courtesy: in turn, page by page, patient a little, on a real HTTPS server and store."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from https_site import Asked, HttpsSite, Reply
from polls import WATER, Clock, air_answer, poll_of, water_page

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.poll import Poll, PollState
from ecomon.sources.polling import Answer, Manners, NotTaken, Postponed, ask
from ecomon.store import Store


@pytest.fixture(scope="module")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "ecomon.sqlite"
    Store.create(path, kind="golden").close()
    return path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def site(authority: trustme.CA) -> Iterator[HttpsSite]:
    made = HttpsSite(authority, lambda _: Reply(body=air_answer()))
    yield made
    made.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manners(store_file: Path, clock: Clock, tmp_path: Path) -> Iterator[Manners]:
    with Store.open(store_file, clock=clock) as store:
        yield Manners(
            turns=store, user_agent="ecomon/test", ca_folder=tmp_path, clock=clock,
            sleep=clock.sleep, dice=random.Random(7),
        )  # fmt: skip


def question(poll: Poll, manners: Manners, **state: str) -> Answer:
    request = poll.requests()[0]
    return ask(poll, request, PollState(request.key, poll.id, **state), manners)


def replies(*given: Reply) -> Callable[[Asked], Reply]:
    """These answers in turn; one more request is a fault of the test."""
    waiting = iter(given)
    return lambda _: next(waiting)


# --- patience -------------------------------------------------------------------------------------


def test_a_busy_site_is_asked_again_after_a_while(
    site: HttpsSite, manners: Manners, clock: Clock
) -> None:
    site.answer = replies(Reply(503), Reply(503), Reply(body=air_answer()))
    (page,) = question(poll_of(site), manners).pages
    assert page.fetched.octets == air_answer()
    first, second = clock.slept
    assert 20 <= first <= 40
    assert 40 <= second <= 80


def test_after_three_tries_it_is_left(site: HttpsSite, manners: Manners) -> None:
    site.answer = lambda _: Reply(503)
    with pytest.raises(SourceUnavailable, match="503"):
        question(poll_of(site), manners)
    assert len(site.requests) == 3


def test_the_wait_a_site_asks_for_is_kept(site: HttpsSite, manners: Manners, clock: Clock) -> None:
    site.answer = replies(Reply(429, headers={"Retry-After": "100"}), Reply(body=air_answer()))
    assert question(poll_of(site), manners).pages
    assert sum(clock.slept) == 100


def test_a_long_wait_is_left_to_the_next_poll_and_kept_by_everybody(
    site: HttpsSite, manners: Manners, clock: Clock
) -> None:
    site.answer = lambda _: Reply(503, headers={"Retry-After": "3600"})
    with pytest.raises(SourceUnavailable, match="3600 s"):
        question(poll_of(site), manners)
    assert len(site.requests) == 1
    with pytest.raises(Postponed) as later:
        question(poll_of(site, parameters={"city": "another"}), manners)
    assert later.value.wait_s == 3600
    assert len(site.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_not_asked_again(site: HttpsSite, manners: Manners, status: int) -> None:
    site.answer = lambda _: Reply(status)
    with pytest.raises(SourceRefused, match=str(status)):
        question(poll_of(site), manners)
    assert len(site.requests) == 1


# --- courtesy -------------------------------------------------------------------------------------


def test_between_two_requests_to_a_host_some_time_goes_by(
    site: HttpsSite, manners: Manners, clock: Clock
) -> None:
    poll = poll_of(site, spacing_s=30, jitter_s=10)
    began = clock.now_s
    for _ in range(3):
        question(poll, manners)
    assert len(site.requests) == 3
    assert all(30 <= wait <= 40 for wait in clock.slept)
    assert clock.now_s - began == sum(clock.slept)


def test_the_days_requests_are_counted_and_end(
    site: HttpsSite, manners: Manners, clock: Clock
) -> None:
    clock.now_s += 86_400  # a day of its own
    poll = poll_of(site, requests_per_day=2)
    question(poll, manners)
    question(poll, manners)
    with pytest.raises(Postponed):
        question(poll, manners)
    assert len(site.requests) == 2
    clock.now_s += 86_400
    question(poll, manners)
    assert len(site.requests) == 3


# --- what is taken --------------------------------------------------------------------------------


def test_the_same_octets_are_nothing_new(site: HttpsSite, manners: Manners) -> None:
    (page,) = question(poll_of(site), manners).pages
    assert question(poll_of(site), manners, sha256=page.fetched.sha256).pages == ()


def test_unchanged_by_the_sites_own_word(site: HttpsSite, manners: Manners) -> None:
    site.answer = lambda asked: Reply(304 if "If-None-Match" in asked.headers else 500)
    assert question(poll_of(site), manners, etag='"one"').pages == ()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"<html><title>\xe7\xb3\xbb\xe7\xbb\x9f\xe7\xbb\xb4\xe6\x8a\xa4</title></html>", "系统维护"),
        ("<!DOCTYPE html><p>请输入验证码</p>".encode(), "captcha"),
        (b"\xef\xbb\xbf  <html></html>", "web page"),
        (b"-1", "'-1'"),
        (b'"busy"', "busy"),
        (b"[1, 2", "no JSON"),
        (b"\xff\xfe\xff", "neither UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (json.dumps([{"PM10": "\ue123\ue124.\ue125"}]).encode(), "special font"),
        (json.dumps([{"PM10": "\ue123\ue124.\ue125"}], ensure_ascii=False).encode(), "special font"),
        ('{"code": 1, "msg": "请完成安全验证"}'.encode(), "person"),
    ],
)  # fmt: skip
def test_what_is_no_data_is_a_refusal_with_its_octets(
    site: HttpsSite, manners: Manners, body: bytes, word: str
) -> None:
    site.answer = lambda _: Reply(body=body)
    with pytest.raises(NotTaken, match=word) as refused:
        question(poll_of(site), manners)
    assert refused.value.octets == body
    assert len(site.requests) == 1


# --- pages ----------------------------------------------------------------------------------------


def pages_of(*sizes: int, promised: int) -> Callable[[Asked], Reply]:
    """A water answer in pages of these numbers of rows."""

    def answer(asked: Asked) -> Reply:
        number = int(asked.fields["PageIndex"])
        return Reply(body=water_page(sizes[number - 1], promised, first=100 * number))

    return answer


def test_pages_are_asked_until_all_rows_are_there(site: HttpsSite, manners: Manners) -> None:
    site.answer = pages_of(10, 10, 5, promised=25)
    answer = question(poll_of(site, **WATER), manners)
    assert [len(json.loads(page.fetched.octets)["tbody"]) for page in answer.pages] == [10, 10, 5]
    assert answer.n_missing == 0
    assert [one.fields["PageIndex"] for one in site.requests] == ["1", "2", "3"]
    assert {one.fields["PageSize"] for one in site.requests} == {"10"}
    assert {one.method for one in site.requests} == {"POST"}
    assert len({page.request.key for page in answer.pages}) == 3


def test_a_page_cut_short_is_no_answer(site: HttpsSite, manners: Manners) -> None:
    site.answer = pages_of(10, 4, 0, promised=20)
    with pytest.raises(NotTaken, match="14 rows came of 20: fewer than 90%"):
        question(poll_of(site, **WATER), manners)


def test_the_same_page_under_every_number_is_no_answer(site: HttpsSite, manners: Manners) -> None:
    site.answer = lambda _: Reply(body=water_page(10, 20))
    with pytest.raises(NotTaken, match="page 2 is one that came before"):
        question(poll_of(site, **WATER), manners)


def test_a_few_rows_may_be_missing_and_are_counted(site: HttpsSite, manners: Manners) -> None:
    site.answer = pages_of(10, 9, 0, promised=20)
    answer = question(poll_of(site, **WATER), manners)
    assert answer.n_missing == 1


def test_more_pages_than_allowed_are_not_asked_for(site: HttpsSite, manners: Manners) -> None:
    site.answer = pages_of(*[10] * 9, promised=90)
    with pytest.raises(NotTaken, match="50 rows came of 90"):
        question(poll_of(site, **WATER), manners)
    assert len(site.requests) == 5


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (water_page(0, 0), "no rows at all"),
        (b'{"result": 1, "records": 5}', "no list 'tbody'"),
        (b'{"result": 1, "tbody": [], "records": "many"}', "no number 'records'"),
        (b"[]", "no list 'tbody'"),
    ],
)
def test_an_answer_that_cannot_be_counted(
    site: HttpsSite, manners: Manners, body: bytes, word: str
) -> None:
    site.answer = lambda _: Reply(body=body)
    with pytest.raises(NotTaken, match=word):
        question(poll_of(site, **WATER), manners)


def test_pages_together_are_bounded(site: HttpsSite, manners: Manners) -> None:
    site.answer = pages_of(10, 10, 10, promised=30)
    size = len(water_page(10, 30, first=100))
    with pytest.raises(SourceRefused, match="together"):
        question(poll_of(site, **WATER, max_bytes=2 * size), manners)
