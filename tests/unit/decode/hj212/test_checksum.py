"""The HJ 212 checksum against the two worked examples, the definition, and its own weakness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.decode.hj212.checksum import checksum_codepoints, checksum_hj212, checksum_modbus


def by_definition(octets: bytes) -> int:
    """HJ 212-2017 annex A, step by step."""
    register = 0xFFFF
    for octet in octets:
        register = (register >> 8) ^ octet
        for _ in range(8):
            lowest = register & 1
            register >>= 1
            if lowest:
                register ^= 0xA001
    return register


@pytest.mark.parametrize(
    ("segment", "printed"),
    [
        # HJ 212-2017 annex A, worked example.
        (b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&", 0x1C80),
        # HJ 212-2025 annex A.1, worked example.
        (b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&", 0x2200),
        (b"", 0xFFFF),
    ],
)  # fmt: skip
def test_printed_examples(segment: bytes, printed: int) -> None:
    assert checksum_hj212(segment) == printed


def test_the_modbus_form_is_another() -> None:
    # MODBUS over Serial Line, check value of the algorithm for "123456789" (CRC catalogue).
    assert checksum_modbus(b"123456789") == 0x4B37
    assert checksum_hj212(b"123456789") == 0x2F80


@given(st.binary(max_size=700))
def test_folding_is_the_definition(octets: bytes) -> None:
    assert checksum_hj212(octets) == by_definition(octets)


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_of_ascii_code_points_are_octets(text: str) -> None:
    assert checksum_codepoints(text) == by_definition(text.encode())


@given(st.binary(min_size=9, max_size=60), st.data())
def test_octets_that_change_places_eight_apart_are_never_seen(
    octets: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(octets) - 9))
    moved = bytearray(octets)
    moved[at], moved[at + 8] = moved[at + 8], moved[at]
    assert checksum_hj212(bytes(moved)) == checksum_hj212(octets)


def test_only_256_results_exist() -> None:
    results = {checksum_hj212(bytes((a, b))) for a in range(256) for b in range(256)}
    assert len(results) == 256
