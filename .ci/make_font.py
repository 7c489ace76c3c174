"""Make the packaged Chinese font from the variable Noto Sans CJK collection.

    python .ci/make_font.py WHEEL_OR_TTC [OUT_FOLDER]

Needs fonttools and cffsubr, which the project itself does not depend on; run it in an
environment of its own. The result is committed; nothing calls this at build time.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import cffsubr
from fontTools.cffLib.CFF2ToCFF import convertCFF2ToCFF
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont
from fontTools.varLib.instancer import OverlapMode, instantiateVariableFont

FAMILY = "Noto Sans SC"
FACE = "Noto Sans CJK SC"
WEIGHTS = {"Regular": 400, "Bold": 700}

# What our pages and statements can hold: names of places are within the main CJK block.
RANGES = (
    (0x0020, 0x007E), (0x00A0, 0x00FF),  # ASCII, Latin-1
    (0x0100, 0x017F), (0x01CD, 0x01DC),  # Latin Extended-A and the vowels of pinyin
    (0x0391, 0x03C9),  # Greek
    (0x2000, 0x206F), (0x2070, 0x209C),  # general punctuation, superscripts and subscripts
    (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2150, 0x218B),  # currency, letterlike, Roman numerals
    (0x2190, 0x21FF), (0x2200, 0x22FF),  # arrows, mathematical operators
    (0x2460, 0x24FF), (0x2500, 0x25FF), (0x2600, 0x26FF),  # enclosed, boxes, shapes, symbols
    (0x3000, 0x303F), (0x3040, 0x30FF), (0x3200, 0x33FF),  # CJK symbols, kana, enclosed, units
    (0x4E00, 0x9FFF),  # CJK Unified Ideographs, whole block
    (0xFE10, 0xFE1F), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),  # vertical, compatibility, full-width
)  # fmt: skip


def read_collection(where: Path) -> bytes:
    """The font collection itself, or the one inside a wheel."""
    if where.suffix != ".whl":
        return where.read_bytes()
    with zipfile.ZipFile(where) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".ttc")]
        return wheel.read(name)


def pick_face(collection: bytes) -> TTFont:
    fonts = TTCollection(io.BytesIO(collection), lazy=True).fonts
    (font,) = [font for font in fonts if font["name"].getDebugName(1).startswith(FACE)]
    return font


def keep_characters(font: TTFont) -> None:
    options = Options()
    # Not "locl": it would keep the Japanese, Korean and Taiwan shapes, and with them glyph numbers
    # above 32,767, which typst prints as a blank box.
    options.layout_features = ["kern", "ccmp", "mark"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "VVAR", "DSIG"]  # we set no vertical text
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)


def rename(font: TTFont, style: str) -> None:
    """Our own PostScript and full names, so that the copy is not taken for the original."""
    names = {
        1: FAMILY, 2: style, 3: f"ecomon subset of Noto Sans CJK SC {style}",
        4: f"{FAMILY} {style}", 6: f"{FAMILY.replace(' ', '')}-{style}",
    }  # fmt: skip
    for name_id in (16, 17, 21, 22, 25):
        font["name"].removeNames(nameID=name_id)
    for record in list(font["name"].names):
        if record.nameID > 255 or (record.nameID in names and record.langID != 0x409):
            font["name"].removeNames(nameID=record.nameID, langID=record.langID)
    for name_id, text in names.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    if "STAT" in font:
        del font["STAT"]


def subset(collection: bytes) -> bytes:
    """The SC face with the characters we keep, still variable."""
    font = pick_face(collection)
    keep_characters(font)
    return save(font)


def make(variable: bytes, style: str) -> bytes:
    """One static weight."""
    font = TTFont(io.BytesIO(variable), recalcTimestamp=False)
    instantiateVariableFont(
        font,
        {"wght": WEIGHTS[style]},
        inplace=True,
        overlap=OverlapMode.KEEP_AND_DONT_SET_FLAGS,
    )
    font = to_cff(font)
    font["OS/2"].usWeightClass = WEIGHTS[style]
    if style == "Bold":
        font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0x40 | 0x20  # bold, not regular
        font["head"].macStyle |= 1
    rename(font, style)
    font["CFF "].cff.fontNames = [f"{FAMILY.replace(' ', '')}-{style}"]
    font["CFF "].cff.remove_hints()  # screens and print of today need none
    cffsubr.subroutinize(font)
    return save(font)


def to_cff(font: TTFont) -> TTFont:
    """CFF2 -> CFF, which every reader knows.

    The conversion renames the glyphs, so no other table may be open meanwhile: hence the two
    rounds of saving and reading.
    """
    font = TTFont(io.BytesIO(save(font)), recalcBBoxes=False, recalcTimestamp=False)
    top = font["CFF2"].cff[0]
    # Read lazily, these would be taken for CFF once the conversion has begun.
    assert top.FDSelect and top.CharStrings and all(part.Private for part in top.FDArray)
    convertCFF2ToCFF(font)
    return TTFont(io.BytesIO(save(font)), recalcBBoxes=False, recalcTimestamp=False)


def save(font: TTFont) -> bytes:
    font.recalcTimestamp = False  # the same octets whenever it is made
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def main() -> None:
    variable = subset(read_collection(Path(sys.argv[1])))
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "ecomon/publish/fonts")
    for style in WEIGHTS:
        octets = make(variable, style)
        (folder / f"NotoSansSC-{style}.otf").write_bytes(octets)
        print(f"{style}: {len(octets):,} octets")


if __name__ == "__main__":
    main()
