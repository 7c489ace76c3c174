"""``ecomon demo``: two installations, one of real readings and one of the example basin (示例).

The real one shows what real data can and cannot answer: classes, a review case, and *insufficient
data* where no discharge is public. The example one carries three simulated years to a full
settlement and is watermarked wherever it shows.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecomon.model.observation import DataKind, isoformat
from ecomon.model.period import Period, from_epoch_s, to_epoch_s
from ecomon.settings import Settings, read_settings
from flows.embedded import prefect_api
from flows.run import flow_named, use_embedded_prefect

EXAMPLE_SEED = 2025
EXAMPLE_YEARS = Period.parse("2023/2025")
AIR_MONTH = Period.parse("2025-01")
Step = tuple[str, dict[str, Any]]

REAL_STEPS: list[Step] = [
    ("ingest", {"feed": "tabulated"}),
    ("assess", {"period": "2020-05/2021-04"}),
    ("load", {"period": "2021-04"}),
    ("settle", {"period": "2021-04"}),
    ("alert", {"period": "2021-04-01/2021-04-03", "tell": "all"}),
    ("publish", {"period": "2021-04"}),
]
EXAMPLE_STEPS: list[Step] = [
    ("ingest", {"feed": "cnemc-water"}),
    ("ingest", {"feed": "st-river-r"}),
    ("ingest", {"feed": "tabulated"}),
    ("assess", {"period": "2025"}),
    ("load", {"period": "2023-01/2025-12"}),
    ("settle", {"period": "2025"}),
    ("alert", {"period": "2025-01", "tell": "all"}),
    ("publish", {"period": "2025-01"}),
    ("publish", {"period": "2025"}),
]


@dataclass(frozen=True, slots=True)
class Done:
    """One flow that ran."""

    home: str
    flow: str
    period: str
    seconds: float
    counts: dict[str, Any]


def run_demo(folder: Path) -> None:
    """Make both installations in ``folder`` and run every flow in each; print what came of it.

    Running it again in the same folder changes no result.
    """
    started = time.monotonic()
    folder = folder.resolve()
    for name in ("ECOMON_STORE", "ECOMON_OVERLAY", "ECOMON_HOME"):
        os.environ.pop(name, None)  # a site's own store is never shown examples
    folder.mkdir(parents=True, exist_ok=True)
    use_embedded_prefect(folder)
    homes: dict[str, Settings] = {}

    def make_inputs() -> None:
        advance("示例数据 example data", 0.0)
        homes.update({"real": make_home(folder, "real"), "example": make_home(folder, "example")})
        write_real_files(homes["real"])
        write_example_files(homes["example"])

    with progress() as advance, prefect_api(folder, meanwhile=make_inputs):
        steps = [("real", step) for step in REAL_STEPS]
        steps += [("example", step) for step in EXAMPLE_STEPS]
        done: list[Done] = []
        for at, (kind, step) in enumerate(steps):
            advance(
                f"{kind} · {step[0]} {step[1].get('period', step[1].get('feed'))}", at / len(steps)
            )
            done.append(run_step(homes[kind], kind, step))
        advance("完成 done", 1.0)
    summarise(folder, homes, done, time.monotonic() - started)


def run_step(home: Settings, kind: str, step: Step) -> Done:
    """Run one flow of the demonstration."""
    name, arguments = step
    started = time.monotonic()
    counts = flow_named(name)(home=str(home.home), **arguments)
    label = str(arguments.get("period", arguments.get("feed")))
    return Done(kind, name, label, time.monotonic() - started, counts)


@contextlib.contextmanager
def progress() -> Iterator[Any]:
    """A progress bar on a terminal, one line a step elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text, _share: console.print(text, highlight=False)
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda text, share: bar.update(task, description=text, completed=share)


def make_home(folder: Path, kind: DataKind) -> Settings:
    """An installation of one kind of data; an existing one is kept."""
    from ecomon.store import Store

    settings = read_settings(folder / kind)
    if not settings.store_path.exists():
        settings.store_path.parent.mkdir(parents=True, exist_ok=True)
        Store.create(settings.store_url, kind=kind).close()
    return settings


def write_real_files(home: Settings) -> None:
    """The packaged real readings into the inbox."""
    from ecomon.example import readings

    for name, octets in readings().items():
        put(home.inbox("tabulated") / name, octets)


def write_example_files(home: Settings) -> None:
    """The simulated basin as the files offices would receive, into the inboxes."""
    from ecomon.example import (
        air_csv,
        cnemc_archive_csv,
        emergency_csv,
        simulate_basin,
        st_river_r_csv,
    )

    basin = simulate_basin(EXAMPLE_YEARS, seed=EXAMPLE_SEED)
    for month in EXAMPLE_YEARS.split("month"):
        # The archive's times carry no year: what fetches it states when, beside the file.
        fetched = to_epoch_s(month.end)
        water = home.inbox("cnemc-water") / f"water-{month.label}.csv"
        put(water, cnemc_archive_csv(basin, month), fetched_s=fetched)
    for year in (Period.year(number) for number in (2023, 2024, 2025)):
        river = home.inbox("st-river-r") / f"ST_RIVER_R-{year.label}.csv"
        put(river, st_river_r_csv(basin, year))
    put(home.inbox("tabulated") / f"air-{AIR_MONTH.label}.csv", air_csv(basin, AIR_MONTH))
    put(home.inbox("tabulated") / "emergency-thallium.csv", emergency_csv(basin))


def put(path: Path, octets: bytes, *, fetched_s: int | None = None) -> None:
    """Write one file whole (under another name first, then renamed), and when it was fetched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    from flows.ingest import FETCHED

    part = path.with_name(path.name + ".part")
    part.write_bytes(octets)
    if fetched_s is not None:
        stated = path.with_name(path.name + FETCHED)
        stated.write_text(isoformat(from_epoch_s(fetched_s)) + "\n", "utf-8")
    part.replace(path)


def summarise(folder: Path, homes: dict[str, Settings], done: list[Done], seconds: float) -> None:
    """A short account in Chinese and English, with paths."""
    from rich.console import Console

    out = Console(highlight=False, soft_wrap=True)
    for kind, title in (
        ("real", "实测 real readings"),
        ("example", "示例 example basin, simulated"),
    ):
        out.print(f"\n[bold]{title}[/bold]  {homes[kind].home}")
        for one in done:
            if one.home == kind:
                counts = json.dumps(one.counts, ensure_ascii=False)
                out.print(f"  {one.flow:<8}{one.period:<22}{one.seconds:5.1f} s  ", end="")
                out.print(counts, markup=False)
        for place, zh_en in (("documents", "文件 documents"), ("outbox", "通知 notices")):
            where = homes[kind].home / place
            files = sorted(path for path in where.rglob("*") if path.is_file())
            out.print(f"  {zh_en}: {len(files)}  {where}")
            for page in [path for path in files if path.name in KEY_FILES or path.suffix == ".pdf"]:
                out.print(f"    {page.relative_to(folder)}")
    out.print(f"\n{seconds:.0f} s, {peak_memory()}")


KEY_FILES = ("index.html",)


def peak_memory() -> str:
    """Largest resident memory of this process and of its server."""
    try:
        import resource
    except ImportError:  # Windows has no such account
        return "内存峰值 peak memory: -"
    scale = 1e6 if sys.platform == "darwin" else 1e3
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / scale
    return f"内存峰值 peak memory {own:.0f} MB + Prefect {child:.0f} MB"
