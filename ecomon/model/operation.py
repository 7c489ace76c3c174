"""What is known of an installation as a thing that runs: facts, and what they mean.

Times are epoch seconds: they are compared with a clock, never with a reading. None is "unknown" or
"never", as the field says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["ok", "warn", "fail"]
SEVERITIES: tuple[Severity, ...] = ("ok", "warn", "fail")
"""In the order of gravity."""


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What the run records say of one flow."""

    flow: str
    n_succeeded: int
    n_failed: int  # ended, and not well
    n_unended: int  # begun and never ended: under way, or killed
    last_success_s: int | None  # end of the last success; None: never
    last_start_s: int | None
    last_failure_s: int | None  # end of the last failure
    first_unended_s: int | None  # begin of the oldest that never ended


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What came from one source, from the records of its batches."""

    source: str
    n_batches: int
    n_new: int
    n_revised: int
    n_unchanged: int
    n_withdrawn: int
    n_rejected: int
    last_reading_s: int | None  # start of the latest reading; None: no reading yet
    last_batch_s: int | None  # commit of the last batch
    n_expected: int = 0  # on the last Beijing day that receipts know (应到)
    n_received: int = 0  # of them (实到)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the store says of itself and of the work that waits in it."""

    engine: str  # sqlite | postgresql
    engine_version: str
    schema: str
    kind: str
    seq: int
    last_commit_s: int | None  # wall time of the last knowledge
    size_bytes: int
    n_revisions: int  # readings and later values ever written
    n_recent_revisions: int  # of them by commits of the last `recent_s`
    recent_s: int
    flows: tuple[FlowFacts, ...]
    sources: tuple[SourceFacts, ...]
    n_dead_letters: int  # open ones
    n_reviews: int  # open ones
    first_review_s: int | None  # commit that opened the oldest open one
    n_notices: int  # not yet delivered
    first_notice_s: int | None
    operations_alerts: Mapping[str, int]  # open ones by the first word of their fingerprint
    actors: Mapping[str, int]  # those who may act, by role
    last_root_day: str | None  # Beijing day whose ingest was chained last
    n_unchained: int  # batches after the last root
    first_unchained_s: int | None
    last_backup_s: int | None  # None: never, or not recorded here


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """One folder an installation writes to."""

    name: str  # home | store | inbox | documents | outbox | log
    is_there: bool
    is_writable: bool


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """The disk under a folder."""

    name: str  # home | store
    total_bytes: int
    free_bytes: int
    file_system: str | None  # ext4, nfs4 ...; None: this system does not say


@dataclass(frozen=True, slots=True)
class InboxFacts:
    """Files of one feed that wait, and those that were refused."""

    feed: str
    n_waiting: int
    first_waiting_s: int | None
    n_failed: int


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the machine says: nothing of it needs the store."""

    now_s: int
    utc_offset_s: int
    zone: str
    is_synchronised: bool | None  # by a time service; None: this system does not say
    folders: tuple[FolderFacts, ...]
    disks: tuple[DiskFacts, ...]
    wal_bytes: int | None  # None: no SQLite store
    inboxes: tuple[InboxFacts, ...]
    stale_parts: tuple[str, ...]  # .part files older than an hour, relative to the home
    orphans: tuple[int, ...]  # process ids of embedded servers whose parent is gone
    is_env_open: bool  # others than its owner may read home/ecomon.env
    missing_assets: tuple[str, ...]  # files that should be packaged and are not
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InstallationFacts:
    """All that ``doctor`` looks at. What could not be read has its reason in its place."""

    host: HostFacts
    store: StoreFacts | None
    store_problem: str | None = None
    settings_problem: str | None = None
    registry_problem: str | None = None
    ruleset: str | None = None
    n_gaps: int = 0  # things the registry does not know
    max_age_s: Mapping[str, int] = field(default_factory=dict[str, int])
    """By flow: the age at which its last success is worth a word, from its schedule."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """From where on something is worth a word: our own choice for an office of a few people.

    Of two the first is a warning, the second a failure.
    """

    clock_back_s: int = 120
    free_bytes: tuple[int, int] = (10 * 2**30, 2**30)
    days_left: tuple[int, int] = (60, 14)
    wal_bytes: int = 2**30
    waiting_s: tuple[int, int] = (5 * 3600, 24 * 3600)
    notice_s: tuple[int, int] = (3600, 24 * 3600)
    backup_s: tuple[int, int] = (2 * 86_400, 8 * 86_400)
    overdue: tuple[float, float] = (1.0, 4.0)  # times the age a schedule allows
    unended_s: int = 6 * 3600  # the longest a flow may take
    review_s: int = 7 * 86_400
    unchained_s: int = 2 * 86_400
    rejected_share: float = 0.01
    future_s: int = 86_400


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it stands, and what to do where it does not stand well."""

    code: str  # a stable name, e.g. disk_home
    severity: Severity
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    do_zh: str = ""
    do_en: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def worst(findings: tuple[Finding, ...]) -> Severity:
    """The gravest severity among them; ``ok`` of none."""
    severities: list[Severity] = [one.severity for one in findings]
    return graver(*severities)


def graver(*severities: Severity) -> Severity:
    """The gravest; ``ok`` of none."""
    return SEVERITIES[max((SEVERITIES.index(one) for one in severities), default=0)]
