"""Lines of a comma-separated file: encodings, and lines that are no row."""

from __future__ import annotations

import pytest

from ecomon.decode.delimited import LINE_BYTES, DelimitedFile, read_delimited, split_line
from ecomon.errors import SourceRefused

HEADER = "站,值"


def is_header(cells: list[str]) -> bool:
    return "站" in cells


def rows_of(table: DelimitedFile) -> tuple[list[tuple[int, str, str]], list[tuple[int, str]]]:
    kept: list[tuple[int, str, str]] = []
    lost: list[tuple[int, str]] = []
    for block in table.blocks():
        kept += zip(block.rows, *block.columns, strict=True)
        lost += [(item.row, item.reason) for item in block.rejected]
    return kept, lost


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, line_end: str) -> None:
    text = line_end.join([HEADER, "姚渡,1", "", "㳇河,2", ""])
    table = read_delimited([text.encode(encoding)], is_header)
    assert table.header == ["站", "值"]
    assert rows_of(table) == ([(1, "姚渡", "1"), (2, "㳇河", "2")], [])


def test_a_bad_line_costs_one_row() -> None:
    octets = b"\n".join(
        [
            HEADER.encode(),
            "姚渡,1".encode(),
            b"\xff\xfe,2",
            b'"open,3',
            b"nul\0,4",
            b"a,b,c",
            b"x" * (LINE_BYTES + 1),
            b'"a,b",5',
        ]
    )
    kept, lost = rows_of(read_delimited([octets], is_header))
    assert kept == [(1, "姚渡", "1"), (7, "a,b", "5")]
    assert [row for row, _ in lost] == [2, 3, 4, 5, 6]
    reasons = " | ".join(reason for _, reason in lost)
    for word in ("not utf-8", "quotes", "NUL", "2 cells expected, 3 found", "1000001 bytes"):
        assert word in reasons


def test_what_a_record_shows_of_a_line_is_bounded_and_storable() -> None:
    octets = HEADER.encode() + b"\n" + b"\0" + b"x" * 2_000_000
    table = read_delimited([octets], is_header)
    rows_of(table)
    assert 3000 < len(table.raw(1)) <= 4000
    assert "\0" not in table.raw(1)


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\n", "empty"),
        ("a,b\n1,2".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,2\n", "no header"),
        (b"\x80\x81\xff\xff\xff", "no header"),
    ],
)
def test_a_file_of_another_kind_is_refused(octets: bytes, word: str) -> None:
    with pytest.raises(SourceRefused, match=word):
        read_delimited([octets], is_header)


def test_comment_lines_before_the_header_are_the_preamble() -> None:
    table = read_delimited(["# 甲: 乙\n站,值\na,1\n".encode()], is_header, comment="#")
    assert table.preamble == ["# 甲: 乙"]
    assert rows_of(table)[0] == [(1, "a", "1")]


def test_quotes_of_html_in_a_plain_cell_stay() -> None:
    assert split_line('a,<b title="x">1</b>,2') == ["a", '<b title="x">1</b>', "2"]
    assert split_line('"a ""b""",2') == ['a "b"', "2"]
