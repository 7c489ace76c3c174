"""``ecomon load wrtds`` and ``ecomon load loadest``: reference methods on records in CSV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecomon.cli.load_group import app
from ecomon.cli.terms import say

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("surfaces", "daily", "crossval", "annual")
Daily = Annotated[
    Path,
    typer.Option(
        "--daily",
        help="逐日流量 CSV（可 .gz）daily discharge: Date,Q[,DecYear], m3/s",
        exists=True, dir_okay=False,
    ),
]  # fmt: skip
Sample = Annotated[
    Path,
    typer.Option(
        "--sample",
        help="样品 CSV（可 .gz）samples: Date,ConcLow,ConcHigh[,Uncen,DecYear,SinDY,CosDY], mg/L",
        exists=True, dir_okay=False,
    ),
]  # fmt: skip
Out = Annotated[
    Path, typer.Option("--out", help="写到此文件夹 folder to write into", file_okay=False)
]
Constituent = Annotated[
    str | None,
    typer.Option(help="LOADEST 布局中的成分列 column of a sample file that has several"),
]


@app.command("wrtds")
def wrtds(
    daily: Daily,
    sample: Sample,
    out: Out,
    window_y: Annotated[float, typer.Option(help="时间半窗（年）half-window of time, years")] = 7,
    window_q: Annotated[float, typer.Option(help="流量半窗 half-window of ln Q")] = 2,
    window_s: Annotated[float, typer.Option(help="季节半窗（年）half-window of season")] = 0.5,
    min_obs: Annotated[int, typer.Option(help="最少样品数 least samples at a node")] = 100,
    min_uncensored: Annotated[int, typer.Option(help="最少检出数 least uncensored")] = 50,
    edge_adjust: Annotated[
        bool, typer.Option("--edge-adjust/--no-edge-adjust", help="两端窗口加宽 wider at the ends")
    ] = True,
) -> None:
    """WRTDS：浓度面、逐日、留一、年值 surfaces.csv daily.csv crossval.csv annual.csv.

    Files as EGRET has them: Q m3/s, concentrations mg/L, fluxes kg/day, *_1e6kg_yr million kg a year.
    """
    from ecomon.decode.load_records import read_daily, read_sample
    from ecomon.load.wrtds import WrtdsSettings, wrtds_tables

    settings = WrtdsSettings(
        window_y=window_y, window_q=window_q, window_s=window_s, min_obs=min_obs,
        min_uncensored=min_uncensored, edge_adjust=edge_adjust,
    )  # fmt: skip
    days = read_daily(daily.read_bytes(), daily.name)
    samples = read_sample(sample.read_bytes(), sample.name)
    _write(out, wrtds_tables(days, samples, settings))


@app.command("loadest")
def loadest(
    sample: Sample,
    daily: Daily,
    out: Out,
    model: Annotated[int, typer.Option(min=1, max=9, help="模型 1–9 number of the model")] = 9,
    constituent: Constituent = None,
) -> None:
    """LOADEST 回归 regression by AMLE: surfaces.csv daily.csv crossval.csv annual.csv.

    Also month.csv total.csv params.csv summary.csv models.csv. Loads in kg/day, concentrations in
    mg/L. Reads the layout of LOADEST too: DATES,TIMES,FLOW[,NAME.rmk,NAME], FLOW in ft3/s, NAME
    taken as mg/L.
    """
    from ecomon.decode.load_records import read_daily, read_sample
    from ecomon.load.regression.tables import loadest_tables

    samples = read_sample(sample.read_bytes(), sample.name, constituent=constituent)
    days = read_daily(daily.read_bytes(), daily.name)
    tables = loadest_tables(samples, days, model, case=sample.name.partition(".")[0])
    _write(out, tables)
    told = tables["summary"].iloc[0]
    for text in (told["reason"], told["notes"]):
        if text:
            typer.echo(f"{sample.name}: {text}", err=True)
    if not tables["daily"]["Flux"].notna().any():
        raise typer.Exit(1)


def _write(out: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the tables whole, a day as 2021-03-31, a number with 15 digits, nothing for NaN."""
    from ecomon.store.export_files import replace_file

    out.mkdir(parents=True, exist_ok=True)
    for name in (*TABLES, *(other for other in tables if other not in TABLES)):
        text = tables[name].to_csv(
            index=False, float_format="%.15g", date_format="%Y-%m-%d", lineterminator="\n"
        )
        replace_file(out / f"{name}.csv", text.encode())
        say(f"{out / name}.csv\t{len(tables[name])}")
