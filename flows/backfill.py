"""Backfill: one flow over an older period or an archive folder, step by step, oldest first.

Each step is the same flow as ``ecomon run`` starts. What is done stands in the store's run table
and nowhere else: a backfill that is started again leaves out the steps whose flow succeeded with
the same arguments, facts and code on the same input.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import ecomon
from ecomon.errors import ContractError
from ecomon.model.period import Period
from ecomon.settings import Settings, read_settings
from ecomon.sources.checksums import MANIFEST
from ecomon.sources.folder import SIDECARS, UNFINISHED
from ecomon.store import Store
from ecomon.store.canonical import canonical_json
from flows.run import flow_arguments, flow_named, use_embedded_prefect

FILES_A_STEP = 50
RUNS_LOOKED_AT = 10_000
NEIGHBOURS = timedelta(days=31)
"""Readings so near a step can change what it judges (flat line, rate and gap look beside)."""

Every = Literal["month", "day"]
FLOWS = ("ingest", "flag", "assess", "load", "settle", "alert", "publish", "receipts")
"""Flows that can be told what to work on; the others find it out for themselves."""

OF_DAYS = ("alert", "ingest", "receipts")
"""Flows that can go by days; the others work on whole months."""

_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])"
    r"(?:[-_.]?(?P<day>0[1-9]|[12]\d|3[01]))?(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the flow: what it is called, its arguments, its span and its files."""

    label: str
    arguments: dict[str, Any]
    period: Period | None = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class StepDone:
    """What became of one step, and how far the backfill is."""

    step: str
    outcome: Literal["succeeded", "skipped", "failed"]
    done: int
    total: int
    seconds: float
    eta_s: float | None
    error: str | None = None
    counts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_whole(self) -> bool:
        """Whether the step left nothing undone."""
        return self.outcome != "failed" and not _has_left(self.counts)


@dataclass(frozen=True, slots=True)
class Backfill:
    """A flow and its steps; ``n_left_out`` files carry no date in their names and were not taken."""

    flow: str
    settings: Settings
    steps: list[Step]
    n_left_out: int = 0


def plan_backfill(
    flow: str,
    *,
    home: Path | None,
    period: str | None,
    feed: str,
    folder: Path | None,
    every: Every = "month",
    year: int | None = None,
) -> Backfill:
    """The steps of a backfill, oldest first.

    A flow over a period goes by months (an alert by days where ``every`` says so). An ingest reads
    ``folder`` with its sub-folders, at most ``FILES_A_STEP`` files a step, in the order of the
    dates in their names; with a ``period``, only the files whose name carries a date within it.

    Raises
    ------
    ContractError
        for a flow that has no backfill, a missing period or folder, or a step the flow cannot go by.
    SourceRefused
        for an unknown feed.
    """
    if flow not in FLOWS:
        raise ContractError(f"no backfill of {flow!r}; one of {', '.join(FLOWS)}")
    if every == "day" and flow not in OF_DAYS:
        raise ContractError(f"{flow} works on whole months; --step day is for {', '.join(OF_DAYS)}")
    settings = read_settings(home)
    span = None if period is None else Period.parse(period)
    if flow == "ingest":
        if folder is None:
            raise ContractError("a backfill of ingest needs --folder with the files of the archive")
        files, n_left_out = archive_files(folder, span)
        steps = [_file_step(feed, one, year) for one in _portions(files, every)]
        return Backfill(flow, settings, steps, n_left_out)
    if span is None or folder is not None:
        raise ContractError(f"a backfill of {flow} needs --period, and no --folder")
    steps = [_period_step(flow, one) for one in _cut(span, every)]
    return Backfill(flow, settings, steps)


def run_backfill(plan: Backfill, *, is_from_start: bool = False) -> Iterator[StepDone]:
    """Run the steps in order on one Prefect server; tell after each what became of it.

    The server is started when the first step needs it. A step that fails is told with its error,
    and the later ones go on.
    """
    taken_s: list[float] = []
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(plan.settings.store_url))
        past = past_runs(store, plan)
        run: Callable[..., Any] | None = None
        for number, step in enumerate(plan.steps, 1):
            outcome, error, counts, seconds = "skipped", None, {}, 0.0
            if is_from_start or not is_done(store, plan.flow, step, past):
                run = run or _ready_flow(plan, stack)
                started = time.monotonic()
                outcome, error, counts = _run_step(run, plan, step)
                seconds = time.monotonic() - started
                taken_s.append(seconds)
            left = len(plan.steps) - number
            eta_s = left * sum(taken_s) / len(taken_s) if taken_s else None
            yield StepDone(
                step.label, outcome, number, len(plan.steps), seconds, eta_s, error, counts
            )


def _ready_flow(plan: Backfill, stack: ExitStack) -> Callable[..., Any]:
    use_embedded_prefect(plan.settings.home)
    flow = flow_named(plan.flow)
    from flows.embedded import prefect_api

    stack.enter_context(prefect_api(plan.settings.home))
    return flow


def _run_step(
    run: Callable[..., Any], plan: Backfill, step: Step
) -> tuple[Literal["succeeded", "failed"], str | None, dict[str, Any]]:
    try:
        return "succeeded", None, run(home=str(plan.settings.home), **step.arguments)
    except Exception as error:  # noqa: BLE001  whatever stops one month must not cost the others
        return "failed", f"{type(error).__name__}: {error}", {}


def past_runs(store: Store, plan: Backfill) -> dict[str, dict[str, Any]]:
    """The last run of each set of arguments that succeeded by these facts and this code."""
    from flows.installation import read_site_registry

    ruleset = read_site_registry(plan.settings).hash
    found: dict[str, dict[str, Any]] = {}
    for one in store.read_runs(flow=plan.flow, limit=RUNS_LOOKED_AT):
        is_same = (one["ruleset"], one["code_version"]) == (ruleset, ecomon.__version__)
        if one["is_success"] and is_same:
            found.setdefault(canonical_json(one["arguments"]), one)
    return found


def is_done(store: Store, flow: str, step: Step, past: dict[str, dict[str, Any]]) -> bool:
    """Whether a step succeeded before on the same input.

    The input of an ingest is its files: none changed since that run began, and that run left none.
    The flag flow writes flags and so moves the input of its own later steps; what it reads are
    readings, and none came near its period since. All others: the input sequence is the same.
    """
    run = past.get(canonical_json(step.arguments))
    if run is None:
        return False
    if flow == "ingest":
        stamps = [path.stat() for path in step.files]
        newest_s = max((max(one.st_mtime, one.st_ctime) for one in stamps), default=0.0)
        return newest_s < run["started_at_s"] and not _has_left(run["counts"])
    if run["input_seq"] == store.input_seq():
        return True
    if flow != "flag" or step.period is None:
        return False
    near = Period(step.period.start - NEIGHBOURS, step.period.end + NEIGHBOURS)
    changes = store.read_changes(since_seq=run["input_seq"])
    return not any(one.period.start < near.end and near.start < one.period.end for one in changes)


def _has_left(counts: dict[str, Any]) -> bool:
    return bool(counts.get("refused") or counts.get("unavailable"))


def archive_files(folder: Path, span: Period | None) -> tuple[list[Path], int]:
    """The files of an archive in the order of the dates in their names, and how many were left out.

    Hidden and unfinished files and sidecars are none. With a span, a file is taken if its name
    carries a date (``2021-04``, ``20210403`` …) that touches it.
    """
    files = [
        path.resolve()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith((".", "~$"))
        and not path.name.lower().endswith((*SIDECARS, *UNFINISHED))
        and path.name != MANIFEST
    ]
    dated = sorted(((date_in(path.name), path) for path in files), key=_by_date)
    if span is None:
        return [path for _, path in dated], 0
    kept = [path for day, path in dated if day and day.start < span.end and span.start < day.end]
    return kept, sum(day is None for day, _ in dated)


def date_in(name: str) -> Period | None:
    """The month or day a file name carries; None where it carries none."""
    found = _DATE.search(name)
    if found is None:
        return None
    year, month = int(found["year"]), int(found["month"])
    if found["day"] is None:
        return Period.month(year, month)
    try:
        return Period.day(year, month, int(found["day"]))
    except ValueError:  # the 31st of a month that has none
        return None


def _by_date(one: tuple[Period | None, Path]) -> tuple[bool, Any, str]:
    day, path = one
    return day is not None, day.start if day else None, str(path)


def _portions(files: list[Path], every: Every) -> Iterator[list[Path]]:
    """Files that go together: of one month (or day) by their names, at most ``FILES_A_STEP``."""
    portion: list[Path] = []
    key: str | None = None
    for path in files:
        day = date_in(path.name)
        of = None if day is None else f"{day.start:%Y-%m-%d}"[: 10 if every == "day" else 7]
        if portion and (of != key or len(portion) == FILES_A_STEP):
            yield portion
            portion = []
        key = of
        portion.append(path)
    if portion:
        yield portion


def _file_step(feed: str, files: list[Path], year: int | None) -> Step:
    arguments = flow_arguments(
        "ingest", period=None, feed=feed, files=files, year=year, tell="recent"
    )
    label = files[0].name if len(files) == 1 else f"{files[0].name} … {files[-1].name}"
    return Step(label, arguments, files=tuple(files))


def _period_step(flow: str, period: Period) -> Step:
    arguments = flow_arguments(
        flow, period=period.label, feed="", files=None, year=None, tell="recent"
    )
    return Step(period.label, arguments, period)


def _cut(span: Period, every: Every) -> list[Period]:
    """The months or days of a span; the first and last only as far as the span goes."""
    parts = span.split(every)
    return [Period(max(one.start, span.start), min(one.end, span.end)) for one in parts]
