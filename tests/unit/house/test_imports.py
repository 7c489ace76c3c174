"""The border between rooms, and a command line that answers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import ecomon

REPOSITORY = Path(ecomon.__file__).parent.parent
HEAVY = ("prefect", "xarray", "pandas", "plotly", "numpy", "scipy", "sqlalchemy", "fastapi")


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--config", REPOSITORY / ".importlinter", "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_starts_light() -> None:
    probe = (
        "import sys, json, ecomon.cli;"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
