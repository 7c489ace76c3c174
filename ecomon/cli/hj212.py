"""Commands of HJ 212 frames: look at what a station sends, and build what it would."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, Home, say, say_json
from ecomon.errors import ContractError, SourceRefused

if TYPE_CHECKING:
    from ecomon.decode.hj212.station import StationPlan

app = typer.Typer(help="HJ 212 报文 frames of monitoring stations", no_args_is_help=True)

Source = Annotated[
    str, typer.Argument(metavar="FILE|-", help="文件，- 为标准输入 file, or - for standard input")
]
Sm4Key = Annotated[
    str | None,
    typer.Option(
        "--sm4-key",
        envvar="ECOMON_HJ212_SM4_KEY",
        help="SM4 密钥（十六进制）SM4 key in hexadecimal",
    ),
]
Encoding = Annotated[Literal["utf-8", "gb18030"], typer.Option(help="文字编码 encoding of text")]


@app.command()
def decode(
    source: Source,
    checksum: Annotated[
        Literal["any", "hj212", "modbus", "none"],
        typer.Option(help="采信的校验 checksums accepted; none shows frames whose checksum fails"),
    ] = "any",
    sm4_key: Sm4Key = None,
    station: Annotated[
        Path | None,
        typer.Option(
            help="站点 YAML，给出则列出监测值 facts of a station: print its observations too"
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """解析报文：逐帧打印字段与判定 print frames, fields and verdicts of recorded octets."""
    from ecomon.decode.hj212 import view
    from ecomon.decode.hj212.frame import Frame, FrameReader, Trust
    from ecomon.decode.hj212.message import read_message

    plan = None if station is None else _read_station(station, home)
    reader = FrameReader(Trust(checksum, _key(sm4_key)), is_patient=True)
    n_frames = n_rejected = 0
    for chunk in _octets(source):
        for item in reader.receive(chunk) if chunk is not None else reader.close():
            is_frame = isinstance(item, Frame)
            n_frames, n_rejected = n_frames + is_frame, n_rejected + (not is_frame)
            if as_json:
                say_json(view.as_json(item))
            else:
                for line in view.as_text(item):
                    say(line)
            if plan is not None and isinstance(item, Frame):
                message = read_message(item, plan)
                for line in () if as_json else view.readings_as_text(message):
                    say(line)
    if not as_json:
        say(f"报文 frames {n_frames}  未采纳 rejected {n_rejected}")


@app.command()
def encode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|-]", help="decode --json 的行 lines as decode --json prints them"
        ),
    ] = "-",
    segment: Annotated[
        str | None, typer.Option(help="数据段文字 the data segment as text: QN=…;ST=21;…;CP=&&…&&")
    ] = None,
    checksum: Annotated[
        Literal["hj212", "modbus"] | None,
        typer.Option(help="校验 checksum; 缺省随输入 default as the input says"),
    ] = None,
    sm4_key: Sm4Key = None,
    sm4_as_text: Annotated[
        bool, typer.Option(help="密文按附录印刷形式 cipher as annex A.2 prints it")
    ] = False,
    encoding: Encoding = "utf-8",
) -> None:
    """生成报文到标准输出 write frames to standard output: length, checksum and CR LF are put in."""
    from ecomon.decode.hj212 import view
    from ecomon.decode.hj212.frame import Frame
    from ecomon.decode.hj212.frame import encode as to_octets

    if segment is not None:
        frames = iter([Frame(segment.encode(encoding))])
    else:
        frames = (view.from_json(record, encoding=encoding) for record in _records(source))
    key = _key(sm4_key)
    for frame in frames:
        wanted = frame if checksum is None else frame._replace(crc=checksum)
        octets = to_octets(wanted, sm4_key=key, is_printed_text=sm4_as_text)
        typer.echo(octets, nl=False)


def _octets(source: str) -> Iterator[bytes | None]:
    """The octets of a file or of standard input, and None where they end."""
    if source == "-":
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as octets:
            while chunk := octets.read(1 << 16):
                yield chunk
    else:
        try:
            with Path(source).open("rb") as file:
                while chunk := file.read(1 << 16):
                    yield chunk
        except OSError as wrong:
            raise SourceRefused(f"{source}: {wrong.strerror}") from None
    yield None


def _records(source: str) -> Iterator[dict[str, object]]:
    text = b"".join(chunk for chunk in _octets(source) if chunk).decode("utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as wrong:
            raise SourceRefused(f"{source}, line {number}: no JSON: {wrong}") from None
        if not isinstance(record, dict):
            raise SourceRefused(f"{source}, line {number}: expected a JSON object")
        if record.get("kind", "frame") == "frame":
            yield record


def _key(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 16:
        raise ContractError("SM4 密钥为 32 位十六进制 an SM4 key is 32 hexadecimal digits")
    return key


def _read_station(path: Path, home: Path | None) -> StationPlan:
    from pydantic import ValidationError

    from ecomon.decode.hj212.station import Station, plan_station
    from ecomon.errors import Problem, RegistryError
    from ecomon.registry.yaml_text import read_yaml

    try:
        station = Station.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except OSError as wrong:
        raise RegistryError(Problem(str(path), "-", f"not readable: {wrong.strerror}")) from None
    except ValidationError as wrong:
        raise RegistryError(
            [
                Problem(str(path), ".".join(str(step) for step in one["loc"]), one["msg"])
                for one in wrong.errors()
            ]
        ) from None
    return plan_station(station, site_registry(home).determinands)
