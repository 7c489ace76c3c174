"""What the other province finds in the files it was sent: nothing, or the place that was changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ecomon.cli import app
from ecomon.errors import SourceRefused
from ecomon.journey.verify_statement import verify_statement

Bundle = dict[str, bytes]
STEM = "statement-pair-2025-02"
MANIFEST, STATEMENT = f"{STEM}-manifest.json", f"{STEM}.json"
READINGS, DAYS = f"{STEM}-readings.csv", f"{STEM}-days.csv"
CODMN, NH3N = "pair@2025/yaodu/2025-02/CODMN", "pair@2025/yaodu/2025-02/NH3N"
Found = list[tuple[str, str, str]]


def differences(bundle: Bundle) -> Found:
    found = verify_statement(bundle[MANIFEST], bundle)
    return [(one.file, one.place, one.field) for one in found.differences]


def changed(bundle: Bundle, name: str, old: str, new: str, *, mended: bool) -> Bundle:
    """The bundle with one text of one file changed; ``mended``: the manifest too, as a forger would."""
    text = bundle[name].decode()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    octets = text.replace(old, new).encode()
    files = {**bundle, name: octets}
    if mended:
        before, after = (hashlib.sha256(one).hexdigest() for one in (bundle[name], octets))
        files[MANIFEST] = bundle[MANIFEST].replace(before.encode(), after.encode())
        assert files[MANIFEST] != bundle[MANIFEST]
    return files


def reading_at(bundle: Bundle, line: str, start: str) -> str:
    """The first row of a reading, as it stands in the file."""
    rows = bundle[READINGS].decode().split("\r\n")
    return next(row for row in rows if row.startswith(line) and f",{start}" in row)


def test_what_was_published_follows(bundle: Bundle) -> None:
    found = verify_statement(bundle[MANIFEST], bundle)
    assert found.differences == ()
    assert (found.agreement, found.period, found.known_at) == ("pair@2025", "2025-02", 3)
    assert (found.n_readings, found.n_days, found.n_lines) == (253, 84, 2)


def test_what_is_approved_is_what_was_used(
    flagged: pd.DataFrame, publish: Callable[[pd.DataFrame], Bundle]
) -> None:
    """Readings that are not used may stay provisional; one that is used holds all of it back."""
    is_out = (flagged["flag"] == 4) | (flagged["source"] == "tabulated")
    is_other = flagged["site"].eq("bamiaogou") | flagged["determinand"].eq("TP")
    is_before = flagged["start"] < "2025-01-31"
    states = flagged["approval"].mask(~(is_out | is_other | is_before), "approved")
    approved = publish(flagged.assign(approval=states))
    document = json.loads(approved[STATEMENT])
    assert (document["approval"], document["is_provisional"]) == ("approved", False)
    assert "数据未经审核" not in {label["zh"] for label in document["labels"]}
    assert differences(approved) == []
    one = flagged.index[flagged["start"] == "2025-02-03T08:00"][0]
    for state, label in (("reviewed", "数据已审核，未批准"), ("provisional", "数据未经审核")):
        files = publish(flagged.assign(approval=states.where(flagged.index != one, state)))
        document = json.loads(files[STATEMENT])
        assert (document["approval"], document["is_payable"]) == (state, False)
        assert label in {one["zh"] for one in document["labels"]}
        assert differences(files) == []


def test_a_statement_that_says_approved_of_readings_that_are_not_is_found(bundle: Bundle) -> None:
    files = changed(
        bundle, STATEMENT, '"approval":"provisional"', '"approval":"approved"', mended=True
    )
    assert (STATEMENT, "approval", "approval") in differences(files)


@pytest.mark.parametrize("lacking", ["DISCHARGE", "CODMN", "everything"])
def test_an_insufficient_statement_follows_too(
    lacking: str, flagged: pd.DataFrame, publish: Callable[[pd.DataFrame], Bundle]
) -> None:
    gone = flagged["determinand"] == lacking if lacking != "everything" else flagged["row"] > 0
    files = publish(flagged[~gone])
    assert json.loads(files[STATEMENT])["status"] != "complete"
    assert differences(files) == []


@pytest.mark.parametrize(
    "name", [READINGS, DAYS, STATEMENT, f"{STEM}.pdf", f"{STEM}.xlsx"]
)  # fmt: skip
def test_an_octet_more_is_found_by_its_hash(bundle: Bundle, name: str) -> None:
    found = differences({**bundle, name: bundle[name] + b"\n"})
    assert (name, "-", "sha256") in found


@pytest.mark.parametrize("name", [READINGS, DAYS, STATEMENT, f"{STEM}.pdf", f"{STEM}.xlsx"])
def test_a_file_that_is_missing_is_named(bundle: Bundle, name: str) -> None:
    rest = {one: octets for one, octets in bundle.items() if one != name}
    assert (name, "-", "file") in differences(rest)


def test_a_changed_value_is_named_with_its_day(bundle: Bundle) -> None:
    row = reading_at(bundle, CODMN, "2025-02-10T04")
    files = changed(bundle, READINGS, row, row.replace(",4.3,mg/L", ",4.4,mg/L"), mended=True)
    revision = row.split(",")[14]
    assert differences(files) == [
        (READINGS, f"{CODMN} {revision}", "counted"),
        (DAYS, f"{CODMN} yaodu CODMN 2025-02-10", "sum"),
        (DAYS, f"{CODMN} yaodu CODMN 2025-02-10", "mean"),
    ]


def test_a_changed_flag_is_named(bundle: Bundle) -> None:
    row = reading_at(bundle, NH3N, "2025-02-10T12")
    files = changed(bundle, READINGS, row, row.replace(",none,1,", ",none,4,"), mended=True)
    revision = row.split(",")[14]
    found = differences(files)
    # Three readings are left of six expected: the day is none, and its other readings are not used.
    assert (READINGS, f"{NH3N} {revision}", "is_used") in found
    assert (DAYS, f"{NH3N} yaodu NH3N 2025-02-10", "status") in found


def test_a_changed_amount_is_named(bundle: Bundle) -> None:
    document = json.loads(bundle[STATEMENT])
    document["lines"][0]["amount_cny"] = "-1466040.01"
    forged = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    files = {**bundle, STATEMENT: forged.encode()}
    assert differences(files) == [(STATEMENT, "-", "sha256"), (STATEMENT, CODMN, "amount_cny")]


def test_postings_that_do_not_balance_are_found(bundle: Bundle) -> None:
    document = json.loads(bundle[STATEMENT])
    document["postings"][0]["amount_cny"] = "-1.00"
    found = differences({**bundle, STATEMENT: json.dumps(document).encode()})
    assert (STATEMENT, "postings", "amount_cny") in found
    assert (STATEMENT, "postings[0]", "amount_cny") in found


def test_terms_that_are_not_those_of_the_rule_set(bundle: Bundle) -> None:
    files = changed(
        bundle, STATEMENT, '"price_cny_per_t":"15000","source"', '"price_cny_per_t":"15","source"',
        mended=True,
    )  # fmt: skip
    found = differences(files)
    assert (STATEMENT, "agreement", "factors[0].price_cny_per_t") in found
    assert (STATEMENT, CODMN, "amount_cny") in found


def test_another_rule_set_is_not_the_one_named(bundle: Bundle) -> None:
    (name,) = [name for name in bundle if name.startswith("ruleset-")]
    files = changed(
        bundle, name, '"price_cny_per_t":"15000"', '"price_cny_per_t":"15"', mended=True
    )
    assert (STATEMENT, "provenance", "ruleset") in differences(files)


def test_a_row_taken_out_or_put_in_is_named(bundle: Bundle) -> None:
    row = reading_at(bundle, CODMN, "2025-02-03T16")
    revision = row.split(",")[14]
    without = changed(bundle, READINGS, row + "\r\n", "", mended=True)
    assert differences(without) == [(DAYS, f"{CODMN} yaodu CODMN 2025-02-03", "n_excluded")]
    twice = changed(bundle, READINGS, row, f"{row}\r\n{row}", mended=True)
    assert (READINGS, f"{CODMN} {revision}", "row") in differences(twice)
    strange = changed(
        bundle, READINGS, row, row.replace("/2025-02/", "/2025-03/"), mended=True
    )  # fmt: skip
    assert (READINGS, f"{CODMN.replace('2025-02', '2025-03')} {revision}", "row") in differences(
        strange
    )


def test_a_heading_is_part_of_the_file(bundle: Bundle) -> None:
    files = changed(
        bundle, DAYS, "# 数据类别 kind of data: 算例", "# 数据类别 kind of data: 实测", mended=True
    )
    assert differences(files) == [(DAYS, "-", "heading or order of rows")]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (READINGS, "line,role,site", "line,part,site"),
        (READINGS, "2025-02-03T16:00:00+08:00,99,", "2025-02-03T16:00:00+08:00,1e9,"),
        (STATEMENT, '"mode":"two_sided","n_lines"', '"mode":"three_sided","n_lines"'),
    ],
)
def test_what_cannot_be_read_is_a_difference(bundle: Bundle, name: str, old: str, new: str) -> None:
    found = verify_statement(bundle[MANIFEST], changed(bundle, name, old, new, mended=False))
    assert [(one.file, one.field) for one in found.differences] == [
        (name, "sha256"),
        (name, "file"),
    ]


@pytest.mark.parametrize("name", ["../secret", "a/b", "c:d", "..", ""])
def test_a_manifest_names_only_files_beside_it(bundle: Bundle, name: str) -> None:
    manifest = json.loads(bundle[MANIFEST])
    manifest["files"]["days"]["name"] = name
    with pytest.raises(SourceRefused, match="beside it"):
        verify_statement(json.dumps(manifest).encode(), bundle)


@pytest.mark.parametrize(
    "octets", [b"", b"[]", b"{}", b'{"form": "ecomon-manifest-1", "files": {}}']
)
def test_what_is_no_manifest_is_refused(octets: bytes) -> None:
    with pytest.raises(SourceRefused, match="not a manifest"):
        verify_statement(octets, {})


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    for name, octets in bundle.items():
        (tmp_path / name).write_bytes(octets)
    return tmp_path


def test_the_command_says_ok(folder: Path) -> None:
    done = CliRunner().invoke(app, ["verify", str(folder / MANIFEST)])
    assert done.exit_code == 0
    assert "一致 OK  pair@2025 2025-02" in done.stdout
    assert hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest() in done.stdout


def test_the_command_names_the_place(folder: Path) -> None:
    (folder / f"{STEM}.pdf").write_bytes(b"%PDF")
    done = CliRunner().invoke(app, ["verify", str(folder / MANIFEST)])
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{STEM}.pdf\t-\tsha256\t")
    lines = (
        CliRunner().invoke(app, ["verify", str(folder / MANIFEST), "--json"]).stdout.splitlines()
    )
    assert [json.loads(line)["field"] for line in lines] == ["sha256"]


def test_the_command_needs_neither_store_nor_prefect(folder: Path) -> None:
    probe = (
        "import sys; from ecomon.cli import app;"
        f"app(['verify', {str(folder / MANIFEST)!r}], standalone_mode=False);"
        "print([name for name in ('prefect', 'sqlalchemy', 'typst') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
