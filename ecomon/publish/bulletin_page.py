"""The bulletin as a folder that needs no network: one page, its style, fonts and plotly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Literal

from ecomon.publish.assets import FontSet, plotly_script, template_text
from ecomon.publish.bulletin import Bulletin
from ecomon.publish.bulletin_tables import (
    exceedance_table,
    gap_table,
    grade_chip,
    means_table,
    section_table,
)
from ecomon.publish.charts import section_figure
from ecomon.publish.markup import both, element, nothing
from ecomon.publish.riverline import river_line
from ecomon.publish.wording import (
    GRADE_LOOK,
    NOT_BINDING,
    PROVISIONAL,
    UNVERIFIED,
    Words,
    grade_look,
    provenance_rows,
    watermarks,
)


def bulletin_page(
    bulletin: Bulletin, fonts: FontSet, *, language: Literal["zh", "en"] = "zh"
) -> dict[str, bytes]:
    """Files of a bulletin, to be written side by side.

    Tables and the river line need no script; charts and the switch of language do. Nothing is
    asked of the network: the page forbids it by its content security policy.

    Parameters
    ----------
    bulletin : Bulletin
    fonts : FontSet
        Shipped with the page.
    language : {"zh", "en"}
        What is shown first; the page holds both.

    Returns
    -------
    dict of str to bytes
        Relative names (``index.html``, ``assets/...``) to octets, the same for the same input.

    Source
    ------
    Grades and colours: 环办〔2011〕22号 (standards.md 2.2); 超标倍数 = C/限值 − 1 (standards.md 2.3).
    """
    page = Template(template_text("bulletin.html")).substitute(
        language="zh-CN" if language == "zh" else "en",
        shown=language,
        title=escape(f"{bulletin.title_zh} {bulletin.period} {bulletin.title_en}"),
        heading=both(Words(bulletin.title_zh, bulletin.title_en)),
        period=escape(bulletin.period),
        standing=both(PROVISIONAL) if bulletin.is_provisional else both(_APPROVED),
        band=_band(bulletin),
        overlay=_overlay(bulletin),
        figures=_key_figures(bulletin),
        river=river_line(bulletin.rivers, bulletin.sections),
        legend=_legend(bulletin),
        sections=section_table(bulletin),
        exceedances=exceedance_table(bulletin),
        means=means_table(bulletin),
        gaps=gap_table(bulletin),
        charts=_charts(bulletin, fonts.family),
        provenance=_provenance(bulletin),
    )
    style = Template(template_text("bulletin.css")).substitute(
        family=fonts.family, faces=_font_faces(fonts), grades=_grade_rules()
    )
    files = {
        "index.html": page.encode(),
        "assets/ecomon.css": style.encode(),
        "assets/ecomon.js": template_text("bulletin.js").encode(),
        "assets/plotly.min.js": plotly_script(),
    }
    files |= {
        f"assets/{name}": octets for name, octets in zip(fonts.names, fonts.files, strict=True)
    }
    return files


_APPROVED = Words("数据已审核", "reviewed data")


def _font_faces(fonts: FontSet) -> str:
    return "\n".join(
        f'@font-face{{font-family:"{fonts.family}";font-weight:{weight};font-display:swap;'
        f'src:url("{name}") format("opentype")}}'
        for name, weight in zip(fonts.names, fonts.weights, strict=True)
    )


def _grade_rules() -> str:
    return "\n".join(
        f".g{grade}{{background:{look.fill};color:{look.ink}}}"
        for grade, look in GRADE_LOOK.items()
    )


def _band(bulletin: Bulletin) -> str:
    """The band over the page that says the data are not real; nothing for real data."""
    marks = watermarks(bulletin.provenance)
    if not marks:
        return ""
    content = " · ".join(both(mark) for mark in (*marks, NOT_BINDING))
    return element("div", content, classes="band", role="note")


def _overlay(bulletin: Bulletin) -> str:
    marks = watermarks(bulletin.provenance)
    if not marks:
        return ""
    text = " · ".join(f"{mark.zh} {mark.en}" for mark in marks)
    spans = "".join(f"<span>{escape(text)}</span>" for _ in range(12))
    return f'<div class="overlay" aria-hidden="true">{spans}</div>'


def _key_figures(bulletin: Bulletin) -> str:
    lines = bulletin.sections
    graded = [line for line in lines if line.grade]
    good = sum(line.grade <= 3 for line in graded)
    count = {
        verdict: sum(line.verdict == verdict for line in lines)
        for verdict in ("compliant", "exceeding", "no_target", "insufficient")
    }
    share = f"{100 * good / len(graded):.1f}%" if graded else "—"
    cards: list[tuple[str, Words, Words]] = [
        (f"{len(graded)}/{len(lines)}", Words("参评断面", "sections graded"),
         Words(f"数据不足 {count['insufficient']} 个", f"{count['insufficient']} with insufficient data")),
        (share, Words("优良（Ⅰ—Ⅲ类）比例", "share of grades I–III"),
         Words(f"{good} / {len(graded)} 个断面", f"{good} of {len(graded)} sections")),
        (f"{count['compliant']}", Words("达标断面", "sections compliant"),
         Words(f"目标未配置 {count['no_target']} 个", f"{count['no_target']} without a configured target")),
        (f"{count['exceeding']}", Words("超标断面", "sections exceeding"), Words("按断面目标", "against their target")),
        (f"{len(bulletin.exceedances)}", Words("超标记录", "exceedances"), Words("含单次值与均值", "readings and means")),
    ]  # fmt: skip
    for number, words in (
        (bulletin.n_open_alerts, Words("未关闭告警", "open alerts")),
        (bulletin.n_open_reviews, Words("待复核", "open reviews")),
    ):
        if number is not None:
            cards.append((f"{number}", words, Words("截至本期发布", "as of this issue")))
    return "".join(
        element(
            "div",
            element("strong", escape(number)) + element("span", both(words)) + element("small", both(note)),
            classes="figure",
        )
        for number, words, note in cards
    )  # fmt: skip


def _legend(bulletin: Bulletin) -> str:
    items = [
        f"<li>{grade_chip(grade)} {both(Words(look.quality.zh, look.quality.en))}</li>"
        for grade, look in sorted((*GRADE_LOOK.items(), (0, grade_look(0))), key=lambda item: item[0] or 9)
    ]  # fmt: skip
    if any(line.is_unverified for line in bulletin.sections):
        items.append(f"<li>※ {both(UNVERIFIED)}</li>")
    return element("ul", "".join(items), classes="legend")


def _charts(bulletin: Bulletin, family: str) -> str:
    """Holders of the charts, each with its figure as JSON beside it."""
    blocks: list[str] = []
    for line in bulletin.sections:
        figure = section_figure(
            line,
            bulletin.series,
            bulletin.determinands,
            bulletin.standards.get(line.id),
            family=family,
        )
        if figure is None:
            continue
        heading = element(
            "h3", f"{grade_chip(line.grade)} {both(Words(line.name_zh, line.name_en))}"
        )
        data = f'<script type="application/json">{_script_json(figure)}</script>'
        holder = f'<div class="chart" style="min-height:{figure["layout"]["height"]}px"></div>'
        blocks.append(element("article", heading + holder + data, classes="charted"))
    if not blocks:
        return nothing(Words("本期无过程数据。", "No readings to draw in this period."))
    return "".join(blocks)


def _script_json(figure: dict[str, object]) -> str:
    """JSON that cannot end its own script element."""
    text = json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _provenance(bulletin: Bulletin) -> str:
    rows: Sequence[tuple[Words, str]] = provenance_rows(bulletin.provenance)
    return element(
        "dl",
        "".join(
            f"<div>{element('dt', both(label))}{element('dd', escape(value))}</div>"
            for label, value in rows
        ),
    )
