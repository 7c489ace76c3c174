"""The ``ecomon`` command. Whatever is heavy is imported inside the command that needs it."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.errors import EcomonError

app = typer.Typer(
    help="嘉陵江、白龙江生态监测 ecological monitoring of the Jialing and the Bailong",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
registry_app = typer.Typer(
    help="站点与标准 places, standards, agreements, rules", no_args_is_help=True
)
store_app = typer.Typer(help="数据库 the system of record", no_args_is_help=True)
app.add_typer(registry_app, name="registry")
app.add_typer(store_app, name="store")

Home = Annotated[
    Path | None,
    typer.Option("--home", envvar="ECOMON_HOME", help="安装目录 folder of this installation"),
]
AsJson = Annotated[bool, typer.Option("--json", help="逐行 JSON one JSON object a line")]
FileIn = Annotated[
    Path, typer.Argument(help="文件 file", exists=True, dir_okay=False, readable=True)
]
Year = Annotated[int | None, typer.Option("--year", help="年份 year of times that carry none")]


def say(text: str) -> None:
    """Print one line."""
    typer.echo(text)


def say_json(value: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


# --- registry -----------------------------------------------------------------------------------


def _registry(home: Path | None) -> Any:
    from ecomon.registry import read_registry
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    return read_registry(overlay=overlay if overlay.is_dir() else None)


@registry_app.command("check")
def registry_check(home: Home = None, as_json: AsJson = False) -> None:
    """检查并列出缺项 read every file, list every gap."""
    from ecomon.registry import find_gaps

    registry = _registry(home)
    gaps = find_gaps(registry)
    if as_json:
        for gap in gaps:
            say_json(gap.as_json())
        return
    for gap in gaps:
        say(f"{gap.place}\t{gap.kind}\t{gap.text_zh}  {gap.text_en}")
    places = f"{len(registry.sections)} sections, {len(registry.gauges)} gauges"
    say(f"{places}, {len(registry.standards)} standards, {len(registry.agreements)} agreements")
    say(f"规则集 rule set {registry.hash[:16]}  缺项 gaps {len(gaps)}")


@registry_app.command("show")
def registry_show(
    name: Annotated[str, typer.Argument(help="编号、名称或代码 id, name or code")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """显示一个站点、标准或协议 one place, standard or agreement, with its sources."""
    from ecomon.registry import describe

    found = describe(_registry(home), name)
    if not found:
        raise EcomonError(f"没有此名称 nothing is called {name!r}")
    for entry in found:
        if as_json:
            say_json(entry)
            continue
        for field, value in entry.items():
            say(f"{field:<24} {_plain(value)}")
        say("")


@registry_app.command("diff")
def registry_diff(home: Home = None, as_json: AsJson = False) -> None:
    """列出本地配置的增改 what the site's own folder adds or changes."""
    from ecomon.registry import compare_with_shipped
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    changes = compare_with_shipped(overlay)
    for change in changes:
        if as_json:
            say_json(change)
        else:
            say("\t".join(_plain(value) for value in change.values()))
    if not changes and not as_json:
        say(f"本地无增改 nothing local in {overlay}")


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "-" if value is None else str(value)


# --- decode -------------------------------------------------------------------------------------


@app.command("decode")
def decode(
    feed: Annotated[str, typer.Argument(help="来源 feed: cnemc-water, st-river-r, tabulated")],
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
    from ecomon.journey.read_readings import feed_named
    from ecomon.model.observation import Rejected

    source = feed_named(feed)
    options: dict[str, Any] = {"year": year, "fetched_at": fetched_at} if source.takes_year else {}
    determinands = _registry(home).determinands
    n_observations = n_rejected = 0
    with file.open("rb") as octets:
        chunks = iter(lambda: octets.read(1 << 20), b"")
        for item in source.decode(chunks, determinands, **options):
            if isinstance(item, Rejected):
                n_rejected += 1
                records = [item.as_json()]
            else:
                n_observations += len(item)
                records = as_records(item)
            for record in records:
                if as_json:
                    say_json(record)
                else:
                    say("\t".join(_plain(value) for value in record.values()))
    if not as_json:
        say(f"监测值 observations {n_observations}  未采纳 rejected {n_rejected}")


# --- store --------------------------------------------------------------------------------------


@store_app.command("init")
def store_init(
    home: Home = None,
    kind: Annotated[str, typer.Option(help="real 实测 | example 示例")] = "real",
) -> None:
    """建库 make the store of an installation."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    settings = read_settings(home)
    settings.store_path.parent.mkdir(parents=True, exist_ok=True)
    with Store.create(settings.store_url, kind=kind):  # pyright: ignore[reportArgumentType]
        say(f"已建库 store made: {settings.store_url} ({kind})")


@store_app.command("status")
def store_status(home: Home = None, as_json: AsJson = False) -> None:
    """库内概况 what the store holds."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        status = store.status()
    if as_json:
        say_json(status)
        return
    for name, value in status.items():
        say(f"{name:<20} {_plain(value)}")


@store_app.command("upgrade")
def store_upgrade(home: Home = None) -> None:
    """升级库结构 bring the store of an older version up to this one."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    url = read_settings(home).store_url
    Store.upgrade(url)
    say(f"已升级 upgraded: {url}")


@store_app.command("trace")
def store_trace(
    revision: Annotated[int, typer.Argument(help="监测值版本号 revision of an observation")],
    home: Home = None,
) -> None:
    """追溯一个监测值 one observation with its file, row, flags and decisions."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        say_json(store.trace_revision(revision))


@app.command("reviews")
def reviews(home: Home = None, as_json: AsJson = False) -> None:
    """待审核的监测值 values that wait for a person's judgement."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        cases = store.read_reviews("open").to_dict(orient="records")
    for case in cases:
        if as_json:
            say_json({str(name): value for name, value in case.items()})
        else:
            say("\t".join(_plain(value) for value in case.values()))
    if not as_json:
        say(f"待审核 open reviews: {len(cases)}")


# --- verify -------------------------------------------------------------------------------------

SHOWN_DIFFERENCES = 20


@app.command("verify")
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


# --- flows --------------------------------------------------------------------------------------


@app.command("run")
def run(
    flow: Annotated[str, typer.Argument(help="ingest, flag, assess, load, settle, alert, publish")],
    home: Home = None,
    period: Annotated[
        str | None, typer.Option(help="时段 2021, 2021-04, 2021-04-03, 2021-04-01/2021-04-03")
    ] = None,
    feed: Annotated[str, typer.Option(help="来源 feed of an ingest")] = "cnemc-water",
    file: Annotated[
        list[Path] | None,
        typer.Option(help="文件 file(s) of an ingest", exists=True, dir_okay=False),
    ] = None,
    year: Year = None,
    tell: Annotated[
        str, typer.Option(help="通知 notices of an alert: recent 近期 | all 含历史 of old data too")
    ] = "recent",
) -> None:
    """运行一个流程 run one flow on the configured Prefect server, or on one of its own."""
    from flows.run import run_flow

    counts = run_flow(flow, home=home, period=period, feed=feed, files=file, year=year, tell=tell)
    say_json(counts)
    if counts.get("refused") or counts.get("unavailable"):
        raise typer.Exit(1)


@app.command("serve")
def serve(home: Home = None, port: Annotated[int, typer.Option(help="端口 port")] = 4200) -> None:
    """常驻：服务与定时任务 the server and the schedules in one process tree."""
    from flows.deployments import serve_schedules

    serve_schedules(home, port)


@app.command("demo")
def demo(
    folder: Annotated[Path, typer.Argument(help="目录 folder")] = Path("demo"),
) -> None:
    """演示：示例流域走完全部流程 the example basin through every flow."""
    from flows.demo import run_demo

    run_demo(folder)


@app.command("version")
def version() -> None:
    """版本 version."""
    import ecomon

    say(ecomon.__version__)


def main() -> None:
    """Run the command; an error raised on purpose is one clear text and exit code 2."""
    _speak_utf8()
    try:
        app()
    except EcomonError as error:
        typer.echo(f"错误 error: {error}", err=True)
        sys.exit(2)


def _speak_utf8() -> None:
    """A Windows console or a pipe of a C locale would break on Chinese text."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")
