"""``ecomon load SECTION``: the loads of a section from files alone, for whoever wants to check them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ecomon.cli.load_group import app
from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, Year, say, say_json
from ecomon.errors import EcomonError, SourceRefused

if TYPE_CHECKING:
    import pandas as pd

    from ecomon.journey.estimate_loads import EstimatedLoads
    from ecomon.journey.load_report import ReportOptions
    from ecomon.journey.read_load_files import GivenFile, ReadFiles
    from ecomon.model.agreement import Agreement
    from ecomon.model.observation import DataKind
    from ecomon.model.period import Period
    from ecomon.registry import Registry

SHOWN_REJECTS = 20
KINDS = ("real", "example", "golden")


@app.command("section")
def section(
    section: Annotated[str, typer.Argument(help="断面编号或名称 id or name of a section")],
    period: Annotated[str, typer.Option(help="时段 2021, 2021-03, 2021-03-01/2021-03-10")],
    concentrations: Annotated[
        list[Path] | None,
        typer.Option(help="浓度 CSV：start,TP,NH3N[ug/L]… one row a time", exists=True, dir_okay=False),
    ] = None,
    discharge: Annotated[
        list[Path] | None,
        typer.Option(help="断面流量 CSV：start,DISCHARGE（m³/s）", exists=True, dir_okay=False),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(help="来源文件 FEED=PATH, e.g. cnemc-water=w.csv st-river-r=q.csv；可重复 again and again"),
    ] = None,
    determinand: Annotated[
        list[str] | None, typer.Option(help="指标代码，可重复 determinand; all measured by default")
    ] = None,
    agreement: Annotated[
        str | None, typer.Option(help="协议编号 agreement whose method is the settlement row")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="数据类别 real | example | golden, where no file says")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="另写表格、逐日、图、工作簿、PDF：folder for table, days, figure, workbook, PDF", file_okay=False),
    ] = None,
    english: Annotated[bool, typer.Option("--en", help="英文在前 English first")] = False,
    year: Year = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """断面污染负荷：只用文件 loads of a section from files alone; without a file, the shipped real readings.

    CSV of one's own: UTF-8, a header, Beijing times. `start` (2021-03-01T08:00), then a column a
    determinand by its key, with its unit in brackets where it is not mg/L; discharge as DISCHARGE.
    `<0.025` is below detection, an empty cell not measured, `--` missing. A column `site` may name
    the place of each row; without it, rows are of SECTION, and DISCHARGE is that of SECTION itself.
    """
    from ecomon.journey.load_report import estimate_from_files
    from ecomon.model.period import Period

    registry = site_registry(home)
    span = Period.parse(period)
    place = _section_named(registry, section, span)
    given = [
        *files_of_feeds(file or []),
        *_of_own(concentrations or [], place),
        *_of_own(discharge or [], place),
    ]
    read = read_given(given or _shipped(), registry, year=year, kind=kind)
    options = _options(registry, place, span, determinand or [], agreement)
    estimated = estimate_from_files(read.flagged, registry, options)
    if estimated is None:
        raise EcomonError(
            f"{place}: {span} 没有该断面的浓度 no concentration of this section in the files"
        )
    _say_table(estimated.table, registry, as_json=as_json, english=english)
    if out is not None:
        _write(out, estimated, registry, read, options, english=english)


def _section_named(registry: Registry, name: str, period: Period) -> str:
    from ecomon.registry.names import sections_named

    if name in registry.sections:
        return name
    found = sections_named(registry, name, period.start.date())
    if len(found) != 1:
        told = f"可能是 may be {', '.join(found)}" if found else "没有此断面 no such section"
        raise EcomonError(f"{name!r}: {told}; see: ecomon registry show NAME")
    return found[0]


def files_of_feeds(stated: Sequence[str]) -> list[GivenFile]:
    """The files that ``--file FEED=PATH`` names."""
    from ecomon.journey.read_load_files import GivenFile

    files: list[GivenFile] = []
    for text in stated:
        feed, equals, path = text.partition("=")
        if not equals or not Path(path).is_file():
            raise EcomonError(f"--file {text!r}: 写作 write FEED=PATH of a file that is there")
        files.append(GivenFile(Path(path).name, Path(path).read_bytes(), feed))
    return files


def _of_own(paths: Sequence[Path], place: str) -> list[GivenFile]:
    from ecomon.journey.read_load_files import GivenFile

    return [GivenFile(path.name, path.read_bytes(), site=place) for path in paths]


def _shipped() -> list[GivenFile]:
    from ecomon.example.real_readings import readings
    from ecomon.journey.read_load_files import GivenFile

    typer.echo("未给文件，用随附的实测数据 no file given: the shipped real readings", err=True)
    return [GivenFile(name, octets) for name, octets in readings().items()]


def read_given(
    given: Sequence[GivenFile], registry: Registry, *, year: int | None, kind: str | None
) -> ReadFiles:
    """The readings; what is wrong in a file that was typed stops, in a feed's file it is told."""
    from dataclasses import replace

    from ecomon.journey.read_load_files import read_load_files

    if kind is not None and kind not in KINDS:
        raise EcomonError(f"--kind {kind!r}: one of {', '.join(KINDS)}")
    read = read_load_files(given, registry, year=year, fetched_at=datetime(year, 12, 31) if year else None)  # fmt: skip
    typed = {one.name for one in given if one.site is not None}
    told = [
        f"{name}: 第 {one.row} 行 row {one.row}: {one.column or '-'}: {one.reason} (found {one.raw!r})"
        for name, one in read.rejected
    ]
    if any(name in typed for name, _ in read.rejected):
        mine = [text for (name, _), text in zip(read.rejected, told, strict=True) if name in typed]
        raise SourceRefused("\n".join(mine[:SHOWN_REJECTS]))
    for text in told[:SHOWN_REJECTS]:
        typer.echo(f"未采纳 not read: {text}", err=True)
    if len(told) > SHOWN_REJECTS:
        typer.echo(f"未采纳 not read: 另有 {len(told) - SHOWN_REJECTS} 处 more", err=True)
    return read if kind is None else replace(read, kind=cast("DataKind", kind))


def _options(
    registry: Registry,
    place: str,
    span: Period,
    determinands: Sequence[str],
    agreement: str | None,
) -> ReportOptions:
    from ecomon.journey.load_report import ReportOptions

    strangers = [one for one in determinands if one not in registry.determinands]
    if strangers:
        raise EcomonError(f"没有此指标 no determinand {', '.join(strangers)}")
    return ReportOptions(place, span, tuple(determinands), _agreement(registry, place, agreement))


def _agreement(registry: Registry, place: str, name: str | None) -> Agreement | None:
    """The agreement named; without one, none: the rules' own settlement method is shown."""
    if name is None:
        return None
    found = registry.agreements.get(name)
    if found is None or found.section != place:
        known = [key for key, one in registry.agreements.items() if one.section == place]
        raise EcomonError(
            f"没有此断面的协议 no agreement {name!r} of {place}; it has {', '.join(known) or 'none'}"
        )
    return found


def _say_table(table: pd.DataFrame, registry: Registry, *, as_json: bool, english: bool) -> None:
    from ecomon.journey.load_report import records_of, table_lines

    if as_json:
        for record in records_of(table):
            say_json(record)
        return
    for line in table_lines(table, registry, language="en" if english else "zh"):
        say(line)


def _write(
    out: Path,
    estimated: EstimatedLoads,
    registry: Registry,
    read: ReadFiles,
    options: ReportOptions,
    *,
    english: bool,
) -> None:
    import importlib.util

    import ecomon
    from ecomon.journey.load_report import report_files
    from ecomon.model.provenance import Provenance
    from ecomon.store.export_files import replace_file

    provenance = Provenance(read.kind, 0, registry.hash, ecomon.__version__)
    has_netcdf = importlib.util.find_spec("netCDF4") is not None
    if not has_netcdf:
        typer.echo("未写 netCDF not written: pip install 'ecomon[cube]'", err=True)
    files: Mapping[str, bytes] = report_files(
        estimated, registry, options, provenance,
        language="en" if english else "zh", has_netcdf=has_netcdf,
    )  # fmt: skip
    for name, octets in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, octets)
    for name in files:
        if not name.startswith("assets/"):
            typer.echo(f"已写入 written: {out / name}", err=True)
