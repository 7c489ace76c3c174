"""``ecomon store``: the system of record."""

from __future__ import annotations

from typing import Annotated

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json

app = typer.Typer(help="数据库 the system of record", no_args_is_help=True)


@app.command("init")
def init(
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


@app.command("status")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """库内概况 what the store holds."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        status = store.status()
    if as_json:
        say_json(status)
        return
    for name, value in status.items():
        say(f"{name:<20} {plain(value)}")


@app.command("upgrade")
def upgrade(home: Home = None) -> None:
    """升级库结构 bring the store of an older version up to this one."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    url = read_settings(home).store_url
    Store.upgrade(url)
    say(f"已升级 upgraded: {url}")


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
