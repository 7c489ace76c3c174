"""``ecomon rating``: rating tables of gauges, the facts that turn a stage into a discharge."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, FileIn, Home, plain, say, say_json
from ecomon.errors import EcomonError, SourceRefused

if TYPE_CHECKING:
    from ecomon.decode.hydrology_rating import RatedPoint
    from ecomon.model.observation import Rejected
    from ecomon.model.rating import RatingCurve

app = typer.Typer(help="水位流量关系 rating tables of gauges", no_args_is_help=True)
SHOWN_REJECTS = 20


@app.command("list")
def list_curves(
    gauge: Annotated[str | None, typer.Option(help="水文站编号 id of a gauge")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """列出率定曲线 the curves that are known, and when each holds."""
    for one in site_registry(home).ratings.values():
        if gauge in (None, one.gauge):
            told = _told(one)
            if as_json:
                say_json(told)
            else:
                say("\t".join(plain(value) for value in told.values()))


@app.command("apply")
def apply(
    gauge: Annotated[str, typer.Argument(help="水文站编号 id of a gauge")],
    stage: Annotated[float, typer.Argument(help="水位（米）stage, m above the curve's datum")],
    at: Annotated[datetime, typer.Option("--at", help="时间（北京时间）Beijing time")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """由水位查流量 the discharge a stage means at a time, or why none is known."""
    import numpy as np

    from ecomon.model.rating import REASONS, rate_stages

    curves = site_registry(home).ratings_of(gauge)
    rated = rate_stages(np.array([stage]), np.array([at], dtype="datetime64[us]"), curves)
    value, place = float(rated.discharge_m3_s[0]), int(rated.curve[0])
    told = {
        "gauge": gauge,
        "stage_m": stage,
        "discharge_m3_s": None if value != value else value,
        "rating": curves[place].key if place >= 0 else None,
        "datum": curves[place].datum if place >= 0 else None,
        "reason": REASONS[int(rated.reason[0])] or None,
    }
    if as_json:
        say_json(told)
    else:
        say("\t".join(plain(value) for value in told.values()))


@app.command("import")
def import_curves(
    file: FileIn,
    gauge: Annotated[str, typer.Option(help="水文站编号 id of the gauge")],
    source: Annotated[str, typer.Option(help="出处 the document or database they come from")],
    datum: Annotated[str, typer.Option(help="基面 datum of the stages, as the source states it")],
    station: Annotated[
        str | None, typer.Option(help="测站编码 STCD; 缺省 default: the gauge's names in feeds")
    ] = None,
    curve: Annotated[
        list[str] | None, typer.Option(help="曲线名 LNNM to take (several); default all")
    ] = None,
    confidence: Annotated[
        str, typer.Option(help="可信度 verified | secondary | unverified")
    ] = "unverified",
    version: Annotated[str, typer.Option(help="版本 version of these curves")] = "1",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看不写 write nothing")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """导入 ST_ZQRL_B 表 curves of a rating table become facts of the site's own folder.

    Each holds from its BGTM to that of the next of the same gauge. What is wrong with any of them
    is said, and nothing is written then.
    """
    from ecomon.settings import read_settings

    registry = site_registry(home)
    if gauge not in registry.gauges:
        raise EcomonError(f"没有此水文站 no gauge {gauge!r}")
    keys = {one.key for one in registry.gauges[gauge].aliases} if station is None else {station}
    points, rejected = _read_points(file, registry, keys, curve)
    curves = _curves_of(
        points,
        {"gauge": gauge, "source": source, "datum": datum, "confidence": confidence,
         "version": version},
    )  # fmt: skip
    for one in curves:
        if as_json:
            say_json(_told(one))
        else:
            say("\t".join(plain(value) for value in _told(one).values()))
    for one in rejected[:SHOWN_REJECTS]:
        typer.echo(f"未采纳 row {one.row}: {one.reason}", err=True)
    path = read_settings(home).overlay_folder / "stations" / "ratings" / f"{gauge}.yaml"
    if dry_run:
        typer.echo(f"未写入 not written: {path}", err=True)
        return
    _write(path, curves, home)
    typer.echo(f"已写入 written: {path}", err=True)


def _read_points(
    file: Path, registry: Any, stations: set[str], curve: list[str] | None
) -> tuple[list[RatedPoint], list[Rejected]]:
    """The points of the stations' curves that are wanted; a row in doubt refuses the import."""
    from ecomon.decode.hydrology_rating import RatedPoint, decode_st_zqrl_b

    points: list[RatedPoint] = []
    rejected: list[Rejected] = []
    seen: set[str] = set()
    with file.open("rb") as octets:
        chunks = iter(lambda: octets.read(1 << 20), b"")
        for item in decode_st_zqrl_b(chunks, registry.determinands):
            if not isinstance(item, RatedPoint):
                rejected.append(item)
                continue
            seen.add(item.station)
            if item.station in stations and (not curve or item.curve in curve):
                points.append(item)
    doubts = [one for one in rejected if not one.reason.startswith("repeat of row")]
    if doubts:
        told = "; ".join(f"row {one.row}: {one.reason}" for one in doubts[:SHOWN_REJECTS])
        raise SourceRefused(
            f"{file.name}: 有 {len(doubts)} 行存疑 rows in doubt, mend them: {told}"
        )
    if not points:
        raise SourceRefused(
            f"{file.name}: 没有 {', '.join(sorted(stations)) or '-'} 的曲线 no curve of these"
            f" stations; it holds {', '.join(sorted(seen)) or 'none'}. State --station"
        )
    return points, rejected


def _curves_of(points: list[RatedPoint], common: dict[str, Any]) -> list[RatingCurve]:
    """The curves as facts, each until the next begins; RegistryError with all that is wrong."""
    from pydantic import ValidationError

    from ecomon.decode.hydrology_rating import curves_of
    from ecomon.errors import Problem, RegistryError
    from ecomon.model.rating import RatingCurve

    grouped = curves_of(points)
    begins = sorted({begin for _, _, begin in grouped})
    following = dict(zip(begins, [*begins[1:], None], strict=True))
    curves: list[RatingCurve] = []
    problems: list[Problem] = []
    taken: dict[datetime, str] = {}
    for (_, name, begin), group in grouped.items():
        if begin in taken:
            reason = f"begins when curve {taken[begin]!r} does; choose one with --curve"
            problems.append(Problem("ST_ZQRL_B", f"{name} {begin}", reason))
            continue
        taken[begin] = name
        values = {
            **common,
            "id": f"{common['gauge']}-{begin:%Y%m%d%H%M}",
            "curve": name,
            "begins_at": begin,
            "ends_at": following[begin],
            "points": [(point.stage_m, point.discharge_m3_s) for point in group],
        }
        try:
            curves.append(RatingCurve.model_validate(values))
        except ValidationError as wrong:
            problems += [
                Problem("ST_ZQRL_B", f"{name} {begin}", one["msg"].removeprefix("Value error, "))
                for one in wrong.errors()
            ]
    if problems:
        raise RegistryError(problems)
    return curves


def _write(path: Path, curves: list[RatingCurve], home: Path | None) -> None:
    """Write the file whole; what the registry refuses of it is taken back."""
    from ecomon.errors import RegistryError

    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(_as_yaml(curves), "utf-8")
    part.replace(path)
    try:
        site_registry(home)
    except RegistryError:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
        raise


def _as_yaml(curves: list[RatingCurve]) -> str:
    """One entry a curve, one line a point; a text in quotes, so that YAML reads it as one."""
    import json

    lines = ["# Written by ecomon rating import; a mended curve gets another version.", "ratings:"]
    for one in curves:
        fields = one.model_dump(mode="json", exclude={"points"}, exclude_none=True)
        for place, (name, value) in enumerate(fields.items()):
            is_moment = name in ("begins_at", "ends_at")
            said = value if is_moment else json.dumps(value, ensure_ascii=False)
            lines.append(f"{'  - ' if place == 0 else '    '}{name}: {said}")
        lines.append("    points:")
        lines += [f"      - [{stage!r}, {discharge!r}]" for stage, discharge in one.points]
    return "\n".join(lines) + "\n"


def _told(one: RatingCurve) -> dict[str, Any]:
    (lowest, _), (highest, _) = one.points[0], one.points[-1]
    return {
        "rating": one.key,
        "gauge": one.gauge,
        "curve": one.curve,
        "begins_at": one.begins_at.isoformat(),
        "ends_at": one.ends_at.isoformat() if one.ends_at else None,
        "datum": one.datum,
        "n_points": len(one.points),
        "stage_m": [lowest, highest],
        "discharge_m3_s": [one.points[0][1], one.points[-1][1]],
        "confidence": one.confidence,
    }
