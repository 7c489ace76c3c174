"""What an answer must be to be taken: data, and all of it. A refusal is a refusal."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ecomon.errors import SourceRefused
from ecomon.model.poll import Pages

_PRIVATE_USE = re.compile(r"[\ue000-\uf8ff]|\\u(?:[eE][0-9a-fA-F]|[fF][0-8])[0-9a-fA-F]{2}")
_PRIVATE_SHARE = 1 / 200  # rare characters of names stood there in old encodings: a few are no font
_TITLE = re.compile(rb"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)
_CAPTCHA = re.compile("captcha|验证码|滑动验证|人机验证|安全验证", re.IGNORECASE)
_LOOKED_AT_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Count:
    """What a page says of itself: rows on all pages, and rows on this one."""

    n_records: int
    n_rows: int


def read_answer(octets: bytes) -> Any:
    """The JSON value of an answer.

    Raises
    ------
    SourceRefused
        for an empty answer, a web page, a test for people (captcha), text that only a special font
        can show, and what is no JSON object or list. None of them is worked around.
    """
    start = octets[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not octets.strip():
        raise SourceRefused("空响应 the answer is empty")
    if start.startswith(b"<"):
        raise SourceRefused(_page_told(octets))
    text = _text(octets)
    try:
        value = json.loads(text)
    except RecursionError:
        raise SourceRefused("the JSON is nested too deep to be an answer") from None
    except ValueError as wrong:
        raise SourceRefused(f"应答不是 JSON the answer is no JSON: {wrong}") from None
    if not isinstance(value, dict | list):
        raise SourceRefused(f"the service answered {text.strip()[:40]!r} instead of data")
    if len(_PRIVATE_USE.findall(text)) > _PRIVATE_SHARE * len(text):
        raise SourceRefused("文字经字体加密 text that only a special font can show: a refusal")
    if isinstance(value, dict) and (found := _CAPTCHA.search(text[:_LOOKED_AT_CHARS])):
        raise SourceRefused(f"要求人机验证 the service asks for a person: {found[0]!r}")
    return value


def count_rows(answer: Any, pages: Pages) -> Count:
    """Rows that one page of an answer promises and holds.

    Raises
    ------
    SourceRefused
        where its fields are not there.
    """
    if not isinstance(answer, dict) or not isinstance(rows := answer.get(pages.body), list):
        raise SourceRefused(f"the answer has no list {pages.body!r}")
    try:
        n_records = int(str(answer.get(pages.records)))
    except ValueError:
        raise SourceRefused(f"the answer has no number {pages.records!r}") from None
    return Count(n_records, len(rows))


def check_count(n_rows: int, n_records: int, pages: Pages) -> None:
    """SourceRefused where the pages together hold too few of the rows they promise, or none."""
    if n_records <= 0:
        raise SourceRefused("无记录 the answer holds no rows at all")
    if n_rows < pages.min_share * n_records:
        raise SourceRefused(
            f"页面不完整 {n_rows} rows came of {n_records}: fewer than {pages.min_share:.0%}"
        )


def _text(octets: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return octets.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceRefused("the answer is neither UTF-8 nor GB18030 text")


def _page_told(octets: bytes) -> str:
    title = _TITLE.search(octets[:20_000])
    named = f" {title[1].decode('utf-8', 'replace').strip()!r}" if title else ""
    asks = " (captcha)" if _CAPTCHA.search(octets[:20_000].decode("utf-8", "replace")) else ""
    return f"返回网页而非数据 a web page{named}{asks} where data were asked for: a refusal"
