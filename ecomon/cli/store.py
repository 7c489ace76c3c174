"""``ecomon store``: the system of record, its checks, its copies and their keeping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, log_act, plain, say, say_json

app = typer.Typer(help="数据库 the system of record", no_args_is_help=True)


@app.command("init")
def init(
    home: Home = None,
    kind: Annotated[str, typer.Option(help="real 实测 | example 示例")] = "real",
) -> None:
    """建库 make the store of an installation."""
    from ecomon.settings import read_settings
    from ecomon.store import Store
    from ecomon.store.dialect import to_url

    settings = read_settings(home)
    settings.store_path.parent.mkdir(parents=True, exist_ok=True)
    with Store.create(settings.store_url, kind=kind):  # pyright: ignore[reportArgumentType]
        # A URL says its password unless it is asked not to.
        say(f"已建库 store made: {to_url(settings.store_url).render_as_string()} ({kind})")
    log_act(settings, "store_made", kind=kind)


@app.command("status")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """库内概况 what the store holds."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        status = store.status()
    _show(status, as_json)


@app.command("upgrade")
def upgrade(home: Home = None) -> None:
    """升级库结构 bring the store of an older version up to this one."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    settings = read_settings(home)
    steps = Store.upgrade(settings.store_url)
    log_act(settings, "store_upgraded", steps=list(steps))
    for step in steps:
        say(f"已升级 upgraded to {step}")
    if not steps:
        say("无需升级 nothing to upgrade")


@app.command("trace")
def trace(
    revision: Annotated[int, typer.Argument(help="监测值版本号 revision of an observation")],
    home: Home = None,
) -> None:
    """追溯一个监测值 one observation with its file, row, flags and decisions."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        say_json(store.trace_revision(revision))


@app.command("check")
def check(
    home: Home = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="逐字节核对原始文件 every kept octet against its hash")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """检查库是否完好 whether everything in the store hangs together; exit code 1 if not."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        n_faults = _show_discrepancies(store.check(is_deep=deep), as_json)
    if n_faults:
        raise typer.Exit(1)


@app.command("root")
def root(
    home: Home = None,
    against: Annotated[
        str | None, typer.Option(help="以前抄下的指纹 a root that was written down earlier")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """当日封存，给出指纹 close the day: one hash over everything ingested so far.

    请把这串指纹抄到库外（值班日志、公文、邻省的记录）。日后任何一批数据被改动、删除或补入，指纹便
    对不上；抄下的人因此能证明当时收到的正是这些数据。
    Write the root down outside this store: whoever holds it can prove what had been received.
    """
    from ecomon.settings import read_settings
    from ecomon.store import Store

    settings = read_settings(home)
    with Store.open(settings.store_url) as store:
        head = store.close_day() if against is None else store.read_root(against)
    if against is None:
        log_act(settings, "day_closed", number=head["number"], root=head["root"])
    if as_json:
        say_json(head)
    elif head["number"]:
        say(
            f"第 {head['number']} 号，{head['day']} 封存，批次至 batches up to {head['last_batch']}"
        )
        say(head["root"])
        say("请抄到库外 write it down outside the store" if against is None else
            "在链上 it is in the chain; 其后批次是否完好 see: ecomon store check")  # fmt: skip
    elif against is None:
        say("尚无数据 nothing was ingested yet")
    if against is not None and not head["number"]:
        say(f"不在链上 no root of this store begins with {against}")
        raise typer.Exit(1)


@app.command("prune")
def prune(
    home: Home = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, help="保留天数 days that octets are kept; default keep_octets_days"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看不删 only say what")] = False,
    evidence_too: Annotated[
        bool,
        typer.Option(
            "--evidence-too", help="连同核算单的凭据 what current statements rest on, too"
        ),
    ] = False,
) -> None:
    """按保留期清理原始文件 let the octets of old files go; hashes and all readings stay."""
    from datetime import UTC, datetime, timedelta

    from ecomon.cli.people import acting
    from ecomon.errors import StoreError
    from ecomon.settings import read_settings
    from ecomon.store import Store

    settings = read_settings(home)
    kept_days = days if days is not None else settings.keep_octets_days
    if kept_days is None:
        raise StoreError("未设保留期，全部保留 octets are kept for ever: give --days N")
    before = datetime.now(UTC) - timedelta(days=kept_days)
    spared = {"is_evidence_spared": not evidence_too}
    if dry_run:
        with Store.open(settings.store_url) as store:
            report = store.prunable_blobs(before, **spared)
    else:
        with acting(home) as (store, who):
            report = store.prune_blobs(before, by=who, **spared)
        log_act(
            settings, "octets_pruned", actor=who.name, n_blobs=report.n_blobs,
            size_bytes=report.size_bytes,
        )  # fmt: skip
    say(
        f"{'可清理 would go' if dry_run else '已清理 went'}: {report.n_blobs} 个文件 files,"
        f" {report.size_bytes} 字节 octets; 凭据保留 spared as evidence {report.n_spared}"
    )


@app.command("backup")
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="文件或目录 file or folder; default the backups' folder")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """备份全库 the whole store as one file; others may go on writing meanwhile."""
    from ecomon.settings import read_settings
    from ecomon.store.backup import backup_store

    settings = read_settings(home)
    if file is None:
        file = settings.backups
        file.mkdir(parents=True, exist_ok=True)
    report = backup_store(settings.store_url, file)
    log_act(
        settings, "store_backed_up", file=report.path.name, size_bytes=report.size_bytes,
        seq=report.seq,
    )  # fmt: skip
    _show_backup("已备份 backed up", report, as_json)
    if not as_json:
        say(
            "内含令牌散列，请妥善保管 it holds hashes of tokens: keep it closed, and on another disk"
        )


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 backup", exists=True, dir_okay=False)],
    home: Home = None,
    into: Annotated[
        str | None,
        typer.Option(help="空库的地址 URL of an empty database; default that of the installation"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """从备份恢复 make a store of a backup, in an empty database of either engine, and check it."""
    from ecomon.settings import read_settings
    from ecomon.store import Store
    from ecomon.store.restore import restore_store

    settings = read_settings(home)
    url = into or settings.store_url
    report = restore_store(file, url)
    log_act(settings, "store_restored", file=file.name, seq=report.seq)
    _show_backup("已恢复 restored", report, as_json)
    with Store.open(url) as store:
        n_faults = _show_discrepancies(store.check(), as_json)
    if n_faults:
        raise typer.Exit(1)


@app.command("export")
def export(
    home: Home = None,
    form: Annotated[str, typer.Option("--format", help="parquet | zarr")] = "parquet",
    period: Annotated[
        str | None, typer.Option(help="时段 months of a period; default all that have closed")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="目录 folder; default home/exports")] = None,
    as_json: AsJson = False,
) -> None:
    """导出已结束的月份 closed months as Parquet or Zarr (CF): copies, made again at will."""
    import time
    from dataclasses import asdict

    from ecomon.model.period import Period, from_epoch_s
    from ecomon.settings import read_settings
    from ecomon.store import Store

    settings = read_settings(home)
    with Store.open(settings.store_url) as store:
        report = store.export_months(
            out or settings.exports, form=form, until=from_epoch_s(int(time.time())),
            period=None if period is None else Period.parse(period),
        )  # fmt: skip
    log_act(settings, "store_exported", form=form, months=list(report.written))
    if as_json:
        say_json({**asdict(report), "folder": str(report.folder)})
        return
    say(f"{report.folder}  截至 known at {report.seq}")
    for words, labels in (
        ("已写 written", report.written), ("未变 unchanged", report.unchanged),
        ("已撤 removed", report.removed),
    ):  # fmt: skip
        if labels:
            say(f"{words}: {', '.join(labels)}")


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        say(f"{name:<20} {plain(value)}")


def _show_backup(words: str, report: Any, as_json: bool) -> None:
    n_rows = sum(report.n_rows.values())
    if as_json:
        say_json(
            {"path": str(report.path), "size_bytes": report.size_bytes, "seq": report.seq,
             "n_rows": report.n_rows, "sha256": report.sha256}
        )  # fmt: skip
        return
    say(f"{words}: {report.path}  {report.size_bytes} 字节 octets  {n_rows} 行 rows")
    say(f"清单指纹 sha256 of the manifest {report.sha256}")


def _show_discrepancies(found: list[Any], as_json: bool) -> int:
    """Print what a check found; how many of it are faults."""
    n_faults = sum(one.is_fault for one in found)
    for one in found:
        if as_json:
            say_json(one.as_json())
        else:
            say(f"{'错误 fault' if one.is_fault else '提示 note'}  {one}")
    if not as_json:
        say("完好 OK" if not n_faults else f"有 {n_faults} 处不符 {n_faults} faults")
    return n_faults
