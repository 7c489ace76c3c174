"""HJ 212: how many hourly surface-water frames a second become typed observations, and a fuzz campaign.

    python benchmarks/hj212.py decode [--frames 200000] [--repeats 5]
    python benchmarks/hj212.py fuzz [--inputs 10000000] [--seed 20260801]

*decode* reads a stream of frames of 388 octets and nine factors through ``FrameReader`` and
``read_message``: checksum, tolerances, station facts, flags, intervals, units. Beside it, in the
same run, a naive decoder (``split`` and ``dict``: no checksum, no tolerance, no facts), and the
share of each step. Best of the repeats counts.

*fuzz* throws damaged, cut, repeated and mixed octets at the codec. For every input: nothing raises,
the same octets cut anywhere give the same frames, every undamaged frame in it comes out, what a
frame encodes to decodes to it.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import time
from datetime import datetime, timedelta

from ecomon import __version__
from ecomon.decode.hj212.answer import acknowledge, answer_request
from ecomon.decode.hj212.compose import Sender, compose
from ecomon.decode.hj212.frame import Frame, FrameReader, Trust, encode
from ecomon.decode.hj212.message import read_message
from ecomon.decode.hj212.segment import parse_segment
from ecomon.decode.hj212.station import Factor, Station, StationPlan, plan_station
from ecomon.model.determinand import Determinand

MN = "A511300_0001"
FACTORS = (
    ("w01010", "WT", "degC", 21.4, 1), ("w01001", "PH", "1", 7.62, 2), ("w01009", "DO", "mg/L", 8.31, 2),
    ("w01014", "EC", "uS/cm", 352.1, 1), ("w01003", "TURB", "NTU", 12.6, 1),
    ("w01019", "CODMN", "mg/L", 2.14, 2), ("w21003", "NH3N", "mg/L", 0.085, 3),
    ("w21011", "TP", "mg/L", 0.061, 3), ("w21001", "TN", "mg/L", 1.42, 2),
)  # fmt: skip
OCTETS = 388


def plan() -> StationPlan:
    """The station of the benchmark, with its nine factors."""
    determinands = {
        key: Determinand(
            key=key, code=code, name_zh=key, name_en=key, unit=unit, medium="water",
            decimals_reading=3, decimals_assessed=3, source="benchmark", confidence="unverified",
        )
        for code, key, unit, _, _ in FACTORS
    }  # fmt: skip
    factors = tuple(
        Factor(code=code, determinand=key, unit=unit) for code, key, unit, _, _ in FACTORS
    )
    station = Station(
        mn=MN, site="example", edition="hj1404", intervals_s={"2061": 14400}, factors=factors
    )
    return plan_station(station, determinands)


def hourly_frames(count: int, seed: int) -> list[bytes]:
    """Frames of nine factors, each of 388 octets as the field's are."""
    dice = random.Random(seed)
    at = datetime(2026, 1, 1)
    frames: list[bytes] = []
    for _ in range(count):
        groups = [
            (code, {"Avg": f"{value * dice.uniform(0.9, 1.1):.{decimals}f}", "Flag": "N"})
            for code, _, _, value, decimals in FACTORS
        ]
        sender = Sender(MN, "123456", "21", "hj1404")
        (frame,) = compose(sender, "2061", at + timedelta(minutes=4), groups, data_time=at)
        # The password pads each frame to the 388 octets of the field's.
        pw = "1" * (6 + OCTETS - len(encode(frame)))
        sender = Sender(MN, pw, "21", "hj1404")
        (frame,) = compose(sender, "2061", at + timedelta(minutes=4), groups, data_time=at)
        frames.append(encode(frame))
        at += timedelta(hours=4)
        if at.year > 2060:
            at = datetime(2026, 1, 1)
    return frames


def decode_naively(octets: bytes) -> list[dict[str, object]]:
    """What many a platform does: split at separators into dictionaries and trust it all."""
    out: list[dict[str, object]] = []
    for line in octets.split(b"\r\n"):
        if not line:
            continue
        text = line[6:-4].decode()
        head, _, cp = text.partition("CP=&&")
        header = dict(item.split("=") for item in head.split(";") if item)
        values: dict[str, dict[str, object]] = {}
        for item in cp[:-2].split(";"):
            for field in item.split(","):
                name, _, value = field.partition("=")
                code, _, part = name.partition("-")
                values.setdefault(code, {})[part] = float(value) if part == "Avg" else value
        out.append({**header, "values": values})
    return out


def decode_fully(octets: bytes, station: StationPlan) -> int:
    """Frames proven and read as a gateway's committer reads them; the number of observations."""
    reader = FrameReader()
    n = 0
    step = 1 << 16
    for first in range(0, len(octets), step):
        for item in reader.receive(octets[first : first + step]):
            if isinstance(item, Frame):
                n += len(read_message(item, station).readings)
    return n


def benchmark(n_frames: int, repeats: int) -> None:
    """Print frames a second of both decoders, and their ratio."""
    frames = hourly_frames(n_frames, 1)
    octets = b"".join(frames)
    station = plan()
    assert decode_fully(octets, station) == n_frames * len(FACTORS)
    best: dict[str, float] = {}
    for _ in range(repeats):
        for name, act in (
            ("ecomon: proven, typed", lambda: decode_fully(octets, station)),
            ("naive: split and dict", lambda: decode_naively(octets)),
            ("frames alone", lambda: FrameReader().receive(octets)),
        ):
            begun = time.process_time()
            act()
            took = time.process_time() - begun
            best[name] = min(best.get(name, took), took)
    length = len(octets) / n_frames
    print(
        f"ecomon {__version__}, Python {platform.python_version()}, {platform.machine()}, one core"
    )
    print(
        f"{n_frames} frames of {length:.0f} octets, {len(FACTORS)} factors; best of {repeats}, CPU time"
    )
    for name, took in best.items():
        print(f"{name:24} {n_frames / took:10,.0f} frames/s  {took / n_frames * 1e6:6.1f} us/frame")
    ratio = best["ecomon: proven, typed"] / best["naive: split and dict"]
    print(f"ecomon takes {ratio:.2f} times the naive decoder's time")


NOISE = b"##0123456789&&ABCDEFabcdef\r\n\0;,=-CPQNFlag.\xb2\xe2\xff "


def pieces_of(dice: random.Random) -> list[tuple[bytes, bool]]:
    """Material of inputs: right frames of every kind (True) and octets of no promise."""
    sender = Sender(MN, "123456", "21", "hj1404")
    at = datetime(2026, 8, 1, 8)
    value = {"Avg": "7.10", "Flag": "N"}
    sent = [
        *compose(sender, "2061", at, [("w01001", value), ("w21003", {"Avg": "<0.025", "Flag": "n"})], data_time=at),
        *compose(sender, "2011", at, [("w01001", {"Rtd": "--", "Flag": "D", "SampleTime": "20260801070000"})], data_time=at),
        *compose(sender, "2062", at, [("w21003", {"Check": "0.51", "StandardValue": "0.50"})], data_time=at),
        *compose(sender, "2051", at, [("w01001", {"Min": "7", "Max": "8"}), ("w01001", value)], data_time=at),
        *compose(sender, "9015", at),
        *compose(sender, "1013", at, [("PolId", {"": "w01018"})]),
        *compose(sender, "2061", at, [("BeginTime", {"": "20260801000000"}), ("EndTime", {"": "20260802000000"})]),
        *compose(sender, "3020", at, [("i11001", {"Info": "//VAL#0012仪表//"})], data_time=at),
    ]  # fmt: skip
    material = [(encode(frame), True) for frame in sent]
    material += [(octets[:-2], True) for octets, _ in material[:3]]
    for _ in range(400):
        noise = bytes(dice.choices(NOISE, k=dice.randrange(1, 40)))
        material.append((noise, False))
    return material


def damage(octets: bytes, dice: random.Random) -> bytes:
    """One to three wounds: an octet changed, a run cut out, doubled or put in."""
    hurt = bytearray(octets)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(hurt) + 1)
        match dice.randrange(5):
            case 0 if at < len(hurt):
                hurt[at] = dice.randrange(256)
            case 1:
                del hurt[at : at + dice.randrange(1, 12)]
            case 2:
                hurt[at:at] = hurt[at : at + dice.randrange(1, 12)]
            case 3:
                hurt[at:at] = bytes(dice.choices(NOISE, k=dice.randrange(1, 6)))
            case _:
                del hurt[at:]
        if not hurt:
            break
    return bytes(hurt)


Piece = tuple[bytes, bool]


def pool_of(material: list[Piece], dice: random.Random) -> list[Piece]:
    """Some thousand pieces: right frames, damaged ones, noise."""
    right = [piece for piece in material if piece[1]]
    pool = [dice.choice(material) for _ in range(1500)] + [dice.choice(right) for _ in range(1500)]
    return pool + [(damage(dice.choice(right)[0], dice), False) for _ in range(3000)]


def run_once(
    pieces: list[Piece], cut: int, trust: Trust, station: StationPlan, seen: set[bytes]
) -> int:
    """One input, every property; the number of frames it gave."""
    octets = b"".join(piece for piece, _ in pieces)
    cut %= len(octets) + 1
    once = FrameReader(trust, is_patient=True)
    items = once.receive(octets) + once.close()
    twice = FrameReader(trust, is_patient=True)
    pair = twice.receive(octets[:cut]) + twice.receive(octets[cut:]) + twice.close()
    assert items == pair, (octets, cut)
    frames = [item for item in items if isinstance(item, Frame)]
    given = [frame.octets for frame in frames]
    for piece, is_right in pieces:
        if is_right:
            assert piece.rstrip(b"\r\n") in given, (piece, octets)
            given.remove(piece.rstrip(b"\r\n"))
    for frame in frames:
        if frame.octets in seen:
            continue
        seen.add(frame.octets)
        message = read_message(frame, station)
        acknowledge(message.segment)
        answer_request(message.segment)
        (again,) = FrameReader(trust).receive(encode(frame))
        assert isinstance(again, Frame), octets
        assert (again.segment, again.crc) == (frame.segment, frame.crc), octets
        assert parse_segment(again.segment) == message.segment
    return len(frames)


def fuzz(n_inputs: int, seed: int) -> None:
    """Print how many inputs and frames went through; the first that breaks a promise raises."""
    dice = random.Random(seed)
    material, station = pieces_of(dice), plan()
    trusts = (Trust(), Trust(), Trust("modbus"))
    pool: list[Piece] = []
    seen: set[bytes] = set()
    n_frames, begun = 0, time.monotonic()
    for number in range(n_inputs):
        if number % 20_000 == 0:
            pool, seen = pool_of(material, dice), set()
        bits = dice.getrandbits(64)
        pieces = [pool[(bits >> shift) % len(pool)] for shift in (0, 13, 26)[: 1 + bits % 3]]
        n_frames += run_once(pieces, bits >> 40, trusts[(bits >> 60) % 3], station, seen)
        if (number + 1) % 500_000 == 0:
            took = time.monotonic() - begun
            print(f"{number + 1:>12,} inputs  {n_frames:>12,} frames  {took:8.0f} s", flush=True)
    print(f"seed {seed}: {n_inputs:,} inputs, {n_frames:,} frames, no promise broken")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    acts = parser.add_subparsers(dest="act", required=True)
    decode = acts.add_parser("decode")
    decode.add_argument("--frames", type=int, default=100_000)
    decode.add_argument("--repeats", type=int, default=5)
    campaign = acts.add_parser("fuzz")
    campaign.add_argument("--inputs", type=int, default=10_000_000)
    campaign.add_argument("--seed", type=int, default=20260801)
    said = parser.parse_args()
    if said.act == "decode":
        benchmark(said.frames, said.repeats)
    else:
        fuzz(said.inputs, said.seed)


if __name__ == "__main__":
    sys.exit(main())
