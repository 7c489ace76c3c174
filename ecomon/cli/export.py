"""``ecomon export``: any slice of the readings, as known now or then, in a format others read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, log_act, say, say_json
from ecomon.errors import EcomonError

if TYPE_CHECKING:
    import pandas as pd

    from ecomon.publish.export_facts import ExportFacts
    from ecomon.store import Store

FORMATS = {".csv": "csv", ".nc": "netcdf", ".zarr": "zarr", ".parquet": "parquet"}
_NEEDS = {"netcdf": "netCDF4", "zarr": "zarr"}
Write = Callable[["pd.DataFrame", "ExportFacts", Path], list[Path]]


def export(
    out: Annotated[Path, typer.Argument(help="写到 .csv, .nc, .zarr, .parquet")],
    period: Annotated[str, typer.Option(help="时段 2021, 2021-04, 2021-04-01/2021-04-03")],
    site: Annotated[
        list[str] | None, typer.Option(help="站点编号，可重复 id of a site; all by default")
    ] = None,
    determinand: Annotated[
        list[str] | None, typer.Option(help="指标代码，可重复 determinand; all by default")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="csv | netcdf | zarr | parquet; 缺省看后缀 by the suffix")
    ] = None,
    as_known_at: Annotated[
        str | None, typer.Option(help="当时所知：序号或时刻（北京时间）sequence or time, 2021-05-03T08:00")
    ] = None,
    with_origins: Annotated[
        bool, typer.Option("--with-origins", help="csv, parquet: 附来源文件与指纹 file and SHA-256 too")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """导出监测值 readings of a period as CSV (CSVW), netCDF or Zarr (CF), or Parquet: nothing is lost."""
    import ecomon
    from ecomon.model.period import Period
    from ecomon.model.provenance import Provenance
    from ecomon.publish.export_facts import ExportFacts
    from ecomon.settings import read_settings
    from ecomon.store import Store

    write = _writer_of(form or FORMATS.get(out.suffix), out, with_origins)
    settings, registry = read_settings(home), site_registry(home)
    span = Period.parse(period)
    with Store.open(settings.store_url) as store:
        known_at = _sequence(store, as_known_at)
        table = store.read_observations(
            span, sites=site or None, determinands=determinand or None, as_known_at=known_at
        )
        _refuse_strangers("站点 site", site, table, "site", registry.sites)
        _refuse_strangers("指标 determinand", determinand, table, "determinand", registry.determinands)  # fmt: skip
        if with_origins:
            origins = store.read_origins(table["revision"]).drop(columns="row")
            table = table.merge(origins, on="revision", how="left", validate="many_to_one")
        kind = store.kind
    if table.empty:
        raise EcomonError(f"没有监测值，未写文件 no readings in {span} as known at {known_at}; nothing written")  # fmt: skip
    facts = ExportFacts(
        Provenance(kind, known_at, registry.hash, ecomon.__version__), span,
        registry.determinands, registry.sites, settings.institution, settings.licence,
    )  # fmt: skip
    files = write(table, facts, out)
    told: dict[str, Any] = {"files": [str(file) for file in files], "n_rows": len(table), "known_at": known_at}  # fmt: skip
    log_act(settings, "readings_exported", period=span.label, **told)
    if as_json:
        say_json({**told, "kind": kind})
        return
    for file in files:
        say(str(file))
    say(f"监测值 readings {len(table)}  截至 known at {known_at}  数据类别 kind {kind}")


def _sequence(store: Store, text: str | None) -> int:
    """The sequence that is meant; by default the last one that changed a reading or what is thought of it."""
    from ecomon.model.period import to_epoch_s

    if text is None:
        return store.input_seq()
    if text.isdecimal():
        last = store.now_seq()
        if int(text) > last:
            raise EcomonError(f"尚无此序号 nothing is known at {text} yet; the last sequence is {last}")  # fmt: skip
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or len(text) <= len("2021-05-03"):
        raise EcomonError(f"不是序号或时刻 neither a sequence nor a time: {text!r}; write 2021-05-03T08:00")  # fmt: skip
    return store.seq_at(to_epoch_s(moment))


def _refuse_strangers(
    what: str, asked: Iterable[str] | None, table: pd.DataFrame, column: str, known: Any
) -> None:
    """A name that neither the registry nor the slice knows is a slip, and no empty series."""
    strangers = sorted(set(asked or ()) - set(known) - set(table[column]))
    if strangers:
        raise EcomonError(f"没有此{what}: {', '.join(strangers)}; see: ecomon registry show NAME")


def _writer_of(form: str | None, out: Path, with_origins: bool) -> Write:
    import importlib.util

    writers: dict[str, Write] = {
        "csv": _write_csv, "netcdf": _write_netcdf, "zarr": _write_zarr, "parquet": _write_parquet,
    }  # fmt: skip
    if form not in writers:
        raise EcomonError(f"格式 a format is {', '.join(writers)}; {out.name!r} does not say which")
    if form in _NEEDS and importlib.util.find_spec(_NEEDS[form]) is None:
        raise EcomonError(f"须先安装 {form} needs the extra packages: pip install 'ecomon[cube]'")
    if form in _NEEDS and with_origins:
        raise EcomonError("来源列只在 csv 和 parquet 里 origins stand in csv and parquet only")
    is_ours = (out / "zarr.json").is_file() if form == "zarr" else not out.is_dir()
    if out.exists() and not is_ours:
        raise EcomonError(f"{out} 不是导出文件，不覆盖 is there and no such export; name another")
    return writers[form]


def _write_csv(table: pd.DataFrame, facts: ExportFacts, out: Path) -> list[Path]:
    from ecomon.publish.csvw import csvw_metadata, observations_csv

    beside = out.with_name(f"{out.name}-metadata.json")
    return _replace({
        out: observations_csv(table), beside: csvw_metadata(table, facts, csv_name=out.name),
    })  # fmt: skip


def _write_netcdf(table: pd.DataFrame, facts: ExportFacts, out: Path) -> list[Path]:
    from ecomon.publish.cf import cf_dataset
    from ecomon.publish.cf_netcdf import netcdf_octets

    return _replace({out: netcdf_octets(cf_dataset(table, facts))})


def _write_parquet(table: pd.DataFrame, facts: ExportFacts, out: Path) -> list[Path]:
    from ecomon.store.export_files import parquet_octets

    return _replace({out: parquet_octets(table, facts.stated(table))})


def _write_zarr(table: pd.DataFrame, facts: ExportFacts, out: Path) -> list[Path]:
    from ecomon.publish.cf import cf_dataset
    from ecomon.store.export_files import remove, replace_folder

    part = out.with_name(f"{out.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    remove(part)
    cf_dataset(table, facts).to_zarr(part, zarr_format=3, consolidated=False)  # pyright: ignore[reportArgumentType, reportCallIssue]
    replace_folder(out, part)
    return [out]


def _replace(files: dict[Path, bytes]) -> list[Path]:
    from ecomon.store.export_files import replace_file

    for file, octets in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, octets)
    return list(files)
