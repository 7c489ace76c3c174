"""Commands that work on files alone: ``decode`` and ``verify``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, FileIn, Home, Year, plain, say, say_json

SHOWN_DIFFERENCES = 20


def decode(
    feed: Annotated[
        str,
        typer.Argument(
            help="来源 feed: cnemc-water, st-river-r, st-rsvr-r, st-pptn-r, st-zqrl-b, china-sites, air-forecast, samples, tabulated"
        ),
    ],
    file: FileIn,
    year: Year = None,
    fetched_at: Annotated[
        datetime | None, typer.Option(help="取数时间（北京时间）when it was fetched, Beijing time")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """解析一个文件，逐行打印 decode one file: every row is an observation or a reject with its reason."""
    from ecomon.decode.records import as_json as as_records
    from ecomon.journey.read_readings import feed_to_decode
    from ecomon.model.forecast import Forecasts
    from ecomon.model.observation import Batch, Rejected

    registry = site_registry(home)
    source = feed_to_decode(feed, registry)
    options: dict[str, Any] = {"year": year, "fetched_at": fetched_at} if source.takes_year else {}
    determinands = registry.determinands
    n_observations = n_rejected = 0
    with file.open("rb") as octets:
        chunks = iter(lambda: octets.read(1 << 20), b"")
        for item in source.decode(chunks, determinands, **options):
            if isinstance(item, Rejected):
                n_rejected += 1
                records = [item.as_json()]
            elif isinstance(item, Batch):
                n_observations += len(item)
                records = as_records(item)
            elif isinstance(item, Forecasts):
                n_observations += len(item)
                records = item.as_json()
            else:  # a point of a rating table is a fact, no observation
                n_observations += 1
                records = [item.as_json()]
            for record in records:
                if as_json:
                    say_json(record)
                else:
                    say("\t".join(plain(value) for value in record.values()))
    if not as_json:
        say(f"监测值 observations {n_observations}  未采纳 rejected {n_rejected}")


def verify(
    manifest: Annotated[
        Path, typer.Argument(help="清单 …-manifest.json", exists=True, dir_okay=False)
    ],
    as_json: AsJson = False,
) -> None:
    """复核 reckon a statement again from its published files, without store or network."""
    import hashlib

    from ecomon.journey.verify_statement import verify_statement
    from ecomon.publish.manifest import read_manifest

    octets = manifest.read_bytes()
    listed = read_manifest(octets)["files"].values()
    beside = [manifest.parent / one["name"] for one in listed]
    found = verify_statement(
        octets, {one.name: one.read_bytes() for one in beside if one.is_file()}
    )
    for number, one in enumerate(found.differences):
        if as_json:
            say_json(one.as_json())
        elif number < SHOWN_DIFFERENCES:
            say(
                f"{one.file}\t{one.place}\t{one.field}\t所载 stated {one.stated}\t复算 found {one.found}"
            )
    digest = hashlib.sha256(octets).hexdigest()
    if not as_json:
        if found.differences:
            say(f"不一致 {len(found.differences)} differences  {found.agreement} {found.period}")
        else:
            say(
                f"一致 OK  {found.agreement} {found.period}  监测值 readings {found.n_readings}"
                f"  日均值 daily means {found.n_days}  核算行 lines {found.n_lines}"
            )
        say(f"清单指纹 sha256 of the manifest {digest}")
    if found.differences:
        raise typer.Exit(1)
