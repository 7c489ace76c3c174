"""``ecomon map``: how a spreadsheet is read, proposed by the tool and reviewed by a person."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecomon.cli.registry import site_registry
from ecomon.cli.terms import AsJson, FileIn, Home, Year, say, say_json
from ecomon.errors import EcomonError, Problem, RegistryError

if TYPE_CHECKING:
    from ecomon.model.mapping import WorkbookMapping

app = typer.Typer(help="表格映射 mappings of spreadsheets", no_args_is_help=True)


@app.command("propose")
def propose(
    file: FileIn,
    mapping_id: Annotated[str, typer.Option("--id", help="映射编号 id of the mapping")],
    feed: Annotated[str, typer.Option(help="来源 feed, by whose aliases sites are known")],
    out: Annotated[
        Path | None, typer.Option(help="写入文件 write to this file (default: standard output)")
    ] = None,
    home: Home = None,
) -> None:
    """由表头提出映射，供人审核 propose a mapping from the headings of a file, for a person to review."""
    from ecomon.decode.workbook import propose_mapping, read_grids

    registry = site_registry(home)
    proposal = propose_mapping(
        read_grids(file.read_bytes()), registry.determinands, mapping_id=mapping_id, feed=feed
    )
    for sheet, heading, why in proposal.open_points:
        say_aside(f"待确认 open: {sheet or file.name}\t{heading or '-'}\t{why}")
    if proposal.mapping is None:
        raise EcomonError(f"{file.name}: 没有监测数据的表头 no sheet has a heading of readings")
    text = as_yaml(proposal.mapping)
    if out is None:
        say(text.rstrip())
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")
        say(f"已写入 written: {out}")
    say_aside("审核后填写 after review state: reviewed_by, reviewed_on")


@app.command("check")
def check(
    file: FileIn,
    mapping: Annotated[str, typer.Option(help="映射文件或编号 mapping: its file, or its id")],
    year: Year = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """试读，不入库 dry run: what would be read, every unmatched column and doubtful cell."""
    from ecomon.journey.read_readings import feed_of_mapping, resolve_sites
    from ecomon.model.observation import Rejected

    registry = site_registry(home)
    chosen = registry.mappings.get(mapping) or read_mapping(Path(mapping))
    feed = feed_of_mapping(chosen)
    counts: Counter[str] = Counter()
    for item in feed.decode([file.read_bytes()], registry.determinands, year=year):
        found = [item] if isinstance(item, Rejected) else resolve_sites(item, registry, feed)
        for one in found:
            if not isinstance(one, Rejected):
                counts.update(one.observations["determinand"].tolist())
                for quirk, number in one.quirks.items():
                    _say_quirk(quirk, number, as_json=as_json)
                continue
            counts[""] += 1
            _say_rejected(one.as_json(), as_json=as_json)
    n_rejected = counts.pop("", 0)
    if as_json:
        say_json({"kind": "summary", "observations": dict(counts), "rejected": n_rejected})
        return
    for determinand, number in sorted(counts.items()):
        say(f"{determinand:<12} {number}")
    state = "已审核 reviewed" if chosen.is_reviewed else "未审核，不可入库 not reviewed: no ingest"
    say(f"监测值 observations {counts.total()}  未采纳 rejected {n_rejected}  映射 mapping {state}")


def _say_rejected(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(record)
    else:
        where = f"第{record['row']}行" if record["row"] else "文件 file"
        say(f"{where}\t{record['column'] or '-'}\t{record['reason']}\t{record['raw']}")


def _say_quirk(quirk: str, number: int, *, as_json: bool) -> None:
    if as_json:
        say_json({"kind": "quirk", "quirk": quirk, "number": number})
    else:
        say(f"注意 quirk\t{quirk}\t{number}")


def say_aside(text: str) -> None:
    """Print one line beside the output, so that the output can be kept as a file."""
    typer.echo(text, err=True)


def as_yaml(mapping: WorkbookMapping) -> str:
    """A mapping as the file a person edits."""
    from ruamel.yaml import YAML

    yaml, text = YAML(), io.StringIO()
    yaml.allow_unicode = True
    yaml.width = 120
    content = mapping.model_dump(mode="json", exclude_none=True)
    yaml.dump({**content, "reviewed_by": None, "reviewed_on": None}, text)
    return text.getvalue()


def read_mapping(path: Path) -> WorkbookMapping:
    """A mapping from its own file; RegistryError names file and field of each fault."""
    from pydantic import ValidationError
    from ruamel.yaml import YAML, YAMLError

    from ecomon.model.mapping import WorkbookMapping

    if not path.is_file():
        raise EcomonError(f"没有此映射 there is no mapping {path}")
    try:
        return WorkbookMapping.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))
    except (YAMLError, UnicodeDecodeError) as wrong:
        raise RegistryError(Problem(str(path), "-", str(wrong))) from None
    except ValidationError as wrong:
        raise RegistryError(
            Problem(str(path), ".".join(str(part) for part in one["loc"]), one["msg"])
            for one in wrong.errors()
        ) from None
