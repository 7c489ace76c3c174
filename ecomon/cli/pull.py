"""``ecomon pull``: the databases that are read, and how far."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json
from ecomon.errors import EcomonError

app = typer.Typer(help="取数 databases that are read", no_args_is_help=True)


@app.command("status")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """各取数状态 how far each pull has come, and when it may be made again."""
    for one in _read_status(home):
        if as_json:
            say_json(one)
            continue
        for name, value in one.items():
            say(f"{name:<18} {plain(value)}")
        say("")


@app.command("test")
def test(
    pull: Annotated[str, typer.Argument(help="取数编号 id of a pull")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """试连：看表结构和前五行，什么也不写 connect, show the columns and five rows; nothing is written."""
    told = _look(pull, home)
    if as_json:
        say_json(told)
        return
    rows = told.pop("rows")
    for name, value in told.items():
        say(f"{name:<18} {plain(value)}")
    for row in rows:
        say("\t".join("" if cell is None else str(cell) for cell in row))


def _look(pull: str, home: Path | None) -> dict[str, Any]:
    """What a pull would read first."""
    from ecomon.cli.registry import site_registry
    from ecomon.settings import read_secret, read_settings
    from ecomon.sources.database import open_source, read_version
    from ecomon.sources.pulling import find_columns, read_sample

    known = site_registry(home).pulls
    if pull not in known:
        raise EcomonError(f"没有此取数 no pull {pull!r}; one of {', '.join(known)}")
    one = known[pull]
    url = read_secret(read_settings(home), one.url_variable)
    if url is None:
        raise EcomonError(
            f"{pull}: 未设置数据库地址 set {one.url_variable} in the environment or in ecomon.env"
        )
    with open_source(url.get_secret_value(), statement_timeout_s=one.statement_timeout_s) as source:
        version = read_version(source)
        found = find_columns(source, one)
        rows = read_sample(source, one, found, watermark=None)
    return {
        "pull": pull,
        "is_enabled": one.is_enabled,
        "database": source.address,
        "server": version,
        "table": one.table_name,
        "increment": one.increment,
        "columns": list(found.columns),
        "not_read": list(found.others),
        "rows": [[None if cell is None else str(cell) for cell in row] for row in rows],
    }


def _read_status(home: Path | None) -> list[dict[str, Any]]:
    from ecomon.cli.poll import beijing
    from ecomon.cli.registry import site_registry
    from ecomon.settings import read_secret, read_settings
    from ecomon.store import Store

    settings, registry = read_settings(home), site_registry(home)
    with Store.open(settings.store_url) as store:
        states = {state.key: state for state in store.read_polls()}
    records: list[dict[str, Any]] = []
    for one in registry.pulls.values():
        state = states.get(one.key)
        records.append(
            {
                "pull": one.id,
                "is_enabled": one.is_enabled,
                "has_url": read_secret(settings, one.url_variable) is not None,
                "feed": one.feed,
                "table": one.table_name,
                "confidence": one.confidence,
                "read_to": state.last_modified if state else None,
                "checked_at": beijing(state.checked_at_s) if state else None,
                "changed_at": beijing(state.changed_at_s) if state else None,
                "not_before": beijing(state.not_before_s) if state else None,
                "n_failures": state.n_failures if state else 0,
                "last_error": state.last_error if state else None,
            }
        )
    return records
