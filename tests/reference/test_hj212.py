"""Every HJ 212 frame of the shared data decodes as its expected fields say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecomon.decode.hj212.answer import ExeRtn, QnRtn, acknowledge, answer_request
from ecomon.decode.hj212.checksum import checksum_hj212, checksum_modbus
from ecomon.decode.hj212.cipher import encipher_area
from ecomon.decode.hj212.frame import Frame, FrameReader, Rejected, Trust, encode
from ecomon.decode.hj212.message import kind_of
from ecomon.decode.hj212.segment import parse_segment, read_fields
from ecomon.decode.hj212.verdict import RejectReason
from ecomon.decode.hj212.view import as_json

FOLDER = "data/formats/hj212"
MENDED = {
    # What the naive split of the file shows, and what a reader that tolerates the typo makes of it.
    "syn-std-typo-comma-after-qn": {"header": {"QN": "20160801085857534", "ST": "32"}},
    "syn-space-after-semicolon": {"cp": [("DataTime", "20160801085857"), ("LA-Rtd", "50.1")]},
}


@pytest.fixture(scope="module")
def messages(shared: Path) -> list[dict[str, Any]]:
    text = (shared / FOLDER / "messages.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def read_json(shared: Path, name: str) -> dict[str, Any]:
    return json.loads((shared / FOLDER / name).read_text(encoding="utf-8"))


def read(octets: bytes, trust: Trust, step: int = 1 << 16) -> list[Frame | Rejected]:
    reader = FrameReader(trust, is_patient=True)
    out: list[Frame | Rejected] = []
    for at in range(0, len(octets), step):
        out += reader.receive(octets[at : at + step])
    return out + reader.close()


def test_every_message_decodes_as_expected(messages: list[dict[str, Any]]) -> None:
    assert len(messages) >= 43
    for expected in messages:
        # "none" looks into frames whose checksum fails too: their fields are expected as well.
        (frame,) = read(expected["raw"].encode(), Trust("none"))
        assert isinstance(frame, Frame), expected["id"]
        mended = MENDED.get(expected["id"], {})
        record = as_json(frame)
        header = {**expected["header"], **mended.get("header", {})}
        assert record["header"] == header, expected["id"]
        fields, _ = read_fields(parse_segment(frame.segment).cp)
        pairs = [(one["k"], one["v"]) for item in expected["cp"] for one in item]
        assert [(one.name, one.value) for one in fields] == mended.get("cp", pairs), expected["id"]
        joined = [
            (f"{name}-{part}" if part else name, value)
            for name, parts in record["cp"]
            for part, value in parts.items()
        ]
        assert joined == mended.get("cp", pairs), expected["id"]
        assert set(expected["quirks"]) <= set(record["quirks"]), expected["id"]
        verdict = {"bad": "none"}.get(expected["crc_verdict"], expected["crc_verdict"])
        assert record["crc"] == verdict, expected["id"]
        assert f"{checksum_hj212(frame.segment):04X}" == expected["crc_hj212"]
        assert f"{checksum_modbus(frame.segment):04X}" == expected["crc_modbus"]
        bits = expected["flag_bits"]
        segment = parse_segment(frame.segment)
        if bits and segment.flag is not None:
            assert segment.version_bits == bits["version_bits"]
            assert segment.is_answer_wanted == bits["needs_ack"]


def test_only_what_is_proven_is_a_frame(messages: list[dict[str, Any]]) -> None:
    for expected in messages:
        strict = read(expected["raw"].encode(), Trust())
        frames = [item for item in strict if isinstance(item, Frame)]
        assert len(frames) == (expected["crc_verdict"] == "hj212"), expected["id"]
        rejected = [item for item in strict if isinstance(item, Rejected)]
        if expected["crc_verdict"] == "modbus":
            assert rejected[0].reason is RejectReason.MODBUS_NOT_CONFIGURED
        if expected["crc_verdict"] == "bad":
            assert rejected[0].reason is RejectReason.BAD_CHECKSUM


def test_all_messages_in_one_stream(messages: list[dict[str, Any]]) -> None:
    octets = b"".join(one["raw"].encode() for one in messages)
    frames = [item for item in read(octets, Trust("any"), step=7) if isinstance(item, Frame)]
    proven = [one for one in messages if one["crc_verdict"] != "bad"]
    assert [frame.crc for frame in frames] == [one["crc_verdict"] for one in proven]


def test_checksum_vectors(shared: Path) -> None:
    vectors = read_json(shared, "crc_vectors.json")["vectors"]
    for vector in vectors:
        octets = bytes.fromhex(vector["hex"]) if "hex" in vector else vector["ascii"].encode()
        assert f"{checksum_hj212(octets):04X}" == vector["hj212"]
        assert f"{checksum_modbus(octets):04X}" == vector["modbus_crc16"]
    assert len(vectors) == 8


def test_streams_give_their_frames_however_they_are_cut(shared: Path) -> None:
    for stream in read_json(shared, "bytes_and_streams.json")["streams"]:
        chunks = [bytes.fromhex(chunk) for chunk in stream["chunks"]]
        reader = FrameReader(is_patient=True)
        items = [item for chunk in chunks for item in reader.receive(chunk)] + reader.close()
        assert sum(isinstance(item, Frame) for item in items) == stream["frames"], stream["id"]
        assert read(b"".join(chunks), Trust(), step=1) == items, stream["id"]


def test_text_is_read_by_octets(shared: Path) -> None:
    texts: set[str] = set()
    verdicts: list[object] = []
    for sample in read_json(shared, "bytes_and_streams.json")["byte_level"]:
        (item,) = read(bytes.fromhex(sample["hex"]), Trust())
        if isinstance(item, Frame):
            texts.add(parse_segment(item.segment).cp)
            verdicts.append(as_json(item)["quirks"])
        else:
            verdicts.append(item.reason)
    assert texts == {"DataTime=20260801085857;PolId=w21003;i11001-Info=//仪表清洗完成//"}
    assert verdicts == [
        [], ["text_GB18030"], ["length_counts_characters"], RejectReason.CHECKSUM_OVER_CODEPOINTS,
    ]  # fmt: skip


def test_sm4_raw_and_printed(shared: Path) -> None:
    data = read_json(shared, "sm4_vectors.json")
    verified = data["verified_here"][:2]
    for one in verified:
        plain = one.get("plain_ascii", "").encode() or bytes.fromhex(one["plain_hex"])
        hidden = encipher_area(b"CP=&&" + plain + b"&&", bytes.fromhex(one["key_hex"]))
        assert hidden[5:-2].hex() == one["cipher_hex"]
    for one in data["synthetic_frames"]:
        wire = (
            bytes.fromhex(one["wire_hex"])
            if "wire_hex" in one
            else (one["wire_text"] or "").encode()
        )
        if not wire:
            continue
        trust = Trust("hj212", bytes.fromhex(one["key_hex"]))
        (frame,) = read(wire, trust)
        assert isinstance(frame, Frame)
        assert parse_segment(frame.segment).cp == one["region_plain"]
        (locked,) = read(wire, Trust())
        assert isinstance(locked, Rejected)
        assert locked.reason is RejectReason.ENCIPHERED
        is_printed = "wire_text" in one
        assert encode(frame, sm4_key=trust.sm4_key, is_printed_text=is_printed) == wire
    short = b"ST=32;CN=1061;Flag=9;CP=&&RtdInterval=30&&"
    assert encipher_area(short, b"0" * 16) == short


def test_exchanges_are_answered_octet_for_octet(shared: Path) -> None:
    n_answers = 0
    for sequence in read_json(shared, "handshakes.json")["sequences"]:
        steps = [text.encode() for _, text in sequence["steps"] if text]
        segments = []
        for octets in steps:
            (frame,) = FrameReader().receive(octets)
            segments.append(parse_segment(frame.segment))  # type: ignore[union-attr]
        refused = QnRtn.WRONG_PW if sequence["id"] == "wrong password" else QnRtn.READY
        result = ExeRtn.NO_DATA if sequence["id"].startswith("no data") else ExeRtn.DONE
        for segment in segments:
            answers = acknowledge(segment) or answer_request(
                segment, request=refused, result=result
            )
            sent = [encode(answer) for answer in answers]
            n_answers += len(sent)
            if segment.header["CN"] in ("9011", "9012", "9013", "9014"):
                assert sent == []
            elif refused is QnRtn.WRONG_PW:
                # The field's answer bears its own PW, not the wrong one it was sent.
                assert b"QnRtn=3" in sent[0]
            else:
                assert set(sent) <= set(steps), (sequence["id"], kind_of(segment))
    assert n_answers >= 10
