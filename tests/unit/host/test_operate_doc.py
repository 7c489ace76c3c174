"""``docs/how-to/operate.md`` names every finding, metric and event there is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from operation_facts import FACTS, HOST, NOW_S, STORE

import ecomon
from ecomon.host.metrics import InstallationCollector
from ecomon.host.units import SERVICES
from ecomon.journey.examine_installation import examine_installation
from ecomon.model.operation import InboxFacts

ROOT = Path(ecomon.__file__).parent.parent
EVENT = re.compile(
    r"(?<!\w)_?log\.(?:info|warning|error)\(\s*\"([a-z_]+)\"|log_act\(\s*settings, \"([a-z_]+)\""
)


@pytest.fixture(scope="module")
def manual() -> str:
    return (ROOT / "docs" / "how-to" / "operate.md").read_text("utf-8")


def test_every_finding_is_explained(manual: str) -> None:
    ill = replace(
        FACTS,
        host=replace(
            HOST, stale_parts=("a",), orphans=(1,), wal_bytes=2**40,
            inboxes=(InboxFacts("a", 1, NOW_S, 1),),
        ),
        store=replace(
            STORE, operations_alerts={"silent_source": 1},
            flows=(replace(STORE.flows[0], last_failure_s=NOW_S, first_unended_s=0),),
        ),
    )  # fmt: skip
    codes = {re.sub(r"^(flow|source)_.*", r"\1_…", one.code) for one in examine_installation(ill)}
    assert len(codes) > 20
    assert [code for code in sorted(codes) if f"`{code}`" not in manual] == []


def test_every_metric_is_explained(manual: str) -> None:
    store = replace(STORE, first_notice_s=NOW_S, operations_alerts={"silent_source": 1})
    collector = InstallationCollector(lambda: store, lambda: HOST)
    names = {sample.name for family in collector.collect() for sample in family.samples}
    assert len(names) > 25
    assert [name for name in sorted(names) if f"`{name}" not in manual] == []


def test_every_event_is_explained(manual: str) -> None:
    files = [*(ROOT / "flows").glob("*.py"), *(ROOT / "ecomon").rglob("*.py")]
    found = (found for path in files for found in EVENT.findall(path.read_text("utf-8")))
    events = {one or other for one, other in found}
    assert {"file_ingested", "store_made", "run_failed"} <= events
    assert [event for event in sorted(events) if f"`{event}`" not in manual] == []


def test_every_unit_is_explained(manual: str) -> None:
    names = [name.replace("@.", "@1.") for name in SERVICES]
    timed = {"ecomon-backup.service"}
    assert [name for name in names if name not in timed and f"`{name}`" not in manual] == []
