"""``ecomon receipts``: what should have come and what came (应到/实到), and what stopped working."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, say, say_json
from ecomon.model.period import BEIJING, Period

PeriodOfDays = Annotated[
    str | None,
    typer.Option("--period", help="时段 2021-04-03, 2021-04; 缺省昨日今日 yesterday, today"),
]


def receipts(home: Home = None, period: PeriodOfDays = None, as_json: AsJson = False) -> None:
    """应到、实到与中断 what should have come and what came, by source and day; open alerts of the running."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        found = store.read_receipts(Period.parse(period) if period else two_days())
        alerts = store.read_operations_alerts("open")
    rows = [_plain(row) for row in found.to_dict(orient="records")]
    if as_json:
        for row in rows:
            say_json({"kind": "receipt", **row})
        for alert in alerts:
            say_json({**alert, "kind": "operations_alert"})
        return
    registry = site_registry(home)
    for line in lines_of(rows, {site.id: site.name_zh for site in registry.sites.values()}):
        say(line)
    absent = sorted(
        feed
        for feed, one in registry.feeds.items()
        if one.cadence_s is not None and feed not in {row["source"] for row in rows}
    )
    if absent:
        say(f"未接入或未统计 not connected, or not counted: {', '.join(absent)}")
    for alert in alerts:
        what, why = f"{alert['what_zh']} {alert['what_en']}", f"{alert['why_zh']} {alert['why_en']}"
        say(f"运维告警 {alert['fingerprint']}  自 since {alert['opened_at'][:16]}  {what}  {why}")
    say(f"运维告警 open operations alerts: {len(alerts)}")


def two_days() -> Period:
    """Yesterday and today."""
    midnight = datetime.now(BEIJING).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight - timedelta(days=1), midnight + timedelta(days=1))


def lines_of(rows: list[dict[str, Any]], names: dict[str, str]) -> Iterable[str]:
    """A line for each day and source, and under it the sites of which nothing came.

    Parameters
    ----------
    rows : list of dict
        Of the table RECEIPTS, times as text.
    names : dict
        Chinese names of sites.
    """
    if not rows:
        yield "此时段没有统计 nothing counted in this period; run: ecomon run receipts"
        return
    yield "日期 day\t来源 source\t应到 expected\t实到 received\t率 share"
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["period"], row["source"]), []).append(row)
    for (day, source), group in sorted(groups.items()):
        expected = sum(row["n_expected"] for row in group)
        received = sum(row["n_received"] for row in group)
        share = f"{received / expected:.1%}" if expected else "-"
        yield f"{day}\t{source}\t{expected}\t{received}\t{share}"
        silent = [row for row in group if row["status"] == "silent"]
        for label, chosen in (
            ("无数据 silent", [row for row in silent if row["last_at"]]),
            ("从未到数 never heard", [row for row in silent if not row["last_at"]]),
        ):
            if chosen:
                told = (f"{names.get(row['site'], '')} {row['site']}".strip() for row in chosen)
                yield f"  {label}: {', '.join(told)}"


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Times as text, None where there is no value."""
    plain = {str(name): value for name, value in row.items() if name not in ("result_id", "run_id")}
    for name in ("start", "last_at"):
        plain[name] = (
            None if plain[name] != plain[name] else f"{plain[name]:%Y-%m-%dT%H:%M:%S}+08:00"
        )
    plain["share"] = None if plain["share"] != plain["share"] else plain["share"]
    return plain
