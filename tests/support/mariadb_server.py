"""A real MariaDB server for tests, of the distribution's package ``mariadb-server``.

It runs on a temporary folder of its own as a user that is not root, whatever the machine's own
server does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from postgresql_server import free_port

USER, PASSWORD = "reader", "see:cret/9"
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
START_S = 60.0


def find_programs() -> tuple[Path, Path] | None:
    """``mariadbd`` and ``mariadb-install-db``; None where this machine has none."""
    server = _find("mariadbd") or _find("mysqld")
    installer = _find("mariadb-install-db") or _find("mysql_install_db")
    return (server, installer) if server and installer else None


def _find(name: str) -> Path | None:
    found = shutil.which(name)
    places = [Path(found)] if found else [Path(place) / name for place in _PLACES]
    return next((path for path in places if path.exists()), None)


class MariadbServer:
    """One server with its data in a temporary folder."""

    def __init__(self) -> None:
        programs = find_programs()
        if programs is None:
            raise RuntimeError("no MariaDB here: apt install mariadb-server")
        self.server, installer = programs
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ecomon-my-"))
        self._as: dict[str, Any] = {}
        if os.name == "posix" and os.geteuid() == 0:
            self._as = {"user": "nobody", "extra_groups": []}
            shutil.chown(self.folder, "nobody")
        self._process: subprocess.Popen[bytes] | None = None
        made = subprocess.run(
            [
                installer, "--no-defaults", f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal", "--skip-test-db",
            ],
            capture_output=True, check=False, cwd=self.folder, **self._as,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"{installer} failed:\n{made.stderr.decode('utf-8', 'replace')}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        import pymysql

        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.server, "--no-defaults", f"--datadir={self.folder / 'data'}",
                    f"--port={self.port}", "--bind-address=127.0.0.1",
                    f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}",
                    "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin",
                ],
                stdout=log, stderr=log, cwd=self.folder, **self._as,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.execute(
                    f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'",
                    "CREATE DATABASE hydrology CHARACTER SET utf8mb4",
                    f"GRANT SELECT ON hydrology.* TO '{USER}'@'%'",
                )
                return
            except pymysql.err.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    said = (self.folder / "server.log").read_text("utf-8", "replace")
                    raise RuntimeError(f"MariaDB did not start:\n{said[-2000:]}") from None
                time.sleep(0.1)

    def execute(
        self, *statements: str, database: str | None = None, charset: str = "utf8mb4"
    ) -> None:
        """Run statements as the administrator, committed together."""
        import pymysql

        with pymysql.connect(
            unix_socket=str(self.folder / "socket"), user="root", database=database, charset=charset
        ) as conn:
            with conn.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            conn.commit()

    def url(self, database: str = "hydrology") -> str:
        """For a user who may read and nothing else."""
        from urllib.parse import quote

        return f"mysql+pymysql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def remove(self) -> None:
        """Stop it if it runs and delete its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()  # its data are thrown away, so it need not put them in order
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
