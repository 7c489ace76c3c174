"""Notices as files, one folder an office: what an office without a robot or e-mail can collect."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

CHANNEL = "folder"
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one notice: ``receipt`` is the file's path under the folder, or the error."""

    notice_id: int
    outcome: Literal["delivered", "failed"]
    receipt: str
    channel: str = CHANNEL


def deliver_to_folder(notices: Iterable[Mapping[str, Any]], folder: Path) -> list[Delivery]:
    """Write each notice to ``folder/<office>/`` as text (Chinese, then English) and as JSON.

    The name comes from the idempotency key and a file that is there already is left alone, so a
    notice that was written and not yet recorded when the power failed is not seen twice. A file
    appears whole (written beside and renamed). One office's broken folder stops no other.

    Parameters
    ----------
    notices : iterable of mapping
        ``notice_id`` (int), ``idempotency_key``, ``office``, ``subject_zh``, ``subject_en``,
        ``body_zh``, ``body_en`` (text); all of it stands in the JSON file.

    Returns
    -------
    list of Delivery
        In the order of ``notices``.
    """
    return [_deliver(notice, folder) for notice in notices]


def _deliver(notice: Mapping[str, Any], folder: Path) -> Delivery:
    notice_id = int(notice["notice_id"])
    place = Path(_file_name(notice["office"])) / _file_name(notice["idempotency_key"])
    try:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        # The text comes last: where it stands, the notice is complete.
        _write_once(folder / f"{place}.json", _as_json(notice))
        _write_once(folder / f"{place}.txt", _as_text(notice))
    except OSError as error:
        return Delivery(notice_id, "failed", f"{type(error).__name__}: {error}")
    return Delivery(notice_id, "delivered", f"{place.as_posix()}.txt")


def _file_name(name: str) -> str:
    """A name that any file system takes; a changed one gets a digest so that it stays its own."""
    safe = _UNSAFE.sub("_", name).strip("._")[:120]
    if safe == name:
        return name
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _write_once(path: Path, content: str) -> None:
    if path.exists():
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _as_text(notice: Mapping[str, Any]) -> str:
    return "\n\n".join(_said(notice, language) for language in ("zh", "en")) + "\n"


def _said(notice: Mapping[str, Any], language: str) -> str:
    """Subject and body; a body that says its subject first, as ours do, says it for both."""
    subject = notice[f"subject_{language}"].strip()
    body = notice[f"body_{language}"].strip()
    return body if body.partition("\n")[0] == subject else f"{subject}\n\n{body}"


def _as_json(notice: Mapping[str, Any]) -> str:
    # The id is the database's own; the key is what a reader can hold against another copy.
    content = {name: item for name, item in notice.items() if name != "notice_id"}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
