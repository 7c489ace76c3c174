"""One request, on a real HTTPS server: who is trusted, what is new, what is a refusal."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from https_site import Asked, HttpsSite, Reply
from polls import START_S, Clock, pin, poll_of

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.poll import Poll, PollState
from ecomon.sources.http import AskLater, Fetched, fetch, open_session
from ecomon.sources.tls import read_fingerprints, trust

DATA = b'[{"StationCode": "2523A"}]'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def site(authority: trustme.CA) -> Iterator[HttpsSite]:
    made = HttpsSite(authority, lambda _: Reply(body=DATA))
    yield made
    made.stop()


def ask(
    poll: Poll, state: PollState | None = None, *, ca_file: Path | None = None
) -> Fetched | None:
    request = poll.requests()[0]
    with open_session(
        poll, user_agent="ecomon/test (+someone@example.org)", ca_file=ca_file, clock=Clock()
    ) as session:
        return fetch(session, request, state or PollState(request.key, poll.id))


# --- who is asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["certificate", "public_key"])
def test_a_pinned_certificate_is_trusted(site: HttpsSite, of: str) -> None:
    fetched = ask(poll_of(site, pins=[pin(site, of)]))
    assert fetched is not None
    assert fetched.octets == DATA
    (request,) = site.requests
    assert request.headers["User-Agent"] == "ecomon/test (+someone@example.org)"


def test_a_fingerprint_is_read_as_tools_print_it(site: HttpsSite) -> None:
    digits = site.public_key.upper()
    printed = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    assert ask(poll_of(site, pins=[pin(site) | {"sha256": printed}])) is not None


def test_another_certificate_is_refused_before_anything_is_sent(
    site: HttpsSite, authority: trustme.CA
) -> None:
    other = HttpsSite(authority, lambda _: Reply(body=DATA))
    try:
        with pytest.raises(SourceRefused) as refused:
            ask(poll_of(site, pins=[pin(other)]))
    finally:
        other.stop()
    assert site.certificate in str(refused.value)
    assert site.public_key in str(refused.value)
    assert site.requests == []


def test_the_old_and_the_new_certificate_are_pinned_during_a_change(
    site: HttpsSite, authority: trustme.CA
) -> None:
    renewed = HttpsSite(authority, lambda _: Reply(body=DATA))
    try:
        both = [pin(site), pin(renewed, "certificate")]
        assert ask(poll_of(site, pins=both)) is not None
        assert ask(poll_of(renewed, pins=both)) is not None
    finally:
        renewed.stop()


def test_a_pin_that_is_over_does_not_hold(site: HttpsSite) -> None:
    over = pin(site, valid_to="2020-01-01")
    with pytest.raises(SourceRefused, match="none of its pins holds"):
        ask(poll_of(site, pins=[over]))
    assert ask(poll_of(site, pins=[over, pin(site)])) is not None


def test_an_unpinned_site_that_no_store_knows_is_refused_and_named(site: HttpsSite) -> None:
    with pytest.raises(SourceRefused, match="not trusted") as refused:
        ask(poll_of(site, pins=[]))
    assert site.public_key in str(refused.value)
    assert site.requests == []


def test_an_authority_is_trusted_and_so_is_the_name(
    site: HttpsSite, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    assert ask(poll_of(site, pins=[]), ca_file=file) is not None
    assert ask(poll_of(site), ca_file=file) is not None
    trustme.CA().cert_pem.write_to_path(str(file))
    with pytest.raises(SourceRefused, match="not trusted"):
        ask(poll_of(site), ca_file=file)  # the pin alone is not enough then


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"none\.pem"):
        trust(ca_file=tmp_path / "none.pem")


def test_the_fingerprint_is_shown_without_asking_anything(site: HttpsSite) -> None:
    seen = read_fingerprints("127.0.0.1", site.port, timeout_s=5)
    assert (seen.certificate, seen.public_key) == (site.certificate, site.public_key)
    assert site.requests == []


# --- what is new ----------------------------------------------------------------------------------


def test_a_conditional_request_and_an_answer_that_nothing_is_new(site: HttpsSite) -> None:
    stamp = "Tue, 24 Nov 2026 06:00:00 GMT"

    def answer(asked: Asked) -> Reply:
        is_known = asked.headers.get("If-None-Match") == '"one"'
        headers = {"ETag": '"one"', "Last-Modified": stamp}
        return Reply(304, headers=headers) if is_known else Reply(body=DATA, headers=headers)

    site.answer = answer
    poll = poll_of(site)
    first = ask(poll)
    assert first is not None
    assert (first.etag, first.last_modified) == ('"one"', stamp)
    state = PollState("-", poll.id, etag=first.etag, last_modified=first.last_modified)
    assert ask(poll, state) is None
    assert site.requests[-1].headers["If-Modified-Since"] == stamp


def test_a_form_is_posted_without_conditions(site: HttpsSite) -> None:
    poll = poll_of(site, method="POST", parameters={"AreaID": "", "城市": "广元市"})
    assert ask(poll, PollState("-", poll.id, etag='"one"')) is not None
    (request,) = site.requests
    assert (request.method, request.fields) == ("POST", {"AreaID": "", "城市": "广元市"})
    assert "If-None-Match" not in request.headers


def test_a_304_nobody_asked_for_is_refused(site: HttpsSite) -> None:
    site.answer = lambda _: Reply(304)
    with pytest.raises(SourceRefused, match="304"):
        ask(poll_of(site))


# --- what is not there now, and what is refused ---------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_busy_site_is_unavailable(site: HttpsSite, status: int) -> None:
    site.answer = lambda _: Reply(status)
    with pytest.raises(SourceUnavailable, match=str(status)):
        ask(poll_of(site))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206])
def test_any_other_status_is_a_refusal(site: HttpsSite, status: int) -> None:
    site.answer = lambda _: Reply(status)
    with pytest.raises(SourceRefused, match=str(status)):
        ask(poll_of(site))


def _date(later_s: float) -> str:
    from email.utils import formatdate

    return formatdate(START_S + later_s, usegmt=True)


@pytest.mark.parametrize(
    ("stated", "wait_s"),
    [("90", 90.0), (_date(600), 600.0), (_date(-600), 0.0), ("99999999999", 7 * 86_400.0)],
)
def test_the_site_says_when_to_come_back(site: HttpsSite, stated: str, wait_s: float) -> None:
    site.answer = lambda _: Reply(503, headers={"Retry-After": stated})
    with pytest.raises(AskLater) as later:
        ask(poll_of(site))
    assert later.value.retry_after_s == wait_s


@pytest.mark.parametrize("place", ["https://example.org/data", "http://127.0.0.1/login", "/login"])
def test_a_redirect_is_not_followed(site: HttpsSite, place: str) -> None:
    site.answer = lambda _: Reply(302, headers={"Location": place})
    with pytest.raises(SourceRefused, match=place):
        ask(poll_of(site))
    assert len(site.requests) == 1


def test_an_answer_without_end_is_cut_off(site: HttpsSite) -> None:
    site.answer = lambda _: Reply(body=itertools.repeat(b"x" * 10_000))
    with pytest.raises(SourceRefused, match="larger than 100000 bytes"):
        ask(poll_of(site))


def test_a_bomb_is_not_unpacked(site: HttpsSite) -> None:
    packed = gzip.compress(bytes(50_000_000), mtime=0)
    assert len(packed) < 100_000
    site.answer = lambda _: Reply(body=packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceRefused, match="larger than"):
        ask(poll_of(site))


def test_a_packed_answer_is_unpacked(site: HttpsSite) -> None:
    site.answer = lambda _: Reply(
        body=gzip.compress(DATA, mtime=0), headers={"Content-Encoding": "gzip"}
    )
    fetched = ask(poll_of(site))
    assert fetched is not None
    assert fetched.octets == DATA


@pytest.mark.parametrize(
    ("packing", "body", "error", "word"),
    [
        ("br", DATA, SourceRefused, "'br'"),
        ("gzip", DATA, SourceUnavailable, "broken"),
        ("gzip", gzip.compress(DATA, mtime=0)[:-9], SourceUnavailable, "breaks off"),
    ],
)
def test_a_packing_that_cannot_be_undone(
    site: HttpsSite, packing: str, body: bytes, error: type[Exception], word: str
) -> None:
    site.answer = lambda _: Reply(body=body, headers={"Content-Encoding": packing})
    with pytest.raises(error, match=word):
        ask(poll_of(site))


def test_an_answer_that_breaks_off_is_unavailable(site: HttpsSite) -> None:
    site.answer = lambda _: Reply(body=[b"[1, "], headers={"Content-Length": "10"})
    with pytest.raises(SourceUnavailable, match="RemoteProtocolError"):
        ask(poll_of(site))


def test_an_answer_that_drips_is_not_waited_for(site: HttpsSite) -> None:
    gone = threading.Event()

    def drip() -> Iterator[bytes]:
        while not gone.wait(0.2):
            yield b"x"

    site.answer = lambda _: Reply(body=drip())
    try:
        with pytest.raises(SourceUnavailable, match="did not end in time"):
            ask(poll_of(site, timeout_s=1))
    finally:
        gone.set()


def test_nobody_there_is_unavailable(site: HttpsSite) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    poll = poll_of(site, url=f"https://127.0.0.1:{free}/data")
    with pytest.raises(SourceUnavailable, match=f"127.0.0.1:{free}: ConnectError"):
        ask(poll)


def test_what_the_system_says_of_proxies_is_not_asked(
    site: HttpsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert ask(poll_of(site)) is not None


def test_a_proxy_that_cannot_be_is_named(site: HttpsSite) -> None:
    poll = poll_of(site)
    with (
        pytest.raises(SourceRefused, match="ECOMON_PROXY"),
        open_session(poll, user_agent="ecomon/test", proxy="http://:::", clock=Clock()),
    ):
        pytest.fail("it was opened")
