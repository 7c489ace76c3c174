"""Poll: ask the sites an installation has turned on, and lay what is new into the inbox."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

import ecomon
from ecomon.errors import Problem, RegistryError, SourceRefused, SourceUnavailable
from ecomon.model.period import BEIJING, from_epoch_s
from ecomon.model.poll import Poll, PollRequest, PollState
from ecomon.sources.delivery import keep_refused, lay_into_inbox
from ecomon.sources.http import AskLater
from ecomon.sources.polling import Answer, Manners, NotTaken, Postponed, ask
from flows.installation import Run, recorded_run

_log = structlog.get_logger()
LEASE_S = 3600
"""How long a request stays in the hands of a process that died with it."""


@dataclass(slots=True)
class Tally:
    """What became of the questions of one run."""

    n_asked: int = 0
    n_files: int = 0
    n_unchanged: int = 0
    n_not_due: int = 0
    n_missing_rows: int = 0
    refused: dict[str, str] = field(default_factory=dict[str, str])
    unavailable: dict[str, str] = field(default_factory=dict[str, str])
    postponed: dict[str, str] = field(default_factory=dict[str, str])

    def as_counts(self, n_polls: int) -> dict[str, Any]:
        told = {
            "refused": self.refused, "unavailable": self.unavailable, "postponed": self.postponed,
        }  # fmt: skip
        return {
            "polls": n_polls, "asked": self.n_asked, "files": self.n_files,
            "unchanged": self.n_unchanged, "not_due": self.n_not_due,
            "missing_rows": self.n_missing_rows,
            **{name: texts for name, texts in told.items() if texts},
        }  # fmt: skip


@task(timeout_seconds=LEASE_S, cache_policy=NO_CACHE)
def ask_site(poll: Poll, request: PollRequest, remembered: PollState, manners: Manners) -> Answer:
    """Ask one question of a site; the edge itself waits and tries again, within its courtesy."""
    return ask(poll, request, remembered, manners)


@flow(name="poll", timeout_seconds=6 * 3600)
def poll(home: str) -> dict[str, Any]:
    """Ask every poll that is turned on and due; its answers wait in ``inbox/<feed>/`` then.

    Nothing is asked where no poll is turned on, as shipped. A site that refuses or is not there
    is remembered with the reason (``ecomon poll status``), and the others are asked all the same.
    """
    with recorded_run(home, "poll", {}) as run:
        enabled = [one for one in run.registry.polls.values() if one.is_enabled]
        tally = Tally()
        if enabled:
            manners = manners_of(run)
            for one in enabled:
                _ask_poll(run, one, manners, tally)
        run.counts = tally.as_counts(len(enabled))
        return run.counts


def manners_of(run: Run) -> Manners:
    """How this installation behaves towards sites.

    Raises
    ------
    SourceRefused
        where the store holds no real data: what sites publish is real.
    RegistryError
        where no contact is set.
    """
    if run.store.kind != "real":
        raise SourceRefused(f"polls bring real data; this store holds {run.store.kind} data")
    if run.settings.contact is None:
        reason = "未设置联系方式 say whom a polled site can write to, e.g. an e-mail address"
        raise RegistryError(
            Problem(str(run.settings.home / "ecomon.env"), "ECOMON_CONTACT", reason)
        )
    return Manners(
        turns=run.store,
        user_agent=f"ecomon/{ecomon.__version__} (+{run.settings.contact})",
        ca_folder=run.settings.overlay_folder,
        proxy=run.settings.proxy,
        dice=random.Random(run.run_id),
    )


def _ask_poll(run: Run, one: Poll, manners: Manners, tally: Tally) -> None:
    """Ask the questions of one poll that are due."""
    inbox = run.settings.inbox(one.feed)
    for number, request in enumerate(one.requests(), 1):
        state = run.store.begin_poll(request.key, source=one.id, lease_s=LEASE_S)
        if state is None:
            tally.n_not_due += 1
            continue
        tally.n_asked += 1
        states = _ask_question(
            run, one, request, state, manners=manners, tally=tally, place=(inbox, number)
        )
        run.store.record_poll(*states)


def _ask_question(
    run: Run, one: Poll, request: PollRequest, state: PollState, *, manners: Manners, tally: Tally,
    place: tuple[Path, int],
) -> list[PollState]:  # fmt: skip
    """Ask one question and deliver the answer; what is to be remembered then."""
    inbox, number = place
    try:
        answer = ask_site(one, request, state, manners)
        states, names = _deliver(run, one, answer, inbox=inbox, number=number)
    except Postponed as later:
        tally.postponed[request.key] = str(later)
        _log.info("site_postponed", poll=one.id, request=request.key, reason=str(later))
        return [state.postponed(int(time.time()) + math.ceil(later.wait_s))]
    except SourceRefused as refused:
        if isinstance(refused, NotTaken):
            keep_refused(inbox, one.id, refused.octets, str(refused))
        tally.refused[request.key] = str(refused)
        _log.warning("site_refused", poll=one.id, request=request.key, reason=str(refused))
        return [state.failed(int(time.time()), str(refused), one.interval_s)]
    except (SourceUnavailable, TimeoutError) as missing:
        tally.unavailable[request.key] = str(missing)
        _log.warning("site_unavailable", poll=one.id, request=request.key, reason=str(missing))
        wait_s = missing.retry_after_s if isinstance(missing, AskLater) else 0.0
        return [state.failed(int(time.time()), str(missing), one.interval_s, wait_s)]
    _log.info("site_asked", poll=one.id, request=request.key, files=names)
    tally.n_files += len(names)
    tally.n_unchanged += not names
    tally.n_missing_rows += answer.n_missing
    head = next((one for one in states if one.key == state.key), state)
    rest = [one for one in states if one.key != state.key]
    return [head.answered(int(time.time()), one.interval_s), *rest]


def _deliver(
    run: Run, one: Poll, answer: Answer, *, inbox: Path, number: int
) -> tuple[list[PollState], list[str]]:
    """Lay the pages that are new into the inbox; their states, and the names of the files.

    Raises
    ------
    SourceUnavailable
        where the inbox cannot be written.
    """
    at_s = int(time.time())
    fetched_at = from_epoch_s(at_s).replace(tzinfo=BEIJING)
    known = {state.key: state for state in run.store.read_polls(source=one.id)}
    states: list[PollState] = []
    names: list[str] = []
    for page_number, page in enumerate(answer.pages, 1):
        key, fetched = page.request.key, page.fetched
        past = known.get(key, PollState(key, one.id))
        if past.sha256 == fetched.sha256:
            continue
        name = f"{one.id}-{fetched_at:%Y%m%dT%H%M%S}-{number}-{page_number}.json"
        try:
            lay_into_inbox(inbox, name, fetched.octets, fetched_at=fetched_at)
        except OSError as wrong:
            raise SourceUnavailable(f"{inbox / name}: {wrong}") from wrong
        names.append(name)
        states.append(
            past.changed(
                at_s, fetched.sha256, etag=fetched.etag, last_modified=fetched.last_modified
            )
        )
    return states, names
