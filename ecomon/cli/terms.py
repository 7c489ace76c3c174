"""What the commands share: their common options, and how they speak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ecomon.logbook import LogSettings

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


def log_act(settings: LogSettings, event: str, **fields: Any) -> None:
    """Leave one line in the installation's logbook."""
    from ecomon.logbook import keep_logbook

    with keep_logbook(settings) as log:
        log.info(event, **fields)


def plain(value: Any) -> str:
    """A value as one cell of a line."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "-" if value is None else str(value)
