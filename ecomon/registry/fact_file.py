"""One YAML file of facts: read quickly, and read again slowly only to say which line is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ecomon.errors import Problem, RegistryError
from ecomon.registry.layout import Kind
from ecomon.registry.yaml_text import read_yaml

Where = tuple[str | int, ...]
"""Keys and list positions that lead to a place in a file."""


@dataclass(frozen=True, slots=True)
class FactFile:
    """A file that was read: its content and the ``defaults`` that stand once at its top."""

    path: Path
    label: str
    kind: Kind
    is_local: bool
    content: dict[str, Any]
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])

    def problem(self, where: Where, reason: str, *, named: str, value: object = None) -> Problem:
        """A problem at ``where``; the file is given with its line, ``named`` is the field."""
        line = find_line(self.path, where)
        seen = str(value) if isinstance(value, str | int | float | Decimal) else None
        return Problem(file=f"{self.label}:{line}", field=named, reason=reason, value=seen)


def read_fact_file(path: Path, label: str, kind: Kind, *, is_local: bool) -> FactFile:
    """Read one file; numbers with a point become Decimal, dates dates, the rest as YAML 1.2 says.

    Raises
    ------
    RegistryError
        naming file and line where the text is not YAML, a key stands twice, or the file is no
        mapping.
    """
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except (YAMLError, ValueError, OSError) as wrong:
        raise RegistryError(_unreadable(label, wrong)) from None
    if not isinstance(content, dict):
        raise RegistryError(Problem(label, "-", f"expected a mapping, as in {kind.path}"))
    defaults = content.pop("defaults", None) or {}
    if not isinstance(defaults, dict):
        raise RegistryError(Problem(label, "defaults", "expected a mapping"))
    return FactFile(path, label, kind, is_local, content, defaults)


def _unreadable(label: str, wrong: Exception) -> Problem:
    if isinstance(wrong, MarkedYAMLError) and wrong.problem_mark is not None:
        where = f"{label}:{wrong.problem_mark.line + 1}"
        reason = f"{wrong.context or ''} {wrong.problem or ''}".strip()
        return Problem(where, "-", f"not readable as YAML: {reason}")
    return Problem(label, "-", f"not readable: {wrong}")


@lru_cache(maxsize=32)
def _with_lines(text: str) -> Any:
    return YAML(typ="rt").load(text)


def find_line(path: Path, where: Where) -> int:
    """The line (from 1) of the deepest step of ``where`` that the file holds."""
    node, line = _with_lines(path.read_text(encoding="utf-8")), 1
    for step in where:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            break
        node = node[step]
    return line
