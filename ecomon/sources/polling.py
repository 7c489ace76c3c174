"""Asking a poll's question with courtesy: in turn, not too often, page by page, patient a little.

The courtesy is kept by all processes together: ``Turns`` is the store, which counts requests and
says how long to wait.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.poll import Poll, PollRequest, PollState
from ecomon.sources.answers import check_count, count_rows, read_answer
from ecomon.sources.http import AskLater, Fetched, Session, fetch, open_session

ATTEMPTS = 3
BACKOFF_S = 20.0
MAX_WAIT_S = 120.0
"""A longer wait is left to the next poll: nobody sleeps on another's time."""


class Postponed(SourceUnavailable):
    """Our own courtesy forbids the request now; neither an answer nor a failure of the site."""

    def __init__(self, text: str, wait_s: float) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class NotTaken(SourceRefused):
    """An answer that came and is not taken, with its octets, which are kept for a person."""

    def __init__(self, text: str, octets: bytes) -> None:
        super().__init__(text)
        self.octets = octets


class Turns(Protocol):
    """Who may ask a host next, across processes (``Store`` is one)."""

    def claim_host(self, host: str, *, lease_s: int, per_day: int) -> int: ...
    def release_host(self, host: str, *, wait_s: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How an installation behaves towards sites.

    Attributes
    ----------
    user_agent : str
        Names ecomon and whom to write to.
    proxy : str, optional
        The only proxy that is used.
    ca_folder : Path
        Where a poll's ``ca_file`` lies.
    clock, sleep : callable
        Epoch seconds; and what waits.
    dice : random.Random
        Seeded; spreads requests of installations that keep one schedule.
    """

    turns: Turns
    user_agent: str
    ca_folder: Path
    proxy: str | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    dice: random.Random = field(default_factory=lambda: random.Random(0))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer (the whole of it where it has no pages)."""

    request: PollRequest
    fetched: Fetched


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question: all pages; none where the site says that nothing is new."""

    pages: tuple[Page, ...]
    n_missing: int = 0
    """Rows that were promised and did not come (few enough to take the rest)."""


def ask(poll: Poll, request: PollRequest, remembered: PollState, manners: Manners) -> Answer:
    """Ask one question of a poll and check that the answer is data and whole.

    Parameters
    ----------
    request : PollRequest
        One of ``poll.requests()``.
    remembered : PollState
        What was remembered of it.

    Raises
    ------
    Postponed
        where its turn does not come within two minutes, or the day's requests are used up.
    SourceUnavailable
        after three tries, or at once where the site asks for a longer wait (``AskLater``).
    SourceRefused
        a refusal of any kind; :class:`NotTaken` where octets came with it.
    """
    ca_file = None if poll.ca_file is None else manners.ca_folder / poll.ca_file
    with open_session(
        poll,
        user_agent=manners.user_agent,
        ca_file=ca_file,
        proxy=manners.proxy,
        clock=manners.clock,
    ) as session:
        if poll.pages is not None:
            return _ask_pages(session, poll, request, manners)
        fetched = _fetch_patiently(session, poll, request, remembered, manners)
        if fetched is None or fetched.sha256 == remembered.sha256:
            return Answer(())
        _taken(fetched, read_answer)
        return Answer((Page(request, fetched),))


def _ask_pages(session: Session, poll: Poll, request: PollRequest, manners: Manners) -> Answer:
    assert poll.pages is not None
    form = poll.pages
    pages: list[Page] = []
    n_rows = n_records = n_bytes = 0
    for number in range(1, form.max_pages + 1):
        one = poll.page(request, number)
        # Pages are judged together, so none of them is asked for conditionally.
        fetched = _fetch_patiently(session, poll, one, PollState(one.key, poll.id), manners)
        assert fetched is not None
        count = _taken(fetched, lambda octets: count_rows(read_answer(octets), form))
        if any(page.fetched.sha256 == fetched.sha256 for page in pages):
            text = f"页面重复 page {number} is one that came before: pages are not told apart"
            raise NotTaken(text, fetched.octets)
        pages.append(Page(one, fetched))
        n_records, n_rows = max(n_records, count.n_records), n_rows + count.n_rows
        n_bytes += len(fetched.octets)
        if n_bytes > poll.max_bytes:
            raise SourceRefused(
                f"超过上限 the pages are larger than {poll.max_bytes} bytes together"
            )
        if n_rows >= n_records or count.n_rows == 0:
            break
    _taken(pages[-1].fetched, lambda _: check_count(n_rows, n_records, form))
    return Answer(tuple(pages), max(0, n_records - n_rows))


def _taken(fetched: Fetched, read: Callable[[bytes], Any]) -> Any:
    """What ``read`` makes of the octets; a refusal takes them along."""
    try:
        return read(fetched.octets)
    except SourceRefused as refused:
        raise NotTaken(str(refused), fetched.octets) from None


def _fetch_patiently(
    session: Session, poll: Poll, request: PollRequest, remembered: PollState, manners: Manners
) -> Fetched | None:
    """Fetch, in turn; an unavailable site is tried again with growing waits."""

    def wait_s(state: RetryCallState) -> float:
        wrong = state.outcome.exception() if state.outcome else None
        growing = BACKOFF_S * 2 ** (state.attempt_number - 1) * (1 + manners.dice.random())
        return max(growing, wrong.retry_after_s if isinstance(wrong, AskLater) else 0.0)

    retrying = Retrying(
        retry=retry_if_exception(_is_worth_trying_again),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_s,
        sleep=manners.sleep,
        reraise=True,
    )
    return retrying(_fetch_in_turn, session, poll, request, remembered, manners)


def _is_worth_trying_again(wrong: BaseException) -> bool:
    if isinstance(wrong, AskLater):
        return wrong.retry_after_s <= MAX_WAIT_S
    return isinstance(wrong, SourceUnavailable) and not isinstance(wrong, Postponed)


def _fetch_in_turn(
    session: Session, poll: Poll, request: PollRequest, remembered: PollState, manners: Manners
) -> Fetched | None:
    _wait_for_turn(poll, request, manners)
    pause_s = poll.spacing_s + round(manners.dice.random() * poll.jitter_s)
    try:
        return fetch(session, request, remembered)
    except AskLater as later:
        pause_s = max(pause_s, round(later.retry_after_s))
        raise
    finally:
        manners.turns.release_host(request.host, wait_s=pause_s)


def _wait_for_turn(poll: Poll, request: PollRequest, manners: Manners) -> None:
    """Wait until the host may be asked, and count the request."""
    lease_s, waited_s = 2 * poll.timeout_s + poll.spacing_s, 0.0
    while True:
        wait_s = manners.turns.claim_host(
            request.host, lease_s=lease_s, per_day=poll.requests_per_day
        )
        if wait_s <= 0:
            return
        if waited_s + wait_s > MAX_WAIT_S:
            raise Postponed(f"{request.host}: 推迟 not asked again for {wait_s} s", wait_s)
        manners.sleep(wait_s)
        waited_s += wait_s
