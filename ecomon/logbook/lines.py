"""One line an act: to ``home/log/ecomon.jsonl``, and to the standard error where it is asked for.

Edges and flows take ``structlog.get_logger()`` and say what was done (stages log nothing). Inside
:func:`keep_logbook` the lines reach the installation's file; outside they go nowhere, so that a
test or another program that uses an edge is not talked into.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

import structlog

from ecomon.logbook.file import LineFile
from ecomon.logbook.redact import redact
from ecomon.model.period import BEIJING

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["text", "json"]
_NUMBERS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING,
            "error": logging.ERROR, "critical": logging.CRITICAL}  # fmt: skip


class LogSettings(Protocol):
    """What of an installation's settings the logbook needs."""

    @property
    def home(self) -> Path: ...
    @property
    def log(self) -> Level | None: ...
    @property
    def log_format(self) -> Form: ...


@dataclass(slots=True)
class _Logbook:
    file: LineFile
    file_level: int
    screen_level: int | None
    form: Form
    screen: TextIO | None
    clock: Callable[[], float]
    has_failed: bool = False

    def write(self, level: int, entry: dict[str, Any]) -> None:
        if level >= self.file_level:
            self._append(json.dumps(entry, ensure_ascii=False))
        if self.screen_level is not None and level >= self.screen_level:
            print(_said(entry, self.form), file=self.screen or sys.stderr, flush=True)

    def _append(self, line: str) -> None:
        """A log that cannot be written (a full disk) is said once and stops no work."""
        try:
            self.file.append(line)
        except OSError as error:
            if not self.has_failed:
                self.has_failed = True
                said = f"ecomon: 日志写不进去 the log cannot be written: {error}"
                print(said, file=self.screen or sys.stderr, flush=True)


_current: ContextVar[_Logbook | None] = ContextVar("ecomon_logbook", default=None)


@contextlib.contextmanager
def keep_logbook(
    settings: LogSettings,
    *,
    screen: TextIO | None = None,
    clock: Callable[[], float] = time.time,
    file: LineFile | None = None,
) -> Iterator[structlog.typing.FilteringBoundLogger]:
    """Let what is logged inside the block reach this installation's logbook; yields a logger.

    The file takes ``info`` and what is graver (``debug`` too where ``settings.log`` says so), the
    standard error what is at least ``settings.log``, nothing where that is None. Inside another
    logbook's block the inner one takes the lines.

    Parameters
    ----------
    screen : text stream, optional
        In place of the standard error.
    file : LineFile, optional
        In place of ``home/log/ecomon.jsonl``.
    """
    screen_level = None if settings.log is None else _NUMBERS[settings.log]
    book = _Logbook(
        file=file or LineFile(settings.home / "log" / "ecomon.jsonl"),
        file_level=min(logging.INFO, screen_level or logging.INFO),
        screen_level=screen_level,
        form=settings.log_format,
        screen=screen,
        clock=clock,
    )
    _configure()
    token = _current.set(book)
    try:
        yield structlog.get_logger()
    finally:
        _current.reset(token)


@contextlib.contextmanager
def log_run(
    settings: LogSettings,
    *,
    flow: str,
    run_id: int,
    counts: Callable[[], Mapping[str, Any]] = dict,
    **about: Any,
) -> Iterator[None]:
    """Log the begin of a run and its end or failure; lines inside carry its ``flow`` and ``run_id``.

    Parameters
    ----------
    counts : callable
        Asked at the end: what the run counted.
    about
        What else its first line says (``period``, ``feed``).
    """
    with keep_logbook(settings) as log, _bound(flow=flow, run_id=run_id):
        began_s = time.monotonic()
        log.info("run_started", **about)
        try:
            yield
        except BaseException as error:
            log.error(
                "run_failed", duration_s=_since(began_s), error_type=type(error).__name__,
                error=str(error), counts=dict(counts()),
            )  # fmt: skip
            raise
        log.info("run_succeeded", duration_s=_since(began_s), counts=dict(counts()))


_bound = structlog.contextvars.bound_contextvars


def _since(began_s: float) -> float:
    return round(time.monotonic() - began_s, 3)


def _deliver(_logger: Any, method: str, entry: structlog.typing.EventDict) -> str:
    """The last processor: redact the line, put its parts in order and give it to the logbook."""
    book = _current.get()
    if book is None:
        raise structlog.DropEvent
    error = entry.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        entry.update(error_type=type(error).__name__, error=str(error))
    at = datetime.fromtimestamp(book.clock(), BEIJING).isoformat(timespec="milliseconds")
    head = {"time": at, "level": method, "event": redact(str(entry.pop("event", "")))}
    book.write(_NUMBERS.get(method, logging.INFO), head | redact(entry))
    raise structlog.DropEvent


_PROCESSORS = [structlog.contextvars.merge_contextvars, _deliver]


class _Bridge(logging.Handler):
    """What our own modules warn of through the standard library's ``logging`` is a line too.

    Where neither a logbook nor another handler shows it, a warning reaches the standard error as
    it would have without this.
    """

    def emit(self, record: logging.LogRecord) -> None:
        book = _current.get()
        if book is not None:
            said = getattr(structlog.get_logger(), record.levelname.lower(), None)
            if said is not None:
                said("said", text=record.getMessage(), logger=record.name)
        is_shown = bool(logging.root.handlers) or (book is not None and book.screen_level)
        if record.levelno >= logging.WARNING and not is_shown and logging.lastResort:
            logging.lastResort.handle(record)


_BRIDGE = _Bridge()


def _configure() -> None:
    """Make this process's ``structlog`` and the loggers below ``ecomon`` and ``flows`` ours."""
    if structlog.get_config()["processors"] is not _PROCESSORS:
        structlog.configure(
            processors=_PROCESSORS,
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            logger_factory=structlog.ReturnLoggerFactory(),
            cache_logger_on_first_use=False,
        )
    for name in ("ecomon", "flows"):
        logger = logging.getLogger(name)
        if _BRIDGE not in logger.handlers:
            logger.addHandler(_BRIDGE)


def _said(entry: Mapping[str, Any], form: Form) -> str:
    if form == "json":
        return json.dumps(entry, ensure_ascii=False)
    rest = " ".join(
        f"{name}={_plain(item)}"
        for name, item in entry.items()
        if name not in ("time", "level", "event")
    )
    return f"{entry['time'][:19]} {entry['level'].upper():<7} {entry['event']} {rest}".rstrip()


def _plain(item: Any) -> str:
    if isinstance(item, str) and item and not set(item) & set(' =\n\t"'):
        return item
    return json.dumps(item, ensure_ascii=False)


# Whoever takes structlog's logger before a logbook is kept would be heard on the standard output,
# where commands speak to other programs.
if not structlog.is_configured():
    _configure()
