"""The bulletin page: complete, self-contained, honest about what it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
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
        if tag not in ("meta", "link", "br", "rect", "path", "circle"):
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
        "1274", "9f2c" * 4, "0.1.0+test", "不计算", "断面目标", "0.082",
    ):  # fmt: skip
        assert text in page, text


def test_tables_and_river_line_need_no_script(files: dict[str, bytes]) -> None:
    page = re.sub(r"<script.*?</script>", "", files["index.html"].decode(), flags=re.S)
    assert page.count("<table>") == 4 and '<svg class="riverline"' in page and "<noscript>" in page


def test_both_languages_are_there_and_either_first(bulletin: Make, fonts: FontSet) -> None:
    page = bulletin_page(bulletin(), fonts, language="en")["index.html"].decode()
    assert '<html lang="en" class="show-en">' in page
    assert page.count('class="zh"') == page.count('class="en"') > 100


def test_an_empty_month_says_so(bulletin: Make, fonts: FontSet) -> None:
    empty = bulletin(
        "real", means=MEANS.empty(), exceedances=EXCEEDANCES.empty(), series=SERIES.empty(),
        gaps=GAPS.empty(), n_open_alerts=None, n_open_reviews=None,
    )  # fmt: skip
    page = bulletin_page(empty, fonts)["index.html"].decode()
    for text in ("本期无超标记录", "本期无月均值", "本期无过程数据", "本期无缺测时段"):
        assert text in page
    assert "未关闭告警" not in page


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
