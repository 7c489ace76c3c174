"""``ecomon registry``: the facts of places and of judgement."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json
from ecomon.errors import EcomonError
from ecomon.model.period import BEIJING

app = typer.Typer(help="站点与标准 places, standards, agreements, rules", no_args_is_help=True)


def site_registry(home: Path | None) -> Any:
    from ecomon.registry import read_registry
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    return read_registry(overlay=overlay if overlay.is_dir() else None)


@app.command("check")
def check(home: Home = None, as_json: AsJson = False) -> None:
    """检查并列出缺项 read every file, list every gap."""
    from ecomon.registry import count_gaps, find_calendar_gaps, find_gaps

    registry = site_registry(home)
    today = datetime.now(BEIJING).date()
    gaps = (*find_gaps(registry), *find_calendar_gaps(registry, today))
    if as_json:
        for gap in gaps:
            say_json(gap.as_json())
        return
    for gap in gaps:
        say(f"{gap.place}\t{gap.kind}\t{gap.text_zh}  {gap.text_en}")
    say("缺项汇总 gaps by kind and field")
    for count in count_gaps(gaps):
        words = f"{count.text_zh} {count.text_en}"
        say(f"{count.n_places:>5}  {count.kind:<12}  {count.field:<22}  {words}")
    places = f"{len(registry.sections)} sections, {len(registry.gauges)} gauges"
    say(f"{places}, {len(registry.standards)} standards, {len(registry.agreements)} agreements")
    say(f"规则集 rule set {registry.hash[:16]}  缺项 gaps {len(gaps)}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="编号、名称或代码 id, name or code")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """显示一个站点、标准或协议 one place, standard or agreement, with its sources."""
    from ecomon.registry import describe

    found = describe(site_registry(home), name)
    if not found:
        raise EcomonError(f"没有此名称 nothing is called {name!r}")
    for entry in found:
        if as_json:
            say_json(entry)
            continue
        for field, value in entry.items():
            say(f"{field:<24} {plain(value)}")
        say("")


@app.command("diff")
def diff(home: Home = None, as_json: AsJson = False) -> None:
    """列出本地配置的增改 what the site's own folder adds or changes."""
    from ecomon.registry import compare_with_shipped
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    changes = compare_with_shipped(overlay)
    for change in changes:
        if as_json:
            say_json(change)
        else:
            say("\t".join(plain(value) for value in change.values()))
    if not changes and not as_json:
        say(f"本地无增改 nothing local in {overlay}")


@app.command("geojson")
def geojson(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="写入文件，缺省为标准输出 file, else standard output"),
    ] = None,
    home: Home = None,
) -> None:
    """河线与全部站点的 GeoJSON the river's line and every place, as GeoJSON."""
    from ecomon.publish.geo import basin_geojson, geojson_octets

    registry = site_registry(home)
    places = {
        "section": registry.sections.values(),
        "gauge": registry.gauges.values(),
        "reservoir": registry.reservoirs.values(),
        "air_site": registry.air_sites.values(),
        "node": registry.nodes.values(),
    }
    collection = basin_geojson(registry.courses, places, datetime.now(BEIJING).date())
    octets = geojson_octets(collection)
    if out is None:
        say(octets.decode("utf-8").rstrip("\n"))
        return
    out.write_bytes(octets)
    features = collection["features"]
    n_lost = sum(one["geometry"] is None for one in features)
    say(f"{out}: {len(features)} features, 无坐标 without a position {n_lost}")


@app.command("line")
def line(
    river: Annotated[str, typer.Argument(help="河流编号 id of a river, such as jialing")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """河道示意数据 the stops of a river in order, with distances and known travel times."""
    from ecomon.registry import line_of

    found = line_of(site_registry(home), river, datetime.now(BEIJING).date())
    if as_json:
        say_json(found.as_json())
        return
    say(f"{found.name_zh} {found.name_en}  距河口 km above mouth, 间距 km from the stop before")
    for stop in found.stops:
        doubt = "*" if stop.is_km_unverified else " "
        place = f"{plain(stop.km_above_mouth):>8}{doubt} {plain(stop.from_previous_km):>7}"
        where = "" if stop.is_placed else "  位置未知 place not known"
        words = f"{stop.name_zh} {stop.name_en}  {stop.target or ''}".rstrip()
        say(f"{place}  {stop.kind:<10} {stop.id:<22} {words}{where}")
    for one in found.travel_times:
        sign = {"about": "≈", "at_least": "≥", "at_most": "≤"}[one.bound]
        facts = f"{one.edge} {sign}{one.elapsed_h:g} h, {plain(one.distance_km)} km"
        say(f"{one.from_site} → {one.to_site}  {facts}  {one.event} {one.confidence}")
    say("* 待核实 unverified")
