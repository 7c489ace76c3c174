"""``ecomon registry export-overlay | import-overlay``: out, edited in an office program, and back in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from ecomon.registry import read_registry
from ecomon.registry.workbook_files import replaced_files

Ecomon = Callable[..., Any]
Edit = Callable[[Any], None]
SHEETS = {
    "说明", "水质目标", "流量关系", "断面来源名称", "断面", "告知单位", "水厂", "水文站", "水文站来源名称",
    "水库", "选项",
}  # fmt: skip
BY_HAND = """# by hand: keep this line
defaults: {source: 市局文件, confidence: verified}
sections:
  - id: shaxi
    national_code: "1234567890"  # and this one
    targets:
      - {grade: 2, valid_from: 2021-01-01, valid_to: 2030-01-01}
"""


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path) -> Path:
    """An installation whose own folder holds one file that was written by hand."""
    made = tmp_path / "home"
    own = made / "site" / "stations" / "sections" / "own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(BY_HAND, "utf-8")
    return made


@pytest.fixture
def people(ecomon: Ecomon, home: Path, tmp_path: Path) -> Callable[[str], None]:
    """Lets the user be the reviewer or the approver."""
    assert ecomon("store", "init", "--home", home).code == 0
    token = tmp_path / "token"

    def keep(text: str) -> None:
        token.write_text(text, "utf-8")
        token.chmod(0o600)

    def added(name: str, role: str) -> str:
        said = ecomon("actor", "add", name, "--role", role, "--home", home, "--json")
        return said.records[0]["token"]

    keep(added("admin", "administrator"))
    tokens = {name: added(name, name) for name in ("reviewer", "approver")}
    return lambda name: keep(tokens[name])


def places(sheet: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Column by field, and the first row by id."""
    head = next(row for row in range(1, 10) if sheet.cell(row, 1).value == "编号\nid")
    columns = {
        str(cell.value).rpartition("\n")[2]: cell.column
        for cell in sheet[head]
        if cell.value and not str(cell.value).startswith("出厂")
    }
    rows: dict[str, int] = {}
    for row in range(head + 1, sheet.max_row + 1):
        if (key := sheet.cell(row, 1).value) is not None:
            rows.setdefault(str(key), row)
    return columns, rows


def put(book: Any, name: str, key: str, **fields: object) -> None:
    """Write into the row of an id; a new one below where there is none."""
    sheet = book[name]
    columns, rows = places(sheet)
    row = rows.get(key, max(rows.values(), default=4) + 1)
    sheet.cell(row, 1).value = key
    for field, value in fields.items():
        sheet.cell(row, columns[field]).value = value


@pytest.fixture
def edited(ecomon: Ecomon, home: Path, tmp_path: Path) -> Callable[[Edit], Path]:
    """The exported workbook, edited by an office program (openpyxl here)."""

    def make(edit: Edit) -> Path:
        path = tmp_path / "own.xlsx"
        assert ecomon("registry", "export-overlay", path, "--home", home).code == 0
        book = openpyxl.load_workbook(path)
        edit(book)
        book.save(path)
        return path

    return make


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fill_in(book: Any) -> None:
    """A target where there was none, another one after the own, an office, a doubt removed."""
    common = {"source": "省厅〔2026〕1号", "confidence": "verified"}
    put(book, "水质目标", "yaodu", grade=2, **common)
    sheet = book["水质目标"]
    columns, rows = places(sheet)
    row = rows["shaxi"]
    sheet.insert_rows(row + 1)
    for field, value in {"id": "shaxi", "grade": 3, **common}.items():
        sheet.cell(row + 1, columns[field]).value = value
    put(
        book, "告知单位", "our-office", name_zh="本局", name_en="Our office", kind="ecology_bureau",
        jurisdiction="510800", **common,
    )  # fmt: skip


def test_a_workbook_that_nobody_edited_changes_nothing(
    ecomon: Ecomon, home: Path, tmp_path: Path
) -> None:
    path, again = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    said = ecomon("registry", "export-overlay", path, "--home", home)
    assert said.code == 0 and "own entries 1" in said.out
    ecomon("registry", "export-overlay", again, "--home", home)
    assert path.read_bytes() == again.read_bytes()
    back = ecomon("registry", "import-overlay", path, "--home", home, "--json")
    assert (back.code, back.records) == (0, [])
    book = openpyxl.load_workbook(path)
    book.save(path)
    assert ecomon("registry", "import-overlay", path, "--home", home, "--json").lines == []
    assert set(book.sheetnames) == SHEETS


def test_the_sheet_shows_own_and_shipped_values_gaps_and_choices(
    ecomon: Ecomon, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsx"
    ecomon("registry", "export-overlay", path, "--home", home)
    book = openpyxl.load_workbook(path)
    sheet = book["断面"]
    columns, rows = places(sheet)
    at = columns["national_code"]
    assert sheet.cell(rows["shaxi"], at).value == "1234567890"
    assert [sheet.cell(rows["yaodu"], one).value for one in (at, at + 1)] == [None, "缺"]
    at = columns["name_zh"]
    assert [sheet.cell(rows["shaxi"], one).value for one in (at, at + 1)] == [None, "沙溪"]
    assert sheet.freeze_panes == "C4"
    assert any("verified" in str(one.formula1) for one in sheet.data_validations.dataValidation)
    targets = book["水质目标"]
    states = {str(row[0].value): row[2].value for row in targets.iter_rows(min_row=4)}
    shipped = read_registry()
    without = [one.id for one in shipped.sections.values() if not one.targets and one.id != "shaxi"]
    assert without and {str(states[key]) for key in without} == {"缺 missing"}
    assert states["shaxi"] == "本地 own"


def test_a_dry_run_lists_every_change_and_writes_nothing(
    ecomon: Ecomon, home: Path, edited: Callable[[Edit], Path]
) -> None:
    before = files_of(home)
    said = ecomon(
        "registry", "import-overlay", edited(fill_in), "--effective-from", "2026-07-01",
        "--home", home, "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    told = {(one["id"], one["field"], one["act"]): one for one in said.records}
    assert ("our-office", "name_zh", "added") in told
    assert told["yaodu", "targets", "closed"]["old"] != ""
    closed = told["shaxi", "targets", "closed"]
    assert "valid_to 2030-01-01" in closed["old"] and "valid_to 2026-07-01" in closed["new"]
    assert (closed["sheet"], closed["source"]) == ("水质目标", "省厅〔2026〕1号")
    assert files_of(home) == before


def test_proposed_by_one_and_approved_by_another_it_holds_from_its_day(
    ecomon: Ecomon, home: Path, edited: Callable[[Edit], Path], people: Callable[[str], None]
) -> None:
    path = edited(fill_in)
    words = ("registry", "import-overlay", path, "--effective-from", "2026-07-01", "--home", home)
    why = ("--reason", "省厅新目标")
    people("approver")
    alone = ecomon(*words, "--apply", *why)
    assert alone.code == 2 and "another" not in alone.out and "proposes these" in alone.err
    people("reviewer")
    assert ecomon(*words, "--propose", *why).code == 0
    assert ecomon(*words, "--apply", *why).code == 2  # a reviewer does not approve
    people("approver")
    site = home / "site"
    assert files_of(site)["stations/sections/own.yaml"] == BY_HAND.encode()
    assert ecomon(*words, "--apply", *why).code == 0

    local = read_registry(overlay=site)
    shipped = read_registry()
    before, after = date(2026, 6, 30), date(2026, 7, 1)
    assert [local.target("shaxi", day).grade for day in (before, after)] == [2, 3]  # pyright: ignore[reportOptionalMemberAccess]
    was = shipped.target("yaodu", before)
    assert was is not None
    assert local.target("yaodu", before).grade == was.grade  # pyright: ignore[reportOptionalMemberAccess]
    assert local.target("yaodu", after).grade == 2  # pyright: ignore[reportOptionalMemberAccess]
    assert local.offices["our-office"].jurisdiction == "510800"
    text = files_of(site)["stations/sections/own.yaml"].decode()
    assert "# by hand: keep this line" in text and "# and this one" in text
    diff = ecomon("registry", "diff", "--home", home, "--json").records
    assert {(one["kind"], one["id"]) for one in diff} == {
        ("offices", "our-office"), ("sections", "shaxi"), ("sections", "yaodu")
    }  # fmt: skip
    (approved,) = [
        one for one in ecomon("acts", "--home", home, "--json").records
        if one["what"] == "overlay_approved"
    ]  # fmt: skip
    detail = approved["detail"]
    assert (approved["actor"], detail["proposed_by"]) == ("approver", "reviewer")
    assert (detail["effective_from"], detail["reason"]) == ("2026-07-01", "省厅新目标")
    assert {one["source"] for one in detail["changes"]} == {"省厅〔2026〕1号"}
    (kept,) = [one for one in home.iterdir() if one.name.startswith("site.before-")]
    assert files_of(kept) == {"stations/sections/own.yaml": BY_HAND.encode()}
    # The same workbook again, and a fresh one, change nothing more.
    assert ecomon(*words, "--json").lines == []
    fresh = edited(lambda book: None)
    assert ecomon("registry", "import-overlay", fresh, "--home", home, "--json").lines == []


DOUBTS: tuple[tuple[str, str, dict[str, object], str, str], ...] = (
    ("水质目标", "yaodu", {"grade": "Ⅱ"}, "grade", "one of 1, 2, 3, 4, 5, 6"),
    ("水质目标", "shaxi", {"grade": 2, "valid_from": "1 July"}, "valid_from", "a day as"),
    ("水质目标", "wuxianmiao", {"grade": 2, "source": "x"}, "confidence", "required"),
    ("水质目标", "yaodo", {"grade": 2}, "id", "no 'yaodo'"),
    ("断面", "yaodu", {"national_code": "1"}, "source", "source and confidence"),
    ("断面", "qianfoya", {"longitude": "东经"}, "longitude", "a number"),
    ("断面", "datan", {"longitude": 40, "source": "x", "confidence": "verified"}, "longitude", "73"),
    ("断面", "shahe", {"national_code": "撤销"}, "national_code", "no own value"),
    ("告知单位", "Our Office", {"name_zh": "本局"}, "id", "lower-case"),
    ("水厂", "xiwan-shuichang", {"act": "删除"}, "act", "撤销"),
)  # fmt: skip


def test_all_that_cannot_be_taken_is_named_at_once_with_its_cells(
    ecomon: Ecomon, home: Path, edited: Callable[[Edit], Path]
) -> None:
    def spoil(book: Any) -> None:
        for sheet, key, fields, _, _ in DOUBTS:
            put(book, sheet, key, **fields)

    before = files_of(home)
    path = edited(spoil)
    said = ecomon("registry", "import-overlay", path, "--home", home, "--json")
    assert said.code == 1
    problems = [one for one in said.records if one["record"] == "problem"]
    book = openpyxl.load_workbook(path, read_only=False)
    for sheet, key, fields, column, expected in DOUBTS:
        columns, rows = places(book[sheet])
        cell = (sheet, rows[key], get_column_letter(columns[column]))
        own = [one for one in problems if (one["sheet"], one["row"], one["column"]) == cell]
        assert any(expected in one["expected"] for one in own), (cell, own)
        if column in fields:
            assert {one["value"] for one in own} == {str(fields[column])}
    assert files_of(home) == before


def test_a_reference_to_nothing_is_named_with_the_row_that_made_it(
    ecomon: Ecomon, home: Path, edited: Callable[[Edit], Path]
) -> None:
    def edit(book: Any) -> None:
        put(book, "流量关系", "yaodu", gauge="nowhere", method="same_site", source="x",
            confidence="verified")  # fmt: skip

    path = edited(edit)
    said = ecomon("registry", "import-overlay", path, "--home", home, "--json")
    assert said.code == 1
    (problem,) = [one for one in said.records if one["record"] == "problem"]
    _, rows = places(openpyxl.load_workbook(path)["流量关系"])
    assert (problem["sheet"], problem["row"], problem["value"]) == (
        "流量关系", rows["yaodu"], "nowhere"
    )  # fmt: skip


def test_where_the_act_is_refused_the_folder_is_as_it_was(home: Path) -> None:
    site, keep = home / "site", home / "kept"
    before = files_of(site)
    new = {
        PurePosixPath("stations/sections/own.yaml"): "x", PurePosixPath("stations/o.yaml"): "y"
    }  # fmt: skip
    with pytest.raises(RuntimeError), replaced_files(site, new, keep) as put_files:
        put_files()
        assert files_of(site) != before
        raise RuntimeError
    assert files_of(site) == before
    shutil.rmtree(keep)


def test_a_file_that_is_no_such_workbook_is_refused(
    ecomon: Ecomon, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    said = ecomon("registry", "import-overlay", path, "--home", home)
    assert said.code == 2 and "export-overlay" in said.err
