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
PURE = sorted(
    path for room in ("model", *STAGES, "journey") for path in (ROOT / room).rglob("*.py")
)
ALLOWED_MODULES = {
    "__future__", "abc", "bisect", "codecs", "collections", "contextlib", "csv", "dataclasses",
    "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "html", "importlib", "io",
    "itertools", "json", "math", "numbers", "operator", "re", "string", "struct", "textwrap", "types", "typing",
    "unicodedata", "zipfile", "zlib",
    "cryptography", "netCDF4", "numpy", "pandas", "python_calamine", "plotly", "pydantic", "scipy", "threadpoolctl", "typst", "xarray", "xlsxwriter",
    "ecomon",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow", "localtime", "gmtime"}
FILES = {"read_csv", "read_excel", "read_parquet", "read_json", "read_html", "read_sql", "read_pickle",
         "to_parquet", "to_sql", "to_pickle", "fromfile", "tofile", "loadtxt", "savetxt", "genfromtxt",
         "open_dataset", "to_netcdf", "to_zarr", "memmap", "write_html", "write_image"}  # fmt: skip
SEEDED = {"default_rng", "Generator", "PCG64", "SeedSequence"}


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offences(tree: ast.AST) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=modules):
                tops = [module.name.split(".")[0] for module in modules]
                found += [f"import {top}" for top in tops if top not in ALLOWED_MODULES]
            case ast.ImportFrom(module=str(module), level=0):
                if module.split(".")[0] not in ALLOWED_MODULES:
                    found.append(f"from {module}")
            case ast.Call(func=ast.Name(id="open")):
                found.append("open()")
            case ast.Call(func=ast.Attribute(attr="open", value=ast.Name(id="io"))):
                found.append("io.open()")
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS | FILES:
                found.append(f".{name}()")
            case ast.Call(args=[ast.Constant(value="now" | "today"), *_]):
                found.append("a clock by its name")
            case ast.Call(func=ast.Attribute(attr="default_rng"), args=args, keywords=keywords):
                seed = args[0] if args else (keywords[0].value if keywords else None)
                if seed is None or (isinstance(seed, ast.Constant) and seed.value is None):
                    found.append("default_rng() without a seed")
            case ast.Attribute(value=ast.Attribute(attr="random"), attr=name) if name not in SEEDED:
                found.append(f"np.random.{name}")
    return found


@pytest.mark.parametrize("path", PURE, ids=names)
def test_pure_rooms_touch_nothing_outside(path: Path) -> None:
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import os", "from pathlib import Path", "open('x')", "io.open('x')", "datetime.now()",
        "date.today()", "import time", "from time import time", "pd.Timestamp('now')",
        "np.datetime64('now')", "np.random.default_rng()", "np.random.default_rng(None)",
        "np.random.rand(3)", "np.random.seed(1)", "import random", "from random import random",
        "import urllib.request", "import http.client", "pd.read_csv('x')", "frame.to_parquet('x')",
    ],
)  # fmt: skip
def test_the_test_itself_catches(code: str) -> None:
    assert offences(ast.parse(code))


def test_every_room_is_known() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    edges = {"registry", "store", "notify", "sources", "logbook", "host", "journey", "cli", "web"}
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
