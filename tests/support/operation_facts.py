"""Facts of an installation in good health, to be spoilt by a test one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecomon.model.operation import (
    DiskFacts,
    FlowFacts,
    FolderFacts,
    HostFacts,
    InboxFacts,
    InstallationFacts,
    SourceFacts,
    StoreFacts,
)

NOW_S = 1_700_000_000
HOUR_S, DAY_S, GIB = 3600, 86_400, 2**30

FLOW = FlowFacts("alert", 9, 0, 0, NOW_S - HOUR_S, NOW_S - HOUR_S - 60, None, None)
SOURCE = SourceFacts("cnemc-water", 4, 1000, 7, 50, 2, 3, NOW_S - 4 * HOUR_S, NOW_S - HOUR_S, 12, 9)
STORE = StoreFacts(
    engine="sqlite", engine_version="3.40.1", schema="0002", kind="real", seq=42,
    last_commit_s=NOW_S - HOUR_S, size_bytes=3 * GIB, n_revisions=3_000_000,
    n_recent_revisions=30_000, recent_s=30 * DAY_S, flows=(FLOW,), sources=(SOURCE,),
    n_dead_letters=3, n_reviews=1, first_review_s=NOW_S - DAY_S, n_notices=0, first_notice_s=None,
    operations_alerts={}, actors={"administrator": 1, "reviewer": 2}, last_root_day="2023-11-14",
    n_unchained=1, first_unchained_s=NOW_S - HOUR_S, last_backup_s=NOW_S - DAY_S,
)  # fmt: skip
HOST = HostFacts(
    now_s=NOW_S, utc_offset_s=8 * HOUR_S, zone="CST", is_synchronised=True,
    folders=(FolderFacts("home", is_there=True, is_writable=True),),
    disks=(
        DiskFacts("home", 500 * GIB, 100 * GIB, "ext4"),
        DiskFacts("store", 500 * GIB, 100 * GIB, "ext4"),
    ),
    wal_bytes=0, inboxes=(InboxFacts("cnemc-water", 0, None, 0),), stale_parts=(), orphans=(),
    is_env_open=False, missing_assets=(), versions={"ecomon": "0.1.0"},
)  # fmt: skip
FACTS = InstallationFacts(
    host=HOST, store=STORE, ruleset="ab" * 32, n_gaps=3, max_age_s={"alert": 9 * HOUR_S}
)


def spoilt(part: str = "", **changes: Any) -> InstallationFacts:
    """The facts with some changed: of ``host``, ``store``, or of the installation itself."""
    if not part:
        return replace(FACTS, **changes)
    return replace(FACTS, **{part: replace(getattr(FACTS, part), **changes)})
