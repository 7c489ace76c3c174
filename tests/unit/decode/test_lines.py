"""Octets cut into lines: however they come, and however long one of them is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.decode import cnemc_payload, delimited, lines
from ecomon.decode.cnemc_water import decode as decode_water
from ecomon.decode.hydrology import decode_st_river_r
from ecomon.decode.lines import LINE_BYTES, LongLine, cut_lines, cut_pieces
from ecomon.decode.tabulated import decode as decode_tabulated
from ecomon.decode.tabulated import read_preamble
from ecomon.errors import SourceRefused
from ecomon.model.observation import Rejected

LONG_MB = 200
MEMORY_BYTES = 30 << 20


def cut(octets: bytes, *places: int) -> list[bytes]:
    """Octets cut at the places, in any order."""
    ends = sorted({min(place, len(octets)) for place in places} | {len(octets)})
    return [octets[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(
    octets=st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"bc"])).map(
        b"".join
    ),
    places=st.lists(st.integers(0, 40), max_size=6),
    piece_bytes=st.integers(1, 12),
)
def test_lines_do_not_depend_on_how_octets_are_cut(
    octets: bytes, places: list[int], piece_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PIECE_BYTES", piece_bytes)
        pieces = list(cut_pieces(cut(octets, *places)))
        assert b"".join(pieces) == octets
        assert all(len(piece) == piece_bytes for piece in pieces[:-1])
    whole = list(cut_lines(cut_pieces([octets])))
    assert list(cut_lines(cut_pieces(cut(octets, *places)))) == whole
    assert b"".join(whole).replace(b"\r", b"") == octets.removeprefix(b"\xef\xbb\xbf").replace(
        b"\n", b""
    ).replace(b"\r", b"")


@pytest.mark.parametrize("size", [LINE_BYTES, LINE_BYTES + 1, 3 * LINE_BYTES])
@pytest.mark.parametrize("end", [b"", b"\n", b"\nlast"])
def test_a_line_at_the_limit_is_whole_and_one_over_it_has_its_beginning(
    size: int, end: bytes
) -> None:
    first, line, *last = cut_lines(cut_pieces([b"first\n" + b"x" * size + end]))
    assert first == b"first"
    assert isinstance(line, LongLine) is (size > LINE_BYTES)
    assert len(line) == min(size, LINE_BYTES)
    assert getattr(line, "size", size) == size
    assert last == ([b"last"] if end == b"\nlast" else [])


WATER = "省份,断面名称,监测时间,pH(无量纲),站点情况\n四川省,姚渡,2021-04-03 08:00,8.2,正常\n"
LAYOUTS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "tabulated": (
        decode_tabulated,
        "site,start,WT\nyaodu,2021-04-03 08:00,1\n",
        "yaodu,2021-04-03 12:00,2\n",
    ),
    "st-river-r": (
        decode_st_river_r,
        "STCD,TM,Q\n60700100,2021-04-03 08:00,1\n",
        "60700100,2021-04-03 12:00,2\n",
    ),
    "cnemc-water": (decode_water, WATER, "四川省,姚渡,2021-04-03 12:00,8.3,正常\n"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_line_of_hundreds_of_megabytes_is_one_record_and_the_rest_goes_through(
    layout: str, determinands, gather
) -> None:
    decode, before, after = LAYOUTS[layout]
    block = b"9," * (1 << 15)

    def chunks() -> Iterator[bytes]:
        yield before.encode()
        for _ in range(LONG_MB << 4):
            yield block
        yield b"\n" + after.encode()

    tracemalloc.start()
    try:
        decoded = gather(decode(chunks(), determinands))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < MEMORY_BYTES
    assert decoded.table["row"].tolist() == [1, 3]
    (rejected,) = decoded.rejected
    assert (rejected.row, rejected.column) == (2, None)
    assert f"{LONG_MB << 20} bytes" in rejected.reason
    assert rejected.raw == "9," * 2000


def test_a_long_first_line_is_no_header(determinands) -> None:
    with pytest.raises(SourceRefused, match="the first line, of 2000000 bytes"):
        list(decode_tabulated([b"x" * 2_000_000], determinands))


def test_a_json_answer_without_end_is_refused_and_not_read_on(determinands) -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield b'{"result":1,"thead":["'
        while True:
            taken += 1
            yield b"x" * (1 << 20)

    with pytest.raises(SourceRefused, match="32 MB"):
        list(decode_water(chunks(), determinands))
    assert taken < 40


def test_a_long_row_of_a_json_answer_is_one_record(determinands, gather) -> None:
    rows = [f'["四川省","姚渡","2021-04-03 {h:02d}:00","8.2"]' for h in (8, 12)]
    long = f'["四川省","姚渡","2021-04-03 16:00","{"8" * (LINE_BYTES + 1)}"]'
    head = '["省份","断面名称","监测时间","pH(无量纲)"]'
    answer = f'{{"result":1,"thead":{head},"tbody":[{rows[0]},{long},{rows[1]}]}}'
    decoded = gather(decode_water([answer.encode()], determinands))
    assert decoded.table["row"].tolist() == [1, 3]
    (rejected,) = decoded.rejected
    assert rejected.row == 2 and "at most 1000000" in rejected.reason
    assert len(rejected.raw) == cnemc_payload.RAW_CHARS


def test_only_the_head_is_read_for_the_preamble() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"# kind: example\nsite,start,WT\n" + b"yaodu,2021-04-03 08:00,1\n" * 40_000
        raise AssertionError("read on")

    assert read_preamble(chunks()) == {"kind": "example"}


def test_a_header_alone_is_told(determinands, gather) -> None:
    for decode, text, _ in LAYOUTS.values():
        header = text.splitlines()[0]
        decoded = gather(decode([header.encode()], determinands))
        assert decoded.table.empty
        assert decoded.rejected == [Rejected(0, "the file holds a header and no row", header)]


def test_a_file_of_rubbish_under_a_good_header_is_refused(
    determinands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "REJECTED_LINES", 100)
    octets = b"site,start,WT\n" + b"\xff\n" * 101
    with pytest.raises(SourceRefused, match=r"101 lines are no row .* row 101: not utf-8"):
        list(decode_tabulated([octets], determinands))


def test_records_of_rows_found_wrong_later_show_their_line(
    determinands, gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeats are known only at the end of the file, many blocks after their line was read."""
    monkeypatch.setattr(delimited, "BLOCK_ROWS", 3)
    rows = [f"yaodu,2021-04-03 {n % 12:02d}:00,{n}" for n in range(24)]
    decoded = gather(decode_tabulated(["\n".join(["site,start,WT", *rows]).encode()], determinands))
    assert [(one.row, one.raw) for one in decoded.rejected] == [(n + 1, rows[n]) for n in range(12)]
