"""Frames to send: the other half of the codec, for a simulator, a logger and the tests.

An upload too long for one frame goes out in packages, each with its own QN and its DataTime again
(HJ 212-2017 C.50).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ecomon.decode.hj212.flags import Edition
from ecomon.decode.hj212.frame import Frame
from ecomon.decode.hj212.moment import write_moment
from ecomon.decode.hj212.segment import MAX_CP, build_segment

Group = tuple[str, Mapping[str, str]]
"""A thing and its fields: ``("w21003", {"Avg": "0.25", "Flag": "N"})``."""

_VERSION: Final[Mapping[Edition, int]] = {"2005": 0, "2017": 1, "2025": 2, "hj1404": 2}
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: MN, PW, ST and the edition spoken."""

    mn: str
    pw: str = ""
    st: str = "21"
    edition: Edition = "2017"
    crc: str = "hj212"
    encoding: str = "utf-8"


def compose(
    sender: Sender,
    cn: str,
    qn: datetime,
    groups: Sequence[Group] = (),
    *,
    data_time: datetime | None = None,
    wants_answer: bool = True,
    is_backfill: bool = False,
) -> list[Frame]:
    """The frames of one message: one, or packages where the data area is over 950 octets.

    Parameters
    ----------
    qn : naive Beijing datetime
        Of the exchange; each further package is a millisecond later.
    groups : sequence of (thing, fields)
        In the order of sending. ``("PolId", {"": "w01018"})`` has no part of a name.
    data_time : naive Beijing datetime, optional
        Stands first, in every package.
    is_backfill : bool
        RF=1 (HJ 212-2025).

    Raises
    ------
    ContractError
        where a name or value holds what separates.
    """
    lead: list[Group] = [] if data_time is None else [("DataTime", {"": write_moment(data_time)})]
    packages = _split(lead, groups, sender.encoding)
    count = len(packages)
    frames: list[Frame] = []
    for number, package in enumerate(packages, start=1):
        flag = _VERSION[sender.edition] << 2 | (2 if count > 1 else 0) | wants_answer
        header = {
            "QN": write_moment(qn + (number - 1) * _MILLISECOND, is_qn=True),
            "ST": sender.st, "CN": cn, "PW": sender.pw, "MN": sender.mn, "Flag": str(flag),
        }  # fmt: skip
        if count > 1:
            header |= {"PNUM": str(count), "PNO": str(number)}
        if is_backfill:
            header["RF"] = "1"
        octets = build_segment(header, package, encoding=sender.encoding)
        frames.append(Frame(octets, "modbus" if sender.crc == "modbus" else "hj212"))
    return frames


def _split(lead: list[Group], groups: Sequence[Group], encoding: str) -> list[list[Group]]:
    """Groups by package, none over the longest data area (a single longer group goes alone)."""
    packages = [list(lead)]
    for group in groups:
        trial = [*packages[-1], group]
        if len(packages[-1]) > len(lead) and _n_octets(trial, encoding) > MAX_CP:
            packages.append([*lead, group])
        else:
            packages[-1] = trial
    return packages


def _n_octets(groups: list[Group], encoding: str) -> int:
    return len(build_segment({}, groups, encoding=encoding)) - len(b"CP=&&&&")
