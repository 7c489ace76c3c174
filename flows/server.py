"""The Prefect server of an installation that works on several machines, on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from ecomon.errors import ContractError, SourceUnavailable
from ecomon.settings import read_settings
from flows.embedded import let_scheduler_insert, untaken_port
from flows.run import use_embedded_prefect

WILDCARDS = ("0.0.0.0", "::")
GRACE_S = 10


def run_server(home: Path | None, *, host: str, port: int, database_url: str | None) -> None:
    """Serve Prefect's API, pages and scheduler until interrupted or terminated.

    Its database is brought up to Prefect's version first. Who reaches the port may start any
    flow: Prefect asks nobody for a password unless ``PREFECT_SERVER_API_AUTH_STRING`` is set.

    Parameters
    ----------
    database_url : str, optional
        A PostgreSQL database of the server's own; its password is never printed. Without it,
        SQLite in ``home/prefect``, which is for one worker.

    Raises
    ------
    ContractError
        where the URL is none, or is of another kind of database.
    SourceUnavailable
        where the port is taken or the database cannot be reached.
    """
    settings = read_settings(home)
    use_embedded_prefect(settings.home, log_level="WARNING")
    untaken_port(port)
    database = "SQLite"
    if database_url:
        url = asynchronous_url(database_url)
        _check_reachable(url)
        os.environ["PREFECT_API_DATABASE_CONNECTION_URL"] = url.render_as_string(
            hide_password=False
        )
        database = url.render_as_string()
    if host not in WILDCARDS:
        os.environ.setdefault("PREFECT_SERVER_UI_API_URL", f"http://{host}:{port}/api")
    import uvicorn
    from prefect.server.api.server import create_app

    let_scheduler_insert()
    config = uvicorn.Config(
        create_app(ignore_cache=True),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_S,
    )
    print(f"ecomon: http://{host}:{port}  {database}", flush=True)  # noqa: T201
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


def asynchronous_url(stated: str) -> URL:
    """The database as Prefect's server reaches it, by the driver asyncpg; ContractError if none."""
    try:
        url = make_url(stated)
    except ArgumentError:
        # Its text may hold a password.
        raise ContractError("the database of the Prefect server is not a URL") from None
    if url.get_backend_name() != "postgresql":
        raise ContractError(
            "the database of the Prefect server is PostgreSQL, e.g."
            f" postgresql://prefect:PASSWORD@127.0.0.1/prefect, not {url.get_backend_name()}"
        )
    return url.set(drivername="postgresql+asyncpg")


def _check_reachable(url: URL) -> None:
    """SourceUnavailable, in one line; the server itself would end amid a traceback."""
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    query = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
    try:
        with engine.connect() as conn:
            has_trigrams = conn.execute(query).scalar_one() > 0
    except DBAPIError as error:
        raise SourceUnavailable(
            f"the database of the Prefect server cannot be reached: {error.orig}"
        ) from None
    finally:
        engine.dispose()
    if not has_trigrams:
        raise SourceUnavailable(
            "Prefect needs PostgreSQL's extension pg_trgm, which this server does not have:"
            " install the package postgresql-contrib"
        )
