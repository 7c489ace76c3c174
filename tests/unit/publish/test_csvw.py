"""The long CSV keeps everything, and its metadata say what stands in it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flagged_tables import SMALL, TABLES, export_facts, flagged_table
from hypothesis import given, settings

from ecomon.errors import ContractError, SourceRefused
from ecomon.publish.csvw import csvw_metadata, observations_csv
from ecomon.publish.csvw_reader import read_observations_csv

ORIGINS: dict[str, Any] = {
    "batch_id": 3, "file_name": "四月, 一.csv", "sha256": "a" * 64, "decoder": "d", "decoder_version": "1",
}  # fmt: skip


def test_a_row_by_hand() -> None:
    head, first, second, *_ = observations_csv(flagged_table(SMALL)).decode().split("\r\n")
    assert head == (
        "site,determinand,statistic,start,duration_s,programme,source,replicate,value,unit,censor,"
        "source_flag,row,revision,flag,decision,approval"
    )
    assert first == (
        "yaodu,TP,value,2021-04-03T08:00:00+08:00,0,automatic,cnemc-water,0,0.30000000000000004,"
        "mg/L,none,正常,1,1,1,,provisional"
    )
    assert ",0.01,mg/L,left,,1,2,3,accept,provisional" in second


@given(TABLES)
@settings(max_examples=50, deadline=None)
def test_nothing_is_lost(table: pd.DataFrame) -> None:
    octets = observations_csv(table)
    back = read_observations_csv(octets)
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    assert list(map(repr, back["value"])) == list(map(repr, table["value"]))  # -0.0 is no 0.0
    assert observations_csv(back) == octets


def test_origins_and_an_empty_table_come_back_too() -> None:
    table = flagged_table(SMALL).assign(**ORIGINS)
    pd.testing.assert_frame_equal(read_observations_csv(observations_csv(table)), table)
    nothing = table.head(0)
    assert read_observations_csv(observations_csv(nothing)).empty
    bare = table.drop(columns=[*ORIGINS, "decision", "approval"])
    pd.testing.assert_frame_equal(read_observations_csv(observations_csv(bare)), bare)


@pytest.mark.parametrize("text", ["=1+1", "@x", "'", "+1-cmd", "\tx"])
def test_a_spreadsheet_runs_no_text(text: str) -> None:
    (_, row, _) = observations_csv(flagged_table([{"source_flag": text}])).split(b"\r\n")
    assert f"'{text}".encode() in row


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": np.datetime64("2021-04-03T08:00:00.5", "us")}, "parts of a second"),
        ({"unit": None}, "no unit"),
        ({"revision": 1}, "the same key"),
    ],
)
def test_what_cannot_be_told_is_refused(change: dict[str, Any], words: str) -> None:
    table = flagged_table([{}, {}] if "revision" in change else [{}])
    table = table.assign(**change).astype({"start": "datetime64[us]", "unit": "str"})
    with pytest.raises(ContractError, match=words):
        observations_csv(table)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"0.01", b"0,01", "row 2: 18 cells"), (b"0.01", b"nan", "row 2, value: 'nan'"),
        (b",left,", b",below,", "row 2, censor"), (b"+08:00", b"Z", "row 1, start"),
        (b"04-03T08", b"13-03T08", "row 1, start"), (b",3,accept", b",5,accept", "row 2, flag"),
        (b"mg/L", b"", "row 1, unit"), (b"start,", b"begin,", "begin"), (b"mg/L", b"\xff", "UTF-8"),
        (b"yaodu", b'"yao"du', "no CSV"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_row_and_column(old: bytes, new: bytes, words: str) -> None:
    octets = observations_csv(flagged_table(SMALL))
    with pytest.raises(SourceRefused, match=words):
        read_observations_csv(octets.replace(old, new, 1))
    with pytest.raises(SourceRefused, match="empty"):
        read_observations_csv(b"")


def described(kind: Any = "real", **options: Any) -> dict[str, Any]:
    facts = export_facts(kind, **options)
    return json.loads(csvw_metadata(flagged_table(SMALL), facts, csv_name="四月 a.csv"))


def test_metadata_describe_every_column() -> None:
    told = described()
    columns = {one["name"]: one for one in told["tableSchema"]["columns"]}
    header = observations_csv(flagged_table(SMALL)).decode().partition("\r\n")[0].split(",")
    assert list(columns) == header
    assert all(
        one["name"] in one["titles"]["en"] and one["titles"]["zh"] for one in columns.values()
    )
    assert told["url"] == "%E5%9B%9B%E6%9C%88%20a.csv"
    assert set(told["tableSchema"]["primaryKey"]) < set(header)
    assert columns["start"]["datatype"]["base"] == "dateTimeStamp"
    flags = {one["skos:notation"] for one in columns["flag"]["skos:member"]}
    assert flags == {"1", "2", "3", "4", "9"}
    units = {one["skos:notation"]: one for one in columns["unit"]["skos:member"]}
    assert units["degC"]["http://qudt.org/schema/qudt/ucumCode"] == "Cel"
    assert "http://qudt.org/schema/qudt/ucumCode" not in units["NTU"]
    (site,) = columns["site"]["skos:member"]
    assert (site["schema:longitude"], site["skos:prefLabel"][0]["@value"]) == (105.4, "姚渡")


def test_metadata_say_where_the_readings_come_from() -> None:
    told = described("example", institution="某局", licence="CC-BY-4.0")
    assert told["dc:title"][0]["@value"] == "【示例数据】监测值 2021-04"
    assert (told["dc:publisher"], told["dc:license"]) == ("某局", "CC-BY-4.0")
    facts = {one["schema:name"]: one["schema:value"] for one in told["schema:additionalProperty"]}
    assert (facts["kind"], facts["known_at"], facts["ruleset"]) == ("example", "7", "f" * 64)
    assert "dc:license" not in described()
