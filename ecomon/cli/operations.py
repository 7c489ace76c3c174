"""Commands of who keeps an installation running: ``doctor``, ``metrics``, ``units``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from ecomon.cli.terms import AsJson, Home, say, say_json

if TYPE_CHECKING:
    from ecomon.model.operation import Finding, InstallationFacts

_SAID = {"ok": "正常", "warn": "注意", "fail": "故障"}


def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """体检：时钟、磁盘、库、积压、流程、备份 examine an installation; exit code 0 ok, 1 warn, 2 fail."""
    from ecomon.journey.examine_installation import examine_installation
    from ecomon.model.operation import SEVERITIES, worst

    findings = examine_installation(gather_facts(home))
    for finding in findings:
        if as_json:
            say_json(finding.as_json())
        else:
            _say_finding(finding)
    if not as_json:
        numbers = [sum(one.severity == level for one in findings) for level in SEVERITIES]
        say("{} 正常 ok，{} 注意 warn，{} 故障 fail".format(*numbers))
    raise typer.Exit(SEVERITIES.index(worst(findings)))


def _say_finding(finding: Finding) -> None:
    text_en = "" if finding.text_en == finding.text_zh else f"  {finding.text_en}"
    head = f"[{_SAID[finding.severity]}] {finding.title_zh} {finding.title_en}"
    if finding.severity == "ok":
        say(f"{head}：{finding.text_zh}{text_en}")
        return
    say(f"{head}：{finding.text_zh}")
    if text_en:
        say(f"      {text_en}")
    say(f"       → {finding.do_zh}")
    if finding.do_en != finding.do_zh:
        say(f"         {finding.do_en}")


def gather_facts(home: Path | None) -> InstallationFacts:
    """What ``doctor`` looks at. Nothing is written and no flow is imported; what cannot be read has
    its reason in its place."""
    from sqlalchemy.exc import ArgumentError

    from ecomon.errors import EcomonError, RegistryError
    from ecomon.host.machine import read_host
    from ecomon.model.operation import InstallationFacts
    from ecomon.settings import Settings, read_settings
    from ecomon.store import Store
    from ecomon.store.dialect import sqlite_path, to_url
    from flows.timetable import max_ages_s

    settings_problem = store_problem = registry_problem = store = store_path = None
    rules: _Rules = _Rules()
    try:
        settings = read_settings(home)
    except RegistryError as wrong:
        settings_problem = str(wrong)
        # Where the wrong setting does not matter, its default stands in for it.
        settings = Settings.model_construct(home=(home or Path("ecomon-home")).resolve())
    try:
        store_path = sqlite_path(to_url(settings.store_url))
        with Store.open(settings.store_url) as opened:
            store = opened.health()
    except (EcomonError, ArgumentError) as error:
        store_problem = str(error)
    try:
        rules = _read_rules(settings.overlay_folder)
    except RegistryError as wrong:
        registry_problem = str(wrong)
    return InstallationFacts(
        host=read_host(settings.home, store_path),
        store=store,
        store_problem=store_problem,
        settings_problem=settings_problem,
        registry_problem=registry_problem,
        ruleset=rules.hash,
        n_gaps=rules.n_gaps,
        max_age_s=max_ages_s(
            has_polls=rules.has_polls,
            has_pulls=rules.has_pulls,
            has_instruments=rules.has_instruments,
        ),
    )


class _Rules(NamedTuple):
    """What is asked of the registry."""

    hash: str | None = None
    n_gaps: int = 0
    has_polls: bool = False
    has_pulls: bool = False
    has_instruments: bool = False


def _read_rules(overlay: Path) -> _Rules:
    from ecomon.registry import find_gaps, read_registry

    registry = read_registry(overlay=overlay if overlay.is_dir() else None)
    has_polls = any(poll.is_enabled for poll in registry.polls.values())
    has_pulls = any(pull.is_enabled for pull in registry.pulls.values())
    return _Rules(
        registry.hash,
        len(find_gaps(registry)),
        has_polls,
        has_pulls,
        has_instruments=bool(registry.instruments),
    )


def metrics(
    home: Home = None,
    port: Annotated[
        int | None, typer.Option(help="端口 port; 缺省 default: ECOMON_METRICS_PORT, 9464")
    ] = None,
) -> None:
    """指标：本机 Prometheus 接口 serve metrics to this machine until interrupted."""
    import signal
    import threading

    from ecomon.host.endpoint import is_for_this_machine_only
    from ecomon.settings import read_settings
    from flows.metrics import metrics_of

    settings, stop = read_settings(home), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with metrics_of(settings, port) as url:
        say(url)
        if not is_for_this_machine_only(settings.metrics_host):
            typer.echo("注意：其他机器也能读取 other machines can read these metrics too", err=True)
        stop.wait()


def units(
    home: Home = None,
    user: Annotated[
        str | None, typer.Option(help="运行用户 whom the services run as; 缺省 default: you")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="写到此目录 folder to write to; 缺省 default: home/units")
    ] = None,
) -> None:
    """服务：生成 systemd 单元 write the systemd units of an installation."""
    import getpass
    import sys

    from ecomon.host.units import make_units, write_units
    from ecomon.settings import read_settings
    from ecomon.store.dialect import sqlite_path, to_url

    settings = read_settings(home)
    store_path = sqlite_path(to_url(settings.store_url))
    written = [settings.backups, *([store_path.parent] if store_path else [])]
    made = make_units(
        settings.home,
        Path(sys.executable),
        user or getpass.getuser(),
        writable=tuple(path for path in written if not path.is_relative_to(settings.home)),
    )
    for path in write_units(made, out or settings.home / "units"):
        say(str(path))
    say("下一步 next: docs/how-to/operate.md")
