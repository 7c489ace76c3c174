"""Every error ecomon raises on purpose.

::

    EcomonError
      RegistryError      a YAML file is wrong                 -> stop at start, naming file and field
      ContractError      a table or array breaks its shape    -> stop this run
        UnitMismatch
      SourceError
        SourceUnavailable  retryable                          -> the task retries
        SourceRefused      fails the same way every time      -> dead letter, next item
      StoreError                                              -> stop; nothing was written
        StoreUnavailable   the database is away               -> wait, the task retries
      AccessDenied       who acts is not known or may not     -> stop; nothing was written
      LedgerError        postings do not sum to zero ...      -> stop, never write

A bad *measurement* is a flag and a bad row is a ``Rejected`` record; neither is an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file a person wrote: where it is, what stands there, what was expected."""

    file: str
    field: str
    reason: str
    value: str | None = None

    def __str__(self) -> str:
        seen = "" if self.value is None else f" (found {self.value!r})"
        return f"{self.file}: {self.field}: {self.reason}{seen}"


class EcomonError(Exception):
    """Root of all errors raised on purpose."""


class RegistryError(EcomonError):
    """Files under ``stations/``, ``thresholds/`` or the site's overlay are wrong.

    All problems found are carried at once, so that a person mends a file in one go.
    """

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = (Problem(file="registry", field="-", reason=problems),)
        elif isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ContractError(EcomonError):
    """A table or array does not have the shape its contract promises."""


class UnitMismatch(ContractError):
    """A quantity came in a unit that cannot become the one that is needed."""


class SourceError(EcomonError):
    """Something outside (a file, a site, a database) did not give what was asked for."""


class SourceUnavailable(SourceError):
    """The source cannot be reached now; trying again later makes sense."""


class SourceRefused(SourceError):
    """The source gave something that fails the same way every time."""


class StoreError(EcomonError):
    """The store is missing, of another schema, of another kind of data, or refused a write."""


class StoreUnavailable(StoreError):
    """The database cannot be reached now, or gave way to another; trying again makes sense."""


class AccessDenied(EcomonError):
    """Who acts is not known to the store, or may not do this."""


class LedgerError(EcomonError):
    """An account does not balance; nothing of it may be written."""
