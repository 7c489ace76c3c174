"""A JSON list of objects (one a station) as rows of cells: the answers of the air publication."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ecomon.decode.cnemc_payload import cell_text, parse_json
from ecomon.decode.delimited import BLOCK_ROWS, RAW_CHARS, RowBlock
from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

ANSWER_BYTES = 8 << 20
"""A larger answer is none: the whole country's stations of one hour are about 2 MB."""

CELL_CHARS = 1_000
ABSENT = "*"
"""How a cell is shown that its object does not have: not measured there."""


@dataclass(slots=True)
class ObjectRows:
    """Objects of one answer; ``header`` holds the wanted fields that occur, as they are spelt."""

    header: list[str]
    body: list[Any]

    def raw(self, row: int) -> str:
        """Data row ``row`` (from 1) as JSON, as far as a record shows it."""
        return cell_text(self.body[row - 1])[:RAW_CHARS]

    def blocks(self) -> Iterator[RowBlock]:
        """The objects, ``BLOCK_ROWS`` at a time."""
        fields = [name.lower() for name in self.header]
        for first in range(0, len(self.body), BLOCK_ROWS):
            rows: list[int] = []
            cells: list[list[str]] = []
            rejected: list[Rejected] = []
            for row, entry in enumerate(self.body[first : first + BLOCK_ROWS], first + 1):
                read = _read_row(entry, fields)
                if isinstance(read, str):
                    rejected.append(Rejected(row, read, self.raw(row)))
                else:
                    rows.append(row)
                    cells.append(read)
            columns = list(zip(*cells, strict=True)) if cells else [()] * len(fields)
            yield RowBlock(rows, columns, rejected)


def read_objects(octets: bytes, needed: Sequence[str], wanted: Collection[str]) -> ObjectRows:
    """Read ``[{...}, ...]`` or one ``{...}``.

    Parameters
    ----------
    needed : sequence of str
        Fields (in lower case) that make an object a row.
    wanted : collection of str
        Further fields that are read; others are passed over.

    Raises
    ------
    SourceRefused
        if the text is no JSON, no list of objects, too large, or holds objects none of which
        has the needed fields. A list without objects has no rows and is no error.
    """
    if len(octets) > ANSWER_BYTES:
        raise SourceRefused(
            f"an answer of over {ANSWER_BYTES >> 20} MB; ask for one city at a time"
        )
    answer = parse_json(octets)
    body = answer if isinstance(answer, list) else [answer]
    spelt: dict[str, str] = {}
    for entry in body:
        if isinstance(entry, dict):
            for name in entry:
                if (folded := name.lower()) in wanted or folded in needed:
                    spelt.setdefault(folded, name)
    if body and not set(needed) <= spelt.keys():
        raise SourceRefused(f"the JSON is no answer of this feed: no {', no '.join(needed)}")
    order = [*needed, *sorted(wanted)]
    return ObjectRows([spelt.get(name, name) for name in order if name in spelt or not body], body)


def _read_row(entry: object, fields: Sequence[str]) -> list[str] | str:
    """The cells of an object, or why it is no row."""
    if not isinstance(entry, dict):
        return "the row is no object"
    held: dict[str, str] = {}
    for name, value in entry.items():
        folded = name.lower()
        if folded not in fields:
            continue
        if folded in held:
            return f"the field {name} stands twice"
        text = cell_text(value)
        if len(text) > CELL_CHARS or "\0" in text:
            return f"the field {name} is no reading: {len(text)} characters or NUL among them"
        held[folded] = text
    return [held.get(name, ABSENT) for name in fields]
