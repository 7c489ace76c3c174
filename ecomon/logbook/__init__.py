"""The logbook: one structured line an act, without secrets, safe between processes."""

from ecomon.logbook.file import LineFile
from ecomon.logbook.lines import LogSettings, keep_logbook, log_run
from ecomon.logbook.redact import redact, redact_text

__all__ = ["LineFile", "LogSettings", "keep_logbook", "log_run", "redact", "redact_text"]
