"""``ecomon simulate``: the whole basin invented (示例), as files that offices would receive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, say, say_json
from ecomon.errors import ContractError, SourceRefused

if TYPE_CHECKING:
    import pandas as pd

    from ecomon.example.whole import Delivery, Places, Plan, Simulated

FAULTS = {
    "none": (False, False),
    "sensor": (True, False),
    "file": (False, True),
    "all": (True, True),
}
TRUTH = ("faults", "fault_rows", "loads", "events")
MARK = "示例 example: 模拟数据，不是监测结果 simulated data, no measurement\n"
MANIFEST = (
    "path",
    "feed",
    "delivered_at",
    "fetched_at",
    "n_rows",
    "bytes",
    "sha256",
    "fault",
    "of",
)


def simulate(
    out: Annotated[Path, typer.Option("--out", help="写到的新文件夹 a folder that is new or empty")],
    period: Annotated[str, typer.Option(help="时段 2023-01/2025-12, 2024-07, 2024-07-01/2024-07-09")] = "2023-01/2025-12",
    seed: Annotated[int, typer.Option(help="种子，同种子同文件 same seed, same octets")] = 2025,
    sites: Annotated[str, typer.Option(help="all | border 交界断面及其水文站 | 编号,编号 ids")] = "all",
    feeds: Annotated[str, typer.Option(help="water,discharge,reservoir,rain,air,samples")] = "water,discharge,reservoir,rain,air,samples",
    faults: Annotated[str, typer.Option(help="none | sensor 仪器 | file 文件 | all")] = "sensor",
    late: Annotated[bool, typer.Option("--late/--no-late", help="迟报与更正 late and revised rows")] = True,
    spill: Annotated[list[str] | None, typer.Option(help="SECTION@TIME:determinand:kg，可重复")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """模拟全流域（示例）simulate the whole basin: files as received, a manifest and the truth."""
    from ecomon.example.whole import Plan, arrange_places, read_spill, simulate_whole
    from ecomon.model.period import Period

    if faults not in FAULTS:
        raise ContractError(f"--faults {faults!r}: one of {', '.join(FAULTS)}")
    registry = site_registry(home)
    places = arrange_places(
        rivers=registry.rivers, sections=registry.sections, gauges=registry.gauges,
        reservoirs=registry.reservoirs, air_sites=registry.air_sites,
        reaches=registry.reaches.values(),
    )  # fmt: skip
    has_sensor_faults, has_file_faults = FAULTS[faults]
    plan = Plan(
        Period.parse(period), seed, choose_sites(places, sites),
        tuple(one.strip() for one in feeds.split(",")), has_sensor_faults, has_file_faults, late,
        tuple(read_spill(one) for one in spill or ()),
    )  # fmt: skip
    strange = sorted({one.determinand for one in plan.spills} - set(registry.determinands))
    if strange:
        raise ContractError(f"no such determinand: {', '.join(strange)}")
    if out.exists() and any(out.iterdir()):
        raise SourceRefused(f"{out}: 文件夹不空，请另选 the folder is not empty, name a new one")
    account = Account(out)
    for month in simulate_whole(places, plan):
        account.add(month)
        if not as_json:
            say(f"{month.month.label}  文件 files {len(month.deliveries)}  读数 readings {len(month.readings)}")  # fmt: skip
        del month  # before the next is simulated: two would be held else
    told = account.close(places, plan)
    if as_json:
        say_json(told)
    else:
        say(f"{MARK.strip()}\n{out}: {told['files']} 个文件 files, {told['rows']} 行 rows, {told['readings']} 个真值 true values")  # fmt: skip
        say(f"入库 to ingest: ecomon store init --kind example --home {out}; ecomon run ingest --home {out} --feed …")  # fmt: skip


def choose_sites(places: Places, text: str) -> tuple[str, ...]:
    """The ids that ``all``, ``border`` or a list of ids means."""
    if text == "all":
        return (*places.points, *places.air_sites)
    if text != "border":
        return tuple(one.strip() for one in text.split(",") if one.strip())
    border = [one for one in places.sections.values() if one.kind == "border"]
    gauges = {link.gauge for one in border for link in one.discharge}
    return (*(one.id for one in border), *sorted(gauges))


class Account:
    """Writes what is simulated, month by month, and keeps the account of it."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.files: list[dict[str, Any]] = []
        self.n_readings = 0
        (out / "truth").mkdir(parents=True, exist_ok=True)
        (out / "示例.txt").write_text(MARK, "utf-8")

    def add(self, month: Simulated) -> None:
        """Write one month."""
        from ecomon.sources.folder import FETCHED

        for one in month.deliveries:
            path = self.out / "inbox" / one.feed / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            if one.fetched_at is not None:
                stated = path.with_name(path.name + FETCHED)
                stated.write_text(f"{one.fetched_at.isoformat()}+08:00\n", "utf-8")
            path.write_bytes(one.octets)
            self.files.append(_manifest_line(one))
        self.n_readings += len(month.readings)
        where = self.out / "truth" / "readings"
        where.mkdir(exist_ok=True)
        month.readings.to_parquet(where / f"{month.month.label}.parquet", index=False)
        for name in TRUTH:
            self._append(name, getattr(month, name))

    def _append(self, name: str, table: pd.DataFrame) -> None:
        path = self.out / "truth" / f"{name}.csv"
        is_new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            table.to_csv(file, index=False, header=is_new, lineterminator="\n")

    def close(self, places: Places, plan: Plan) -> dict[str, Any]:
        """Write the manifest, what belongs to the whole period, and what is told of it."""
        import ecomon
        from ecomon.example.whole import find_arrivals, rating_file, site_facts

        for number, one in enumerate(plan.spills, start=1):
            table = find_arrivals(places, one)
            table.insert(0, "spill", number)
            self._append("arrivals", table)
        for name, text in site_facts(places).items():
            path = self.out / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        if "discharge" in plan.feeds:
            path = self.out / "ratings" / "示例-ST_ZQRL_B.csv"
            path.parent.mkdir()
            path.write_bytes(rating_file(places, plan.sites, plan.seed, plan.period.end))
        _write_manifest(self.out / "manifest.csv", self.files)
        told = {
            "kind": "example", "mark": MARK.strip(), "ecomon": ecomon.__version__,
            "period": plan.period.label, "seed": plan.seed, "sites": len(plan.sites),
            "feeds": list(plan.feeds), "files": len(self.files),
            "rows": sum(one["n_rows"] for one in self.files), "readings": self.n_readings,
            "out": str(self.out),
        }  # fmt: skip
        written = {key: value for key, value in told.items() if key != "out"}
        text = json.dumps(written, ensure_ascii=False, indent=1) + "\n"
        (self.out / "manifest.json").write_text(text, "utf-8")
        return told


def _manifest_line(one: Delivery) -> dict[str, Any]:
    return {
        "path": f"inbox/{one.feed}/{one.name}", "feed": one.feed,
        "delivered_at": one.delivered_at.isoformat(),
        "fetched_at": one.fetched_at.isoformat() if one.fetched_at else "",
        "n_rows": one.n_rows, "bytes": len(one.octets),
        "sha256": hashlib.sha256(one.octets).hexdigest(), "fault": one.fault, "of": one.of,
    }  # fmt: skip


def _write_manifest(path: Path, files: Sequence[dict[str, Any]]) -> None:
    lines = [",".join(MANIFEST), *(",".join(str(one[key]) for key in MANIFEST) for one in files)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
