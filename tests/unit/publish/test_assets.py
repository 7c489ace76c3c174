"""The packaged fonts are the ones typst and the page ask for."""

from __future__ import annotations

from io import BytesIO

import pytest
import typst
from pypdf import PdfReader

from ecomon.publish.assets import FontSet, plotly_script


def test_typst_finds_both_weights_in_the_folder(fonts: FontSet) -> None:
    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts.directory]
    ).fonts()
    assert sorted((font.family, font.weight) for font in found) == [
        (fonts.family, weight) for weight in fonts.weights
    ]


def test_octets_are_opentype_with_cff_outlines_and_stay_small(fonts: FontSet) -> None:
    assert len(fonts.names) == len(fonts.weights) == len(fonts.files)
    for octets in fonts.files:
        assert octets[:4] == b"OTTO"
        assert len(octets) < 9_500_000


def test_plotly_is_the_library_itself() -> None:
    assert b"plotly.js v" in plotly_script()[:400]


@pytest.mark.parametrize("weight", [400, 700])
def test_every_ideograph_is_printed_and_none_as_a_blank_box(fonts: FontSet, weight: int) -> None:
    wanted = [chr(code) for code in range(0x4E00, 0x9FA6)] + list("Ⅰ→³²μ℃≥≤×÷−※—·，。（）")
    text = "\n".join("".join(wanted[at : at + 60]) for at in range(0, len(wanted), 60))
    octets = typst.compile(
        b"#set text(font: sys.inputs.family, size: 4pt, weight: int(sys.inputs.weight))\n"
        b"#sys.inputs.text",
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts.directory]
        ),
        sys_inputs={"family": fonts.family, "weight": str(weight), "text": text},
    )
    printed = "".join(page.extract_text() for page in PdfReader(BytesIO(octets)).pages)
    # Two ideographs share one glyph, and a text layer names only one of them: U+58AB, U+58FF.
    assert set(wanted) - set(printed) <= {"壿"}
    assert "\x00" not in printed
