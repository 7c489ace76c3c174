"""What pages share: their style, scripts and fonts beside them, the marks over them, their origin.

No page asks anything of the network; its content security policy forbids it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any, Literal

from ecomon.model.provenance import Provenance
from ecomon.publish.assets import FontSet, plotly_script, template_text
from ecomon.publish.markup import both, element
from ecomon.publish.wording import (
    GRADE_LOOK,
    NOT_BINDING,
    Words,
    provenance_rows,
    watermarks,
)

Language = Literal["zh", "en"]


def page_assets(fonts: FontSet) -> dict[str, bytes]:
    """The files under ``assets/`` that every page asks for, by relative name."""
    style = Template(template_text("bulletin.css")).substitute(
        family=fonts.family, faces=_font_faces(fonts), grades=_grade_rules()
    )
    files = {
        "assets/ecomon.css": style.encode(),
        "assets/ecomon.js": template_text("bulletin.js").encode(),
        "assets/plotly.min.js": plotly_script(),
    }
    return files | {
        f"assets/{name}": octets for name, octets in zip(fonts.names, fonts.files, strict=True)
    }


def compose_page(
    main: str,
    provenance: Provenance,
    *,
    title: Words,
    heading: Words,
    period: tuple[Words, str],
    standing: str = "",
    language: Language = "zh",
    is_shadow: bool = False,
) -> bytes:
    """A whole page: masthead, its ``main`` part, where it comes from.

    Parameters
    ----------
    main : str
        Markup of what the page is about.
    title : Words
        In the bar of the browser; both languages.
    period : tuple of Words and str
        What the period is called, and the period.
    standing : str
        Markup that says how far the data are approved; stands above and below. Nothing without it.
    language : {"zh", "en"}
        The language that is shown first.

    Returns
    -------
    bytes
        UTF-8. It asks for :func:`page_assets` beside it, and for nothing else.
    """
    called, when = period
    shown = f'<span class="zh">{called.zh}</span><span class="en">{called.en}</span> {escape(when)}'
    beside = f'\n<span class="standing">{standing}</span>' if standing else ""
    page = Template(template_text("page.html")).substitute(
        language="zh-CN" if language == "zh" else "en",
        shown=language,
        title=escape(f"{title.zh} {title.en}"),
        heading=both(heading),
        period=f'<p class="period">{shown}{beside}</p>',
        standing=f"<p>{standing}</p>\n" if standing else "",
        band=band_of(provenance, is_shadow=is_shadow),
        overlay=overlay_of(provenance, is_shadow=is_shadow),
        main=main,
        provenance=provenance_list(provenance),
    )
    return page.encode()


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


def band_of(provenance: Provenance, *, is_shadow: bool = False) -> str:
    """The band over a page that says the data are not real; nothing for real data."""
    marks = watermarks(provenance, is_shadow=is_shadow)
    if not marks:
        return ""
    content = " · ".join(both(mark) for mark in (*marks, NOT_BINDING))
    return element("div", content, classes="band", role="note")


def overlay_of(provenance: Provenance, *, is_shadow: bool = False) -> str:
    """The watermark over a page; nothing for real data."""
    marks = watermarks(provenance, is_shadow=is_shadow)
    if not marks:
        return ""
    text = " · ".join(f"{mark.zh} {mark.en}" for mark in marks)
    spans = "".join(f"<span>{escape(text)}</span>" for _ in range(12))
    return f'<div class="overlay" aria-hidden="true">{spans}</div>'


def chart_holder(figure: Mapping[str, Any]) -> str:
    """Where the page's script draws a figure, which lies beside it as JSON."""
    data = f'<script type="application/json">{_script_json(figure)}</script>'
    return f'<div class="chart" style="min-height:{figure["layout"]["height"]}px"></div>{data}'


def _script_json(figure: Mapping[str, Any]) -> str:
    """JSON that cannot end its own script element."""
    text = json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def provenance_list(provenance: Provenance) -> str:
    """What a page was made from."""
    rows: Sequence[tuple[Words, str]] = provenance_rows(provenance)
    return element(
        "dl",
        "".join(
            f"<div>{element('dt', both(label))}{element('dd', escape(value))}</div>"
            for label, value in rows
        ),
    )
