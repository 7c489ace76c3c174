"""What is packaged beside the code: fonts, templates, and plotly's script.

The one place in this stage that reads packaged octets (``importlib.resources``); the functions
that make a page or a document are given a :class:`FontSet` and stay pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from plotly.offline import get_plotlyjs

_PACKAGE = "ecomon.publish"
_FAMILY = "Noto Sans SC"
_WEIGHTS = {"NotoSansSC-Regular.otf": 400, "NotoSansSC-Bold.otf": 700}


@dataclass(frozen=True, slots=True)
class FontSet:
    """One font family in its weights.

    Attributes
    ----------
    family : str
        Name the pages and typst ask for.
    names, weights, files : tuple, all of one length
        File names, CSS weights and octets.
    directory : str
        Folder that holds these files; typst takes fonts from a folder only.
    """

    family: str
    names: tuple[str, ...]
    weights: tuple[int, ...]
    files: tuple[bytes, ...] = field(repr=False)
    directory: str = field(repr=False)


@cache
def packaged_fonts() -> FontSet:
    """The Noto Sans SC subset that ships with ecomon (``fonts/README.md`` says how it was made)."""
    folder = files(_PACKAGE).joinpath("fonts")
    return FontSet(
        family=_FAMILY,
        names=tuple(_WEIGHTS),
        weights=tuple(_WEIGHTS.values()),
        files=tuple(folder.joinpath(name).read_bytes() for name in _WEIGHTS),
        directory=str(folder),
    )


@cache
def template_text(name: str) -> str:
    """Text of ``templates/<name>``."""
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def plotly_script() -> bytes:
    """plotly.min.js of the installed plotly package, to lie beside the page."""
    return get_plotlyjs().encode("utf-8")
