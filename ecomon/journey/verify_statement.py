"""A published statement and its evidence -> the places where they do not follow from one another.

What another office runs on the files it was sent: no store, no network. The chain is that of the
settlement itself (readings, daily means, loads, lines), under the rule set that came with the
files, whose hash the statement names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

import pandas as pd

from ecomon.errors import EcomonError, LedgerError, SourceRefused
from ecomon.journey.compute_loads import LoadRule, loads_of_means
from ecomon.journey.difference import NOTHING, Difference, compare_json, compare_rows
from ecomon.journey.trace_statement import Trace, join_traces, trace_month
from ecomon.model.agreement import Agreement, Mode
from ecomon.model.approval import ApprovalState, least_approval
from ecomon.model.observation import DataKind
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.evidence_csv import (
    DAYS,
    RATING,
    READINGS,
    day_cells,
    days_csv,
    reading_cells,
    readings_csv,
)
from ecomon.publish.evidence_reader import days_of, read_cells, readings_of
from ecomon.publish.manifest import manifest_of, read_manifest
from ecomon.registry import Registry, read_snapshot
from ecomon.settle import (
    Posting,
    RunType,
    Statement,
    check_balance,
    document_bytes,
    settle_period,
)

_READING = ("line", "revision")
_DAY = ("line", "site", "determinand", "day")


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified, and the differences in the order of the data's way.

    ``n_readings``, ``n_days`` and ``n_lines`` are 0 where a file could not be read.
    """

    agreement: str
    period: str
    known_at: int
    n_readings: int
    n_days: int
    n_lines: int
    differences: tuple[Difference, ...]


def verify_statement(manifest: bytes, files: Mapping[str, bytes]) -> Verification:
    """Reckon a statement again from the files that its manifest lists.

    Verified: the hashes; that the rule set is the one the statement names and holds the agreement
    it states; which readings enter the daily means, and the means; loads, lines, postings and
    totals, to the last digit. Taken as they are: values, flags, decisions and approvals (each
    reading names its file and row), and the words and pictures of PDF and workbook, whose hash
    alone is compared.

    Parameters
    ----------
    manifest : bytes
    files : mapping of name to octets
        Those of the manifest that are there; others are left aside.

    Returns
    -------
    Verification
        A file that is missing or cannot be read is a difference too, and ends the way there.

    Raises
    ------
    SourceRefused
        where the first argument is no manifest.
    """
    listed = read_manifest(manifest)
    names = {role: one["name"] for role, one in listed["files"].items()}
    bundle = _Bundle(names, {role: files.get(name) for role, name in names.items()})
    counts = (0, 0, 0)
    try:
        counts = _verify(bundle, listed)
    except EcomonError as wrong:
        bundle.differs("readable", wrong, field="file")
    known_at = listed.get("known_at")
    return Verification(
        str(listed.get("agreement", NOTHING)),
        str(listed.get("period", NOTHING)),
        known_at if isinstance(known_at, int) else 0,
        *counts,
        tuple(bundle.differences),
    )


@dataclass(slots=True)
class _Bundle:
    """The files by role, which of them is being looked at, and what was found wrong so far."""

    names: Mapping[str, str]
    files: Mapping[str, bytes | None]
    role: str = "statement"
    differences: list[Difference] = field(default_factory=list[Difference])

    @property
    def name(self) -> str:
        return self.names[self.role]

    def turn_to(self, role: str) -> bytes:
        """The octets of a file, which is looked at from now on."""
        self.role = role
        octets = self.files[role]
        if octets is None:
            raise SourceRefused("missing")
        return octets

    def differs(self, stated: object, found: object, *, place: str = NOTHING, field: str) -> None:
        self.differences.append(
            Difference.between(stated, found, file=self.name, place=place, field=field)
        )


@dataclass(frozen=True, slots=True)
class _Stated:
    """A statement's document, and what its reckoning takes of it."""

    document: Mapping[str, Any]
    agreement: Agreement
    period: Period
    mode: Mode
    run_type: RunType
    provenance: Provenance

    @property
    def months(self) -> list[Period]:
        return self.period.split("month")


def _verify(bundle: _Bundle, listed: Mapping[str, Any]) -> tuple[int, int, int]:
    """Go the data's way through the files; numbers of readings, daily means and lines."""
    _compare_hashes(bundle, listed)
    stated = _read_statement(bundle.turn_to("statement"))
    _compare_manifest(bundle, listed, stated)
    _check_postings(bundle, stated.document)
    registry = read_snapshot(bundle.turn_to("ruleset"))
    bundle.turn_to("statement")
    _compare_ruleset(bundle, stated, registry)

    rows = read_cells(bundle.turn_to("readings"), READINGS, optional=(RATING,))
    trace = _trace_again(readings_of(rows), registry, stated)
    found = list(compare_rows(rows, reading_cells(trace.readings), _READING, file=bundle.name))
    if not found and bundle.files["readings"] != readings_csv(trace.readings, stated.document):
        bundle.differs("stated", "another", field="heading or order of rows")
    bundle.differences += found

    day_rows = read_cells(bundle.turn_to("days"), DAYS)
    found = list(compare_rows(day_rows, day_cells(trace.days), _DAY, file=bundle.name))
    if not found and bundle.files["days"] != days_csv(trace.days, stated.document):
        bundle.differs("stated", "another", field="heading or order of rows")
    bundle.differences += found
    days = days_of(day_rows)

    bundle.turn_to("statement")
    approval = least_approval(trace.readings.loc[trace.readings["is_used"], "approval"])
    _compare_statement(bundle, stated, _settle_again(days, registry, stated, approval))
    return len(rows), len(day_rows), len(stated.document["lines"])


def _compare_hashes(bundle: _Bundle, listed: Mapping[str, Any]) -> None:
    for role, octets in bundle.files.items():
        bundle.role = role
        want = listed["files"][role].get("sha256")
        have = None if octets is None else hashlib.sha256(octets).hexdigest()
        if octets is None and role in ("print", "workbook"):
            bundle.differs("readable", "missing", field="file")
        elif octets is not None and have != want:
            bundle.differs(want, have, field="sha256")


def _read_statement(octets: bytes) -> _Stated:
    try:
        document = json.loads(octets)
        known = document["provenance"]
        if not isinstance(document["lines"], list):
            raise TypeError("no lines")
        return _Stated(
            document,
            Agreement.model_validate(document["agreement"]),
            Period.parse(document["period"]),
            _one_of(document["mode"], get_args(Mode)),
            _one_of(document["run_type"], get_args(RunType)),
            Provenance(
                kind=_one_of(known["kind"], get_args(DataKind)),
                known_at=int(known["known_at"]),
                ruleset=str(known["ruleset"]),
                code_version=str(known["code_version"]),
            ),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise SourceRefused(f"not a statement: {wrong}") from None


def _one_of(stated: Any, known: Sequence[Any]) -> Any:
    if stated not in known:
        raise ValueError(f"{stated!r} is none of {', '.join(known)}")
    return stated


def _compare_manifest(bundle: _Bundle, listed: Mapping[str, Any], stated: _Stated) -> None:
    """What the manifest says of the statement; the files' hashes are compared by themselves."""
    files = {role: (name, bundle.files[role]) for role, name in bundle.names.items()}
    found = manifest_of(stated.document, files) | {"files": None}
    for path, want, have in compare_json({**listed, "files": None}, found):
        bundle.differs(want, have, place="manifest", field=path)


def _check_postings(bundle: _Bundle, document: Mapping[str, Any]) -> None:
    """What is posted sums to zero, line by line, whatever the lines say."""
    try:
        check_balance(
            Posting(str(one["party"]), Decimal(one["amount_cny"]), str(one["line"]))
            for one in document["postings"]
        )
    except LedgerError as wrong:
        bundle.differs("sum to zero", wrong, place="postings", field="amount_cny")
    except (LookupError, TypeError, ValueError, InvalidOperation) as wrong:
        raise SourceRefused(f"not postings: {wrong!r}") from None


def _compare_ruleset(bundle: _Bundle, stated: _Stated, registry: Registry) -> None:
    digest = hashlib.sha256(bundle.files["ruleset"] or b"").hexdigest()
    if digest != stated.provenance.ruleset:
        bundle.differs(stated.provenance.ruleset, digest, place="provenance", field="ruleset")
    agreed = registry.agreements.get(stated.agreement.id)
    terms = agreed.model_dump(mode="json") if agreed else None
    for path, want, have in compare_json(stated.document["agreement"], terms):
        bundle.differs(want, have, place="agreement", field=path)


def _trace_again(readings: pd.DataFrame, registry: Registry, stated: _Stated) -> Trace:
    """The evidence as the settlement's own functions make it of the stated readings."""
    given = readings.drop(
        columns=["line", "role", "day", "is_used", "counted", "rating"], errors="ignore"
    )
    month_of = _months_of(readings)
    return join_traces(
        [
            trace_month(given[month_of == month.label], registry, stated.agreement, month)
            for month in stated.months
        ]
    )


def _months_of(table: pd.DataFrame) -> pd.Series:
    """The month in the reference of each row's line; NA where there is none."""
    return table["line"].str.split("/").str[-2]


def _settle_again(
    days: pd.DataFrame, registry: Registry, stated: _Stated, approval: ApprovalState
) -> Statement:
    """The statement that follows from the stated daily means and the approvals of the readings."""
    agreement, month_of = stated.agreement, _months_of(days)
    rule = LoadRule.of(agreement)
    loads = [
        loads_of_means(days[month_of == month.label], registry, agreement.section, rule, month)
        for month in stated.months
    ]
    return settle_period(
        agreement,
        pd.concat(loads, ignore_index=True),
        stated.period,
        mode=stated.mode,
        run_type=stated.run_type,
        provenance=stated.provenance,
        approval=approval,
    )


def _compare_statement(bundle: _Bundle, stated: _Stated, settled: Statement) -> None:
    octets = document_bytes(settled)
    found, lines = json.loads(octets), stated.document["lines"]
    for path, want, have in compare_json(stated.document, found):
        place, name = _line_of(path, lines)
        bundle.differs(want, have, place=place, field=name)
    if found == stated.document and octets != bundle.files["statement"]:
        bundle.differs("stated", "not canonical JSON", field="spelling")


def _line_of(path: str, lines: Sequence[Any]) -> tuple[str, str]:
    """A path into the document as the line it is of and the field; elsewhere its part and field."""
    part, _, field = path.partition(".")
    if part.startswith("lines["):
        line = lines[int(part[6:-1])]
        if isinstance(line, dict):
            return str(line.get("reference", part)), field or "line"
    return part, field or part
