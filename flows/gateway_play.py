"""``ecomon gateway simulate``: invented stations (示例) that send to a gateway. No Prefect here."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecomon.errors import ContractError, SourceUnavailable
from ecomon.example.instruments import InventedInstrument, invent_instruments
from ecomon.journey.play_stations import INTERVAL, frame_octets, start_of, station_facts
from ecomon.registry import read_registry
from ecomon.settings import Settings
from ecomon.sources.hj212_player import Played, PlayOptions, play_stations
from ecomon.store import Store
from flows.timetable import today

DRIFT = timedelta(minutes=-47)
FACTS = "example-gateway.yaml"


@dataclass(frozen=True, slots=True)
class Play:
    """Where to send, as how many stations, how, and from which DataTime on."""

    host: str
    port: int
    n_stations: int
    options: PlayOptions
    begin: str | None = None

    @property
    def instruments(self) -> list[InventedInstrument]:
        sections = sorted(read_registry().sections)
        return invent_instruments(self.n_stations, sections, seed=self.options.seed)

    @property
    def first(self) -> datetime:
        """The first DataTime: as stated, or such that the last packet is of the last whole hour."""
        if self.begin is None:
            last = today().replace(minute=0, second=0, microsecond=0) - INTERVAL
            return last - (self.options.packets - 1) * INTERVAL
        try:
            return datetime.fromisoformat(self.begin).replace(tzinfo=None)
        except ValueError:
            raise ContractError(
                f"--begin {self.begin!r} is no time such as 2026-11-01T00"
            ) from None


def register_stations(settings: Settings, play: Play) -> Path:
    """Write the facts of the stations among the site's own; the file.

    Raises
    ------
    ContractError
        where the store holds real data: invented ones never stand beside them.
    """
    from ruamel.yaml import YAML

    with Store.open(settings.store_url) as store:
        if store.kind == "real":
            raise ContractError(
                "示例站不得进入真实库 this store holds real data; make one of --kind example"
            )
    folder = settings.overlay_folder / "stations" / "instruments"
    folder.mkdir(parents=True, exist_ok=True)
    path, part = folder / FACTS, folder / f".{FACTS}.part"
    with part.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(station_facts(play.instruments), file)
    part.replace(path)
    return path


def play(setting: Play, journal: Path | None) -> dict[str, Any]:
    """Send everything; counters, and the waits for acknowledgements.

    Parameters
    ----------
    journal : Path, optional
        A line ``MN DataTime`` for each acknowledged packet, written when its answer came.

    Raises
    ------
    SourceUnavailable
        where not one connection could be made.
    """
    instruments, first, seed = setting.instruments, setting.first, setting.options.seed

    def compose(number: int, packet: int, is_drifting: bool) -> bytes:
        drift = DRIFT if is_drifting else timedelta(0)
        start = start_of(instruments[number], first, packet)
        return frame_octets(instruments[number], start, seed=seed, drift=drift)

    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(journal.open("a", encoding="ascii")) if journal else None

        def note(number: int, packet: int) -> None:
            if lines is not None:
                at = start_of(instruments[number], first, packet)
                lines.write(f"{instruments[number].mn} {at:%Y%m%d%H%M%S}\n")

        played = asyncio.run(
            play_stations(
                setting.host, setting.port, setting.n_stations, compose, setting.options,
                acknowledged=note,
            )
        )  # fmt: skip
    if not played.counts["sent"]:
        raise SourceUnavailable(f"no gateway answers at {setting.host}:{setting.port}")
    return summary(played)


def summary(played: Played) -> dict[str, Any]:
    """Counters by name, and milliseconds from sending to acknowledgement."""
    return {
        **dict(sorted(played.counts.items())),
        "wait_ms_median": round(1000 * played.wait_s(0.5), 1),
        "wait_ms_p99": round(1000 * played.wait_s(0.99), 1),
        "wait_ms_most": round(1000 * played.wait_s(1.0), 1),
    }
