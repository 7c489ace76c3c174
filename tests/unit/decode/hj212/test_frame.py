"""Frames out of octets: whatever is around them, however they are cut, none that is right is lost."""

from __future__ import annotations

import itertools
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.hj212.frame import MAX_FRAME, Frame, FrameReader, Rejected, Trust, encode
from ecomon.decode.hj212.quirk import Quirk
from ecomon.decode.hj212.segment import build_segment
from ecomon.decode.hj212.verdict import RejectReason
from ecomon.errors import ContractError

EXAMPLES = settings(max_examples=int(os.environ.get("ECOMON_HJ212_EXAMPLES", "150")), deadline=None)
HEAD = {"QN": "20260801085857223", "ST": "21", "CN": "2061", "PW": "123456", "MN": "A110000_0001", "Flag": "9"}  # fmt: skip
SEGMENT = build_segment(HEAD, [("DataTime", {"": "20260801080000"}), ("w01001", {"Avg": "7.10", "Flag": "N"})])  # fmt: skip
WIRE = encode(Frame(SEGMENT))
OTHER = encode(Frame(build_segment({**HEAD, "CN": "9015"})))

plain = st.text(st.characters(codec="utf-8", exclude_characters=";,=&#\r\n", exclude_categories=["Cs", "Cc"]), max_size=12)  # fmt: skip
words = st.text("wa0123456789", min_size=1, max_size=6)
groups = st.lists(st.tuples(words, st.dictionaries(st.sampled_from(["Avg", "Flag", "Rtd"]), plain, min_size=1)), max_size=6)  # fmt: skip
segments = groups.map(lambda drawn: build_segment(HEAD, drawn))
noise = st.one_of(
    st.binary(max_size=80),
    st.text("#&0123456789ABCDEFabcdef\r\nCN=P;", max_size=80).map(str.encode),
    st.integers(0, len(WIRE) - 1).map(lambda n: WIRE[:n]),
    st.sampled_from([b"##9999", b"###", b"##0170##0170", b"##0000FFFF", b"REG,138\r\n", b"\0" * 9]),
)


def read(octets: bytes, *cuts: int, trust: Trust | None = None) -> list[Frame | Rejected]:
    reader = FrameReader(trust, is_patient=True)
    ends = [0, *sorted(cuts), len(octets)]
    out: list[Frame | Rejected] = []
    for begin, end in itertools.pairwise(ends):
        out += reader.receive(octets[begin:end])
    return out + reader.close()


def frames(items: list[Frame | Rejected]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def test_a_frame_by_hand() -> None:
    (frame,) = read(WIRE)
    assert frame == Frame(SEGMENT, "hj212", (), WIRE[:-2])
    assert WIRE[:6] == b"##%04d" % len(SEGMENT)


def test_a_frame_is_given_before_its_tail_comes() -> None:
    reader = FrameReader()
    (frame,) = reader.receive(WIRE[:-2])
    assert isinstance(frame, Frame)
    assert reader.receive(b"\n") == []
    assert reader.late_quirks == {Quirk.TAIL_LF: 1}


@pytest.mark.parametrize(
    ("octets", "quirk"),
    [
        (WIRE[:-2], Quirk.TAIL_NONE),
        (WIRE[:-2] + b"\n", Quirk.TAIL_LF),
        (WIRE[:-1], Quirk.TAIL_CR),
        (WIRE[:-6] + WIRE[-6:].lower(), Quirk.CRC_LOWER_CASE),
        (b"##" + b"%04d" % (len(SEGMENT) + 6) + WIRE[6:], Quirk.LENGTH_PLUS_6),
        (b"##0888" + WIRE[6:], Quirk.LENGTH_WRONG),
        (b"##9999" + WIRE[6:], Quirk.LENGTH_WRONG),
        (b"##0001" + WIRE[6:], Quirk.LENGTH_WRONG),
        (b"##" + b"%03d" % len(SEGMENT) + WIRE[6:], Quirk.LENGTH_DIGITS),
        (b"\0\0" + WIRE, Quirk.PADDING_NUL),
        (b"REG,13800001111\r\n" + WIRE, Quirk.NOISE_BEFORE),
    ],
)
def test_each_tolerance_has_its_name(octets: bytes, quirk: Quirk) -> None:
    (frame,) = frames(read(octets))
    assert frame.segment == SEGMENT
    # The checksum of this frame, EF00 or so, may have no letter to be small.
    assert quirk in frame.quirks or (quirk == Quirk.CRC_LOWER_CASE and octets == WIRE)


def test_a_wrong_length_is_not_waited_for() -> None:
    reader = FrameReader()
    (frame,) = reader.receive(b"##9999" + WIRE[6:])
    assert isinstance(frame, Frame)


def test_modbus_only_where_it_is_configured() -> None:
    octets = encode(Frame(SEGMENT, "modbus"))
    (rejected,) = read(octets)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is RejectReason.MODBUS_NOT_CONFIGURED
    (frame,) = frames(read(octets, trust=Trust("modbus")))
    assert (frame.crc, frame.quirks) == ("modbus", (Quirk.CRC_MODBUS,))
    by_station = FrameReader(Trust(), {"A110000_0001": Trust("modbus")}).receive(octets)
    assert len(frames(by_station)) == 1


def test_a_bad_checksum_is_told_at_once_with_all_sums() -> None:
    (rejected,) = FrameReader().receive(WIRE[:-6] + b"0000\r\n##")
    assert isinstance(rejected, Rejected)
    assert rejected.reason is RejectReason.BAD_CHECKSUM
    assert "HJ 212 gives" in rejected.detail
    assert rejected.octets == WIRE[:-6] + b"0000"


def test_a_cut_frame_does_not_swallow_the_next() -> None:
    items = read(WIRE[:100] + OTHER)
    assert [type(item) for item in items] == [Rejected, Frame]
    assert items[0][0] is RejectReason.TRUNCATED


def test_a_log_may_hold_what_looks_like_a_beginning() -> None:
    octets = encode(Frame(b"ST=21;CN=3020;CP=&&i11001-Info=//VAL##0012NO//&&"))
    assert len(frames(read(octets))) == 1


def test_two_raw_octets_for_a_checksum_are_no_frame_and_cost_none() -> None:
    # "All characters are ASCII except the CRC" in the text of 2005 could be read so.
    items = read(WIRE[:-6] + b"\x12\xa4\r\n" + OTHER)
    assert [type(item) for item in items] == [Rejected, Frame]


@EXAMPLES
@given(
    st.lists(st.one_of(noise, st.just(WIRE), segments.map(lambda s: encode(Frame(s)))), max_size=5),
    st.data(),
)
def test_never_raises_and_does_not_care_how_octets_are_cut(
    parts: list[bytes], data: st.DataObject
) -> None:
    octets = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(octets)), max_size=6))
    trust = Trust(data.draw(st.sampled_from(["hj212", "modbus", "any", "none"])))
    whole = read(octets, trust=trust)
    assert read(octets, *cuts, trust=trust) == whole
    if len(octets) < 400:
        assert read(octets, *range(len(octets)), trust=trust) == whole
    assert sum(len(item.octets) for item in whole) <= len(octets)


@EXAMPLES
@given(noise, segments, noise)
def test_noise_never_costs_a_good_frame(before: bytes, segment: bytes, after: bytes) -> None:
    octets = encode(Frame(segment))
    assert octets[:-2] in [frame.octets for frame in frames(read(before + octets + after))]


@EXAMPLES
@given(segments, st.sampled_from(["hj212", "modbus"]), st.booleans(), st.booleans())
def test_decode_of_encode(segment: bytes, crc: str, is_hidden: bool, is_printed: bool) -> None:
    key = b"0" * 16 if is_hidden else None
    octets = encode(Frame(segment, crc), sm4_key=key, is_printed_text=is_printed)  # type: ignore[arg-type]
    (frame,) = read(octets, trust=Trust("modbus", b"0" * 16))
    if not is_hidden or crc == "hj212":
        assert isinstance(frame, Frame)
        assert (frame.segment, frame.crc) == (segment, crc)


def test_memory_is_bounded_and_garbage_costs_bounded_work() -> None:
    dice = random.Random(7)
    reader = FrameReader()
    floods = [b"##9999" * 4000, b"#" * 40_000, b"##9998CN=&&0000\r" * 2000, dice.randbytes(60_000)]
    for flood in floods:
        for at in range(0, len(flood), 1500):
            reader.receive(flood[at : at + 1500])
            assert reader.n_pending < 2 * MAX_FRAME
    assert WIRE[:-2] in [item.octets for item in reader.receive(WIRE)]


def test_what_cannot_be_a_frame_is_not_written() -> None:
    with pytest.raises(ContractError, match="CN="):
        encode(Frame(b"QN=1"))
    with pytest.raises(ContractError, match="9999"):
        encode(Frame(b"CN=2011;" + b"x" * 9999))
    with pytest.raises(ContractError, match="separator"):
        build_segment({"CN": "20;11"})
