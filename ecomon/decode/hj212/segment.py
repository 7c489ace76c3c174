"""A data segment: its head (``QN;ST;CN;PW;MN;Flag;PNUM;PNO;RF``) and its data area, as sent.

Nothing is interpreted here but where one thing ends and the next begins. The order of the head
does not matter; names of the data area keep the case they came in. What deviates is a quirk, and
only what cannot be told apart is left to the reader of the message to reject, item by item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.verdict import decode_text
from ecomon.errors import ContractError

HEADER_NAMES: Final = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
"""Names of the head in the order of HJ 212-2017 table 3; RF is of the 2025 edition."""

MAX_SEGMENT: Final = 1024
MAX_CP: Final = 950
"""Octets of a segment and of its data area (HJ 212-2017 6.3.2); longer is sent in packages."""

_RANK: Final = {name: rank for rank, name in enumerate(HEADER_NAMES)}
_BY_LOWER: Final = {name.lower(): name for name in HEADER_NAMES}
_HEX24: Final = re.compile(r"[0-9A-Fa-f]{24}")
_CP: Final = re.compile(r"(?:^|[;,\s]|(?<=\d))CP\s*=\s*(?:&&)?", re.IGNORECASE)
_BREAKING: Final = re.compile(r"[;,&\r\n]|##")


class Field(NamedTuple):
    """One ``name=value`` of the data area; ``item`` counts the ``;`` before it."""

    name: str
    value: str
    item: int


class Segment(NamedTuple):
    """A data segment taken apart.

    Attributes
    ----------
    header : dict of name to value
        As sent, names in the spelling of the standard.
    cp : str
        The data area without its ``&&``.
    quirks : tuple of Quirk
        Of the head and of the way the area is closed; those of its fields are with
        :func:`read_fields`.
    """

    header: dict[str, str]
    cp: str
    quirks: tuple[Quirk, ...] = ()

    @property
    def flag(self) -> int | None:
        """``Flag`` as a number of 0 to 255; None where it is absent or none."""
        text = self.header.get("Flag", "")
        if not (text.isascii() and text.isdigit()) or len(text) > 3:
            return None
        number = int(text)
        return number if number <= 255 else None

    @property
    def is_answer_wanted(self) -> bool:
        """Bit 0 of ``Flag``; False where there is no readable one."""
        return bool((self.flag or 0) & 1)

    @property
    def version_bits(self) -> int | None:
        """``Flag >> 2``: 0 the 2005 edition, 1 2017, 2 2025 and surface water; None without it."""
        return None if self.flag is None else self.flag >> 2

    @property
    def package(self) -> tuple[int, int] | None:
        """(PNO, PNUM) where both are numbers and 1 <= PNO <= PNUM <= 9999, else None."""
        number, count = self.header.get("PNO", ""), self.header.get("PNUM", "")
        if not (number.isdecimal() and count.isdecimal() and len(number + count) <= 8):
            return None
        return (int(number), int(count)) if 1 <= int(number) <= int(count) else None


_EXPECTED: Final = (
    ("QN", Quirk.NO_QN), ("ST", Quirk.NO_ST), ("PW", Quirk.NO_PW), ("MN", Quirk.NO_MN),
    ("Flag", Quirk.NO_FLAG),
)  # fmt: skip


def parse_segment(octets: bytes) -> Segment:
    """Take a segment apart (HJ 212-2017 6.3.2 to 6.3.4). Never raises: what is odd is a quirk.

    Text is UTF-8 or else GB18030; octets that are neither become U+FFFD.
    """
    text, is_utf8 = decode_text(octets)
    quirks: list[Quirk] = []
    if not is_utf8:
        quirks.append(Quirk.TEXT_UNREADABLE if "\ufffd" in text else Quirk.TEXT_GB18030)
    at = text.find(";CP=&&")
    if at >= 0:
        head, cp = text[:at], text[at + 6 :]
    else:
        head, cp = _split_oddly(text, quirks)
    if cp.endswith("&&"):
        cp = cp[:-2]
    elif Quirk.NO_CP not in quirks:
        quirks.append(Quirk.CP_UNCLOSED)
        cp = cp.rstrip("&")
    header = _read_header(head, quirks)
    return Segment(header, cp, tuple(dict.fromkeys(quirks)) if quirks else ())


def _split_oddly(text: str, quirks: list[Quirk]) -> tuple[str, str]:
    """Head and area of a segment that does not have the printed ``;CP=&&``."""
    found = _CP.search(text)
    if found is None:
        quirks.append(Quirk.NO_CP)
        return text, ""
    if not found[0].startswith(";"):
        quirks.append(Quirk.FLAG_GLUED_TO_CP)
    return text[: found.start()], text[found.end() :]


def _read_header(head: str, quirks: list[Quirk]) -> dict[str, str]:
    header: dict[str, str] = {}
    if "," in head:
        quirks.append(Quirk.COMMA_AFTER_QN)
        head = head.replace(",", ";")
    rank = -1
    for item in head.split(";"):
        name, equals, value = item.partition("=")
        order = _RANK.get(name)
        if order is None:
            if not item.strip():
                continue
            name = _BY_LOWER.get(name.strip().lower(), name.strip())
            quirks.append(
                Quirk.HEADER_CASE if equals and name in _RANK else Quirk.HEADER_UNREADABLE
            )
            if not equals:
                continue
        if name in header:
            quirks.append(Quirk.HEADER_REPEATED)
            continue
        header[name] = value.strip()
        if order is None:
            order = _RANK.get(name, rank)
        if order < rank:
            quirks.append(Quirk.HEADER_ORDER)
        rank = order
    _check_header(header, quirks)
    return header


def _check_header(header: Mapping[str, str], quirks: list[Quirk]) -> None:
    for name, quirk in _EXPECTED:
        if name not in header:
            quirks.append(quirk)
    mn = header.get("MN")
    if mn is not None and (len(mn) != 24 or not _HEX24.fullmatch(mn)):
        quirks.append(Quirk.MN_NOT_24_HEX)
    has_package = "PNUM" in header or "PNO" in header
    flag = header.get("Flag")
    if flag is not None:
        if not (flag.isascii() and flag.isdigit()):
            quirks.append(Quirk.FLAG_NOT_A_NUMBER)
        elif len(flag) > 3 or int(flag) > 255:
            quirks.append(Quirk.FLAG_OUT_OF_RANGE)
        elif bool(int(flag) & 2) != has_package:
            quirks.append(Quirk.PACKAGE_WITHOUT_BIT if has_package else Quirk.BIT_WITHOUT_PACKAGE)
    if has_package and Segment(dict(header), "").package is None:
        quirks.append(Quirk.PACKAGE_OUT_OF_RANGE)


def read_fields(cp: str) -> tuple[list[Field], tuple[Quirk, ...]]:
    """Every ``name=value`` of a data area in its order, and what is odd about them.

    A field without ``=`` is left out and named a quirk; one whose value holds a further ``=``
    (two fields grown together) is kept as sent: only whoever reads it can tell what it costs.
    """
    quirks: dict[Quirk, None] = {}
    fields: list[Field] = []
    if cp.endswith(";"):
        quirks[Quirk.TRAILING_SEMICOLON] = None
    if " " in cp and (cp.startswith(" ") or "; " in cp or ", " in cp or " ;" in cp or " ," in cp):
        quirks[Quirk.SPACE_IN_CP] = None
    for number, item in enumerate(cp.split(";")):
        for text in item.split(","):
            name, equals, value = text.partition("=")
            if not equals:
                if text.strip():
                    quirks[Quirk.ITEM_WITHOUT_VALUE] = None
                continue
            if "=" in value:
                quirks[Quirk.SEPARATOR_MISSING] = None
            fields.append(Field(name.strip(), value.strip(), number))
    if len({one.name for one in fields}) != len(fields):
        quirks[Quirk.DUPLICATE_KEY] = None
    for one in fields:
        if one.name == "DataTime" and len(one.value) == 17:
            quirks[Quirk.DATATIME_17] = None
    return fields, tuple(quirks)


def group_fields(fields: Iterable[Field]) -> list[tuple[str, dict[str, str]]]:
    """Fields by the thing they speak of: ``("w01001", {"Avg": "7.10", "Flag": "N"})``.

    The name before the last ``-`` is the thing's; a field without one has the empty field name
    (``("DataTime", {"": "2026..."})``). A thing that comes again in another item, or repeats a
    field, begins a new entry: nothing is merged and nothing lost.
    """
    groups: list[tuple[str, dict[str, str]]] = []
    last_item = -1
    for one in fields:
        thing, dash, part = one.name.rpartition("-")
        if not dash:
            thing, part = one.name, ""
        fits = groups and one.item == last_item and groups[-1][0] == thing
        if fits and part not in groups[-1][1]:
            groups[-1][1][part] = one.value
        else:
            groups.append((thing, {part: one.value}))
        last_item = one.item
    return groups


def build_segment(
    header: Mapping[str, str],
    groups: Iterable[tuple[str, Mapping[str, str]]] = (),
    *,
    encoding: str = "utf-8",
) -> bytes:
    """The octets of a segment; :func:`parse_segment` and :func:`group_fields` are its inverse.

    Raises
    ------
    ContractError
        where a name or value holds what separates (``; , = &``, a line's end, ``##``), or cannot
        be written in the encoding.
    """
    head = [f"{name}={_checked(name, value)}" for name, value in header.items()]
    items = [
        ",".join(
            f"{_checked_name(thing)}{'-' if part else ''}{_checked_name(part)}={_checked(thing, value)}"
            for part, value in parts.items()
        )
        for thing, parts in groups
    ]
    text = ";".join([*head, f"CP=&&{';'.join(items)}&&"])
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as wrong:
        raise ContractError(
            f"not to be written in {encoding}: {wrong.object[wrong.start]!r}"
        ) from None


def _checked_name(name: str) -> str:
    if "=" in name or _BREAKING.search(name):
        raise ContractError(f"a name of the data area cannot hold a separator: {name!r}")
    return name


def _checked(name: str, value: str) -> str:
    if "=" in value or _BREAKING.search(value):
        raise ContractError(f"{name}: a value cannot hold a separator: {value!r}")
    return value
