"""The spreadsheets of the reference data, as their notes say; and the same lines in other containers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from biff import write_xls

from ecomon.decode.workbook import decode, propose_mapping, read_grids
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import FactorMapping, WorkbookMapping
from ecomon.model.observation import Batch, Rejected
from ecomon.registry import read_registry

KEYS = {"NH3N": "NH3N", "Cu": "CU", "DO": "DO", "CODMn": "CODMN"}
"""Parameters of the notes as keys of the registry."""


@pytest.fixture(scope="module")
def determinands() -> Mapping[str, Determinand]:
    return read_registry().determinands


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "data" / "formats" / "excel"


@dataclass(frozen=True)
class Found:
    """What a file says, its mapping and what stayed open in it."""

    table: pd.DataFrame
    rejected: list[Rejected]
    mapping: WorkbookMapping
    open_points: tuple[tuple[str, str, str], ...]
    n_lines: int

    def of(self, **keys: Any) -> pd.DataFrame:
        chosen = self.table
        for name, value in keys.items():
            chosen = chosen[chosen[name] == value]
        return chosen

    def check_lines(self) -> None:
        """Every line of data made observations or has a record of its own."""
        whole = {one.row for one in self.rejected if one.row and one.column is None}
        assert len({*self.table["row"], *whole}) == self.n_lines


def read(octets: bytes, determinands: Mapping[str, Determinand], **changes: Any) -> Found:
    proposal = propose_mapping(
        read_grids(octets), determinands, mapping_id="reference", feed="test"
    )
    assert proposal.mapping is not None
    mapping = proposal.mapping.model_copy(update=changes)
    items = list(decode([octets], determinands, mapping=mapping))
    batches = [one.observations for one in items if isinstance(one, Batch)]
    rejected = [one for one in items if isinstance(one, Rejected)]
    lines = 0
    for grid in read_grids(octets):
        heads = [
            at
            for at, row in enumerate(grid.rows)
            if row and row[0] in ("序号", "站点名称", "设备名称", "站点")
        ]
        if heads:
            first = heads[0] + 1
            while first < len(grid.rows) and grid.rows[first][0] == "":
                first += 1
            lines += len(grid.rows) - first
    table = pd.concat(batches, ignore_index=True)
    return Found(table, rejected, mapping, proposal.open_points, lines)  # fmt: skip


def test_the_monthly_split_sampling_table_is_read_as_its_notes_say(
    folder: Path, determinands: Mapping[str, Determinand]
) -> None:
    found = read((folder / "caice_monthly_layout.xlsx").read_bytes(), determinands)
    found.check_lines()
    assert [point[0] for point in found.open_points] == ["填报说明"]
    expected = json.loads((folder / "caice_monthly_expected.json").read_text("utf-8"))
    assert len(expected) == 8
    for one in expected:
        check_expected(one, found)


def check_expected(one: dict[str, Any], found: Found) -> None:
    """One note of the reference: a reading, or why there is none."""
    site, status = one["section_code"], one["status"]
    if status.startswith("total row"):
        assert any(
            "totals or means" in bad.reason and "平均值" in bad.raw for bad in found.rejected
        )
        assert any(bad.reason == "a footnote" for bad in found.rejected)
        return
    if status.startswith("not monitored"):
        assert found.of(site=site).empty
        assert any("not sampled" in bad.reason and site in bad.raw for bad in found.rejected)
        return
    day = pd.Timestamp(one["time"][:10])
    own = found.of(site=site)
    own = own[own["start"].dt.normalize() == day]
    if status.startswith("parallel"):
        assert set(own["replicate"]) == {0, 1}
        # Excel serial 46237.43055...: 10:20 of the same day, to the second.
        assert set(own["start"]) == {pd.Timestamp(2026, 8, 3, 10, 20)}
        assert own["replicate"].value_counts().tolist() == [10, 10]
        return
    own = own[(own["determinand"] == KEYS[one["parameter"]]) & (own["replicate"] == 0)]
    assert len(own) == 1
    reading = own.iloc[0]
    if "T" in one["time"]:
        assert f"{reading['start']:%Y-%m-%dT%H:%M}" == one["time"][:16]
    if one["detection_limit"] is not None:
        assert (reading["censor"], reading["value"]) == ("left", one["detection_limit"])
    else:
        assert (reading["censor"], pd.isna(reading["value"])) == ("none", True)
        assert (reading["source_flag"] == "未检出") == status.startswith("censored")


def test_micrograms_of_one_column_are_milligrams(
    folder: Path, determinands: Mapping[str, Determinand]
) -> None:
    found = read((folder / "caice_monthly_layout.xlsx").read_bytes(), determinands)
    thallium = found.of(determinand="TL", site="510800002")["value"]
    antimony = found.of(determinand="SB", site="510800002")["value"]
    assert (thallium.item(), antimony.item()) == (pytest.approx(0.03e-3), 0.0006)
    assert set(found.of(determinand="TL")["unit"]) == {"mg/L"}


def test_the_hourly_audit_table_keeps_flags_and_the_corrected_row(
    folder: Path, determinands: Mapping[str, Determinand]
) -> None:
    found = read((folder / "hourly_audit_layout.xlsx").read_bytes(), determinands)
    found.check_lines()
    assert found.open_points == ()
    assert [(bad.row, bad.reason) for bad in found.rejected] == [(5, "superseded by row 6")]
    corrected = found.of(start=datetime(2026, 8, 3, 4), determinand="NH3N").iloc[0]
    assert (corrected["value"], corrected["source_flag"], corrected["row"]) == (
        0.033,
        "人工修约",
        6,
    )
    midnight = found.of(start=datetime(2026, 8, 4))  # written 24:00
    flags = dict(zip(midnight["determinand"], midnight["source_flag"], strict=True))
    values = dict(zip(midnight["determinand"], midnight["value"], strict=True))
    assert (flags["DO"], pd.isna(values["DO"])) == ("D", True)
    assert (flags["EC"], values["EC"]) == ("B", 0.0)
    assert len(found.table) == 3 * 7


def test_a_long_export_waits_for_the_units_of_its_factors(
    folder: Path, determinands: Mapping[str, Determinand]
) -> None:
    octets = (folder / "long_export_gb18030.csv").read_bytes()
    found = read(octets, determinands)
    found.check_lines()
    assert len(found.table) == 0  # no unit is given, so none is guessed
    assert len(found.open_points) == 3 and all("factors" in point[2] for point in found.open_points)

    known = {"总磷": "TP", "氨氮": "NH3N", "高指": "CODMN"}
    factors = {name: FactorMapping(determinand=key, unit="mg/L") for name, key in known.items()}
    stated = read(octets, determinands, factors=factors)
    stated.check_lines()
    assert set(stated.table["site"]) == {"示例河㳇河断面"}  # a character of GB 18030 alone
    flagged = stated.of(determinand="CODMN").set_index("row")
    assert (flagged.loc[5, "value"], flagged.loc[5, "source_flag"]) == (5.2, "T")
    # Two readings of one time: the later line stands, the other is on record.
    ammonia = dict(
        zip(*(stated.of(determinand="NH3N")[name] for name in ("row", "value")), strict=True)
    )
    assert ammonia == {3: 0.267, 8: 1234.5}
    reasons = {bad.row: bad.reason for bad in stated.rejected}
    assert reasons == {6: "superseded by row 8", 7: "no time in this line"}


def test_text_that_an_office_program_saved_as_unicode(
    folder: Path, determinands: Mapping[str, Determinand]
) -> None:
    found = read((folder / "utf16_tab_export.txt").read_bytes(), determinands)
    found.check_lines()
    (row,) = found.table.to_dict("records")
    assert (row["determinand"], row["value"], row["start"]) == ("NH3N", 0.031, datetime(2026, 8, 3))
    assert found.rejected == []


@pytest.mark.parametrize("container", ["xls", "html", "utf16", "utf16be", "gb18030"])
def test_the_same_table_in_another_container_says_the_same(
    folder: Path, determinands: Mapping[str, Determinand], container: str
) -> None:
    octets = (folder / "caice_monthly_layout.xlsx").read_bytes()
    grid = next(iter(read_grids(octets)))
    rows = [[_spelt(cell) for cell in row] for row in grid.rows]
    merged = [(top, bottom, left, right) for (top, left), (bottom, right) in grid.merged]
    match container:
        case "xls":
            numbers = [
                [cell if isinstance(cell, float) else text or None
                 for cell, text in zip(row, texts, strict=True)]
                for row, texts in zip(grid.rows, rows, strict=True)
            ]  # fmt: skip
            other = write_xls(grid.name, numbers, merged)
        case "html":
            other = as_html(rows, merged).encode("gb18030")
        case "utf16":
            other = b"\xff\xfe" + as_lines(fill_heading(rows), "\t").encode("utf-16-le")
        case "utf16be":
            other = b"\xfe\xff" + as_lines(fill_heading(rows), "\t").encode("utf-16-be")
        case _:
            other = as_lines(fill_heading(rows), ",").encode("gb18030")
    one, same = read(octets, determinands), read(other, determinands)
    same.check_lines()
    columns = [
        "site",
        "determinand",
        "start",
        "value",
        "unit",
        "censor",
        "source_flag",
        "replicate",
    ]
    pd.testing.assert_frame_equal(one.table[columns], same.table[columns])
    reasons = [[(bad.row, bad.reason) for bad in each.rejected] for each in (one, same)]
    assert reasons[0] == reasons[1]


def _spelt(cell: Any) -> str:
    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else str(cell)


def as_lines(rows: list[list[str]], mark: str) -> str:
    return "\r\n".join(mark.join(row) for row in rows)


def fill_heading(rows: list[list[str]]) -> list[list[str]]:
    """The heading as one row, as a program that knows no merged cells writes it."""
    filled = [list(row) for row in rows]
    upper, lower = filled[2], filled[3]
    for at, text in enumerate(lower):
        upper[at] = upper[at] + text if text.startswith("(") else text or upper[at]
        lower[at] = ""
    return filled


def as_html(rows: list[list[str]], merged: list[tuple[int, int, int, int]]) -> str:
    heads = {
        (top, left): (bottom - top + 1, right - left + 1) for top, bottom, left, right in merged
    }
    hidden = {
        (row, column)
        for top, bottom, left, right in merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - heads.keys()
    lines: list[str] = []
    for at, row in enumerate(rows):
        cells = [
            f"<td rowspan={heads.get((at, place), (1, 1))[0]} colspan={heads.get((at, place), (1, 1))[1]}>"
            f"{escape(text)}</td>"
            for place, text in enumerate(row)
            if (at, place) not in hidden
        ]
        lines.append("<tr>" + "".join(cells))
    return "<html><meta charset=gb18030><table>" + "\n".join(lines) + "</table></html>"
