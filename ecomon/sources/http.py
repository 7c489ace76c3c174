"""One request to a site, made once: conditional, bounded in time and size, never redirected.

What may be different in an hour is SourceUnavailable, what fails the same way every time is
SourceRefused. Who waits and tries again is ``polling``.
"""

from __future__ import annotations

import hashlib
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.period import from_epoch_s
from ecomon.model.poll import Poll, PollRequest, PollState
from ecomon.sources.tls import read_fingerprints, trust

MAX_RETRY_AFTER_S = 7 * 86_400
"""A site that names a longer wait is asked again after a week all the same."""

_BUSY = frozenset({408, 425, 429})


class AskLater(SourceUnavailable):
    """The site said when to come back (Retry-After)."""

    def __init__(self, text: str, retry_after_s: float) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Fetched:
    """The octets of one answer, unpacked, and by what the site tells versions of it apart."""

    octets: bytes
    sha256: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A client for the requests of one poll, and the bounds of each.

    Attributes
    ----------
    timeout_s : float
        For the whole of one request; a server that sends a drop a minute does not hold it open.
    max_bytes : int
        Of an answer as it comes and as it is unpacked.
    clock : callable
        Epoch seconds, for a Retry-After that names a date.
    """

    client: httpx.Client
    timeout_s: float
    max_bytes: int
    clock: Callable[[], float] = time.time
    is_proxied: bool = False


@contextmanager
def open_session(
    poll: Poll,
    *,
    user_agent: str,
    ca_file: Path | None = None,
    proxy: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Session]:
    """A session that trusts whom the poll says and nobody else.

    Nothing of the environment is used: no proxy but the given one, no certificates of others.

    Raises
    ------
    SourceRefused
        where none of the poll's pins holds today, its authority cannot be read, or the proxy's
        address makes no sense.
    """
    pins = poll.pins_on(from_epoch_s(int(clock())).date())
    if poll.pins and not pins:
        raise SourceRefused(f"{poll.id}: 证书指纹均已失效 none of its pins holds today")
    headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
    try:
        made = httpx.Client(
            verify=trust(pins, ca_file),
            trust_env=False,
            proxy=proxy,
            headers=headers,
            timeout=httpx.Timeout(poll.timeout_s),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1),
        )
    except (httpx.InvalidURL, ValueError) as wrong:
        raise SourceRefused(
            f"ECOMON_PROXY: 代理地址有误 no proxy can be at this address: {wrong}"
        ) from None
    with made as client:
        yield Session(client, poll.timeout_s, poll.max_bytes, clock, proxy is not None)


def fetch(session: Session, request: PollRequest, remembered: PollState) -> Fetched | None:
    """Ask once; the answer, or None where the site says (304) that nothing is new.

    Parameters
    ----------
    remembered : PollState
        Its ``etag`` and ``last_modified`` make a GET conditional; a POST never is.

    Raises
    ------
    SourceUnavailable
        no connection, no answer in time, 5xx, 408, 425 or 429 (:class:`AskLater` where the site
        says until when).
    SourceRefused
        any other status, a redirect, a certificate that is not trusted, an answer too large or
        packed in a way nobody asked for.
    """
    with _told_as_ours(session, request):
        return _ask(session, request, _conditions(remembered) if request.method == "GET" else {})


def _ask(session: Session, request: PollRequest, conditions: dict[str, str]) -> Fetched | None:
    deadline = time.monotonic() + session.timeout_s
    fields = dict(request.parameters)
    sent: dict[str, Any] = (
        {"params": fields or None} if request.method == "GET" else {"data": fields}
    )
    with session.client.stream(request.method, request.url, headers=conditions, **sent) as response:
        if response.status_code == 304 and conditions:
            return None
        _check_status(response, session.clock())
        octets = _read_bounded(response, session.max_bytes, deadline)
        version = [response.headers.get(name) for name in ("ETag", "Last-Modified")]
    return Fetched(octets, hashlib.sha256(octets).hexdigest(), *version)


def _conditions(remembered: PollState) -> dict[str, str]:
    given = {"If-None-Match": remembered.etag, "If-Modified-Since": remembered.last_modified}
    return {name: value for name, value in given.items() if value}


def _check_status(response: httpx.Response, now_s: float) -> None:
    status = response.status_code
    if status == 200:
        return
    text = f"HTTP {status} {response.reason_phrase}".rstrip()
    if status in _BUSY or status >= 500:
        wait_s = _retry_after_s(response.headers.get("Retry-After"), now_s)
        if wait_s is None:
            raise SourceUnavailable(text)
        raise AskLater(f"{text}, again after {wait_s:.0f} s", wait_s)
    if response.has_redirect_location:
        place = response.headers["Location"][:200]
        raise SourceRefused(f"{text}: 重定向 sent elsewhere, to {place!r}; not followed")
    raise SourceRefused(f"{text}: 被拒绝 refused")


def _retry_after_s(value: str | None, now_s: float) -> float | None:
    """Seconds of a Retry-After: a number or a date (RFC 9110, 10.2.3); None without a usable one."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        wait_s = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_s
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _read_bounded(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    """The body, unpacked as far as it may grow: a few octets can unpack to gigabytes."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "", "gzip"):
        raise SourceRefused(f"the answer is packed as {packed[:40]!r}, which was not asked for")
    unpacker = zlib.decompressobj(31) if packed == "gzip" else None
    body, n_raw = bytearray(), 0
    for piece in response.iter_raw():
        if time.monotonic() > deadline:
            raise SourceUnavailable("the answer did not end in time")
        n_raw += len(piece)
        try:
            body += unpacker.decompress(piece, max_bytes + 1 - len(body)) if unpacker else piece
        except zlib.error as wrong:
            raise SourceUnavailable(f"the packed answer is broken: {wrong}") from wrong
        if len(body) > max_bytes or n_raw > max_bytes:
            raise SourceRefused(f"超过上限 the answer is larger than {max_bytes} bytes")
    if unpacker is not None and not unpacker.eof:
        raise SourceUnavailable("the packed answer breaks off")
    return bytes(body)


@contextmanager
def _told_as_ours(session: Session, request: PollRequest) -> Iterator[None]:
    """httpx's errors as ours, with the host they are of."""
    try:
        yield
    except AskLater as later:
        raise AskLater(f"{request.host}: {later}", later.retry_after_s) from None
    except (SourceRefused, SourceUnavailable) as wrong:
        raise type(wrong)(f"{request.host}: {wrong}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as wrong:
        if (untrusted := _certificate_error(wrong)) is not None:
            seen = "" if session.is_proxied else _seen(request, session.timeout_s)
            reason = untrusted.verify_message or untrusted
            text = f"{request.host}: 证书不受信任 certificate not trusted ({reason}){seen}"
            raise SourceRefused(text) from None
        text = f"{request.host}: {type(wrong).__name__}: {wrong}"
        raise SourceUnavailable(text.rstrip(": ")) from wrong


def _certificate_error(wrong: BaseException) -> ssl.SSLCertVerificationError | None:
    step: BaseException | None = wrong
    while step is not None:
        if isinstance(step, ssl.SSLCertVerificationError):
            return step
        step = step.__cause__ or step.__context__
    return None


def _seen(request: PollRequest, timeout_s: float) -> str:
    """What a person needs to compare and pin; nothing is asked of the site for it."""
    name, _, port = request.host.rpartition(":")
    try:
        return f"; seen: {read_fingerprints(name, int(port), timeout_s=timeout_s)}"
    except SourceUnavailable:
        return ""
