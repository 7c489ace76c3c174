"""The bulletin as a folder that needs no network: one page, its style, fonts and plotly."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from ecomon.publish.alert_table import alert_table
from ecomon.publish.assets import FontSet, template_text
from ecomon.publish.bulletin import Bulletin, SectionLine
from ecomon.publish.bulletin_tables import gap_table, grade_chip, means_table, section_table
from ecomon.publish.charts import section_figure
from ecomon.publish.exceedance_table import exceedance_table
from ecomon.publish.intake import IntakeMonth, intake_chip, intake_months, intake_table
from ecomon.publish.key_figures import key_figures
from ecomon.publish.markup import both, element, nothing
from ecomon.publish.page import Language, chart_holder, compose_page, page_assets
from ecomon.publish.riverline import river_line
from ecomon.publish.wording import (
    GRADE_LOOK,
    PROVISIONAL,
    UNVERIFIED,
    Words,
    grade_look,
)


def bulletin_page(
    bulletin: Bulletin, fonts: FontSet, *, language: Language = "zh"
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
    intakes = intake_months(bulletin)
    main = Template(template_text("bulletin.html")).substitute(
        figures=key_figures(bulletin, intakes),
        river=river_line(bulletin.rivers, bulletin.sections, intakes=intakes),
        chainage=_chainage_hint(bulletin),
        legend=_legend(bulletin),
        sections=section_table(bulletin),
        intakes=intake_table(bulletin, intakes),
        exceedances=exceedance_table(bulletin),
        alerts=alert_table(bulletin),
        means=means_table(bulletin),
        gaps=gap_table(bulletin),
        charts=_charts(bulletin, intakes, fonts.family),
    )
    page = compose_page(
        main,
        bulletin.provenance,
        title=Words(f"{bulletin.title_zh} {bulletin.period}", bulletin.title_en),
        heading=Words(bulletin.title_zh, bulletin.title_en),
        period=(Words("监测时段", "Period"), bulletin.period),
        standing=both(_STANDING[bulletin.approval]),
        language=language,
    )
    return {"index.html": page, **page_assets(fonts)}


_STANDING = {
    "provisional": PROVISIONAL,
    "reviewed": Words("数据已审核，未批准", "data reviewed, not approved"),
    "approved": Words("数据已批准", "approved data"),
}


def _legend(bulletin: Bulletin) -> str:
    items = [
        f"<li>{grade_chip(grade)} {both(Words(look.quality.zh, look.quality.en))}</li>"
        for grade, look in sorted((*GRADE_LOOK.items(), (0, grade_look(0))), key=lambda item: item[0] or 9)
    ]  # fmt: skip
    if any(not line.is_to_grade for line in bulletin.sections):
        marks = (IntakeMonth((), 1), Words("取水口未超表3限值", "intake within Table 3"))
        items.append(f"<li>{intake_chip(marks[0])} {both(marks[1])}</li>")
        items.append(
            f'<li><span class="chip over">{both(Words("超", "!"))}</span> '
            f"{both(Words('取水口超表3限值', 'intake above Table 3'))}</li>"
        )
    if any(_is_marked(line) for line in bulletin.sections):
        items.append(f"<li>※ {both(UNVERIFIED)}</li>")
    return element("ul", "".join(items), classes="legend")


def _is_marked(line: SectionLine) -> bool:
    return line.has_unverified_km or line.target_confidence == "unverified"


def _chainage_hint(bulletin: Bulletin) -> str:
    """How many chainages of the river line are 待核实; nothing where none is."""
    count = sum(line.has_unverified_km for line in bulletin.sections)
    if not count:
        return ""
    zh = f"※ {count} 个断面（含取水口）的里程{UNVERIFIED.zh}，图上位置仅供参考。"
    en = f"※ The chainage of {count} sections (intakes included) is unverified; their places are for orientation."
    return " " + both(Words(zh, en))


def _charts(bulletin: Bulletin, intakes: Mapping[str, IntakeMonth], family: str) -> str:
    """Holders of the charts, each with its figure as JSON beside it."""
    blocks: list[str] = []
    for line in bulletin.sections:
        figure = section_figure(
            line,
            bulletin.series,
            bulletin.determinands,
            bulletin.standards.get(line.id),
            family=family,
            intake_standard=bulletin.intake_standards.get(line.id),
        )
        if figure is None:
            continue
        chip = grade_chip(line.grade) if line.is_to_grade else intake_chip(intakes[line.id])
        heading = element("h3", f"{chip} {both(Words(line.name_zh, line.name_en))}")
        blocks.append(element("article", heading + chart_holder(figure), classes="charted"))
    if not blocks:
        return nothing(Words("本期无过程数据。", "No readings to draw in this period."))
    return "".join(blocks)
