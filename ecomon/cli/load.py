"""``ecomon load``: the group with all its commands."""

from __future__ import annotations

from ecomon.cli import load_balance, load_records, load_section
from ecomon.cli.load_group import app

__all__ = ["app", "load_balance", "load_records", "load_section"]
