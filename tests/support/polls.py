"""What tests of polling share: a clock that sleeping moves, polls of a local site, its answers."""

from __future__ import annotations

import json
from typing import Any

from https_site import HttpsSite

from ecomon.model.poll import Poll

START_S = 1_795_000_000.0


class Clock:
    """A wall clock that stands still; ``sleep`` moves it and takes no time."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def pin(site: HttpsSite, of: str = "public_key", **fields: Any) -> dict[str, Any]:
    """A pin of the site's certificate."""
    return {
        "sha256": getattr(site, of), "of": of, "source": "test", "confidence": "verified", **fields,
    }  # fmt: skip


def poll_of(site: HttpsSite, **fields: Any) -> Poll:
    """A poll of a local site, its certificate pinned."""
    return Poll.model_validate(
        {
            "id": "local", "name_zh": "本地", "name_en": "local", "feed": "cnemc-air",
            "url": site.url, "method": "GET", "is_enabled": True, "interval_s": 300,
            "spacing_s": 10, "jitter_s": 0, "requests_per_day": 100, "timeout_s": 10,
            "max_bytes": 100_000, "pins": [pin(site)], "source": "test", "confidence": "verified",
            **fields,
        }
    )  # fmt: skip


WATER: dict[str, Any] = {
    "feed": "cnemc-water",
    "method": "POST",
    "parameters": {"AreaID": "", "action": "getRealDatas"},
    "pages": {
        "index": "PageIndex", "size": "PageSize", "rows": 10, "records": "records", "body": "tbody",
        "min_share": 0.9, "max_pages": 5,
    },
}  # fmt: skip
"""Fields of a poll that is asked page by page."""


def water_page(n_rows: int, n_records: int, first: int = 1) -> bytes:
    """One page of a water answer."""
    rows = [
        ["四川省", "长江流域", f"断面{first + at}", "11-23 16:00", "7.9"] for at in range(n_rows)
    ]
    answer = {
        "result": 1, "total": -(-n_records // 10), "records": n_records,
        "thead": ["省份", "流域", "断面名称", "监测时间", "pH"], "tbody": rows,
    }  # fmt: skip
    return json.dumps(answer, ensure_ascii=False).encode()


def air_answer(hour: str = "2026-11-24T14:00:00", **fields: str) -> bytes:
    """An answer of the air publication for one station."""
    station = {
        "TimePoint": hour, "StationCode": "2523A", "PositionName": "黑石坡", "PM2_5": "35",
        "PM10": "60", "SO2": "3", "NO2": "21", "O3": "92", "O3_24h": "40", "CO": "0.6", **fields,
    }  # fmt: skip
    return json.dumps([station], ensure_ascii=False).encode()
