"""Make the packaged real example readings again from the excerpts they were taken from.

    python .ci/retabulate_example.py FOLDER

FOLDER holds ``cnemc_water_4h_2021-04-01_03_basin.csv`` and
``cnemc_water_daily_qingfengxia_2020-05_2021-04.csv``. The values are copied letter for letter into
our own layout; only the arrangement is ours. Both files are written to ``ecomon/example/readings``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

OUT = Path(__file__).parent.parent / "ecomon" / "example" / "readings"
FOUR_HOURLY = "cnemc_water_4h_2021-04-01_03_basin.csv"
DAILY = "cnemc_water_daily_qingfengxia_2020-05_2021-04.csv"
FOUR_HOURLY_YEAR = 2021  # the excerpt prints MM-DD HH:MM; its name says the year

SITES = {
    "灶火庵": "zaohuoan", "白水江": "baishuijiang", "鲁光坪": "luguangping", "八庙沟": "bamiaogou",
    "清风峡": "qingfengxia", "上石盘": "shangshipan", "沙溪": "shaxi", "金溪电站": "jinxi-dianzhan",
    "烈面": "liemian", "金子": "jinzi", "金子(老)": "jinzi-lao", "北温泉": "beiwenquan", "南渡": "nandu",
    "固水子村": "gushuizicun", "姚渡": "yaodu", "苴国村": "juguocun",
}  # fmt: skip
COLUMNS = {
    "水温(℃)": "WT[degC]", "pH(无量纲)": "PH[1]", "溶解氧(mg/L)": "DO[mg/L]",
    "电导率(μS/cm)": "EC[uS/cm]", "浊度(NTU)": "TURB[NTU]", "高锰酸盐指数(mg/L)": "CODMN[mg/L]",
    "氨氮(mg/L)": "NH3N[mg/L]", "总磷(mg/L)": "TP[mg/L]", "总氮(mg/L)": "TN[mg/L]",
    "叶绿素α(mg/L)": "CHLA[mg/L]", "藻密度(cells/L)": "ALGAE[cells/L]",
}  # fmt: skip
ATTRIBUTION = (
    "published by 中国环境监测总站 (CNEMC) surface-water automatic monitoring; collected in the "
    "public repository github jikin001/water_quality (commit 6cbe918)"
)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cells_of(row: dict[str, str]) -> list[str]:
    """The row's values letter for letter; ``*`` (not measured there) becomes empty."""
    missing = "--!" if row.get("过滤标记") == "极值过滤" else "--"
    return [{"*": "", "--": missing}.get(row[name], row[name]) for name in COLUMNS]


def keep_last_complete(rows: Iterator[list[str]]) -> list[list[str]]:
    """One row per (section, time): the last without ``--``, or the last of all where none is."""
    kept: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        key = (row[0], row[1])
        if key not in kept or "--" not in row[3:] or "--" in kept[key][3:]:
            kept[key] = row
    return list(kept.values())


def text_of(title: str, notes: list[str], rows: list[list[str]]) -> str:
    head = [
        f"# title: {title}",
        f"# source: {ATTRIBUTION}",
        "# kind: real",
        "# feed: cnemc-water",
        "# programme: automatic",
        "# statistic: value",
        "# duration_s: 0",
        *notes,
        ",".join(["site", "start", "source_flag", *COLUMNS.values()]),
    ]
    return "\n".join([*head, *(",".join(row) for row in rows)]) + "\n"


def retabulate_four_hourly(path: Path) -> str:
    source = [row for row in read_rows(path) if row["断面名称"] in SITES]

    def rows() -> Iterator[list[str]]:
        for row in source:
            start = f"{FOUR_HOURLY_YEAR}-{row['监测时间'].replace(' ', 'T')}"
            yield [SITES[row["断面名称"]], start, row["站点情况"], *cells_of(row)]

    kept = keep_last_complete(rows())
    note = f"# repeats: {len(source) - len(kept)} of {len(source)} rows left out, the last complete row of a section and time is kept"
    return text_of("Jialing and Bailong sections, 1 to 3 April 2021, 4-hourly", [note], kept)


def retabulate_daily(path: Path) -> str:
    source = read_rows(path)
    rows: list[list[str]] = []
    for row in source:
        if not row["监测时间"]:
            continue
        clock = row["监测时间"].replace(" ", "T")
        # A reading is never later than the day it was collected: in January, December is last year.
        year = int(row["file_date"][:4]) - (clock[:5] > row["file_date"][5:])
        rows.append([SITES[row["断面名称"]], f"{year}-{clock}", row["站点情况"], *cells_of(row)])
    notes = [
        f"# dropped: {len(source) - len(rows)} of {len(source)} daily rows have no time (station stopped or in maintenance, no value)",
        "# note: --! marks a value that the source left out with the words 极值过滤; TP and TN were not measured",
    ]
    return text_of("Qingfengxia, May 2020 to April 2021, one reading a day", notes, rows)


def main(folder: Path) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "basin-2021-04-01_03.csv": retabulate_four_hourly(folder / FOUR_HOURLY),
        "qingfengxia-2020-05_2021-04.csv": retabulate_daily(folder / DAILY),
    }.items():
        (OUT / name).write_bytes(text.encode("utf-8"))
        print(OUT / name, text.count("\n"), "lines")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
