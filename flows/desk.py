"""The desk: ``ecomon serve`` runs a flow at once for a command that waits.

A process of its own needs seconds to import Prefect and the flows; the one that serves has them, and
runs the same flow on the same server. Whoever may read ``prefect/desk.json`` may ask: the desk
listens on this machine only and wants the key that stands there. Without an answer the command runs
the flow itself, which changes nothing that was done already.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import structlog

FLOWS = ("sample",)
"""What may be asked for: flows of no arguments that somebody waits for."""
ASK_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
_LINE_BYTES = 1_000

Running = Callable[[str], dict[str, Any]]
"""Runs the flow of a name, and gives what it returned."""

_log = structlog.get_logger()


class _Handler(socketserver.StreamRequestHandler):
    """One question, one answer."""

    timeout = ASK_TIMEOUT_S
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError):
            asked = json.loads(self.rfile.readline(_LINE_BYTES))
            if not hmac.compare_digest(str(asked.get("key", "")), self.server.key):
                return
            if asked.get("flow") in FLOWS:
                self.wfile.write(json.dumps(self.server.answer(asked["flow"])).encode() + b"\n")


class _Server(socketserver.ThreadingTCPServer):
    """Answers one question after another; a stranger who says nothing keeps nobody waiting."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, run: Running) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = secrets.token_hex(32)
        self._run, self._turn = run, threading.Lock()

    def answer(self, flow: str) -> dict[str, Any]:
        with self._turn:
            try:
                return {"done": self._run(flow)}
            except Exception as error:  # noqa: BLE001 - whatever it was, the command tries itself and tells
                _log.warning("desk_failed", asked=flow, error=str(error))
                return {"failed": str(error)}


@contextlib.contextmanager
def desk_open(home: Path, run: Running) -> Iterator[None]:
    """Answer the commands of this home while the block lasts."""
    where = home / "prefect" / "desk.json"
    with _Server(run) as server:
        told = json.dumps({"port": server.server_address[1], "key": server.key})
        where.unlink(missing_ok=True)
        file = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(told)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(timeout=10)
            where.unlink(missing_ok=True)


def ask_desk(home: Path, flow: str) -> dict[str, Any] | None:
    """What the desk of this home did; None where there is none or it could not."""
    try:
        told = json.loads((home / "prefect" / "desk.json").read_text(encoding="utf-8"))
        with socket.create_connection(("127.0.0.1", told["port"]), ASK_TIMEOUT_S) as line:
            line.settimeout(ANSWER_TIMEOUT_S)
            line.sendall(json.dumps({"key": told["key"], "flow": flow}).encode() + b"\n")
            with line.makefile("rb") as answers:
                return json.loads(answers.readline()).get("done")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def run_on(home: Path, url: str) -> Running:
    """How the serving process runs a flow, on its own server; what it needs is imported now."""
    from flows.embedded import prefect_at
    from flows.run import flow_named

    flows = {name: flow_named(name) for name in FLOWS}
    # Of each task it says that a thread cannot be interrupted; the logbook tells what matters.
    logging.getLogger("prefect.task_runs").setLevel(logging.ERROR)

    def run(name: str) -> dict[str, Any]:
        with prefect_at(url):
            return flows[name](home=str(home))

    return run
