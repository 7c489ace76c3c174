"""The schema's versions: making it, bringing an older store up to it, and refusing another one."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ecomon.errors import StoreError
from ecomon.store.schema import METADATA, SCHEMA

_MIGRATIONS = Path(__file__).parent / "migrations"
_PARTITION = re.compile(r"observation_\d{6}")
_VIEWS = ("observation_known", "flag_known", "decision_known")
_APPEND_ONLY = ("act",)
_TRIGGERS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'", ("no_update", "no_delete")
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
        ("append_only",),
    ),
}  # fmt: skip


def upgrade_schema(conn: Connection, revision: str = SCHEMA) -> list[str]:
    """Bring the schema up to a revision, inside the caller's transaction; the steps it took.

    A step is ``revision: what it brings``; there is none where the schema is at it already.
    """
    # Alembic costs a quarter of a second and is needed only here.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    try:
        before = read_schema(conn)
        command.upgrade(config, revision)
        steps = ScriptDirectory.from_config(config).iterate_revisions(revision, before)
        return [f"{step.revision}: {step.doc}" for step in reversed(list(steps))]
    except CommandError as error:
        raise StoreError(f"the schema cannot be brought to {revision}: {error}") from error


def read_schema(conn: Connection) -> str | None:
    """The revision a database is at; None where it holds no store."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def compare_schema(conn: Connection) -> list[str]:
    """How the tables, views and triggers of a database differ from this schema, in words."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        # A month of readings on PostgreSQL is a table that no metadata knows.
        return kind != "table" or _PARTITION.fullmatch(str(name)) is None

    context = MigrationContext.configure(conn, opts={"include_name": is_ours})
    found = [f"differs from the schema: {one}" for one in compare_metadata(context, METADATA)]
    views = set(inspect(conn).get_view_names())
    found += [f"the view {name} is missing" for name in _VIEWS if name not in views]
    query, kinds = _TRIGGERS["sqlite" if conn.dialect.name == "sqlite" else "postgresql"]
    triggers = set(conn.execute(text(query)).scalars())
    wanted = [f"{table}_{kind}" for table in _APPEND_ONLY for kind in kinds]
    return found + [f"the trigger {name} is missing" for name in wanted if name not in triggers]


def check_schema(conn: Connection, where: str) -> None:
    """StoreError unless the database at ``where`` holds a store of exactly this schema."""
    schema = read_schema(conn)
    if schema is None:
        raise StoreError(f"{where} holds no store; make one with: ecomon store init")
    if schema < SCHEMA:
        raise StoreError(
            f"the store {where} has schema {schema}, this ecomon needs {SCHEMA};"
            " back it up and run: ecomon store upgrade"
        )
    if schema > SCHEMA:
        raise StoreError(
            f"the store {where} has schema {schema}, newer than this ecomon's {SCHEMA};"
            " install the ecomon that made it: uv tool upgrade ecomon"
        )
