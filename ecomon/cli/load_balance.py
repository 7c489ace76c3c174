"""``ecomon load balance``: what a reach or a jurisdiction adds, from files alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ecomon.cli.load_group import app
from ecomon.cli.load_section import files_of_feeds, read_given
from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, Year, say, say_json
from ecomon.errors import EcomonError

if TYPE_CHECKING:
    from ecomon.load.balance import BalanceScope
    from ecomon.registry import Registry


@app.command("balance")
def balance(
    period: Annotated[str, typer.Option(help="时段 2021, 2021-03, 2021-03-01/2021-03-10")],
    file: Annotated[list[str], typer.Option(help="来源文件 FEED=PATH；可重复 again and again")],
    upstream: Annotated[str | None, typer.Option("--from", help="上断面 section above")] = None,
    downstream: Annotated[str | None, typer.Option("--to", help="下断面 section below")] = None,
    tributary: Annotated[
        list[str] | None, typer.Option(help="其间汇入的支流断面，可重复 section of a tributary between")
    ] = None,
    jurisdiction: Annotated[
        str | None, typer.Option(help="行政区划代码，代替上下断面 instead of two sections")
    ] = None,
    travel_h: Annotated[
        list[str] | None, typer.Option(help="传播时间 SECTION=HOURS to the outlet；可重复")
    ] = None,
    water_temperature: Annotated[
        float, typer.Option(help="平均水温 mean of the water, ℃; not known by default")
    ] = float("nan"),
    determinand: Annotated[list[str] | None, typer.Option(help="指标代码，可重复")] = None,
    year: Year = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """收支平衡 load in, out, decay and net contribution of a reach or a jurisdiction.

    The net is what closes the account, at the central rate of decay and at those of its
    sensitivity; where a reservoir lies between, it is nobody's contribution and says so.
    """
    from ecomon.journey.balance_files import balance_from_files
    from ecomon.journey.load_report import balance_lines, records_of_balance
    from ecomon.model.period import Period

    registry = site_registry(home)
    scope = _scope(registry, upstream, downstream, tributary or [], jurisdiction, travel_h or [])
    read = read_given(files_of_feeds(file), registry, year=year, kind=None)
    table = balance_from_files(
        read.flagged, registry, scope, Period.parse(period),
        determinands=determinand or [], water_temperature_c=water_temperature,
    )  # fmt: skip
    if table.empty:
        raise EcomonError(
            "文件中没有这些断面的浓度 no concentration of these sections in the files"
        )
    if as_json:
        for record in records_of_balance(table):
            say_json(record)
        return
    for line in balance_lines(table):
        say(line)


def _scope(
    registry: Registry,
    upstream: str | None,
    downstream: str | None,
    tributaries: Sequence[str],
    jurisdiction: str | None,
    travels: Sequence[str],
) -> BalanceScope:
    from ecomon.journey.balance_sections import scope_of_jurisdiction, scope_of_reach

    hours = _hours(travels)
    if jurisdiction is not None and upstream is None and downstream is None:
        return scope_of_jurisdiction(registry, jurisdiction, travel_time_h=hours)
    if jurisdiction is not None or upstream is None or downstream is None:
        raise EcomonError("给 give --from 与 and --to, 或 or --jurisdiction")
    return scope_of_reach(
        registry, upstream, downstream, tributaries=tributaries, travel_time_h=hours
    )


def _hours(stated: Sequence[str]) -> dict[str, float]:
    hours: dict[str, float] = {}
    for text in stated:
        section, _, value = text.partition("=")
        try:
            hours[section] = float(value)
        except ValueError:
            raise EcomonError(f"--travel-h {text!r}: 写作 write SECTION=HOURS") from None
    return hours
