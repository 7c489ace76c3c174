"""Secrets are taken out of whatever is logged, by the name they stand under and by their look.

A log travels: it is mailed, pasted, kept for years. What cannot be told from a secret goes too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from numbers import Integral, Real
from typing import Any

REDACTED = "[redacted]"
MAX_TEXT = 2000
"""Characters of one text; a traceback of a megabyte makes no line."""
_MAX_DEPTH = 6

_SECRET_WORDS = frozenset({
    "token", "tokens", "secret", "secrets", "password", "passwords", "passwd", "pwd", "passphrase",
    "key", "keys", "apikey", "authorization", "auth", "cookie", "cookies", "credential",
    "credentials", "signature", "sign", "dsn",
})  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME = r"(?:token|secret|passw(?:or)?d|passphrase|pwd|api_?key|key|sign(?:ature)?|authorization|cookie)"

_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host; a password may itself hold @, / or : where it is not encoded.
    (re.compile(r"(\w[\w+.-]*://[^:/@\s]*):\S*@"), rf"\1:{REDACTED}@"),
    (re.compile(r"(\w[\w+.-]*://[^:/@\s]*):(?!\d{1,5}(?:[/\s]|$))[^@\n]{0,200}@"), rf"\1:{REDACTED}@"),
    # Our own tokens, wherever else they stand.
    (re.compile(r"ecomon_[^\s\"',;&]+"), REDACTED),
    # A header says its scheme before its secret.
    (re.compile(r"(?i)\b(authorization|cookie)(\W{1,3}).*"), rf"\1\2{REDACTED}"),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+\S+"), rf"\1 {REDACTED}"),
    # A robot's address is its password.
    (re.compile(r"(?i)(/(?:hook|webhook|robot)s?/)[^\s\"'?]+"), rf"\1{REDACTED}"),
    # name=value and name: value, in addresses, connection strings, JSON and errors.
    (
        re.compile(rf"(?i)((?:\b|_){_NAME}s?[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'&;,]+)"),
        rf"\1{REDACTED}",
    ),
)  # fmt: skip


def redact(value: Any, name: str = "") -> Any:
    """The value without its secrets, as JSON can hold it.

    Parameters
    ----------
    value : any
        Mappings and lists are gone through; what JSON does not know becomes its text.
    name : str
        The key it stands under. Where one of its words is ``token``, ``secret``, ``password``,
        ``key`` or the like, nothing of the value is left.
    """
    return _redact(value, name, 0)


def _redact(value: Any, name: str, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret_name(name):
        return REDACTED
    match value:
        case Integral():
            return int(value)
        case Real():
            return float(value) if math.isfinite(value) else None
        case date():
            return value.isoformat()
        case str():
            return redact_text(value)
        case Mapping() | list() | tuple() | set() | frozenset() if depth >= _MAX_DEPTH:
            return "…"
        case Mapping():
            return {
                redact_text(str(key)): _redact(item, str(key), depth + 1)
                for key, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_redact(item, "", depth + 1) for item in value]
        case bytes() | bytearray() | memoryview():
            return f"{len(value)} octets"
        case _:
            return redact_text(str(value))


def redact_text(text: str) -> str:
    """The text without what looks like a secret, cut to :data:`MAX_TEXT` characters."""
    # Only the front of a long text is looked at: the looks are slow on what was made to be slow.
    front = text[: 4 * MAX_TEXT]
    for look, instead in _LOOKS:
        front = look.sub(instead, front)
    if len(text) > 4 * MAX_TEXT:
        # A secret may begin before the end of the front: what is near its end is left out.
        return front[: max(0, min(MAX_TEXT, len(front) - MAX_TEXT) - 1)] + "…"
    return front if len(front) <= MAX_TEXT else front[: MAX_TEXT - 1] + "…"


def _is_secret_name(name: str) -> bool:
    return any(word.lower() in _SECRET_WORDS for word in _WORDS.findall(name))
