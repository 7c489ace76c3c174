"""The JSON answer of the national water publication as rows of cells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ecomon.decode.delimited import BLOCK_ROWS, RAW_CHARS, RowBlock
from ecomon.decode.lines import LINE_BYTES
from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

JSON_BYTES = 32 << 20
"""A larger answer is none: the whole country's readings of one time are about 2 MB."""


@dataclass(slots=True)
class Payload:
    """``thead`` and ``tbody`` of one answer; ``quirks`` says where it is shorter than it claims."""

    header: list[str]
    body: list[Any]
    quirks: Counter[str] = field(default_factory=Counter[str])

    def raw(self, row: int) -> str:
        """Data row ``row`` (from 1) as JSON, as far as a record shows it."""
        return _dump(self.body[row - 1])[:RAW_CHARS]

    def blocks(self) -> Iterator[RowBlock]:
        """The data rows, ``BLOCK_ROWS`` at a time."""
        for first in range(0, len(self.body), BLOCK_ROWS):
            yield self._block(first, min(first + BLOCK_ROWS, len(self.body)))

    def _block(self, first: int, last: int) -> RowBlock:
        width = len(self.header)
        rows: list[int] = []
        cells: list[list[str]] = []
        rejected: list[Rejected] = []
        for row in range(first + 1, last + 1):
            entry = self.body[row - 1]
            if not isinstance(entry, list):
                rejected.append(Rejected(row, "the row is no list of cells", self.raw(row)))
            elif len(entry) != width:
                reason = f"{width} cells expected, {len(entry)} found"
                rejected.append(Rejected(row, reason, self.raw(row)))
            elif (
                n_chars := sum(len(cell) for cell in entry if isinstance(cell, str))
            ) > LINE_BYTES:
                reason = f"a row of {n_chars} characters; at most {LINE_BYTES} are read"
                rejected.append(Rejected(row, reason, self.raw(row)))
            elif any(isinstance(cell, str) and "\0" in cell for cell in entry):
                rejected.append(Rejected(row, "NUL characters in the row", self.raw(row)))
            else:
                rows.append(row)
                cells.append([_text(cell) for cell in entry])
        columns = list(zip(*cells, strict=True)) if cells else [()] * width
        return RowBlock(rows, columns, rejected)


def gather_answer(chunks: Iterable[bytes]) -> bytes:
    """The octets of one answer in one piece.

    Raises
    ------
    SourceRefused
        if they are more than ``JSON_BYTES``; what comes after is not read.
    """
    octets = bytearray()
    for chunk in chunks:
        octets += chunk
        if len(octets) > JSON_BYTES:
            raise SourceRefused(
                f"a JSON answer of over {JSON_BYTES >> 20} MB; ask for fewer sections at once"
            )
    return bytes(octets)


def read_payload(octets: bytes) -> Payload:
    """Read ``{"result", "total", "records", "thead", "tbody"}``.

    ``total`` counts pages and ``records`` rows of all pages; a single page with fewer rows than
    ``records`` is counted as the quirk ``rows short of records``, by the number that is missing.

    Raises
    ------
    SourceRefused
        if the text is no JSON (naming the place where it breaks off), ``result`` is not 1, or
        ``thead``/``tbody`` are not lists.
    """
    answer = parse_json(octets)
    if not isinstance(answer, dict) or not {"thead", "tbody"} & answer.keys():
        raise SourceRefused("the JSON is no answer of the water publication: no thead, no tbody")
    result = answer.get("result")
    if result != 1 and result != "1":
        raise SourceRefused(f"the publication answered result {str(result)[:40]!r}, not 1")
    header, body = answer.get("thead"), answer.get("tbody")
    if not isinstance(header, list) or not isinstance(body, list):
        raise SourceRefused("thead and tbody of the answer are not both lists")
    payload = Payload([_text(cell) for cell in header], body)
    total, records = _count(answer.get("total")), _count(answer.get("records"))
    if total == 1 and records is not None and records > len(body):
        payload.quirks["rows short of records"] = records - len(body)
    return payload


def parse_json(octets: bytes) -> Any:
    """The value of a JSON text in UTF-8 or GB18030; SourceRefused says where it is none."""
    return _parse(_decode(octets))


def cell_text(cell: object) -> str:
    """A cell as a CSV would hold it; what is neither text nor number stays visibly wrong."""
    return _text(cell)


def _decode(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        if wrong.reason == "unexpected end of data":  # cut within a character: JSON says where
            return octets.decode("utf-8-sig", "ignore")
        place = wrong.start
    try:
        return octets.decode("gb18030")
    except UnicodeDecodeError:
        pass
    raise SourceRefused(f"the answer is neither UTF-8 (from byte {place}) nor GB18030 text")


def _parse(text: str) -> Any:
    try:
        answer = json.loads(text)
        if "\\ud" in text.lower():
            # An escaped half of a surrogate pair is no text and could not be stored.
            answer = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    except json.JSONDecodeError as wrong:
        place = f"line {wrong.lineno} column {wrong.colno} of {len(text)} characters"
        raise SourceRefused(f"the JSON breaks off or is wrong at {place}: {wrong.msg}") from None
    except RecursionError:
        raise SourceRefused("the JSON is nested too deep to be an answer") from None
    except ValueError as wrong:  # an integer of thousands of digits
        raise SourceRefused(f"the JSON cannot be read: {wrong}") from None
    return answer


def _text(cell: object) -> str:
    """A cell as the CSV would hold it; what is neither text nor number stays visibly wrong."""
    if isinstance(cell, str):
        return cell
    return "" if cell is None else _dump(cell)


def _dump(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deep to show)"


def _count(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
