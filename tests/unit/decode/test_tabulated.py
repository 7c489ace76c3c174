"""Our own plain layout, as its module describes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.tabulated import decode, read_preamble
from ecomon.errors import SourceRefused

FILE = """\
# feed: cnemc-water
# programme: automatic
# statistic: value
# duration_s: 0
# source: by hand
# licence: none
# kind: golden
site,start,source_flag,WT,PH,DO,NH3N[ug/L]
yaodu,2021-04-03 08:00,正常,13.9,8.19,11.43,2880
yaodu,2021-04-03T12:00,维护,13.9,--,--!,<25
bamiaogou,2021-04-03T00:00+00:00,,*,,0.5L,>50
"""


def test_the_file_of_the_docstring(determinands, gather) -> None:
    decoded = gather(decode([FILE.encode()], determinands))
    table = decoded.table
    assert decoded.value("yaodu", "NH3N", "2021-04-03 08:00") == 2.88
    assert table["unit"].unique().tolist() == ["degC", "1", "mg/L"]
    assert table["row"].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]
    second = table[table["row"] == 2]
    assert np.isnan(second["value"].iloc[1:3]).all()
    assert second["source_flag"].tolist() == ["维护", "维护", "极值过滤", "维护"]
    assert (second["value"].iloc[3], second["censor"].iloc[3]) == (0.025, "left")
    third = table[table["row"] == 3]
    assert third["determinand"].tolist() == ["DO", "NH3N"]
    assert third["censor"].tolist() == ["left", "right"]
    assert third["source_flag"].isna().all()
    assert third["start"].astype(str).unique().tolist() == ["2021-04-03 08:00:00"]
    assert set(table["source"]) == {"cnemc-water"}
    assert not decoded.rejected
    assert not decoded.quirks


def test_the_preamble_is_there_for_people(determinands) -> None:
    assert read_preamble([FILE.encode()])["kind"] == "golden"
    padded = FILE.replace("golden", "golden,,,,,,")
    assert read_preamble([padded.encode()])["kind"] == "golden"


def test_settings_hold_for_every_row(determinands, gather) -> None:
    octets = (
        b"# programme: joint\n# statistic: mean\n# duration_s: 86400\n# colour: blue\n"
        b"site,start,DISCHARGE\nbikou,2021-04-03 00:00,120.5\n"
    )
    decoded = gather(decode([octets], determinands))
    one = decoded.table.iloc[0]
    assert (one["programme"], one["statistic"], one["duration_s"]) == ("joint", "mean", 86400)
    assert one["source"] == "tabulated"
    assert decoded.quirks == {"header line not known: colour": 1}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("# programme: manual", "programme 'manual'"),
        ("# statistic: median", "statistic 'median'"),
        ("# duration_s: an hour", "whole number"),
        ("# feed: My Feed", "feed 'My Feed'"),
    ],
)
def test_an_unknown_setting_is_refused(line: str, word: str, determinands) -> None:
    with pytest.raises(SourceRefused, match=word):
        list(decode([f"{line}\nsite,start,WT\n".encode()], determinands))


def test_columns_that_cannot_be_read_are_told(determinands, gather) -> None:
    octets = b"site,start,WT,NH3N[NTU],XX,WT\nyaodu,2021-04-03 08:00,1,2,3,4\n"
    decoded = gather(decode([octets], determinands))
    assert decoded.table["determinand"].tolist() == ["WT"]
    assert [(item.row, item.column) for item in decoded.rejected] == [
        (0, "NH3N[NTU]"), (0, "XX"), (0, "WT"),
    ]  # fmt: skip
    for header in ("site,start,XX", "site,start,site,WT"):
        with pytest.raises(SourceRefused):
            list(decode([header.encode()], determinands))


def test_rows_that_are_none_are_told(determinands, gather) -> None:
    rows = (
        "Yao Du,2021-04-03 08:00,,1,,,", "yaodu,04-03 08:00,,1,,,", "yaodu,,,1,,,",
        "yaodu,2021-04-03 08:00,,,,,", "yaodu,2021-04-03 08:00,,1,,,", "yaodu,2021-04-03 08:00",
        "yaodu,2021-04-03 09:00,,x,7,,",
    )  # fmt: skip
    head = "site,start,source_flag,WT,PH,DO,NH3N"
    decoded = gather(decode(["\n".join([head, *rows]).encode()], determinands))
    assert decoded.table["row"].tolist() == [5, 7]
    assert [(item.row, item.column) for item in decoded.rejected if item.column] == [(7, "WT")]
    decoded.account(7)


@given(noise=st.binary(max_size=120), place=st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, determinands, gather) -> None:
    octets = FILE.encode()
    try:
        gather(decode([octets[:place], noise, octets[place:]], determinands))
    except SourceRefused as refusal:
        assert str(refusal)
