"""spool -> runs of receptions -> the store, each reception once; and dead letters read once more.

The number of the last reception that is stored stands in the store itself, written by the same
transaction as what it says. Whoever commits may be killed at any instant: the next one asks the
store where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ecomon.journey.read_receptions import (
    DECODER,
    FEED,
    VERSION,
    ReadReceptions,
    numbers_of,
    read_receptions,
)
from ecomon.journey.stations import StationBook
from ecomon.model.observation import Rejected
from ecomon.model.reception import Reception, reception_octets
from ecomon.model.reception import read_receptions as read_run
from ecomon.store.ingest import IngestReport
from ecomon.store.instruments import ReceptionRun, name_run

if TYPE_CHECKING:
    from ecomon.store import Store

RUN_RECEPTIONS = 2_000
"""At most so many receptions in one transaction."""


@dataclass(slots=True)
class Position:
    """How far a spool is stored, and the packages that still wait for others."""

    stored: int
    waiting: list[Reception] = field(default_factory=list[Reception])


def find_position(store: Store, spool: str, book: StationBook) -> Position:
    """Where the last commit of a spool ended, as the store has it."""
    stored, address = store.read_spool_position(FEED, spool)
    if address is None:
        return Position(stored)
    last = _receptions_in(store.read_blob(address))
    return Position(stored, read_receptions(last, book).waiting)


def commit_waiting(
    store: Store,
    book: StationBook,
    spool: str,
    digest: str,
    position: Position,
    receptions: Iterable[Reception],
) -> Iterator[IngestReport]:
    """Store what came after a position, run by run; the position moves on with each.

    Parameters
    ----------
    spool : str
        The spool's id.
    digest : str
        Of the facts the receptions are read by.
    receptions : iterable of Reception
        With numbers above ``position.stored``, in their order.
    """
    coming = iter(receptions)
    while fresh := list(islice(coming, RUN_RECEPTIONS)):
        run = [*position.waiting, *fresh]
        found = read_receptions(run, book)
        _, last = numbers_of(fresh)
        report = store.ingest_receptions(
            _named(name_run(spool, fresh[0].number, last), run, digest),
            batches=found.batches,
            rejected=found.rejected,
            checks=found.checks,
            counts=found.counts.values(),
        )
        position.stored, position.waiting = last, found.waiting
        yield report


@dataclass(frozen=True, slots=True)
class Replayed:
    """Of how many dead letters something came when they were read again."""

    n_letters: int
    n_mended: int
    n_new: int


def replay_letters(
    store: Store,
    book: StationBook,
    digest: str,
    *,
    is_wanted: Callable[[dict[str, object]], bool] = lambda _: True,
) -> Replayed:
    """Read the receptions of open dead letters again, by the facts of now.

    What is a dead letter still stays the one it is. What is none any more is stored as a run of its
    own, and its letters are settled, in one transaction.
    """
    letters = [one for one in store.read_reception_letters(FEED) if is_wanted(one)]
    by_run: dict[str, list[dict[str, object]]] = {}
    for letter in letters:
        by_run.setdefault(str(letter["sha256"]), []).append(letter)
    n_mended = n_new = 0
    for address, group in by_run.items():
        rows = {int(str(one["row"])) for one in group}
        own = [one for one in _receptions_in(store.read_blob(address)) if one.number in rows]
        still = _still_rejected(own, book)
        mended = [one for one in own if one.number not in still]
        if not mended:
            continue
        found = read_receptions(mended, book)
        numbers = {one.number for one in mended}
        settled = tuple(
            int(str(one["dead_letter_id"])) for one in group if int(str(one["row"])) in numbers
        )
        # No name of a run of the spool: what was replayed says nothing of how far that is stored.
        name = f"again-{settled[0]}-{settled[-1]}-{group[0]['file_name']}"
        report = store.ingest_receptions(
            _named(name, mended, digest, mends=settled),
            batches=found.batches,
            rejected=found.rejected,
            checks=found.checks,
            counts=(),
        )
        n_mended += len(settled)
        n_new += report.n_new + report.n_revised
    return Replayed(len(letters), n_mended, n_new)


def _still_rejected(receptions: list[Reception], book: StationBook) -> set[int]:
    """Numbers of receptions that leave something over when each is read by itself."""
    found: ReadReceptions = read_receptions(receptions, book)
    rejected: list[Rejected] = found.rejected
    return {one.row for one in rejected} | {one.number for one in found.waiting}


def _named(
    name: str, run: list[Reception], digest: str, mends: tuple[int, ...] = ()
) -> ReceptionRun:
    octets = b"".join(reception_octets(one) for one in run)
    return ReceptionRun(name, octets, FEED, DECODER, VERSION, {"stations": digest}, mends)


def _receptions_in(octets: bytes) -> list[Reception]:
    return [one for one in read_run([octets]) if isinstance(one, Reception)]
