"""``ecomon backfill``: one flow over years, step by step."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecomon.cli.terms import AsJson, Home, Year, say, say_json

if TYPE_CHECKING:
    from flows.backfill import Every, StepDone

Tell = Callable[["StepDone"], None]
WORDS = {"succeeded": "完成 done", "skipped": "已有 done before", "failed": "失败 failed"}


def backfill(
    flow: Annotated[
        str, typer.Argument(help="ingest, flag, assess, load, settle, alert, publish, receipts")
    ],
    home: Home = None,
    period: Annotated[str | None, typer.Option(help="时段 2015/2024, 2021-04/2021-09")] = None,
    feed: Annotated[str, typer.Option(help="来源 feed of an ingest")] = "cnemc-water",
    folder: Annotated[
        Path | None,
        typer.Option(help="存档目录 folder of files to ingest", exists=True, file_okay=False),
    ] = None,
    step: Annotated[str, typer.Option(help="步长 month 按月 | day 按日")] = "month",
    from_start: Annotated[
        bool, typer.Option("--from-start", help="全部重做 also the steps that are done")
    ] = False,
    year: Year = None,
    as_json: AsJson = False,
) -> None:
    """补跑一个流程 one flow over a long period or an archive, oldest first; start it again to go on."""
    from flows.backfill import plan_backfill, run_backfill

    plan = plan_backfill(
        flow, home=home, period=period, feed=feed, folder=folder, every=_every(step), year=year
    )
    if plan.n_left_out:
        typer.echo(f"文件名无日期，未取 files without a date left out: {plan.n_left_out}", err=True)
    outcomes = dict.fromkeys(WORDS, 0)
    is_whole = True
    with _teller(len(plan.steps), as_json=as_json) as tell:
        for one in run_backfill(plan, is_from_start=from_start):
            outcomes[one.outcome] += 1
            is_whole = is_whole and one.is_whole
            tell(one)
    if as_json:
        say_json({"flow": flow, "steps": len(plan.steps), **outcomes})
    else:
        told = "  ".join(f"{WORDS[name]} {count}" for name, count in outcomes.items())
        say(f"{flow}: {len(plan.steps)} 步 steps  {told}")
    if not is_whole:
        raise typer.Exit(1)


def _every(step: str) -> Every:
    if step == "month" or step == "day":
        return step
    raise typer.BadParameter(f"--step {step!r}: month 按月 | day 按日")


@contextlib.contextmanager
def _teller(total: int, *, as_json: bool) -> Iterator[Tell]:
    """How progress is told: JSON lines, a bar on a terminal, else one plain line a step."""
    if as_json:
        yield _tell_json
    elif sys.stderr.isatty():
        with _bar(total) as tell:
            yield tell
    else:
        yield lambda one: say(line_of(one))


def line_of(one: StepDone) -> str:
    """One step as a line: how far, which, what became of it, how fast, how long still."""
    width = len(str(one.total))
    parts = [f"{one.done:>{width}}/{one.total}", one.step, WORDS[one.outcome]]
    if one.outcome != "skipped":
        rate = 60 / one.seconds if one.seconds else 0.0
        parts += [f"{one.seconds:.1f} s", f"{rate:.1f}/min"]
    if one.eta_s is not None and one.done < one.total:
        parts.append(f"还需 ETA {timedelta(seconds=round(one.eta_s))}")
    return "  ".join([*parts, *_troubles(one)])


def _troubles(one: StepDone) -> Iterator[str]:
    """What went wrong in a step, with its place."""
    if one.error:
        yield one.error
    for kind in ("refused", "unavailable"):
        for name, why in one.counts.get(kind, {}).items():
            yield f"{name}: {why}"


def _tell_json(one: StepDone) -> None:
    from dataclasses import asdict

    say_json(asdict(one))


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def tell(one: StepDone) -> None:
            progress.update(task, completed=one.done, description=one.step)
            if not one.is_whole:
                progress.console.print(line_of(one), style="red", markup=False, highlight=False)

        yield tell
