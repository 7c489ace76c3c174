"""File names of any octets and any length."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from ecomon.sources.names import NAME_BYTES, ROOM_BYTES, fitting_name, shown_name


def test_names_by_hand() -> None:
    assert shown_name("姚渡 2021.csv") == "姚渡 2021.csv"
    assert shown_name(os.fsdecode("姚渡.csv".encode("gb18030"))) == "姚渡.csv"
    assert shown_name(os.fsdecode(b"a\xff.csv")) == "a\\xff.csv"
    assert shown_name("two\nlines.csv") == "two\\x0alines.csv"
    assert fitting_name("water.csv", "20210403-") == "20210403-water.csv"


names = st.binary(min_size=1, max_size=255).map(
    lambda octets: os.fsdecode(octets.replace(b"/", b"_").replace(b"\0", b"_"))
)


@given(names, st.sampled_from(["", "20210403T080000000000-"]))
def test_any_name_can_be_stored_and_written(name: str, prefix: str) -> None:
    shown_name(name).encode()
    assert shown_name(name).isprintable()
    fitted = fitting_name(name, prefix)
    octets = os.fsencode(fitted)
    assert 0 < len(octets) <= NAME_BYTES - ROOM_BYTES
    assert b"/" not in octets


def test_long_names_stay_apart_and_keep_their_ending() -> None:
    one, other = ("断" * 80 + word + ".csv" for word in ("甲", "乙"))
    assert fitting_name(one) != fitting_name(other)
    assert fitting_name(one).endswith(".csv")
    assert shown_name(fitting_name(one)).startswith("断" * 50)
