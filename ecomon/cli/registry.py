"""``ecomon registry``: the facts of places and of judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ecomon.cli.terms import AsJson, Home, plain, say, say_json
from ecomon.errors import EcomonError

app = typer.Typer(help="站点与标准 places, standards, agreements, rules", no_args_is_help=True)


def site_registry(home: Path | None) -> Any:
    from ecomon.registry import read_registry
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    return read_registry(overlay=overlay if overlay.is_dir() else None)


@app.command("check")
def check(home: Home = None, as_json: AsJson = False) -> None:
    """检查并列出缺项 read every file, list every gap."""
    from ecomon.registry import find_gaps

    registry = site_registry(home)
    gaps = find_gaps(registry)
    if as_json:
        for gap in gaps:
            say_json(gap.as_json())
        return
    for gap in gaps:
        say(f"{gap.place}\t{gap.kind}\t{gap.text_zh}  {gap.text_en}")
    places = f"{len(registry.sections)} sections, {len(registry.gauges)} gauges"
    say(f"{places}, {len(registry.standards)} standards, {len(registry.agreements)} agreements")
    say(f"规则集 rule set {registry.hash[:16]}  缺项 gaps {len(gaps)}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="编号、名称或代码 id, name or code")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """显示一个站点、标准或协议 one place, standard or agreement, with its sources."""
    from ecomon.registry import describe

    found = describe(site_registry(home), name)
    if not found:
        raise EcomonError(f"没有此名称 nothing is called {name!r}")
    for entry in found:
        if as_json:
            say_json(entry)
            continue
        for field, value in entry.items():
            say(f"{field:<24} {plain(value)}")
        say("")


@app.command("diff")
def diff(home: Home = None, as_json: AsJson = False) -> None:
    """列出本地配置的增改 what the site's own folder adds or changes."""
    from ecomon.registry import compare_with_shipped
    from ecomon.settings import read_settings

    overlay = read_settings(home).overlay_folder
    changes = compare_with_shipped(overlay)
    for change in changes:
        if as_json:
            say_json(change)
        else:
            say("\t".join(plain(value) for value in change.values()))
    if not changes and not as_json:
        say(f"本地无增改 nothing local in {overlay}")
