"""The bulletin page: complete, self-contained, honest about what it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ecomon.errors import ContractError
from ecomon.model.tables import EXCEEDANCES, MEANS
from ecomon.publish.assets import FontSet
from ecomon.publish.bulletin import GAPS, SERIES, Bulletin
from ecomon.publish.bulletin_page import bulletin_page

Make = Callable[..., Bulletin]
OWN = ("index.html", "assets/ecomon.css", "assets/ecomon.js")


@pytest.fixture(scope="module")
def files(bulletin: Make, fonts: FontSet) -> dict[str, bytes]:
    return bulletin_page(bulletin("example"), fonts)


def test_same_input_same_octets(files: dict[str, bytes], bulletin: Make, fonts: FontSet) -> None:
    assert bulletin_page(bulletin("example"), fonts) == files


def test_nothing_of_it_is_outside(files: dict[str, bytes]) -> None:
    for name in OWN:
        assert not re.search(rb"(?:https?:)?//\w", files[name].split(b"// Draws", 1)[0]), name
        assert b"http:" not in files[name] and b"https:" not in files[name]


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "link", "br", "input", "rect", "path", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_every_link_is_a_file_of_the_folder_and_every_element_closes(
    files: dict[str, bytes],
) -> None:
    links = Links()
    links.feed(files["index.html"].decode())
    assert links.found and set(links.found) <= set(files)
    assert links.open == []
    fonts = re.findall(rb'url\("([^"]+)"\)', files["assets/ecomon.css"])
    assert fonts and all(f"assets/{font.decode()}" in files for font in fonts)


@pytest.mark.parametrize(
    ("kind", "mark"), [("example", "示例数据"), ("golden", "算例数据"), ("real", None)]
)
def test_watermark_stands_only_where_data_are_not_real(
    kind: str, mark: str | None, bulletin: Make, fonts: FontSet
) -> None:
    page = bulletin_page(bulletin(kind), fonts)["index.html"].decode()
    assert ('class="band"' in page) == ('class="overlay"' in page) == (mark is not None)
    if mark:
        assert page.count(mark) > 5 and "不得用于考核、结算或执法" in page
    else:
        assert "示例数据" not in page and "算例数据" not in page


def test_insufficient_is_words_and_not_zero(files: dict[str, bytes]) -> None:
    page = files["index.html"].decode()
    row = next(
        row
        for row in re.findall(r"<tr>.*?</tr>", page)
        if "金子" in row and "km" not in row and "mg/L" not in row and "定类" not in row and "Ⅲ类" not in row
    )  # fmt: skip
    assert row.count("数据不足") == 5  # the five means
    assert not re.search(r">0(?:\.0*)?<", row)


def test_what_is_known_and_what_is_not_stands_on_the_page(files: dict[str, bytes]) -> None:
    page = files["index.html"].decode()
    for text in (
        "14/15", "71.4%", "目标未配置", "待核实", "数据未经审核", "provisional data",
        "1274", "9f2c" * 4, "0.1.0+test", "不计算", "断面目标", "0.082", "二手来源",
    ):  # fmt: skip
        assert text in page, text


def cards_of(page: str) -> dict[str, tuple[str, str]]:
    """Chinese heading of a key figure -> its number and its Chinese note."""
    found: dict[str, tuple[str, str]] = {}
    for card in re.findall(r'<div class="figure">(.*?)</div>', page):
        number, words, note = (
            re.sub(r"<span class=\"en\".*?</span>|<[^>]+>", "", part)
            for part in re.findall(r"<(?:strong|span(?! class)|small)>.*?</(?:strong|small|span></span)>", card)
        )  # fmt: skip
        found[words] = (number, note)
    return found


def test_key_figures_by_hand(files: dict[str, bytes]) -> None:
    """Yaodu's mean breaks two limits and is one; so is its doubtful reading, which is not counted."""
    cards = cards_of(files["index.html"].decode())
    assert cards["参评断面"] == ("14/15", "数据不足 1 个")
    assert cards["达标断面"] == ("6", "目标未配置 5 个")
    assert cards["超标取水口"] == ("1/1", "按表3限值；无数据 0 个")
    assert cards["超标记录"] == ("5", "另有存疑、待复核 2 条")
    assert cards["触发告警"] == ("2", "另有未触发 1 个；未关闭 1 个")
    assert cards["待复核"] == ("1", "本期读数，截至发布时")


def test_targets_that_are_missing_are_counted_where_nothing_was_measured(
    bulletin: Make, fonts: FontSet
) -> None:
    """A month without data has no verdict 目标未配置, yet its sections have no target either."""
    lines = tuple(
        replace(line, grade=0, status="missing", verdict="insufficient", target_grade=0)
        for line in bulletin().sections
        if not line.is_intake
    )
    page = bulletin_page(bulletin(sections=lines), fonts)["index.html"].decode()
    assert cards_of(page)["达标断面"] == ("0", f"目标未配置 {len(lines)} 个")


def test_print_shows_the_items_not_assessed_and_no_script_is_needed(
    files: dict[str, bytes],
) -> None:
    page, style = files["index.html"].decode(), files["assets/ecomon.css"].decode()
    assert "<details" not in page and "未参评 1 项" in page
    assert re.search(r'<input type="checkbox" class="fold" id="items-shaxi"><label for="items-shaxi">', page)  # fmt: skip
    assert "@media print{.folded{display:block}" in style


def test_worse_than_five_is_written_out_in_english(files: dict[str, bytes]) -> None:
    page = files["index.html"].decode()
    chip = re.search(r'<span class="chip g6"[^>]*>(.*?</span>.*?</span>)', page)
    assert chip and ">劣Ⅴ</span>" in chip[1] and ">worse than V</span>" in chip[1]


def test_no_run_is_named(files: dict[str, bytes]) -> None:
    assert not re.search(r"run[ _-]?id|运行编号", files["index.html"].decode(), flags=re.I)


def test_tables_and_river_line_need_no_script(files: dict[str, bytes]) -> None:
    page = re.sub(r"<script.*?</script>", "", files["index.html"].decode(), flags=re.S)
    assert page.count("<table>") == 7 and '<svg class="riverline"' in page and "<noscript>" in page


def test_both_languages_are_there_and_either_first(bulletin: Make, fonts: FontSet) -> None:
    page = bulletin_page(bulletin(), fonts, language="en")["index.html"].decode()
    assert '<html lang="en" class="show-en">' in page
    page = re.sub(r"<svg.*?</svg>", "", page, flags=re.S)  # there a name may need more lines
    assert page.count('class="zh"') == page.count('class="en"') > 100


def test_an_empty_month_says_so(bulletin: Make, fonts: FontSet) -> None:
    empty = bulletin(
        "real", means=MEANS.empty(), exceedances=EXCEEDANCES.empty(), series=SERIES.empty(),
        gaps=GAPS.empty(), alerts=None, n_open_reviews=None,
    )  # fmt: skip
    page = bulletin_page(empty, fonts)["index.html"].decode()
    for text in ("本期无超标记录", "本期无月均值", "本期无过程数据", "本期无缺测时段"):
        assert text in page
    assert "触发告警" not in page and "未查询告警" in page


def test_text_of_the_data_cannot_become_markup(bulletin: Make, fonts: FontSet) -> None:
    page = bulletin_page(bulletin(title_zh="</title><script>x"), fonts)["index.html"].decode()
    assert "<script>x" not in page


def test_contradictions_are_refused(bulletin: Make) -> None:
    with pytest.raises(ContractError, match="unknown rivers"):
        bulletin(rivers=())
    with pytest.raises(ContractError, match="twice"):
        bulletin(sections=bulletin().sections[:1] * 2)
    with pytest.raises(ContractError, match="without a name"):
        bulletin(determinands={})
