"""A4 PDF by typst, in memory: a template, what it sets as JSON, and the packaged font."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typst

from ecomon.errors import ContractError
from ecomon.model.period import to_epoch_s
from ecomon.publish.assets import FontSet, template_text


def typeset(template: str, data: Mapping[str, Any], fonts: FontSet, *, dated: datetime) -> bytes:
    """A template after ``frame.typ``, as PDF.

    Parameters
    ----------
    template : str
        Name under ``templates/``.
    data : mapping
        JSON values, all texts ready to be printed; ``title``, ``running`` (left and right of the
        page head), ``marks`` (the watermark) are the frame's.
    fonts : FontSet
        Its folder is handed to typst, and no font of the system is used.
    dated : naive Beijing datetime
        The creation date, so that the same input gives the same octets.

    Raises
    ------
    ContractError
        where typst fails or warns: a font or glyph it did not find would print as nothing.
    """
    source = template_text("frame.typ") + template_text(template)
    try:
        octets, warnings = typst.compile_with_warnings(
            source.encode(),
            font_paths=typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[fonts.directory],
            ),
            format="pdf",
            sys_inputs={"data": json.dumps({**data, "family": fonts.family}, ensure_ascii=False)},
            timestamp=to_epoch_s(dated),
        )
    except typst.TypstError as wrong:
        raise ContractError(f"{template}: typst: {wrong}") from wrong
    if warnings:
        raise ContractError(f"{template}: typst: " + "; ".join(str(each) for each in warnings))
    return octets
