"""The sheet on which emergency samples are reported (应急监测样品报送表), empty, as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from ecomon.model.sample import LIST_HEADINGS, SAMPLE_COLUMNS, STATUSES
from ecomon.publish.sheet import Styles, for_print, head_lines, write_workbook
from ecomon.publish.wording import Words

ROWS = 500
"""Lines that the lists of choice cover; more may be written below them."""

_TITLE = Words("应急监测样品报送表", "Emergency samples")
_UNITS = ("mg/L", "ug/L")
_WIDTHS = {
    "place": 22,
    "determinand": 14,
    "sampled_at": 18,
    "result_at": 18,
    "method": 18,
    "note": 26,
}
_TIMES = ("sampled_at", "result_at")
_CREATED = datetime(2026, 1, 1)
_HOW = (
    "一行一个结果。带 * 的列必填；时间为北京时间，如 2026-01-21 08:30（零点请写成文本 2026-01-21 00:00）。"
    " One result a row; columns with * are required; Beijing time.",
    "未检出：写 <检出限、检出限L，或写“未检出”并填检出限；不得写 0。"
    " Below detection: <limit, limitL, or 未检出 with the limit in its column; never 0.",
    "单一方法检出的阳性结果填“疑似”；确认后同一地点、指标、采样时间再报一行“确认”，即取代疑似。"
    " A positive of one method is 疑似; a later row 确认 of the same sample takes its place.",
    "平行样编号 0、1、2 …。保存后放入 inbox/samples/ 或运行 ecomon sample read 文件。"
    " Number parallel samples; put the file into inbox/samples/ or run ecomon sample read FILE.",
)
_EXAMPLE = {
    "place": "例 e.g. 西湾水厂取水口", "determinand": "铊", "sampled_at": "2026-01-21 08:30",
    "value": "0.00032", "unit": "mg/L", "detection_limit": "0.00002",
    "result_at": "2026-01-21 10:05", "method": "HJ 700-2014", "status": "疑似", "replicate": "0",
    "note": "示例，不读取 an example, not read",
}  # fmt: skip


def sample_template(places: Sequence[str], determinands: Sequence[str]) -> bytes:
    """An .xlsx of one sheet: instructions, an example, the heading, and empty rows with choices.

    Parameters
    ----------
    places, determinands : sequence of str
        What may be chosen; each text is read back as the one thing it stands for.

    Returns
    -------
    bytes
        The same for the same choices. ``decode.samples`` reads it back; what stands above the
        heading is not read.
    """
    choices = (places, determinands)

    def fill(book: Workbook, styles: Styles) -> None:
        sheet = book.add_worksheet("应急样品")
        top = _write_instructions(sheet, styles)
        heading = _write_example(sheet, styles, top)
        _write_heading(sheet, styles, heading)
        _write_choices(sheet, styles, heading, choices)
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for at, column in enumerate(SAMPLE_COLUMNS):
            width = _WIDTHS.get(column.key, 12)
            sheet.set_column(at, at, width, moment if column.key in _TIMES else None)
        _offer_choices(sheet, heading, choices)
        sheet.freeze_panes(heading + 1, 2)
        for_print(sheet)

    return write_workbook(fill, created=_CREATED, title=str(_TITLE))


def _write_instructions(sheet: Worksheet, styles: Styles) -> int:
    top = head_lines(sheet, styles, _TITLE, (), len(SAMPLE_COLUMNS))
    for row, text in enumerate(_HOW, top):
        sheet.merge_range(row, 0, row, len(SAMPLE_COLUMNS) - 1, text, styles.text)
        sheet.set_row(row, 30)
    return top + len(_HOW)


def _write_example(sheet: Worksheet, styles: Styles, row: int) -> int:
    for at, column in enumerate(SAMPLE_COLUMNS):
        sheet.write_string(row, at, column.hint, styles.label)
        sheet.write_string(row + 1, at, _EXAMPLE[column.key], styles.faint)
    sheet.set_row(row, 45)
    sheet.set_row(row + 1, 30)
    return row + 2


def _write_heading(sheet: Worksheet, styles: Styles, row: int) -> None:
    for at, column in enumerate(SAMPLE_COLUMNS):
        mark = "*" if column.is_required else ""
        sheet.write_string(row, at, f"{column.heading_zh}{mark} {column.heading_en}", styles.head)
    sheet.set_row(row, 32)


def _list_place(number: int) -> int:
    return len(SAMPLE_COLUMNS) + 1 + number


def _write_choices(
    sheet: Worksheet, styles: Styles, heading: int, choices: Sequence[Sequence[str]]
) -> None:
    """The lists stand in hidden columns of the same sheet: a list in a rule has 255 characters."""
    for number, (name, texts) in enumerate(zip(LIST_HEADINGS, choices, strict=True)):
        at = _list_place(number)
        sheet.write_string(heading, at, name, styles.head)
        for row, text in enumerate(texts, heading + 1):
            sheet.write_string(row, at, text, styles.text)
        sheet.set_column(at, at, 20, None, {"hidden": True})


def _offer_choices(sheet: Worksheet, heading: int, choices: Sequence[Sequence[str]]) -> None:
    keys = [column.key for column in SAMPLE_COLUMNS]
    first, last = heading + 1, heading + ROWS
    lists: dict[str, str | list[str]] = {
        "unit": list(_UNITS),
        "status": list(STATUSES),
    }
    for number, key in enumerate(("place", "determinand")):
        if choices[number]:
            letter = chr(ord("A") + _list_place(number))
            end = heading + 1 + len(choices[number])
            lists[key] = f"=${letter}${heading + 2}:${letter}${end}"
    for key, source in lists.items():
        rule = {"validate": "list", "source": source, "error_type": "warning",
                "error_title": "不在列表 not in the list",
                "error_message": "请核对；确需其他写法可继续 check it; you may go on"}  # fmt: skip
        sheet.data_validation(first, keys.index(key), last, keys.index(key), rule)
    for key in _TIMES:
        rule = {"validate": "date", "criteria": ">=", "value": datetime(2000, 1, 1),
                "error_type": "warning", "error_title": "不是时间 not a time",
                "error_message": "年-月-日 时:分，如 2026-01-21 08:30"}  # fmt: skip
        sheet.data_validation(first, keys.index(key), last, keys.index(key), rule)
