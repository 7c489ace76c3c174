"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data (``ECOMON_SHARED``); in CI its absence is a failure, not a skip."""
    where = os.environ.get("ECOMON_SHARED")
    if where and (Path(where) / "data").is_dir():
        return Path(where)
    reason = "reference data not here: set ECOMON_SHARED to the folder that holds data/"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
