"""``ecomon registry export-overlay | import-overlay``: the site's own facts as a workbook, and back.

An import changes nothing by itself. It lists every fact that would change; one person proposes the
changes, another approves them, and both stand in the chain of acts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.terms import FileIn, Home, say, say_json
from ecomon.errors import EcomonError, RegistryError, SourceUnavailable
from ecomon.model.period import BEIJING

if TYPE_CHECKING:
    from ecomon.model.fact_sheet import CellProblem
    from ecomon.registry.workbook_compare import Comparison
    from ecomon.registry.workbook_files import Files

AsJson = Annotated[bool, typer.Option("--json", help="逐行 JSON one JSON object a line")]
_ACTS_ZH = {
    "added": "新增", "changed": "更改", "withdrawn": "撤销本地值", "closed": "到期截止",
    "replaced": "被取代",
}  # fmt: skip


def export_overlay(
    out: Annotated[Path, typer.Argument(help="写到 where to write it, FILE.xlsx")],
    home: Home = None,
) -> None:
    """导出本地事实工作簿 the site's own facts as a workbook to be edited, gaps marked 缺."""
    from ecomon.publish.overlay_workbook import overlay_workbook
    from ecomon.registry import read_registry
    from ecomon.registry.workbook_own import fact_rows, read_own_facts
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    registry = read_registry(overlay=overlay if overlay.is_dir() else None)
    own = read_own_facts(overlay)
    rows = fact_rows(read_registry(), own)
    kinds = ("sections", "gauges", "offices", "rivers", "jurisdictions")
    choices = {kind: list(getattr(registry, kind)) for kind in kinds}
    try:
        out.write_bytes(overlay_workbook(rows, choices, rule_set=registry.hash))
    except OSError as wrong:
        raise SourceUnavailable(f"{out}: {wrong.strerror}") from wrong
    n_gaps = sum(row.state == "gap" for group in rows.values() for row in group)
    say(
        f"{out}  工作表 sheets {len(rows)}  本地条目 own entries {len(registry.local)}  缺 missing {n_gaps}"
    )


def import_overlay(
    file: FileIn,
    effective_from: Annotated[
        datetime | None,
        typer.Option("--effective-from", formats=["%Y-%m-%d"],
                     help="生效日 the day from which what is new holds; default for a dry run: today"),
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="提交变化待批准 propose the changes, as a reviewer")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="批准并写入 approve and write them, as somebody else")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="理由 why; the document they come from")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """试读本地事实工作簿，列出全部变化 every fact a workbook would change; nothing is written without --apply."""
    from ecomon.settings import read_settings

    if propose and apply:
        raise EcomonError("--propose 与 --apply 由两人分别执行 are the deeds of two people")
    if (propose or apply) and effective_from is None:
        raise EcomonError("须给出生效日 state --effective-from DATE")
    today = datetime.now(BEIJING).date()
    begins = today if effective_from is None else effective_from.date()
    overlay = read_settings(home).overlay_folder
    found = _compare(file.read_bytes(), overlay, begins, today)
    _show(found, as_json=as_json)
    if found.problems:
        raise typer.Exit(1)
    if not found.compared.changes or not (propose or apply):
        if not as_json:
            say("未写入 nothing written" if found.compared.changes else "无变化 no change")
        return
    _sign(found, home, reason, begins, is_approved=apply, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Found:
    """A workbook compared with the site's own folder, and the files that would come of it."""

    overlay: Path
    octets: bytes
    compared: Comparison
    files: Files
    problems: list[CellProblem]


def _compare(octets: bytes, overlay: Path, begins: date, today: date) -> _Found:
    from ecomon.decode.overlay_workbook import read_overlay_workbook
    from ecomon.registry import read_registry
    from ecomon.registry.workbook_compare import compare_workbook
    from ecomon.registry.workbook_files import edited_files, stated_problems, try_files
    from ecomon.registry.workbook_own import read_own_facts

    stated = read_overlay_workbook(octets)
    own = read_own_facts(overlay)
    compared = compare_workbook(
        stated.rows, read_registry(), own, effective_from=begins, today=today
    )
    problems = [*stated.problems, *compared.problems]
    files: Files = {}
    if not problems and compared.entries:
        files = edited_files(overlay, own, compared.entries)
        try:
            try_files(overlay, files, compared)
        except RegistryError as wrong:
            problems = stated_problems(wrong.problems)
    return _Found(overlay, octets, compared, files, problems)


def _show(found: _Found, *, as_json: bool) -> None:
    compared = found.compared
    if as_json:
        for one in (*compared.changes, *compared.notices, *found.problems):
            say_json(one.as_json())
        return
    for one in compared.changes:
        where = f"{one.sheet}!{one.column}{one.row}"
        what = f"{one.id}.{one.field}\t{_ACTS_ZH[one.act]} {one.act}"
        say(f"{where}\t{what}\t{one.old or '-'} → {one.new or '-'}")
    for one in compared.notices:
        say(f"注意 note\t{one.sheet} 第{one.row}行 row {one.row}\t{one.id}\t{one.text}")
    for one in found.problems:
        where = f"{one.sheet} 第{one.row}行 row {one.row} {one.column}"
        say(f"问题 problem\t{where}\t{one.value or '-'}\t{one.expected}")
    say(f"变化 changes {len(compared.changes)}  提示 notes {len(compared.notices)}"
        f"  问题 problems {len(found.problems)}")  # fmt: skip


def _sign(
    found: _Found, home: Path | None, reason: str, begins: date, *, is_approved: bool, as_json: bool
) -> None:
    """Propose the changes, or approve and write them, as the actor whose token this user holds."""
    from ecomon.cli.people import acting
    from ecomon.registry.workbook_files import replaced_files

    changes = [one.as_json() for one in found.compared.changes]
    digest = _digest(changes, begins)
    detail: dict[str, Any] = {
        "effective_from": begins.isoformat(), "changes": changes,
        "file_sha256": hashlib.sha256(found.octets).hexdigest(),
    }  # fmt: skip
    with acting(home) as (store, who):
        if not is_approved:
            store.propose_overlay(digest, actor=who, reason=reason, detail=detail)
            _answer("proposed", f"已提交 proposed: {digest[:12]}，待另一人批准 somebody else approves"
                    f"，{who.name}", {"digest": digest, "by": who.name}, as_json)  # fmt: skip
            return
        keep = found.overlay.with_name(f"{found.overlay.name}.before-{digest[:12]}")
        with replaced_files(found.overlay, found.files, keep) as put:
            by = store.approve_overlay(digest, actor=who, reason=reason, detail=detail, put=put)
    names = [str(found.overlay / at) for at in found.files]
    text = (
        f"已写入 written: {', '.join(names)}，自 from {begins}，提交 proposed by {by}，批准 approved by"
        f" {who.name}；原文件夹 the folder as it was: {keep}"
    )
    _answer("applied", text, {"digest": digest, "by": who.name, "proposed_by": by,
                              "files": names, "kept": str(keep)}, as_json)  # fmt: skip


def _answer(record: str, text: str, told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json({"record": record, **told})
    else:
        say(text)


def _digest(changes: list[dict[str, Any]], begins: date) -> str:
    """Of the changes and the day they begin; where they stand in the workbook does not matter."""
    bare = [
        [one[name] for name in ("kind", "id", "field", "act", "old", "new", "source")]
        for one in changes
    ]
    text = json.dumps([begins.isoformat(), sorted(bare)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
