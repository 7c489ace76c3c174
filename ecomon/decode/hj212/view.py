"""A frame as one JSON object or as text for a person, and JSON back to a frame.

The JSON form is a contract: ``{"kind": "frame", "crc", "quirks", "header", "cp"}`` with ``cp`` as
``[[name, {field: value}], ...]`` in the order sent (the field of ``DataTime=...`` is ``""``), or
``{"kind": "rejected", "reason", "octets"}`` with the octets in hexadecimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from ecomon.decode.hj212.frame import Frame, FrameReader, Rejected, Trust
from ecomon.decode.hj212.message import Message, kind_of
from ecomon.decode.hj212.segment import build_segment, group_fields, parse_segment, read_fields
from ecomon.errors import ContractError

_KINDS_ZH: Final[Mapping[str, str]] = {
    "readings": "监测数据", "checks": "质控核查", "request": "请求", "answer": "应答", "notice": "通知",
    "heartbeat": "心跳", "state": "设备状态", "text": "日志信息", "other": "其他",
}  # fmt: skip


def as_json(item: Frame | Rejected) -> dict[str, Any]:
    """A frame or rejected octets as the contract of ``ecomon hj212 decode --json`` has them."""
    if isinstance(item, Rejected):
        return {
            "kind": "rejected",
            "reason": f"{item.reason}: {item.detail}",
            "octets": item.octets.hex(),
        }
    segment = parse_segment(item.segment)
    fields, odd = read_fields(segment.cp)
    quirks = dict.fromkeys((*item.quirks, *segment.quirks, *odd))
    return {
        "kind": "frame",
        "crc": item.crc,
        "quirks": [quirk.value for quirk in quirks],
        "header": segment.header,
        "cp": [[name, parts] for name, parts in group_fields(fields)],
    }


def from_json(record: Mapping[str, Any], *, encoding: str = "utf-8") -> Frame:
    """The frame a JSON object of :func:`as_json` speaks of; ``crc`` and ``quirks`` may be left out.

    Raises
    ------
    ContractError
        where it is no such object, or a value holds what separates.
    """
    header, cp = record.get("header"), record.get("cp", [])
    if not isinstance(header, dict) or not isinstance(cp, list):
        raise ContractError(
            'expected an object with "header": {...} and "cp": [[name, {...}], ...]'
        )
    named = {str(name): str(value) for name, value in cast("dict[Any, Any]", header).items()}
    groups: list[tuple[str, dict[str, str]]] = []
    for entry in cast("list[Any]", cp):
        match entry:
            case [str(name), dict()]:
                texts = cast("dict[Any, Any]", entry[1])
                groups.append((name, {str(part): str(value) for part, value in texts.items()}))
            case _:
                raise ContractError(f"an entry of cp is [name, {{field: value}}], not {entry!r}")
    crc = "modbus" if record.get("crc") == "modbus" else "hj212"
    return Frame(build_segment(named, groups, encoding=encoding), crc)


def as_text(item: Frame | Rejected) -> Iterator[str]:
    """Lines for a person: what it is, its head, its fields, and what was odd."""
    if isinstance(item, Rejected):
        yield f"✗ 未采纳 rejected  {item.reason}: {item.detail}"
        look = FrameReader(Trust("none"), is_patient=True)
        for inner in look.receive(item.octets) + look.close():
            if isinstance(inner, Frame):
                yield from (f"    {line}" for line in _lines(inner))
        return
    verdict = {"hj212": "校验正确 checksum right", "modbus": "Modbus 校验 checksum is Modbus's"}
    yield f"✓ 报文 frame  {verdict.get(item.crc, '校验不符 checksum wrong')}"
    yield from (f"    {line}" for line in _lines(item))


def _lines(frame: Frame) -> Iterator[str]:
    record = as_json(frame)
    segment = parse_segment(frame.segment)
    kind = kind_of(segment).value
    wants = "是 yes" if segment.is_answer_wanted else "否 no"
    yield f"{_KINDS_ZH[kind]} {kind}  需应答 answer wanted {wants}"
    yield "  ".join(f"{name}={value}" for name, value in record["header"].items())
    for name, parts in record["cp"]:
        said = "  ".join(f"{part}={value}" if part else value for part, value in parts.items())
        yield f"  {name:<12} {said}"
    if record["quirks"]:
        yield f"偏差 quirks  {', '.join(record['quirks'])}"


def readings_as_text(message: Message) -> Iterator[str]:
    """Lines for a person: what the station's facts make of a message."""
    if message.refused:
        yield f"    不入库 refused  {message.refused}"
    for one in message.readings:
        value = "—" if one.value != one.value else f"{one.value:g}"
        sign = {"left": "<", "right": ">"}.get(one.censor, "")
        yield (
            f"    = {one.determinand} {one.statistic} {one.start:%Y-%m-%d %H:%M:%S} +{one.duration_s}s"
            f"  {sign}{value} {one.unit}  {one.source_flag or '-'}→{int(one.flag)} {one.reason}".rstrip()
        )
    for check in message.checks:
        yield (
            f"    ± {check.determinand} {check.checked_at:%Y-%m-%d %H:%M:%S}"
            f"  实测 measured {check.measured:g}  标准 standard {check.standard:g} {check.unit}"
        )
    for problem in message.problems:
        yield f"    ! {problem.item}  {problem.reason}"
