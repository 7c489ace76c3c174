"""What is polled from a site, how it is asked, and what is remembered of each request."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ecomon.model.fact import Dated, Fact, Noun, Slug

_URL = re.compile(r"https://(?P<host>[a-z0-9.-]+)(?::(?P<port>\d{1,5}))?/[^?#\s]*", re.ASCII)
_BACKOFF_DOUBLINGS = 4


def _fingerprint(value: object) -> object:
    """``AB:CD…`` as tools print it, in one spelling."""
    return value.replace(":", "").strip().lower() if isinstance(value, str) else value


class Pin(Dated):
    """A certificate that is trusted because an administrator compared its fingerprint.

    ``of`` says what the SHA-256 is taken of: the whole leaf certificate (DER), or its public key
    alone (SubjectPublicKeyInfo, DER), which a renewed certificate usually keeps.
    """

    sha256: Annotated[str, BeforeValidator(_fingerprint)] = Field(pattern=r"^[0-9a-f]{64}$")
    of: Literal["certificate", "public_key"]
    note: str | None = None


class Each(Noun):
    """One parameter that takes several values, a request for each."""

    parameter: str
    values: tuple[str, ...] = Field(min_length=1)


class Pages(Noun):
    """How an answer of several pages is asked for and counted.

    ``index`` and ``size`` are the parameters of the page's number (from 1) and of its rows;
    ``rows`` is that size. ``records`` and ``body`` are the fields of the answer that hold the
    number of rows on all pages and the rows of this one. Fewer than ``min_share`` of the rows
    that are promised is no answer: a page cut short looks like success.
    """

    index: str
    size: str
    rows: int = Field(ge=1)
    records: str
    body: str
    min_share: float = Field(gt=0, le=1)
    max_pages: int = Field(ge=1, le=200)


class Poll(Fact):
    """A service that is asked at times (轮询). Shipped ones are off; a site turns them on.

    Attributes
    ----------
    feed : str
        The feed whose decoder reads the answers.
    interval_s : int
        A request is not made again sooner.
    spacing_s, jitter_s : int
        Between any two requests to one host at least the first, and up to the second more.
    requests_per_day : int
        To one host in a Beijing day, retries and pages counted.
    ca_file : str, optional
        PEM file of the authority that signed the site's certificate, below the site's own folder.
    pins : tuple of Pin
        One of those that hold is the site's certificate, or nothing is sent.
    interval_label : {"start", "end"}
        Which end of its interval a time of the answers names, where they are of intervals.
    """

    id: Slug
    name_zh: str
    name_en: str
    feed: str
    url: str
    method: Literal["GET", "POST"]
    parameters: dict[str, str] = Field(default_factory=dict[str, str])
    each: Each | None = None
    pages: Pages | None = None
    is_enabled: bool = False
    interval_s: int = Field(ge=300)
    spacing_s: int = Field(ge=1)
    jitter_s: int = Field(ge=0)
    requests_per_day: int = Field(ge=1)
    timeout_s: int = Field(ge=1, le=600)
    max_bytes: int = Field(ge=1, le=64_000_000)
    ca_file: str | None = None
    pins: tuple[Pin, ...] = ()
    interval_label: Literal["start", "end"] = "start"
    unverified_fields: tuple[str, ...] = ()
    note: str | None = None

    @field_validator("url")
    @classmethod
    def _is_plain_https(cls, url: str) -> str:
        if not _URL.fullmatch(url):
            raise ValueError("https://host[:port]/path, without user, query or fragment")
        return url

    @field_validator("unverified_fields")
    @classmethod
    def _are_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in cls.model_fields:
                raise ValueError(f"no field of a poll: {name!r}")
        return names

    @model_validator(mode="after")
    def _parameters_stand_once(self) -> Poll:
        names = [*self.parameters]
        names += [self.each.parameter] if self.each else []
        names += [self.pages.index, self.pages.size] if self.pages else []
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"given twice: {', '.join(twice)}")
        return self

    @property
    def is_pinned(self) -> bool:
        return bool(self.pins or self.ca_file)

    def pins_on(self, day: date) -> tuple[Pin, ...]:
        """The pins that hold on ``day``."""
        return tuple(pin for pin in self.pins if pin.holds_on(day))

    def requests(self) -> tuple[PollRequest, ...]:
        """One request for each value of ``each`` (else one); of paged answers the first page."""
        fixed = tuple(self.parameters.items())
        values = (
            [((self.each.parameter, value),) for value in self.each.values] if self.each else [()]
        )
        asked = [PollRequest(self.method, self.url, (*fixed, *value)) for value in values]
        return tuple(self.page(one, 1) for one in asked) if self.pages else tuple(asked)

    def page(self, request: PollRequest, number: int) -> PollRequest:
        """The same request for page ``number`` (from 1)."""
        if self.pages is None:
            return request
        own = {self.pages.index: str(number), self.pages.size: str(self.pages.rows)}
        rest = tuple(one for one in request.parameters if one[0] not in own)
        return replace(request, parameters=(*rest, *own.items()))


@dataclass(frozen=True, slots=True)
class PollRequest:
    """One request, as it is sent: parameters in the query of a GET, in the form of a POST."""

    method: Literal["GET", "POST"]
    url: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """What tells this request from every other, readable: method, address, parameters."""
        parameters = "&".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.method} {self.url} {parameters}".rstrip()

    @property
    def host(self) -> str:
        """``name:port`` of the server."""
        found = _URL.fullmatch(self.url)
        assert found is not None
        return f"{found['host']}:{found['port'] or 443}"


@dataclass(frozen=True, slots=True)
class PollState:
    """What is remembered of one request; times in epoch seconds.

    Attributes
    ----------
    key, source : str
        :attr:`PollRequest.key`, and the id of the poll it belongs to.
    etag, last_modified, sha256 : str, optional
        Of the last octets that were taken.
    checked_at_s, changed_at_s : int, optional
        When it was last asked, and when it last gave something new.
    not_before_s : int
        It is not asked again earlier.
    n_failures : int
        How often in a row it gave nothing.
    last_error : str, optional
        Why it gave nothing the last time; None after an answer.
    """

    key: str
    source: str
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    checked_at_s: int | None = None
    changed_at_s: int | None = None
    not_before_s: int = 0
    n_failures: int = 0
    last_error: str | None = None

    def is_due(self, now_s: int) -> bool:
        """Whether it may be asked now; a state from the future (a clock set back) does not bind."""
        is_from_future = self.checked_at_s is not None and self.checked_at_s > now_s
        return now_s >= self.not_before_s or is_from_future

    def answered(self, at_s: int, interval_s: int) -> PollState:
        """The state after an answer that says nothing new."""
        return replace(
            self, checked_at_s=at_s, not_before_s=at_s + interval_s, n_failures=0, last_error=None
        )

    def changed(
        self, at_s: int, sha256: str, *, etag: str | None, last_modified: str | None
    ) -> PollState:
        """The state with the octets that came; :meth:`answered` says when it is asked again."""
        return replace(
            self, changed_at_s=at_s, sha256=sha256, etag=etag, last_modified=last_modified
        )

    def failed(self, at_s: int, error: str, interval_s: int, retry_after_s: float = 0) -> PollState:
        """The state after a failure: asked again after the interval, doubled with each failure.

        At most sixteen intervals; later where the site says so (Retry-After).
        """
        wait_s = interval_s * 2 ** min(self.n_failures, _BACKOFF_DOUBLINGS)
        return replace(
            self,
            checked_at_s=at_s,
            not_before_s=at_s + max(wait_s, int(retry_after_s)),
            n_failures=self.n_failures + 1,
            last_error=error,
        )

    def postponed(self, until_s: int) -> PollState:
        """The state where our own courtesy forbade the request: neither answer nor failure."""
        return replace(self, not_before_s=until_s)
