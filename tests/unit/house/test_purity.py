"""The model and the stages read no clock, no file and no dice; stage functions name their source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ecomon

ROOT = Path(ecomon.__file__).parent
STAGES = (
    "decode",
    "quality",
    "aggregate",
    "assess",
    "load",
    "settle",
    "alert",
    "publish",
    "example",
)
PURE = sorted(path for room in ("model", *STAGES) for path in (ROOT / room).rglob("*.py"))
FORBIDDEN_MODULES = {
    "asyncio", "httpx", "logging", "os", "pathlib", "socket", "smtplib", "sqlite3", "sqlalchemy",
    "psycopg", "subprocess", "tempfile", "shutil", "urllib", "ruamel", "yaml", "prefect", "io.open",
}  # fmt: skip
FORBIDDEN_CALLS = {"now", "today", "utcnow", "time_ns", "monotonic", "getenv"}
UNSEEDED = re.compile(r"\b(?:np\.random\.(?!Generator|SeedSequence|PCG64)\w+|random\.\w+)\(\s*\)?")


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offences(tree: ast.AST) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=modules):
                found += [
                    f"import {module.name}"
                    for module in modules
                    if module.name.split(".")[0] in FORBIDDEN_MODULES
                ]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in FORBIDDEN_MODULES:
                found.append(f"from {module}")
            case ast.Call(func=ast.Name(id="open")):
                found.append("open()")
            case ast.Call(func=ast.Attribute(attr=attribute)) if attribute in FORBIDDEN_CALLS:
                found.append(f".{attribute}()")
            case ast.Call(func=ast.Attribute(attr="default_rng"), args=[], keywords=[]):
                found.append("default_rng() without a seed")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="random"))):
                found.append("random without a seed")
    return found


@pytest.mark.parametrize("path", PURE, ids=names)
def test_pure_rooms_touch_nothing_outside(path: Path) -> None:
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import os", "from pathlib import Path", "open('x')", "datetime.now()", "date.today()",
        "rng = np.random.default_rng()", "import random\nrandom.random()", "import urllib.request",
    ],
)  # fmt: skip
def test_the_test_itself_catches(code: str) -> None:
    assert offences(ast.parse(code))


def test_every_room_is_known() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    edges = {"registry", "store", "notify", "sources", "journey", "web"}
    assert rooms <= {"model", *STAGES, *edges}


def public_functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


SOURCED = sorted(
    path for room in ("quality", "aggregate", "assess", "load", "settle", "alert")
    for path in (ROOT / room).rglob("*.py")
)  # fmt: skip
SOURCE_WORDS = re.compile(
    r"GB|HJ|SL ?\d|QARTOD|环办|总站|Source|source|References|agreement|Agreement|Alertmanager|design|project rule",
)


@pytest.mark.parametrize("path", SOURCED, ids=names)
def test_stage_functions_name_their_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    module_doc = ast.get_docstring(ast.parse(text)) or ""
    for function in public_functions(path):
        doc = ast.get_docstring(function)
        assert doc, f"{names(path)}: {function.name} has no docstring"
        assert SOURCE_WORDS.search(doc + module_doc), (
            f"{names(path)}: {function.name} names no source"
        )
