"""Receptions: octets go in and come out, however they are cut; damage ends the run and is said."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.reception import Damage, Reception, read_receptions, reception_octets

RECEPTIONS = st.builds(
    Reception,
    number=st.integers(1, 10**18),
    received_us=st.integers(0, 10**17),
    connection=st.integers(1, 10**9),
    peer=st.sampled_from(["10.0.0.7:50123", "fe80::1%eth0:9212", "-"]),
    octets=st.binary(max_size=600),
)


def test_a_reception_is_a_line_and_its_octets() -> None:
    octets = reception_octets(Reception(17, 1763970855123456, 5, "10.20.0.7:50123", b"##0\r\n"))
    line, rest = octets.split(b"\n", 1)
    assert line.split(b" ")[:6] == [
        b"reception", b"17", b"1763970855123456", b"5", b"10.20.0.7:50123", b"5",
    ]  # fmt: skip
    assert rest == b"##0\r\n\n"


@given(receptions=st.lists(RECEPTIONS, max_size=6), cuts=st.lists(st.integers(0, 4000)))
def test_receptions_come_back_however_the_octets_are_cut(
    receptions: list[Reception], cuts: list[int]
) -> None:
    octets = b"".join(reception_octets(one) for one in receptions)
    places = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    chunks = [octets[a:b] for a, b in pairwise(places)]
    assert list(read_receptions(chunks)) == receptions


@given(receptions=st.lists(RECEPTIONS, min_size=1, max_size=4), data=st.data())
def test_what_was_cut_off_is_damage_and_what_stands_before_it_is_whole(
    receptions: list[Reception], data: st.DataObject
) -> None:
    octets = [reception_octets(one) for one in receptions]
    kept = data.draw(st.integers(1, len(octets[-1]) - 1))
    *whole, last = read_receptions([*octets[:-1], octets[-1][:kept]])
    assert whole == receptions[:-1]
    assert isinstance(last, Damage)
    assert last.position == sum(map(len, octets[:-1]))


@given(junk=st.binary(max_size=300))
def test_octets_that_are_none_never_raise(junk: bytes) -> None:
    found = list(read_receptions([junk]))
    assert all(isinstance(one, Reception) for one in found[:-1])
    assert not junk or found


@given(reception=RECEPTIONS, data=st.data())
def test_a_changed_octet_is_not_taken(reception: Reception, data: st.DataObject) -> None:
    octets = bytearray(reception_octets(reception))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.sampled_from([1, 4, 128]))
    assert list(read_receptions([bytes(octets)]))[:1] != [reception]
