"""Messages to tables: observations for the store, checks for theirs; and recorded octets as a source.

A gateway's committer calls :func:`tabulate_readings` and :func:`tabulate_checks` on a run of
messages; :func:`decode` reads what a station or a forwarder recorded, whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import pandas as pd

from ecomon.decode.hj212.check import Check
from ecomon.decode.hj212.frame import Frame, FrameReader, Trust
from ecomon.decode.hj212.frame import Rejected as RejectedOctets
from ecomon.decode.hj212.message import Message, MessageKind, read_message
from ecomon.decode.hj212.reading import Reading
from ecomon.decode.hj212.station import StationPlan
from ecomon.model.observation import Batch, Rejected
from ecomon.model.tables import OBSERVATIONS, Contract

INSTRUMENT_CHECKS: Final = Contract(
    "instrument checks",
    {
        "site": "text",
        "mn": "text",
        "determinand": "text",  # the code where it is not configured
        "code": "text",
        "checked_at": "time",
        "measured": "float",  # canonical unit; NaN where none was sent
        "standard": "float",  # canonical unit; NaN where none was sent
        "relative_error": "float",  # (measured - standard) / standard; NaN where it cannot be formed
        "unit": "text",  # as sent, where the code is not configured: ""
        "source_flag": "text",
        "flag": "int",
        "raw": "text",
    },
)
"""One row per checked parameter. Its own table; never concatenated with OBSERVATIONS."""

SOURCE: Final = "hj212"
BATCH_READINGS: Final = 20_000
_PROGRAMME: Final = "automatic"

Row = tuple[StationPlan, Reading, int]
"""A reading, its station, and the number of the frame it stood in (0 where there is none)."""


def tabulate_readings(rows: Sequence[Row], *, source: str = SOURCE) -> pd.DataFrame:
    """Readings as OBSERVATIONS; ``site`` is the station's, ``row`` the number of its frame.

    Beside the contract's columns: ``mn``, ``code``, ``raw``, ``source_qartod`` (the letter by its
    edition), ``sampled_at`` (NaT where none) and ``reason``.
    """
    columns: dict[str, object] = {
        "site": [plan.station.site for plan, _, _ in rows],
        "determinand": [one.determinand for _, one, _ in rows],
        "statistic": [one.statistic for _, one, _ in rows],
        "start": pd.Series([one.start for _, one, _ in rows], dtype="datetime64[us]"),
        "duration_s": [one.duration_s for _, one, _ in rows],
        "programme": [_PROGRAMME] * len(rows),
        "source": [source] * len(rows),
        "replicate": [one.replicate for _, one, _ in rows],
        "value": [one.value for _, one, _ in rows],
        "unit": [one.unit for _, one, _ in rows],
        "censor": [one.censor for _, one, _ in rows],
        "source_flag": pd.Series([one.source_flag for _, one, _ in rows], dtype="str"),
        "row": [number for _, _, number in rows],
        "mn": [plan.mn for plan, _, _ in rows],
        "code": [one.code for _, one, _ in rows],
        "raw": [one.raw for _, one, _ in rows],
        "source_qartod": [int(one.flag) for _, one, _ in rows],
        "sampled_at": pd.Series([one.sampled_at for _, one, _ in rows], dtype="datetime64[us]"),
        "reason": [one.reason for _, one, _ in rows],
    }
    return OBSERVATIONS.frame(columns)


def tabulate_checks(rows: Sequence[tuple[StationPlan, Check]]) -> pd.DataFrame:
    """QC checks as INSTRUMENT_CHECKS; never to be put among observations."""
    return INSTRUMENT_CHECKS.frame(
        {
            "site": [plan.station.site for plan, _ in rows],
            "mn": [plan.mn for plan, _ in rows],
            "determinand": [one.determinand for _, one in rows],
            "code": [one.code for _, one in rows],
            "checked_at": pd.Series([one.checked_at for _, one in rows], dtype="datetime64[us]"),
            "measured": [one.measured for _, one in rows],
            "standard": [one.standard for _, one in rows],
            "relative_error": [one.relative_error for _, one in rows],
            "unit": [one.unit for _, one in rows],
            "source_flag": pd.Series([one.source_flag for _, one in rows], dtype="str"),
            "flag": [int(one.flag) for _, one in rows],
            "raw": [one.raw for _, one in rows],
        }
    )


def decode(
    chunks: Iterable[bytes],
    plans: Mapping[str, StationPlan],
    *,
    trusts: Mapping[str, Trust] | None = None,
    received_at: datetime | None = None,
) -> Iterator[Batch | Rejected]:
    """Observations of recorded octets; frames, rejected octets and messages are numbered from 1.

    Parameters
    ----------
    chunks : iterable of bytes
        As recorded, cut anywhere.
    plans, trusts : mapping by MN
        Facts of the stations; what they are trusted with (the HJ 212 checksum without).
    received_at : naive Beijing datetime, optional
        See :func:`read_message`.

    Yields
    ------
    Batch
        Observations with the quirks of their frames; checks (2062) are none and are counted there.
    Rejected
        Octets that are no frame, frames of unknown stations, refused messages, items that are no
        reading: each with its reason.
    """
    reader = FrameReader(trusts=trusts, is_patient=True)
    rows: list[Row] = []
    quirks: Counter[str] = Counter()
    number = 0
    for item in _items(reader, chunks):
        number += 1
        if isinstance(item, RejectedOctets):
            yield Rejected(number, f"{item.reason}: {item.detail}", item.octets.hex())
            continue
        message, plan, rejected = _read(item, plans, received_at, number)
        quirks.update(quirk.value for quirk in message.quirks)
        if message.checks:
            quirks["instrument checks, no observations"] += len(message.checks)
        yield from rejected
        if plan is not None:
            rows += [(plan, reading, number) for reading in message.readings]
        if len(rows) >= BATCH_READINGS:
            yield Batch(tabulate_readings(rows), dict(quirks))
            rows, quirks = [], Counter()
    if rows or quirks:
        yield Batch(tabulate_readings(rows), dict(quirks))


def _items(reader: FrameReader, chunks: Iterable[bytes]) -> Iterator[Frame | RejectedOctets]:
    for chunk in chunks:
        yield from reader.receive(chunk)
    yield from reader.close()


def _read(
    frame: Frame, plans: Mapping[str, StationPlan], received_at: datetime | None, number: int
) -> tuple[Message, StationPlan | None, list[Rejected]]:
    message = read_message(frame, None)
    mn = message.segment.header.get("MN", "")
    plan = plans.get(mn)
    if plan is not None:
        message = read_message(frame, plan, received_at=received_at)
    rejected: list[Rejected] = []
    speaks = message.kind in (MessageKind.READINGS, MessageKind.CHECKS)
    if plan is None and speaks:
        rejected.append(
            Rejected(number, f"未登记的 MN unknown MN {mn!r}", frame.octets.hex(), "MN")
        )
    if message.refused:
        rejected.append(Rejected(number, message.refused, frame.octets.hex(), "DataTime"))
    rejected += [Rejected(number, one.reason, one.item, "CP") for one in message.problems]
    return message, plan, rejected
