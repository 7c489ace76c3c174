"""The systemd units: they parse, name commands that exist, and hold no secret."""

from __future__ import annotations

import configparser
import getpass
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from ecomon.cli import app
from ecomon.errors import ContractError
from ecomon.host.units import SERVICES, TIMERS, command_words, make_units, write_units

HOME, PYTHON = Path("/srv/ecomon"), Path("/opt/ecomon/bin/python3")


def parsed(unit: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read_string(unit)
    return parser


@pytest.fixture(scope="module")
def units() -> dict[str, str]:
    return make_units(HOME, PYTHON, "ecomon")


def test_a_unit_for_each_service(units: dict[str, str]) -> None:
    assert set(units) == {*SERVICES, *TIMERS} == {
        "ecomon.service", "ecomon-server.service", "ecomon-worker@.service",
        "ecomon-metrics.service", "ecomon-gateway.service", "ecomon-backup.service",
        "ecomon-backup.timer",
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_a_command_that_exists(units: dict[str, str], name: str) -> None:
    service = parsed(units[name])["Service"]
    assert service["ExecStart"].split()[:4] == [str(PYTHON), "-P", "-m", "ecomon"]
    command: Any = typer.main.get_command(app)
    words = command_words(units[name])
    # A group may be called by itself, as the gateway is.
    while words and (known := getattr(command, "commands", None)):
        assert words[0] in known, f"{name}: no command {words[0]}"
        command = known[words.pop(0)]
    # Its options exist and its arguments are as many as it takes.
    command.make_context(name, words, resilient_parsing=False).close()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_to_its_home(units: dict[str, str], name: str) -> None:
    service = parsed(units[name])["Service"]
    assert service["User"] == "ecomon"
    assert service["ReadWritePaths"] == str(HOME)
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    assert (service["PrivateTmp"], service["UMask"]) == ("yes", "0077")
    assert service["EnvironmentFile"] == f"-{HOME}/ecomon.env"
    assert int(service["TimeoutStopSec"]) >= 30


def test_what_lasts_is_started_again_and_what_a_timer_starts_is_not(units: dict[str, str]) -> None:
    for name in SERVICES:
        parser = parsed(units[name])
        lasts = name != "ecomon-backup.service"
        assert ("Install" in parser) is lasts
        assert (parser["Service"].get("Restart") == "on-failure") is lasts
    assert parsed(units["ecomon-backup.timer"])["Timer"]["OnCalendar"].endswith("Asia/Shanghai")


def test_under_a_home_folder_homes_are_not_hidden() -> None:
    made = make_units(Path("/home/wang/ecomon"), PYTHON, "wang")
    assert parsed(made["ecomon.service"])["Service"]["ProtectHome"] == "read-only"
    assert (
        parsed(make_units(HOME, PYTHON, "x")["ecomon.service"])["Service"]["ProtectHome"] == "yes"
    )


def test_a_store_elsewhere_may_be_written() -> None:
    made = make_units(HOME, PYTHON, "ecomon", writable=(Path("/data/store"),))
    assert parsed(made["ecomon.service"])["Service"]["ReadWritePaths"] == "/srv/ecomon /data/store"


@pytest.mark.parametrize(
    "home", ["/srv/my home", "/srv/100%", "/srv/$HOME", '/srv/"a"', "/srv/a;b", "relative", "/a\nb"]
)
def test_a_path_with_a_meaning_of_its_own_is_refused(home: str) -> None:
    with pytest.raises(ContractError, match="路径"):
        make_units(Path(home), PYTHON, "ecomon")


def test_chinese_letters_have_none() -> None:
    made = make_units(Path("/srv/生态监测"), PYTHON, "ecomon")
    assert "WorkingDirectory=/srv/生态监测\n" in made["ecomon.service"]


@pytest.mark.parametrize("user", ["", "a b", "root\n", "Wang;x"])
def test_a_user_is_a_user(user: str) -> None:
    with pytest.raises(ContractError, match="user"):
        make_units(HOME, PYTHON, user)


def test_systemd_itself_has_nothing_to_say(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here")
    home = tmp_path / "home"
    home.mkdir()
    made = make_units(home, Path(sys.executable), getpass.getuser())
    paths = write_units(made, tmp_path / "units")
    # A template is verified as one of its instances.
    template = tmp_path / "units" / "ecomon-worker@.service"
    paths.append(shutil.copy(template, template.with_name("ecomon-worker@1.service")))
    done = subprocess.run(
        [program, "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "ecomon" in line]
    assert (done.returncode, said) == (0, [])
