"""How well the shipped quality rules find what the simulator broke: recall and false alarms by kind.

python benchmarks/simulated_quality.py [months] [seed]

The whole basin's automatic stations and gauges (示例) with labelled faults are decoded, stored and
flagged as in an installation, months from January 2024 on; prints by kind of fault how many faults
have any reading marked suspect or failed, how many of their readings have, and beside it the share
of sound readings that are marked (false alarms). Values that came provisional and are corrected later are not
faults of an instrument; they are printed too, for nothing in a single value can show them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from ecomon.example.whole import Places, Plan, Simulated, arrange_places, simulate_whole, site_facts
from ecomon.journey.flag_readings import flag_readings, span_to_flag
from ecomon.journey.read_readings import feed_named, read_readings
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry
from ecomon.store import Store

KEY = ["site", "determinand", "start"]
SUSPECT = 3


def places_of(registry: Registry) -> Places:
    return arrange_places(
        rivers=registry.rivers, sections=registry.sections, gauges=registry.gauges,
        reservoirs=registry.reservoirs, air_sites=registry.air_sites,
        reaches=registry.reaches.values(),
    )  # fmt: skip


def overlaid(places: Places, folder: Path) -> Registry:
    """The shipped facts under the codes of the invented files."""
    for name, text in site_facts(places).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return read_registry(overlay=folder)


def take_in(month: Simulated, registry: Registry, store: Store) -> None:
    """Decode and store the deliveries of a month, revised rows left out: faults as they came."""
    for one in month.deliveries:
        if ".revised" in one.name:
            continue
        items = read_readings(
            feed_named(one.feed, registry), [one.octets], registry, fetched_at=one.fetched_at,
            year=month.month.start.year,
        )  # fmt: skip
        store.ingest(
            items, blob=one.octets, file_name=one.name, source=one.feed, decoder="benchmark",
            decoder_version="1",
        )  # fmt: skip


def flagged(store: Store, registry: Registry, period: Period) -> pd.DataFrame:
    """Site, determinand, start and flag of every stored reading."""
    reach_h = registry.quality_rules.reach_h
    stored = store.read_observations(span_to_flag(period, reach_h), with_flags=False)
    flags = flag_readings(stored, registry, period, reach_h)
    return stored.drop(columns="flag", errors="ignore").merge(
        flags.groupby("revision", as_index=False)["flag"].max(), on="revision"
    )[[*KEY, "flag"]]


def report(readings: pd.DataFrame, flags: pd.DataFrame, faults: pd.DataFrame) -> None:
    """Print recall by kind and false alarms by determinand."""
    readings = readings[
        ~readings["file"].str.contains("revised") & readings["reported_value"].notna()
    ]
    both = readings.merge(flags, on=KEY)
    both["is_marked"] = both["flag"] >= SUSPECT
    sound = both[(both["fault"] == "")]
    print(f"{len(both)} readings with a value, {len(sound)} sound")
    print(
        f"{'kind':14}{'faults':>8}{'found':>8}{'recall':>8}{'readings':>10}{'marked':>8}{'recall':>8}"
    )
    for kind, part in both[both["fault"] != ""].groupby("fault", sort=True):
        of_kind = faults[faults["kind"] == kind]
        found = sum(_is_found(part, fault) for fault in of_kind.itertuples())
        marked = int(part["is_marked"].sum())
        share = found / len(of_kind) if len(of_kind) else float("nan")
        print(
            f"{kind:14}{len(of_kind):8}{found:8}{share:8.2f}{len(part):10}{marked:8}"
            f"{marked / len(part):8.2f}"
        )
    print("false alarms: sound readings that are marked")
    for name, part in sound.groupby("determinand"):
        print(
            f"  {name:12}{len(part):9}{int(part['is_marked'].sum()):7}{part['is_marked'].mean():9.3%}"
        )
    print(
        f"  {'all':12}{len(sound):9}{int(sound['is_marked'].sum()):7}{sound['is_marked'].mean():9.3%}"
    )


def _is_found(part: pd.DataFrame, fault: Any) -> bool:
    inside = part[
        (part["site"] == fault.site) & (part["start"] >= fault.start) & (part["start"] < fault.end)
    ]
    if fault.determinand == "STAGE":
        inside = inside[inside["determinand"].isin(["STAGE", "DISCHARGE"])]
    elif fault.determinand:
        inside = inside[inside["determinand"] == fault.determinand]
    return bool(inside["is_marked"].any())


def main(n_months: int, seed: int) -> None:
    shipped = read_registry()
    places = places_of(shipped)
    months = Period.parse("2024-01/2026-12").split("month")[:n_months]
    period = Period(months[0].start, months[-1].end)
    sites = (*places.sections, *places.gauges)
    with tempfile.TemporaryDirectory() as name:
        registry = overlaid(places, Path(name) / "site")
        plan = Plan(period, seed, sites, ("water", "discharge"))
        simulated: list[Simulated] = []
        started = time.perf_counter()
        with Store.create(Path(name) / "store.sqlite", kind="example") as store:
            for month in simulate_whole(places, plan):
                take_in(month, registry, store)
                simulated.append(month)
            print(
                f"{period}, seed {seed}: simulated and stored in {time.perf_counter() - started:.0f} s"
            )
            flags = pd.concat([flagged(store, registry, month) for month in months])
        readings = pd.concat([one.readings for one in simulated], ignore_index=True)
        faults = pd.concat([one.faults for one in simulated], ignore_index=True)
        report(readings, flags.drop_duplicates(KEY), faults)


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]]
    main(numbers[0] if numbers else 3, numbers[1] if len(numbers) > 1 else 7)
