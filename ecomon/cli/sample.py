"""``ecomon sample``: emergency samples, from the keyboard or a sheet to a notice in seconds.

Whoever has a token is named with what he hands in (an act in the chain, ``ecomon acts``). None is
needed: the inbox takes a file from anybody who may write it, and an incident does not wait for an
account. What is handed in so is nobody's word, and the answer says so. A token that is not valid is
refused: who shows one wants to be named.
"""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, FileIn, Home, say, say_json
from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.period import BEIJING
from ecomon.model.sample import FEED, SAMPLE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from ecomon.journey.report_samples import SampleReport
    from ecomon.model.role import Actor


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """What lies in the inbox now, and whose word it is (None: nobody's)."""

    found: SampleReport
    who: Actor | None


app = typer.Typer(help="应急样品 emergency samples", no_args_is_help=True)


@app.command("add")
def add(
    place: Annotated[str, typer.Argument(help="断面或取水口：编号、名称或代码 id, name or code")],
    determinand: Annotated[str, typer.Argument(help="指标 key, name or symbol: SB, 锑")],
    value: Annotated[str, typer.Argument(help="测定值 0.0208, '<0.0002', 0.0002L, 未检出")],
    sampled_at: Annotated[
        str, typer.Option(help="采样时间（北京时间）'2026-01-21 08:30', Beijing time")
    ],
    unit: Annotated[str, typer.Option(help="单位 ug/L | mg/L；pH 可省 pH has none")] = "",
    result_at: Annotated[str, typer.Option(help="出结果时间 when the result was there")] = "",
    method: Annotated[str, typer.Option(help="方法 method, e.g. 'HJ 700-2014'")] = "",
    detection_limit: Annotated[str, typer.Option(help="检出限，同单位 in the same unit")] = "",
    status: Annotated[str, typer.Option(help="判定 疑似 suspected | 确认 confirmed")] = "",
    replicate: Annotated[str, typer.Option(help="平行样 number of a parallel sample")] = "",
    note: Annotated[str, typer.Option(help="备注 a note")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """报送一个应急样品：入库并立即判断告警 hand in one sample: stored and judged at once."""
    began_s = time.monotonic()
    typed = {
        "place": place, "determinand": determinand, "sampled_at": sampled_at, "value": value,
        "unit": unit, "detection_limit": detection_limit, "result_at": result_at,
        "method": method, "status": status, "replicate": replicate, "note": note,
    }  # fmt: skip
    given: list[_HandedIn] = []

    def hand_in() -> None:
        who, now = _holder(home), _now()
        octets = _as_csv(typed, f"ecomon sample add, {now:%Y-%m-%d %H:%M:%S}, {_name_of(who)}")
        found = _checked(octets, home, now)
        if found.rejected:
            raise SourceRefused("; ".join(_faults(found)))
        digest = hashlib.sha256(octets).hexdigest()
        name = f"sample-{now:%Y%m%dT%H%M%S}-{digest[:8]}.csv"
        given.append(_hand_in(octets, name, who, home, found))

    _judge(hand_in, given, home, began_s, as_json=as_json)


@app.command("read")
def read(
    file: FileIn,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只检查，不入库 check only, store nothing")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """读取样品表（.xlsx、.csv）：逐行列出并入库 read a sheet of samples, list every row, hand it in."""
    began_s = time.monotonic()
    octets, now = file.read_bytes(), _now()
    who = None if dry_run else _holder(home)
    found = _checked(octets, home, now)
    _show(found, home, as_json=as_json)
    if not dry_run and len(found.table):
        given = [_hand_in(octets, f"{now:%Y%m%dT%H%M%S}-{file.name}", who, home, found)]
        _judge(lambda: None, given, home, began_s, as_json=as_json)
    if found.rejected:
        raise typer.Exit(1)


@app.command("list")
def list_samples(
    period: Annotated[
        str,
        typer.Option(
            help="采样时段（北京时间）when they were taken: 2026-01, 2026-01-20/2026-01-25"
        ),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """已入库的应急样品 samples in the store: value, 疑似 or 确认, method, note, time of the result."""
    from ecomon.model.period import Period
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        table = store.read_samples(Period.parse(period))
    registry = site_registry(home)
    for record in _as_records(table):
        if as_json:
            say_json(record)
        else:
            say(_in_words({**record, "source_flag": record["status"]}, registry))
    if not as_json:
        say(f"样品 samples {len(table)}")


@app.command("template")
def template(
    out: Annotated[Path, typer.Option(help="写到 where to write it")] = Path("应急样品.xlsx"),
    home: Home = None,
) -> None:
    """生成样品报送表 write the sheet on which samples are reported, with the places of this site."""
    from ecomon.publish.sample_template import sample_template
    from ecomon.registry.names import section_choices

    registry = site_registry(home)
    water = [one for one in registry.determinands.values() if one.medium == "water"]
    water.sort(key=lambda one: not one.is_toxic_metal)  # an incident is mostly one of metals
    places = section_choices(registry, _now().date())
    try:
        out.write_bytes(sample_template(places, [one.name_zh for one in water]))
    except OSError as wrong:
        raise SourceUnavailable(f"{out}: {wrong.strerror}") from wrong
    say(f"{out}  地点 places {len(places)}  指标 determinands {len(water)}")


def _now() -> datetime:
    return datetime.now(BEIJING).replace(tzinfo=None)


def _holder(home: Path | None) -> Actor | None:
    """The actor whose token the user's configuration holds; None where it holds none."""
    from ecomon.settings import read_settings, read_token
    from ecomon.store import Store

    settings = read_settings(home)
    with Store.open(settings.store_url) as store:
        token = read_token(settings)
        return None if token is None else store.authenticate(token.get_secret_value())


def _name_of(who: Actor | None) -> str:
    return "未署名 unsigned" if who is None else f"{who.name} ({who.role})"


def _as_csv(typed: Mapping[str, str], title: str) -> bytes:
    """What was typed as a sheet of one row; the line above the heading makes each typing its own."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([title])
    lines.writerow([column.key for column in SAMPLE_COLUMNS])
    lines.writerow([typed[column.key] for column in SAMPLE_COLUMNS])
    return text.getvalue().encode()


def _checked(octets: bytes, home: Path | None, now: datetime) -> SampleReport:
    from ecomon.journey.report_samples import report_samples

    found = report_samples(octets, site_registry(home), now)
    if found.ahead:
        rows = ", ".join(map(str, found.ahead))
        raise SourceRefused(f"采样时间在将来 the sampling lies in the future: row {rows}")
    return found


def _show(found: SampleReport, home: Path | None, *, as_json: bool) -> None:
    """Every sample as it was understood, and every doubtful cell."""
    registry = site_registry(home)
    for record in _records(found):
        if as_json:
            say_json(record)
        else:
            say(_in_words(record, registry))
    for one in found.rejected:
        if as_json:
            say_json(one.as_json())
        elif one.column:
            say(f"第 {one.row} 行 row {one.row}\t{one.column}\t{one.raw}\t{one.reason}")
        else:
            say(f"第 {one.row} 行 row {one.row}\t{one.reason}")
    if not as_json:
        n_lost = len({one.row for one in found.rejected if one.column is None})
        say(f"样品 samples {len(found.table)}  未采纳行 rows rejected {n_lost}")


def _faults(found: SampleReport) -> list[str]:
    """What is wrong with the one row that was typed."""
    cells = [one for one in found.rejected if one.column]
    return [f"{one.column} {one.raw!r}: {one.reason}" for one in cells or found.rejected]


def _records(found: SampleReport) -> list[dict[str, Any]]:
    from ecomon.decode.records import as_json as as_records
    from ecomon.model.observation import Batch

    return list(as_records(Batch(found.table))) if len(found.table) else []


def _as_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Samples as JSON values; None where nothing was told."""
    from ecomon.model.observation import isoformat

    def plain(value: Any) -> Any:
        if hasattr(value, "to_pydatetime"):
            return isoformat(value.to_pydatetime())
        return value.item() if hasattr(value, "item") else value

    is_told = table.notna()
    return [
        {str(name): plain(value) if told[name] else None for name, value in one.items()}
        for one, told in zip(table.to_dict("records"), is_told.to_dict("records"), strict=True)
    ]


def _in_words(record: Mapping[str, Any], registry: Any) -> str:
    section, determinand = (
        registry.section(record["site"]),
        registry.determinands[record["determinand"]],
    )
    sign = {"left": "<", "right": ">"}.get(record["censor"], "")
    value = "已撤回 withdrawn" if record["value"] is None else f"{sign}{record['value']}"
    unit = "" if record["unit"] in ("1", None) else f" {record['unit']}"
    flag = f" {record['source_flag']}" if record["source_flag"] else ""
    at = record["start"][:16].replace("T", " ")
    result_at = (record.get("reported_at") or "")[:16].replace("T", " ")
    words = (
        ("方法 method", record.get("method")), ("备注 note", record.get("note")),
        ("出结果 result at", result_at),
    )  # fmt: skip
    told = "".join(f"  {name}: {text}" for name, text in words if text)
    return f"{section.name_zh} {determinand.name_zh} {value}{unit} {at}{flag}{told}"


def _hand_in(
    octets: bytes, name: str, who: Actor | None, home: Path | None, found: SampleReport
) -> _HandedIn:
    """Lay the octets into the inbox, named by whom: from here on they are not lost."""
    from ecomon.settings import read_settings
    from ecomon.sources.delivery import lay_into_inbox
    from ecomon.sources.folder import UNFINISHED
    from ecomon.store import Store

    settings = read_settings(home)
    if who is not None:
        digest = hashlib.sha256(octets).hexdigest()
        detail = {"file": name, "samples": len(found.table)}
        with Store.open(settings.store_url) as store:
            store.sign_octets(digest, actor=who, what="sample", detail=detail)
    name = f"{name}.csv" if name.lower().endswith(UNFINISHED) else name
    try:
        lay_into_inbox(settings.inbox(FEED), name, octets, fetched_at=datetime.now(BEIJING))
    except OSError as wrong:
        raise SourceUnavailable(f"{settings.inbox(FEED) / name}: {wrong}") from wrong
    return _HandedIn(found, who)


def _judge(
    meanwhile: Callable[[], None],
    given: Sequence[_HandedIn],
    home: Path | None,
    began_s: float,
    *,
    as_json: bool,
) -> None:
    """Run the flow, and say what came of what is in ``given`` by then."""
    from flows.run import run_at_once

    done = run_at_once("sample", home, meanwhile=meanwhile)
    answer = _answer(done, given[0])
    answer["duration_s"] = round(time.monotonic() - began_s, 1)
    if as_json:
        say_json(answer)
    else:
        registry = site_registry(home)
        for record in answer["samples"]:
            say(f"已入库 stored: {_in_words(record, registry)}")
        say(f"报送人 by: {_name_of(given[0].who)}")
        _say_counts(answer)
    if answer["refused"]:
        raise typer.Exit(1)


def _answer(done: Mapping[str, Any], given: _HandedIn) -> dict[str, Any]:
    """What the flow did, as the command tells it."""
    ingested = done["ingest"]
    told = ("alerts", "notices", "delivered", "notices_withheld", "reviews")
    return {
        "samples": _records(given.found),
        "by": None if given.who is None else given.who.name,
        **{name: ingested[name] for name in ("n_new", "n_revised", "n_unchanged")},
        **{name: sum(int(one.get(name, 0)) for one in done["alert"].values()) for name in told},
        "days_beyond": done["days_beyond"],
        "refused": {**ingested.get("refused", {}), **ingested.get("unavailable", {})},
    }


def _say_counts(answer: Mapping[str, Any]) -> None:
    say(
        f"新增 new {answer['n_new']}  更新 revised {answer['n_revised']}"
        f"  未变 unchanged {answer['n_unchanged']}"
    )
    say(
        f"告警 alerts {answer['alerts']}  通知 notices {answer['notices']}"
        f"（已发出 delivered {answer['delivered']}，历史未发 withheld {answer['notices_withheld']}）"
        f"  待审核 reviews {answer['reviews']}"
    )
    if answer["days_beyond"]:
        say("采样已过 31 天，未判断告警 too old to be judged: ecomon run alert --period DAY")
    for name, reason in answer["refused"].items():
        say(f"未入库 not stored: {name}: {reason}")
    say(f"用时 {answer['duration_s']} s")
