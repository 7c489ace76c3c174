"""pip and uv install the same versions, and the list for pip names no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import ecomon

REPOSITORY = Path(ecomon.__file__).parent.parent
CONSTRAINTS = REPOSITORY / ".ci" / "constraints.txt"
PIN = re.compile(r"^([\w.-]+)==([\w.]+)(?: *;.*)?$")


def test_constraints_are_those_of_the_lock() -> None:
    lock = tomllib.loads((REPOSITORY / "uv.lock").read_text("utf-8"))
    locked: dict[str, set[str]] = {}
    for package in lock["package"]:
        if package["name"] != "ecomon":
            locked.setdefault(package["name"], set()).add(package["version"])
    pinned: dict[str, set[str]] = {}
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        found = PIN.match(line)
        assert found, f"not a plain pin: {line}"
        pinned.setdefault(found[1], set()).add(found[2])
    assert pinned == locked


def test_the_lock_is_of_this_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    lock = tomllib.loads((REPOSITORY / "uv.lock").read_text("utf-8"))
    own = next(package for package in lock["package"] if package["name"] == "ecomon")
    asked = {re.split(r"[<>=!;\[ ]", need)[0].lower() for need in project["dependencies"]}
    assert {need["name"] for need in own["dependencies"]} == {
        name.replace("_", "-").replace(".", "-") for name in asked
    }


def test_every_upper_bound_has_its_reason() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    reasons = (REPOSITORY / "docs/decisions/0005-dependencies.md").read_text("utf-8")
    for need in tomllib.loads(text)["project"]["dependencies"]:
        for bound in re.findall(r"<[\d.]+|!=[\d.]+", need):
            name = re.split(r"[<>=!]", need)[0]
            assert f"{name}{bound}" in reasons, f"{name}{bound} has no reason"
