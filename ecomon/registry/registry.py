"""The registry: every fact of places and of judgement, with the questions asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from ecomon.aggregate.rules import AggregationRules
from ecomon.alert.rules import AlertRules
from ecomon.decode.hj212.station import Station
from ecomon.errors import RegistryError
from ecomon.load.choice.rules import EstimationRules
from ecomon.model.agreement import Agreement
from ecomon.model.calendar import WorkCalendar, YearCalendar
from ecomon.model.determinand import Determinand
from ecomon.model.event import Passage, RiverEvent
from ecomon.model.feed import Expectation
from ecomon.model.mapping import WorkbookMapping
from ecomon.model.place import (
    AirSite,
    Alias,
    DischargeLink,
    Gauge,
    Jurisdiction,
    Office,
    Section,
    Target,
    WaterPlant,
)
from ecomon.model.poll import Poll
from ecomon.model.pull import Pull
from ecomon.model.rating import RatingCurve
from ecomon.model.river import Course, Node, Reach, Reservoir, River
from ecomon.model.standard import Standard
from ecomon.quality.rules import MediumRules, QualityRules

OWN_FEED = "tabulated"
"""Our own layout names places by our own ids."""


@dataclass(frozen=True)
class Registry:
    """All facts, by id (jurisdictions by code, determinands by key).

    Attributes
    ----------
    local : frozenset of str
        Ids that the site's own folder added or changed.
    hash : str
        sha256 of ``snapshot``; equal facts have equal hashes, wherever they were read from.
    snapshot : bytes
        Canonical JSON of all facts; :func:`ecomon.registry.read_snapshot` reads it back.
    """

    rivers: dict[str, River]
    courses: dict[str, Course]
    nodes: dict[str, Node]
    reaches: dict[str, Reach]
    sections: dict[str, Section]
    gauges: dict[str, Gauge]
    reservoirs: dict[str, Reservoir]
    air_sites: dict[str, AirSite]
    jurisdictions: dict[str, Jurisdiction]
    offices: dict[str, Office]
    water_plants: dict[str, WaterPlant]
    events: dict[str, RiverEvent]
    polls: dict[str, Poll]
    pulls: dict[str, Pull]
    ratings: dict[str, RatingCurve]
    instruments: dict[str, Station]
    mappings: dict[str, WorkbookMapping]
    feeds: dict[str, Expectation]
    determinands: dict[str, Determinand]
    standards: dict[str, Standard]
    agreements: dict[str, Agreement]
    calendars: dict[str, YearCalendar]
    quality: QualityRules
    quality_media: dict[str, MediumRules]
    aggregation: AggregationRules
    load_rules: dict[str, EstimationRules]
    alerts: AlertRules
    local: frozenset[str]
    hash: str
    snapshot: bytes

    @cached_property
    def sites(self) -> dict[str, Section | Gauge | Reservoir | AirSite]:
        """Everything an observation may be of, by id."""
        return {**self.sections, **self.gauges, **self.reservoirs, **self.air_sites}

    @cached_property
    def _aliases(self) -> dict[tuple[str, str], list[tuple[Alias, str]]]:
        found: dict[tuple[str, str], list[tuple[Alias, str]]] = {}
        for site in self.sites.values():
            for alias in site.aliases:
                found.setdefault((alias.feed, alias.key), []).append((alias, site.id))
        return found

    def resolve(self, feed: str, key: str, day: date) -> str | None:
        """The site a feed calls ``key`` on ``day``; None where the registry knows no such name."""
        if feed == OWN_FEED:
            return key if key in self.sites else None
        for alias, site in self._aliases.get((feed, key), ()):
            if alias.holds_on(day):
                return site
        return None

    def sites_of_feed(self, feed: str, day: date) -> tuple[str, ...]:
        """The sites a feed has a name for on ``day``, in the order of their ids.

        None for our own layout: a name in it says nothing of what should come.
        """
        return tuple(
            sorted(
                site.id
                for site in self.sites.values()
                if any(one.feed == feed and one.holds_on(day) for one in site.aliases)
            )
        )

    @cached_property
    def quality_rules(self) -> QualityRules:
        """The tests of readings of every medium; those of a snapshot from before stand in one file."""
        rules = self.quality
        for _, medium in sorted(self.quality_media.items()):
            rules = rules.with_medium(medium)
        return rules

    @property
    def estimation(self) -> EstimationRules:
        """How loads are estimated: the rules of the file ``default``.

        Raises
        ------
        RegistryError
            of a snapshot from before loads were estimated by rules.
        """
        if "default" not in self.load_rules:
            raise RegistryError("these facts hold no thresholds/loads/default.yaml")
        return self.load_rules["default"]

    def ratings_of(self, gauge: str) -> tuple[RatingCurve, ...]:
        """The rating curves of a gauge, oldest first; none hold at one time."""
        found = (one for one in self.ratings.values() if one.gauge == gauge)
        return tuple(sorted(found, key=lambda one: one.begins_at))

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The working days of the years whose notices are known."""
        return WorkCalendar.of(self.calendars.values())

    def section(self, section_id: str) -> Section:
        """The section of that id; RegistryError where there is none."""
        try:
            return self.sections[section_id]
        except KeyError:
            raise RegistryError(f"no section {section_id!r}") from None

    def target(self, section_id: str, day: date) -> Target | None:
        """The grade a section is to keep on ``day``; None is 目标未配置, never compliance."""
        targets = self.section(section_id).targets
        return next((target for target in targets if target.holds_on(day)), None)

    def discharge_link(self, section_id: str, day: date) -> DischargeLink | None:
        """How the discharge of a section is known on ``day``; None where it is not."""
        links = self.section(section_id).discharge
        return next((link for link in links if link.holds_on(day)), None)

    def standard(self, code: str, table: str, applies_to: str, day: date) -> Standard:
        """The edition in force on ``day`` (the date of the observation, not of the run).

        Parameters
        ----------
        code : str
            ``GB 3838`` or, to insist on an edition, ``GB 3838-2002``; spaces do not matter.
        table : str
            Number of the printed table, ``"1"``.
        applies_to : {"river", "lake", "intake"}

        Raises
        ------
        RegistryError
            if no edition is in force on that day.
        """
        wanted = _bare(code)
        for standard in self.standards.values():
            names = {_bare(standard.code), _bare(standard.code).partition("-")[0]}
            is_meant = standard.table == table and standard.applies_to == applies_to
            if wanted in names and is_meant and standard.in_force(day):
                return standard
        raise RegistryError(f"no edition of {code} table {table} ({applies_to}) in force on {day}")

    def interval_label(self, feed: str) -> Literal["start", "end"] | None:
        """Which end of its interval a time of a feed names; None where no poll of it says so."""
        for poll in self.polls.values():
            if poll.feed == feed:
                return poll.interval_label
        return None

    def lineage(self, adcode: str) -> tuple[Jurisdiction, ...]:
        """A jurisdiction after those it belongs to, the province first."""
        found: list[Jurisdiction] = []
        step: str | None = adcode
        while step is not None and (one := self.jurisdictions.get(step)) is not None:
            found.insert(0, one)
            step = one.parent
        return tuple(found)

    def offices_to_tell(self, section_id: str) -> tuple[Office, ...]:
        """Who is told of what happens at a section.

        The section's own offices (the water plants below it), then those of its own jurisdiction,
        those of the jurisdiction whose performance the section measures, then those of the
        jurisdiction of the next section the water reaches. A county's offices come with those of
        its prefecture, which leads the response. Each office once; a water plant only where a
        section names it, for its jurisdiction says nothing of its river; the operators of this
        installation never, for they are told of its running and not of the water.
        """
        section = self.section(section_id)
        found = {office: self.offices[office] for office in section.offices}
        following = self.sections.get(section.downstream) if section.downstream else None
        next_one = following.located_in if following else None
        for jurisdiction in (section.located_in, section.assessed_for, next_one):
            for adcode in self._told_with(jurisdiction) if jurisdiction else ():
                found |= self._offices_of.get(adcode, {})
        return tuple(found.values())

    def _told_with(self, adcode: str) -> tuple[str, ...]:
        one = self.jurisdictions[adcode]
        return (adcode, one.parent) if one.level == "county" and one.parent else (adcode,)

    @cached_property
    def _offices_of(self) -> dict[str, dict[str, Office]]:
        found: dict[str, dict[str, Office]] = {}
        for key, office in sorted(self.offices.items()):
            if office.kind not in ("water_plant", "operations"):
                found.setdefault(office.jurisdiction, {})[key] = office
        return found

    def passages(self, from_site: str, to_site: str) -> tuple[tuple[RiverEvent, Passage], ...]:
        """What past events say of the travel time between two places, the latest event last."""
        return tuple(
            (event, passage)
            for _, event in sorted(self.events.items())
            for passage in event.passages
            if (passage.from_site, passage.to_site) == (from_site, to_site)
        )

    def sections_of_no_river(self) -> tuple[Section, ...]:
        """Sections whose river is not known, which stand in no chain."""
        return tuple(one for _, one in sorted(self.sections.items()) if one.river is None)

    def unplaced(self, river_id: str) -> tuple[Section, ...]:
        """Sections of a river of which neither the chainage nor a neighbour is known."""
        chain = self.chain(river_id)
        reached = {one.downstream for one in self.sections.values()}
        return tuple(
            one
            for one in chain
            if one.km_above_mouth is None and one.downstream is None and one.id not in reached
        )

    def chain(self, river_id: str) -> tuple[Section, ...]:
        """Sections of a river in the order of the water.

        The links ``downstream`` decide; between sections that no link compares, the one farther
        above the mouth comes first. Sections whose place is not known at all come last.
        """
        if river_id not in self.rivers:
            raise RegistryError(f"no river {river_id!r}")
        members = {one.id: one for one in self.sections.values() if one.river == river_id}
        return tuple(_in_order(members))


def _bare(code: str) -> str:
    return "".join(code.split()).upper()


def _in_order(members: dict[str, Section]) -> Iterator[Section]:
    fed_by = dict.fromkeys(members, 0)
    for one in members.values():
        if one.downstream in fed_by:
            fed_by[one.downstream] += 1

    def is_lost(one: Section) -> bool:
        has_place = one.km_above_mouth is not None or one.downstream is not None
        return not has_place and fed_by[one.id] == 0

    def priority(section_id: str) -> tuple[bool, float, str]:
        km = members[section_id].km_above_mouth
        return is_lost(members[section_id]), float("-inf") if km is None else -km, section_id

    ready = [name for name, feeders in fed_by.items() if feeders == 0]
    while ready:
        ready.sort(key=priority)
        one = members[ready.pop(0)]
        yield one
        if one.downstream in fed_by:
            fed_by[one.downstream] -= 1
            if fed_by[one.downstream] == 0:
                ready.append(one.downstream)
