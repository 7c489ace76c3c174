"""systemd units of an installation, from packaged templates with this machine's own paths.

Directives: systemd.exec(5), systemd.service(5), systemd.timer(5).
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from ecomon.errors import ContractError

_INSTALL = "\n[Install]\nWantedBy=multi-user.target"
_RESTART = "Restart=on-failure\nRestartSec=10"
_PLAIN_PATH = re.compile(r"/[\w/.@:+,=-]*")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: the command it runs, how long it may take to stop, and files open at once (0: as usual)."""

    description: str
    words: str
    after: str = ""
    is_oneshot: bool = False
    stop_s: int = 30
    n_files: int = 0


SERVICES: dict[str, Service] = {
    # A run that is under way is let finish or roll back; it goes on from there at its next start.
    "ecomon.service": Service("ecomon 生态监测：服务与定时任务", "serve", stop_s=120),
    "ecomon-server.service": Service("ecomon 多机：Prefect 服务", "server"),
    "ecomon-worker@.service": Service(
        "ecomon 多机：工作进程 %i", "worker --limit 2", " ecomon-server.service", stop_s=120
    ),
    "ecomon-metrics.service": Service(
        "ecomon 指标（仅在不运行 ecomon.service 的机器上）", "metrics"
    ),
    # What the listener has answered stands in its spool; its committer is let finish its run.
    "ecomon-gateway.service": Service("ecomon HJ 212 网关", "gateway", stop_s=120, n_files=16_384),
    "ecomon-backup.service": Service("ecomon 备份", "store backup", is_oneshot=True, stop_s=600),
}
TIMERS: dict[str, tuple[str, str]] = {
    # After the night's readings, before the daily assessment at half past seven.
    "ecomon-backup.timer": ("ecomon 每日备份", "*-*-* 02:30:00 Asia/Shanghai"),
}


def make_units(
    home: Path, python: Path, user: str, *, writable: tuple[Path, ...] = ()
) -> dict[str, str]:
    """The units by file name.

    Parameters
    ----------
    home : Path
        The installation, absolute.
    python : Path
        The interpreter ecomon is installed for, absolute.
    user : str
        Whom the services run as; whoever owns the home.
    writable : tuple of Path
        What else the services write to, such as a store outside the home.

    Raises
    ------
    ContractError
        where a path holds what unit files give a meaning of their own (spaces, ``%``, ``$``,
        quotes), or the name is none of a user.
    """
    for path in (home, python, *writable):
        if not path.is_absolute() or not _PLAIN_PATH.fullmatch(str(path)):
            raise ContractError(
                f"{path}: 路径只能含字母、汉字、数字和 / . - _ a unit takes a path of letters, digits"
                " and / . - _ only; move the installation there"
            )
    if not _USER.fullmatch(user):
        raise ContractError(f"not the name of a user: {user!r}")
    common = {
        "home": str(home), "python": str(python), "user": user,
        "writable": " ".join(str(path) for path in (home, *writable)),
        # The home may itself stand under /home; ReadWritePaths opens it again.
        "protect_home": "read-only" if _is_below_home(home, python, *writable) else "yes",
    }  # fmt: skip
    units = {name: _service(one, common) for name, one in SERVICES.items()}
    template = _template("timer.unit")
    for name, (description, calendar) in TIMERS.items():
        units[name] = template.substitute(description=description, calendar=calendar)
    return units


def write_units(units: dict[str, str], folder: Path) -> list[Path]:
    """Write the units into a folder, each whole or not at all; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for name, text in units.items():
        path = folder / name
        part = path.with_name(f".{name}.{os.getpid()}.part")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.chmod(0o644)
        part.replace(path)
        paths.append(path)
    return paths


def command_words(unit: str) -> list[str]:
    """The words after ``ecomon`` that a unit's ``ExecStart`` runs."""
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
    return words[words.index("ecomon") + 1 :]


def _service(service: Service, common: dict[str, str]) -> str:
    is_started_by_timer = service.is_oneshot
    return _template("service.unit").substitute(
        common,
        description=service.description,
        words=Template(service.words).substitute(common),
        after=service.after,
        type="oneshot" if service.is_oneshot else "exec",
        restart="Nice=10\nIOSchedulingClass=idle" if is_started_by_timer else _RESTART,
        stop_s=service.stop_s,
        limits=f"\nLimitNOFILE={service.n_files}" if service.n_files else "",
        install="" if is_started_by_timer else _INSTALL,
    ).rstrip() + "\n"  # fmt: skip


def _is_below_home(*paths: Path) -> bool:
    closed = (Path("/home"), Path("/root"), Path("/run/user"))
    return any(path.is_relative_to(top) for path in paths for top in closed)


def _template(name: str) -> Template:
    return Template((files("ecomon.host") / "templates" / name).read_text("utf-8"))
