"""facts of instruments -> what a reader accepts and what a code means, and who is welcome.

A gateway's listener and its committer ask the same: :func:`judge` says whether a frame is welcome,
to the one before it answers and to the other before it stores. Nothing here needs tables, so that
a listener stays small.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ecomon.decode.hj212.frame import FrameReader, Trust
from ecomon.decode.hj212.segment import Segment
from ecomon.decode.hj212.station import (
    Factor,
    Station,
    StationPlan,
    is_password_right,
    plan_station,
    trust_station,
)
from ecomon.errors import RegistryError
from ecomon.model.determinand import Determinand

UNKNOWN_MN: Final = "设备编码未登记 this MN is not registered: stations/instruments"
WRONG_PW: Final = "访问密码不符 PW is not this station's"


@dataclass(frozen=True, slots=True)
class StationFacts:
    """The stations of a registry and the determinands their codes may mean."""

    stations: tuple[Station, ...]
    determinands: Mapping[str, Determinand]

    @property
    def digest(self) -> str:
        """Equal digests read the same octets equally. Passwords are not in it."""
        stations = [one.model_dump_json(exclude={"password_sha256"}) for one in self.stations]
        units = sorted((one.key, one.unit) for one in self.determinands.values())
        return hashlib.sha256(repr((stations, units)).encode()).hexdigest()[:16]

    def as_document(self) -> dict[str, Any]:
        """JSON-able, passwords' hashes too; :meth:`from_document` reads it back.

        Stations of one make send the same factors: these are told once.
        """
        lists = {one.factors: None for one in self.stations}
        places = {factors: place for place, factors in enumerate(lists)}
        return {
            "factors": [[one.model_dump(mode="json") for one in factors] for factors in lists],
            "stations": [
                {
                    **one.model_dump(mode="json", exclude={"factors"}),
                    "password_sha256": one.password_sha256,
                    "factors": places[one.factors],
                }
                for one in self.stations
            ],
            "determinands": [one.model_dump(mode="json") for one in self.determinands.values()],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> StationFacts:
        """The facts a document was made from."""
        known = [Determinand.model_validate(one) for one in document["determinands"]]
        lists = [
            tuple(Factor.model_validate(one) for one in factors) for factors in document["factors"]
        ]
        stations = tuple(
            Station.model_validate({**one, "factors": lists[one["factors"]]})
            for one in document["stations"]
        )
        return cls(stations, {one.key: one for one in known})

    @classmethod
    def of(
        cls, stations: Iterable[Station], determinands: Mapping[str, Determinand]
    ) -> StationFacts:
        """The stations in the order of MN, and the determinands that they name."""
        ordered = tuple(sorted(stations, key=lambda one: one.mn))
        named = {
            key
            for factors in {one.factors for one in ordered}
            for factor in factors
            for key in (factor.determinand, factor.total_determinand)
        }
        return cls(ordered, {key: one for key, one in determinands.items() if key in named})


@dataclass(frozen=True, slots=True)
class StationBook:
    """Every station a gateway knows: what its codes mean, and what a reader accepts of it."""

    plans: Mapping[str, StationPlan]
    trusts: Mapping[str, Trust]

    def begin_reader(self, *, is_patient: bool = False) -> FrameReader:
        """A reader of one connection; a patient one, of receptions one by one."""
        return FrameReader(Trust(), self.trusts, is_patient=is_patient)


def book_stations(facts: StationFacts, keys: Mapping[str, bytes]) -> StationBook:
    """Every station of the facts.

    Parameters
    ----------
    keys : mapping of str to bytes
        SM4 keys by the name that a station gives (``sm4_key_name``).

    Raises
    ------
    RegistryError
        with every station whose units or key are amiss.
    """
    plans: dict[str, StationPlan] = {}
    trusts: dict[str, Trust] = {}
    faults: list[str] = []
    alike: dict[object, StationPlan] = {}
    for station in facts.stations:
        intervals = tuple(sorted(station.intervals_s.items()))
        make = station.factors, station.edition, station.system, intervals
        try:
            if make in alike:
                plans[station.mn] = replace(alike[make], station=station)
            else:
                plans[station.mn] = alike[make] = plan_station(station, facts.determinands)
            trusts[station.mn] = trust_station(station, keys)
        except RegistryError as wrong:
            faults.append(str(wrong))
    if faults:
        raise RegistryError("; ".join(faults))
    return StationBook(plans, trusts)


def judge(segment: Segment, book: StationBook) -> tuple[StationPlan | None, str]:
    """The station a segment is of, or None and why it is not welcome."""
    plan = book.plans.get(segment.header.get("MN", ""))
    if plan is None:
        return None, f"{UNKNOWN_MN}: {segment.header.get('MN', '')[:64]!r}"
    if not is_password_right(plan.station, segment.header.get("PW")):
        return None, WRONG_PW
    return plan, ""
