"""Each packaged real reading equals the cell of the excerpt that it was taken from."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ecomon.example import readings

NAMES = {
    "灶火庵": "zaohuoan", "白水江": "baishuijiang", "鲁光坪": "luguangping", "八庙沟": "bamiaogou",
    "清风峡": "qingfengxia", "上石盘": "shangshipan", "沙溪": "shaxi", "金溪电站": "jinxi-dianzhan",
    "烈面": "liemian", "金子": "jinzi", "金子(老)": "jinzi-lao", "北温泉": "beiwenquan", "南渡": "nandu",
    "固水子村": "gushuizicun", "姚渡": "yaodu", "苴国村": "juguocun",
}  # fmt: skip
FIRST, LAST = "水温(℃)", "藻密度(cells/L)"


def _packaged(name: str) -> dict[tuple[str, str], list[str]]:
    lines = readings()[name].decode("utf-8").splitlines()
    table = csv.reader(io.StringIO("\n".join(line for line in lines if not line.startswith("#"))))
    next(table)
    return {(row[0], row[1]): row[2:] for row in table}


def _source(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    return header, rows


def test_the_basin_in_april_equals_the_last_complete_rows(shared: Path) -> None:
    header, rows = _source(shared / "data/cnemc/cnemc_water_4h_2021-04-01_03_basin.csv")
    first, last = header.index(FIRST), header.index(LAST)
    candidates: dict[tuple[str, str], list[list[str]]] = {}
    for row in rows:
        if row[2] in NAMES:
            key = (NAMES[row[2]], "2021-" + row[3].replace(" ", "T"))
            values = ["" if cell == "*" else cell for cell in row[first : last + 1]]
            candidates.setdefault(key, []).append([row[-1], *values])
    packaged = _packaged("basin-2021-04-01_03.csv")
    assert packaged.keys() == candidates.keys()
    assert sum(map(len, candidates.values())) - len(packaged) == 40
    for key, copies in candidates.items():
        complete = [copy for copy in copies if "--" not in copy]
        assert packaged[key] == (complete or copies)[-1], key


def test_the_year_at_qingfengxia_equals_the_source(shared: Path) -> None:
    header, rows = _source(shared / "data/cnemc/cnemc_water_daily_qingfengxia_2020-05_2021-04.csv")
    first, last = header.index(FIRST), header.index(LAST)
    packaged = _packaged("qingfengxia-2020-05_2021-04.csv")
    timed = [row for row in rows if row[6]]
    assert len(timed) == len(packaged) == len(rows) - 73
    for row in timed:
        key = ("qingfengxia", f"{row[0][:4]}-{row[6].replace(' ', 'T')}")
        missing = "--!" if row[-1] else "--"
        values = [{"*": "", "--": missing}.get(cell, cell) for cell in row[first : last + 1]]
        assert packaged[key] == [row[-2], *values], key
    untimed = {cell for row in rows if not row[6] for cell in row[first : last + 1]}
    assert untimed <= {"--", "*"}, "no value is lost with the rows that have no time"
