"""The site's own folder over the shipped facts, and the hash that tells them apart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ecomon.errors import RegistryError
from ecomon.registry import (
    Registry,
    compare_registries,
    compare_with_shipped,
    read_registry,
    read_snapshot,
)

Overlay = Callable[[dict[str, str]], Path]
DAY = date(2021, 4, 3)

SHAXI = """
defaults:
  source: 市局2021年度目标责任书
  confidence: verified
sections:
  - id: shaxi
    national_code: "1234567890"
    targets:
      - {grade: 2, valid_from: 2021-01-01, valid_to: 2026-01-01}
"""


def test_an_entry_changes_only_what_it_gives(shipped: Registry, overlay: Overlay) -> None:
    local = read_registry(overlay=overlay({"stations/sections/own.yaml": SHAXI}))
    old, new = shipped.sections["shaxi"], local.sections["shaxi"]
    assert local.local == {"shaxi"}
    assert new.national_code == "1234567890"
    assert new.model_copy(update={"national_code": None, "targets": ()}) == old
    target = local.target("shaxi", DAY)
    assert target is not None
    assert (target.grade, target.source) == (2, "市局2021年度目标责任书")
    assert local.target("shaxi", date(2026, 1, 1)) is None
    assert local.resolve("cnemc-water", "四川省/沙溪", DAY) == "shaxi"


def test_a_new_id_is_added(shipped: Registry, overlay: Overlay) -> None:
    text = """
sections:
  - {id: jianmenguan, name_zh: 剑门关, name_en: Jianmenguan, river: jialing, kind: inside,
     located_in: "510823", km_above_mouth: 700, source: local list, confidence: secondary}
"""
    local = read_registry(overlay=overlay({"stations/sections/own.yaml": text}))
    assert local.local == {"jianmenguan"}
    assert len(local.sections) == len(shipped.sections) + 1
    chain = [section.id for section in local.chain("jialing")]
    assert chain.index("bamiaogou") < chain.index("jianmenguan") < chain.index("beiwenquan")


def test_rules_and_agreements_are_overlaid_by_field(shipped: Registry, overlay: Overlay) -> None:
    files = {
        "thresholds/agreements/own.yaml": "{id: shadow-yaodu, mode: one_sided}",
        "thresholds/alerts/default.yaml": "absolute_deadbands: {PH: 0.2}\n",
    }
    local = read_registry(overlay=overlay(files))
    assert local.agreements["shadow-yaodu"].mode == "one_sided"
    assert local.agreements["shadow-yaodu"].factors == shipped.agreements["shadow-yaodu"].factors
    assert local.alerts.absolute_deadbands["PH"] == 0.2
    assert local.alerts.conditions == shipped.alerts.conditions
    assert local.local == {"shadow-yaodu", "alerts"}


def test_an_overlay_that_repeats_the_shipped_value_is_not_local(
    shipped: Registry, overlay: Overlay
) -> None:
    text = "sections: [{id: yaodu, name_zh: 姚渡}]\n"
    local = read_registry(overlay=overlay({"stations/sections/own.yaml": text}))
    assert local.local == frozenset()
    assert local.hash == shipped.hash


def test_a_slip_in_the_overlay_names_the_overlay(overlay: Overlay) -> None:
    folder = overlay({"stations/sections/own.yaml": SHAXI.replace("grade: 2", "grade: 9")})
    with pytest.raises(RegistryError) as wrong:
        read_registry(overlay=folder)
    (problem,) = wrong.value.problems
    assert problem.file == f"{folder / 'stations/sections/own.yaml'}:9"
    assert problem.field == "shaxi.targets[0].grade"


def test_a_file_where_nobody_reads_it_is_told(overlay: Overlay) -> None:
    with pytest.raises(RegistryError, match="nothing reads it"):
        read_registry(overlay=overlay({"sections/own.yaml": SHAXI}))


def test_the_hash_is_of_the_snapshot_and_of_every_fact(
    shipped: Registry, facts: Path, reread: Callable[[], Registry]
) -> None:
    assert shipped.hash == hashlib.sha256(shipped.snapshot).hexdigest()
    assert reread().hash == shipped.hash
    for file in sorted(facts.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        file.write_text("# a comment is no fact\n" + text, encoding="utf-8")
    assert reread().hash == shipped.hash
    seen = {shipped.hash}
    for file in sorted(facts.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        changed = re.sub(r"source: (?!>-)([\"']?)", r"source: \1after all ", text)
        assert changed != text, file
        file.write_text(changed, encoding="utf-8")
        seen.add(reread().hash)
    assert len(seen) == 1 + len(list(facts.rglob("*.yaml")))


def test_decimals_stay_as_they_are_printed(shipped: Registry) -> None:
    stored = json.loads(shipped.snapshot)
    limits = stored["standards"]["GB3838-2002-table1-river"]["class_limits"]
    (ammonia,) = (one for one in limits if one["determinand"] == "NH3N")
    assert ammonia["classes"] == ["0.15", "0.5", "1.0", "1.5", "2.0"]


def test_a_snapshot_is_read_back(shipped: Registry) -> None:
    again = read_snapshot(shipped.snapshot)
    assert again.hash == shipped.hash
    assert again.sections == shipped.sections
    for river in shipped.rivers:
        assert again.chain(river) == shipped.chain(river)
    for section in shipped.sections:
        assert again.offices_to_tell(section) == shipped.offices_to_tell(section)
    assert again.quality == shipped.quality
    assert list(again.aggregation.expected_overrides) == list(
        shipped.aggregation.expected_overrides
    )
    assert again.quality.model_fields_set == shipped.quality.model_fields_set
    for broken in (b"", b"{}", b"[]", shipped.snapshot.replace(b'"unit":"degC"', b'"unit":"x"')):
        with pytest.raises(RegistryError, match="not a registry"):
            read_snapshot(broken)


def test_the_difference_names_old_and_new(overlay: Overlay) -> None:
    changes = compare_with_shipped(overlay({"stations/sections/own.yaml": SHAXI}))
    assert [(one["act"], one["id"], one["field"]) for one in changes] == [
        ("changed", "shaxi", "national_code"),
        ("changed", "shaxi", "targets"),
    ]
    assert (changes[0]["old"], changes[0]["new"]) == (None, "1234567890")
    assert changes[1]["new"][0]["grade"] == 2


def test_added_and_removed_entries(shipped: Registry, overlay: Overlay) -> None:
    text = "rivers: [{id: dongdu, name_zh: 东渡河, name_en: Dongdu, source: x, confidence: unverified}]"
    local = read_registry(overlay=overlay({"stations/rivers.yaml": text}))
    assert [one["act"] for one in compare_registries(shipped, local)] == ["added"]
    assert [one["act"] for one in compare_registries(local, shipped)] == ["removed"]
    assert compare_registries(shipped, shipped) == []


def test_no_folder_is_no_difference(tmp_path: Path) -> None:
    assert compare_with_shipped(tmp_path / "site") == []
