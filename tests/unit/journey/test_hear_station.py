"""A conversation: every octet is heard once, cut anywhere; who is welcome is answered."""

from __future__ import annotations

from itertools import pairwise

from gateway_stations import book, hourly, stations
from hypothesis import given
from hypothesis import strategies as st

from ecomon.journey.hear_station import StationConversation
from ecomon.journey.read_receptions import read_receptions
from ecomon.model.reception import Heard, Reception

FRAME = hourly()
RECEIVED_US = 1_793_466_000_000_000
BODY = FRAME.rstrip(b"\r\n")


def hear(*chunks: bytes) -> list[Heard]:
    conversation = StationConversation(book)
    heard = [one for chunk in chunks for one in conversation.receive(chunk)]
    return [*heard, *conversation.end()]


def quirks_of(*octets: bytes) -> dict[str, int]:
    """Of the station, when what was heard of these octets is read as a committer reads it."""
    receptions = [
        Reception(number, RECEIVED_US, 1, "p:1", one.octets)
        for number, one in enumerate(hear(*octets), 1)
    ]
    return dict(read_receptions(receptions, book()).counts[stations()[0].mn].quirks)


def test_a_frame_is_heard_with_its_tail() -> None:
    (heard,) = hear(FRAME)
    assert (heard.octets, heard.is_welcome) == (FRAME, True)
    assert b"CN=9014" in heard.answer


def test_frames_that_come_together_each_have_their_own_tail() -> None:
    assert [one.octets for one in hear(BODY + b"\n" + FRAME)] == [BODY + b"\n", FRAME]


def test_a_tail_that_comes_later_stands_before_the_next() -> None:
    assert [one.octets for one in hear(BODY, b"\r\n", FRAME)] == [BODY, b"\r\n" + FRAME]


def test_tails_and_padding_are_quirks_of_their_station() -> None:
    assert quirks_of(FRAME) == {}
    assert quirks_of(BODY, b"\r\n") == {}  # it came, in a segment of its own
    assert quirks_of(BODY + b"\n") == {"tail_LF": 1}
    assert quirks_of(b"\0\0" + FRAME) == {"padding_NUL": 1}


@given(
    parts=st.lists(
        st.sampled_from([FRAME, BODY, BODY + b"\n", b"\0\0\r\n", b"##", b"reg 1\r\n", FRAME[:90]])
        | st.binary(max_size=40),
        max_size=8,
    ),
    cuts=st.lists(st.integers(0, 2000), max_size=8),
)
def test_no_octet_is_left_out_however_they_are_cut(parts: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(parts)
    places = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    heard = hear(*(octets[a:b] for a, b in pairwise(places)))
    spooled = b"".join(one.octets for one in heard)
    assert octets.startswith(spooled)
    assert not octets[len(spooled) :].strip(b"\r\n\0 \t")  # what only fills, after the last


def test_what_only_fills_is_kept_within_bounds() -> None:
    conversation = StationConversation(book)
    for _ in range(100):
        assert conversation.receive(b"\0" * 10_000) == []
    (heard,) = conversation.receive(FRAME)
    assert heard.octets == b"\0" * 64 + FRAME
