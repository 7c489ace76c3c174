"""Commands that run Prefect flows: ``run``, ``serve``, ``demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecomon.cli.terms import Home, Year, say_json

FlowName = Annotated[
    str,
    typer.Argument(
        help="poll, pull, inbox, ingest, flag, assess, load, settle, alert, publish, receipts, keeping, sample"
    ),
]
PeriodText = Annotated[
    str | None,
    typer.Option("--period", help="时段 2021, 2021-04, 2021-04-03, 2021-04-01/2021-04-03"),
]
FeedName = Annotated[str, typer.Option("--feed", help="来源 feed of an ingest")]
Tell = Annotated[
    str,
    typer.Option(
        "--tell", help="通知 notices of an alert: recent 近期 | all 含历史 of old data too"
    ),
]


def run(
    flow: FlowName,
    home: Home = None,
    period: PeriodText = None,
    feed: FeedName = "cnemc-water",
    file: Annotated[
        list[Path] | None,
        typer.Option(help="文件 file(s) of an ingest", exists=True, dir_okay=False),
    ] = None,
    year: Year = None,
    tell: Tell = "recent",
    again: Annotated[
        bool,
        typer.Option("--again", help="重新报送 read a file even if it was stored before"),
    ] = False,
) -> None:
    """运行一个流程 run one flow on the configured Prefect server, or on one of its own."""
    from flows.run import run_flow

    counts = run_flow(
        flow,
        home=home,
        period=period,
        feed=feed,
        files=file,
        year=year,
        tell=tell,
        again=again,
    )
    say_json(counts)
    if counts.get("refused") or counts.get("unavailable"):
        raise typer.Exit(1)


def serve(home: Home = None, port: Annotated[int, typer.Option(help="端口 port")] = 4200) -> None:
    """常驻：服务与定时任务 the server and the schedules in one process tree."""
    from flows.serve import serve_schedules

    serve_schedules(home, port)


def demo(
    folder: Annotated[Path, typer.Argument(help="目录 folder")] = Path("demo"),
) -> None:
    """演示：示例流域走完全部流程 the example basin through every flow."""
    from flows.demo import run_demo

    run_demo(folder)
