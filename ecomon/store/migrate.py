"""The schema's versions: making it, bringing an older store up to it, and refusing another one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ecomon.errors import StoreError
from ecomon.store.schema import SCHEMA

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_schema(conn: Connection, revision: str = SCHEMA) -> None:
    """Bring the schema up to a revision, inside the caller's transaction."""
    # Alembic costs a quarter of a second and is needed only here.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(f"the schema cannot be brought to {revision}: {error}") from error


def read_schema(conn: Connection) -> str | None:
    """The revision a database is at; None where it holds no store."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


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
