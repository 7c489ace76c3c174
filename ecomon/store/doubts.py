"""Runs of doubt: suspect readings in a row, one case for a person to judge.

A run is the suspect readings of a determinand at a site, of one source, by which no good reading
comes and no silence longer than ``MAX_SILENCE_S``. What a station says of itself (``source_flag``:
a day of maintenance) it says of all its instruments: that is one run of the site. A reading that
somebody has decided on is in none.

The cases are kept by the transactions that change what they rest on: flags that are written,
readings that are revised or withdrawn, decisions. Each of them gathers the readings concerned and
the open cases they touch, makes the runs of both anew, and writes the cases that differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    SmallInteger,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from ecomon.model.flag import Flag
from ecomon.store.columns import fetch_tuples, ints
from ecomon.store.dialect import bulk_load, joining
from ecomon.store.knowledge import Commit
from ecomon.store.schema import decision, doubt, flag, observation, series, site

MAX_SILENCE_S = 7 * 86_400
"""Suspect readings with nothing between them for longer are two cases."""
STATION_TEST = "source_flag"
"""The test that passes on what a station says of itself."""
_NAMED_AT_ONCE = 500
_OPEN = doubt.c.superseded_seq.is_(None)

Ending = Literal["over", "decided"]

_DOUBTED = Table(
    "doubted_reading",
    MetaData(),
    Column("series_id", BigInteger),
    Column("start_s", BigInteger),
    Column("is_said", SmallInteger),
    prefixes=["TEMPORARY"],
)


class Place(NamedTuple):
    """Whose doubt it is; without a determinand, that of all instruments of a station."""

    site_id: int
    determinand_id: int | None
    source_id: int
    programme: str


class Doubted(NamedTuple):
    """A suspect reading that nobody has decided on."""

    series_id: int
    start_s: int
    revision: int
    tests: str

    @property
    def is_said(self) -> bool:
        return STATION_TEST in self.tests


@dataclass(slots=True)
class Run:
    """A run as its readings make it."""

    place: Place
    first_s: int
    last_s: int
    n_readings: int = 0
    last_revision: int = 0
    tests: set[str] = field(default_factory=set[str])

    @property
    def said(self) -> tuple[Any, ...]:
        """What makes a case another one."""
        tests = ",".join(sorted(self.tests))
        return (*self.place, self.first_s, self.last_s, self.n_readings, tests, self.last_revision)


_SAID = (
    "site_id", "determinand_id", "source_id", "programme", "first_s", "last_s", "n_readings",
    "tests", "last_revision",
)  # fmt: skip


def nobody_decided(revision: ColumnElement[int]) -> ColumnElement[bool]:
    """True of a revision that no person has judged."""
    return ~select(decision.c.decision_id).where(decision.c.revision == revision).exists()


def doubted_among(conn: Connection, staged: Table) -> list[Doubted]:
    """The current readings that a staging table of flags makes suspect, and nobody has judged."""
    query = (
        select(
            observation.c.series_id, observation.c.start_s, staged.c.revision, staged.c.tests
        )
        .join_from(staged, observation, observation.c.revision == staged.c.revision)
        .where(staged.c.flag == int(Flag.SUSPECT), nobody_decided(staged.c.revision))
    )  # fmt: skip
    return [Doubted(*row) for row in fetch_tuples(conn, query)]


def moments_of(conn: Connection, revisions: Sequence[int]) -> list[tuple[int, int]]:
    """Series and start of those of some revisions that are current."""
    query = select(observation.c.series_id, observation.c.start_s)
    found: list[tuple[int, int]] = []
    for some in _portions(revisions):
        rows = fetch_tuples(conn, query.where(observation.c.revision.in_(some)))
        found += [(series_id, start_s) for series_id, start_s in rows]
    return found


def refresh_around(
    commit: Commit,
    doubted: Sequence[Doubted],
    left: Iterable[tuple[int, int]] = (),
    *,
    ending: Ending = "over",
) -> int:
    """Bring the cases around some readings up to date; returns how many were opened or changed.

    Parameters
    ----------
    doubted : sequence of Doubted
        Suspect readings that may be in no case yet.
    left : iterable of (series, start in epoch seconds)
        Readings that were suspect and open, and may be no more.
    ending : {"over", "decided"}
        How a case ends that loses its last reading.
    """
    moments = [*((one.series_id, one.start_s) for one in doubted), *left]
    if not moments:
        return 0
    conn = commit.conn
    places = _places_of(conn, {series_id for series_id, _ in moments})
    spans: dict[tuple[int, int, str], tuple[int, int]] = {}
    for series_id, start_s in moments:
        name = _station(places[series_id])
        first_s, last_s = spans.get(name, (start_s, start_s))
        spans[name] = min(first_s, start_s), max(last_s, start_s)
    ends = [end for span in spans.values() for end in span]
    near = _open_doubts(
        conn, {name[0] for name in spans}, min(ends) - MAX_SILENCE_S, max(ends) + MAX_SILENCE_S
    )
    touched = [one for one in near if _is_near(one, spans.get(_station(_place(one))))]
    return _rebuild(commit, doubted, touched, ending)


def refresh_changed(commit: Commit, sites: Collection[str], starts_s: Sequence[int]) -> int:
    """Bring the cases up to date where this commit revised or withdrew readings.

    Parameters
    ----------
    sites, starts_s
        Where: ids, and epoch seconds among which are the first and the last start.
    """
    if not sites or not starts_s:
        return 0
    ids = select(site.c.site_id).where(site.c.site.in_(sorted(sites)))
    touched = _open_doubts(
        commit.conn, set(commit.conn.execute(ids).scalars()), min(starts_s), max(starts_s)
    )
    return _rebuild(commit, (), touched, "over")


def readings_of(conn: Connection, doubts: Iterable[int]) -> list[Doubted]:
    """The readings that are in these cases now, by series and start."""
    is_said = flag.c.tests.contains(STATION_TEST)
    query = (
        select(observation.c.series_id, observation.c.start_s, flag.c.revision, flag.c.tests)
        .select_from(doubt)
        .join(
            series,
            and_(
                series.c.site_id == doubt.c.site_id,
                series.c.source_id == doubt.c.source_id,
                series.c.programme == doubt.c.programme,
                or_(
                    doubt.c.determinand_id.is_(None),
                    doubt.c.determinand_id == series.c.determinand_id,
                ),
            ),
        )
        .join(
            observation,
            and_(
                observation.c.series_id == series.c.series_id,
                observation.c.start_s >= doubt.c.first_s,
                observation.c.start_s <= doubt.c.last_s,
            ),
        )
        .join(
            flag,
            and_(flag.c.revision == observation.c.revision, flag.c.flag == int(Flag.SUSPECT)),
        )
        .where(is_said == doubt.c.determinand_id.is_(None), nobody_decided(flag.c.revision))
    )
    found: list[Doubted] = []
    for some in _portions(sorted(doubts)):
        rows = fetch_tuples(conn, query.where(doubt.c.doubt_id.in_(some)))
        found += [Doubted(*row) for row in rows]
    return sorted(set(found))


def _rebuild(
    commit: Commit, doubted: Iterable[Doubted], touched: Sequence[Any], ending: Ending
) -> int:
    """Make the runs of some readings and of the open cases they touch anew; write what differs."""
    conn = commit.conn
    if not touched and not doubted:
        return 0
    with joining(conn, "seek"):
        inside = readings_of(conn, [one["doubt_id"] for one in touched]) if touched else []
        runs = _runs_of(conn, sorted({*doubted, *inside}))
    known = {tuple(one[name] for name in _SAID): one for one in touched}
    new = [run for run in runs if known.pop(run.said, None) is None]
    _write(conn, commit.seq, list(known.values()), new, ending)
    if new or known:
        commit.keep("review")
    return len(new)


def _runs_of(conn: Connection, readings: Sequence[Doubted]) -> list[Run]:
    """Runs of each series, those of one place that overlap (mean, least and most of an hour, the
    instruments of a station) as one."""
    if not readings:
        return []
    places = _places_of(conn, {one.series_id for one in readings})
    ordered = sorted(readings, key=lambda one: (one.series_id, one.is_said, one.start_s))
    breaks = _broken_by_good(conn, ordered)
    found: list[Run] = []
    before: Doubted | None = None
    for one in ordered:
        is_next = (
            before is not None
            and (before.series_id, before.is_said) == (one.series_id, one.is_said)
            and one.start_s - before.start_s <= MAX_SILENCE_S
            and (before.series_id, before.start_s, int(before.is_said)) not in breaks
        )
        if not is_next:
            place = places[one.series_id]
            place = place._replace(determinand_id=None) if one.is_said else place
            found.append(Run(place, one.start_s, one.start_s))
        _take_in(found[-1], one.start_s, 1, one.revision, one.tests.split(","))
        before = one
    return _joined(found)


def _joined(runs: list[Run]) -> list[Run]:
    joined: dict[Place, list[Run]] = {}
    for run in sorted(runs, key=lambda one: (one.first_s, one.last_s)):
        own = joined.setdefault(run.place, [])
        if own and run.first_s <= own[-1].last_s:
            _take_in(own[-1], run.last_s, run.n_readings, run.last_revision, run.tests)
        else:
            own.append(run)
    return [run for own in joined.values() for run in own]


def _take_in(run: Run, last_s: int, n: int, revision: int, tests: Iterable[str]) -> None:
    run.last_s = max(run.last_s, last_s)
    run.n_readings += n
    run.last_revision = max(run.last_revision, revision)
    run.tests.update(tests)


def _broken_by_good(conn: Connection, ordered: Sequence[Doubted]) -> set[tuple[int, int, int]]:
    """The readings after which a good one comes before the next suspect one of the series."""
    _DOUBTED.create(conn)
    columns = [ints([int(item) for item in column]) for column in zip(
        *((one.series_id, one.start_s, one.is_said) for one in ordered), strict=True
    )]  # fmt: skip
    bulk_load(conn, _DOUBTED, columns)
    following = func.lead(_DOUBTED.c.start_s).over(
        partition_by=(_DOUBTED.c.series_id, _DOUBTED.c.is_said), order_by=_DOUBTED.c.start_s
    )
    pair = select(_DOUBTED, following.label("next_s")).subquery()
    first_s, last_s = int(columns[1].min()), int(columns[1].max())
    good = (
        select(flag.c.revision)
        .join(observation, observation.c.revision == flag.c.revision)
        .where(
            observation.c.series_id == pair.c.series_id,
            observation.c.start_s > pair.c.start_s,
            observation.c.start_s < pair.c.next_s,
            # Says nothing more, but by it a server passes over the months that are not meant.
            observation.c.start_s >= bindparam(None, first_s, literal_execute=True),
            observation.c.start_s <= bindparam(None, last_s, literal_execute=True),
            flag.c.flag == int(Flag.GOOD),
        )
        .correlate(pair)
        # The first is enough, and is sought by the key; a server that were left to itself would
        # join all good readings to all pairs.
        .order_by(observation.c.start_s)
        .limit(1)
        .scalar_subquery()
    )
    query = select(pair.c.series_id, pair.c.start_s, pair.c.is_said).where(
        pair.c.next_s - pair.c.start_s <= MAX_SILENCE_S, good.is_not(None)
    )
    found = {tuple(row) for row in fetch_tuples(conn, query)}
    _DOUBTED.drop(conn)
    return found


def _write(
    conn: Connection, seq: int, old: Sequence[Any], new: Sequence[Run], ending: Ending
) -> None:
    """End the old cases and open the new ones; one that takes up an old one is as old as that."""
    runs: dict[Place, list[Run]] = {}
    for run in new:
        runs.setdefault(run.place, []).append(run)
    opened = {id(run): seq for run in new}
    ended: list[dict[str, Any]] = []
    for one in old:
        heirs = [run for run in runs.get(_place(one), ()) if _overlap(one, run)]
        for run in heirs:
            opened[id(run)] = min(opened[id(run)], one["opened_seq"])
        ended.append({"id": one["doubt_id"], "how": "changed" if heirs else ending})
    if ended:
        ending_of = update(doubt).where(doubt.c.doubt_id == bindparam("id"))
        conn.execute(ending_of.values(superseded_seq=seq, ending=bindparam("how")), ended)
    if new:
        rows = [
            dict(zip(_SAID, run.said, strict=True)) | {"seq": seq, "opened_seq": opened[id(run)]}
            for run in new
        ]
        conn.execute(insert(doubt), rows)


def _overlap(one: Any, run: Run) -> bool:
    return one["first_s"] <= run.last_s and run.first_s <= one["last_s"]


def _open_doubts(
    conn: Connection, site_ids: Collection[int], first_s: int, last_s: int
) -> list[Any]:
    """Open cases of some sites that reach into a span."""
    query = select(doubt).where(_OPEN, doubt.c.first_s <= last_s, doubt.c.last_s >= first_s)
    found: list[Any] = []
    for some in _portions(sorted(site_ids)):
        found += conn.execute(query.where(doubt.c.site_id.in_(some))).mappings().all()
    return found


def _places_of(conn: Connection, series_ids: Collection[int]) -> dict[int, Place]:
    columns = series.c.series_id, *(series.c[name] for name in Place._fields)
    found: dict[int, Place] = {}
    for some in _portions(sorted(series_ids)):
        rows = fetch_tuples(conn, select(*columns).where(series.c.series_id.in_(some)))
        found |= {row[0]: Place(*row[1:]) for row in rows}
    return found


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one statement may name."""
    for at in range(0, len(ids), _NAMED_AT_ONCE):
        yield ids[at : at + _NAMED_AT_ONCE]


def _place(one: Any) -> Place:
    return Place(*(one[name] for name in Place._fields))


def _station(place: Place) -> tuple[int, int, str]:
    """What a place shares with the station's own word."""
    return place.site_id, place.source_id, place.programme


def _is_near(one: Any, span: tuple[int, int] | None) -> bool:
    if span is None:
        return False
    return one["first_s"] <= span[1] + MAX_SILENCE_S and one["last_s"] >= span[0] - MAX_SILENCE_S
