"""Commands for work on several machines: ``server``, ``deploy``, ``worker``, ``submit``."""

from __future__ import annotations

from typing import Annotated

import typer

from ecomon.cli.flows import FeedName, FlowName, PeriodText, Tell
from ecomon.cli.terms import AsJson, Home, Year, say, say_json

Pool = Annotated[str, typer.Option("--pool", help="工作池 work pool")]
Api = Annotated[
    str | None,
    typer.Option(
        "--api", envvar="PREFECT_API_URL", help="Prefect 服务 server, http://127.0.0.1:4200/api"
    ),
]


def server(
    home: Home = None,
    host: Annotated[str, typer.Option(help="监听地址 address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 port")] = 4200,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="PREFECT_API_DATABASE_CONNECTION_URL",
            help="Prefect 的 PostgreSQL 库，宜由环境变量给出 its database; better by the variable,"
            " which no list of processes shows",
        ),
    ] = None,
) -> None:
    """多机：Prefect 服务 the Prefect server for workers on one or more machines."""
    from flows.server import run_server

    run_server(home, host=host, port=port, database_url=database_url)


def deploy(
    home: Home = None, pool: Pool = "ecomon", api: Api = None, as_json: AsJson = False
) -> None:
    """多机：登记工作池与全部部署 make the work pool and all deployments; again changes nothing."""
    from flows.pool import deploy

    for name in deploy(home, pool=pool, api=api):
        if as_json:
            say_json({"deployment": name, "pool": pool})
        else:
            say(name)


def worker(
    home: Home = None,
    pool: Pool = "ecomon",
    limit: Annotated[int, typer.Option(min=1, help="同时运行数 runs at a time")] = 2,
    compute: Annotated[
        bool,
        typer.Option("--compute", help="只算：不碰本机文件 only runs that need no file of a home"),
    ] = False,
    api: Api = None,
) -> None:
    """多机：工作进程 a worker: takes runs from the pool until it is terminated."""
    from flows.worker import run_worker

    run_worker(home, pool=pool, limit=limit, is_compute_only=compute, api=api)


def submit(
    flow: FlowName,
    home: Home = None,
    period: PeriodText = None,
    feed: FeedName = "cnemc-water",
    year: Year = None,
    tell: Tell = "recent",
    wait: Annotated[bool, typer.Option("--wait", help="等到结束 until it has ended")] = False,
    api: Api = None,
) -> None:
    """多机：提交一个流程，印出编号 submit one flow to the pool and print its run id."""
    from flows.pool import submit, wait_for
    from flows.run import flow_arguments

    arguments = flow_arguments(flow, period=period, feed=feed, files=None, year=year, tell=tell)
    run_id = submit(home, flow, arguments, api=api)
    if not wait:
        say_json({"run": str(run_id)})
        return
    state = wait_for(run_id)
    say_json({"run": str(run_id), **state})
    if state["type"] != "COMPLETED":
        raise typer.Exit(1)
