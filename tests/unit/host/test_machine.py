"""What the machine says: its mounts, its clock's service, processes without a parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecomon.host.machine import (
    ASSETS,
    file_system_of,
    find_orphans,
    is_clock_synchronised,
    read_host,
)

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
nas:/data {root}/net nfs4 rw 0 0
/dev/sdb1 {root}/net/local\\040disk xfs rw 0 0
tmpfs {root}/twice tmpfs rw 0 0
//nas/share {root}/twice cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("here", "ext4"), ("net", "nfs4"), ("net/store", "nfs4"), ("network", "ext4"),
        ("net/local disk/a", "xfs"), ("twice/x", "cifs"),
    ],
)  # fmt: skip
def test_the_file_system_is_that_of_the_nearest_mount(
    tmp_path: Path, place: str, kind: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.format(root=tmp_path))
    assert file_system_of(tmp_path / place, mounts) == kind


def test_without_a_list_of_mounts_nothing_is_known(tmp_path: Path) -> None:
    assert file_system_of(tmp_path, tmp_path / "none") is None


def test_whether_a_time_service_has_set_the_clock(tmp_path: Path) -> None:
    assert is_clock_synchronised(tmp_path) is None
    (tmp_path / "systemd" / "timesync").mkdir(parents=True)
    assert is_clock_synchronised(tmp_path) is False
    (tmp_path / "systemd" / "timesync" / "synchronized").touch()
    assert is_clock_synchronised(tmp_path) is True


def process(proc: Path, pid: int, parent: int, home: str, *words: str) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes("\0".join(words).encode() + b"\0")
    (folder / "environ").write_bytes(f"A=b\0PREFECT_HOME={home}/prefect\0".encode())
    (folder / "stat").write_text(f"{pid} (py (x) y) S {parent} 1 1 0")


def test_a_server_whose_parent_is_gone_is_an_orphan(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    server = ("python3", "-P", "-m", "flows.embedded", "4200")
    process(proc, 1, 0, "/", "/sbin/init")
    process(proc, 10, 1, "/srv/a", "/opt/venv/bin/python", "-m", "ecomon", "serve")
    process(proc, 11, 10, "/srv/a", *server)  # has its parent
    process(proc, 12, 1, "/srv/a", *server)  # lost it
    process(proc, 13, 1, "/srv/b", *server)  # of another home
    process(proc, 14, 1, "/srv/a", "vi", "flows.embedded.py")
    (proc / "self").symlink_to(proc / "10")
    assert find_orphans(Path("/srv/a"), proc) == (12,)
    assert find_orphans(Path("/srv/a"), tmp_path / "none") == ()


def test_this_machine(tmp_path: Path) -> None:
    host = read_host(tmp_path, tmp_path / "store" / "ecomon.sqlite", clock=lambda: 1.7e9)
    assert host.now_s == 1_700_000_000
    assert [disk.name for disk in host.disks] == ["home", "store"]
    assert all(0 < disk.free_bytes <= disk.total_bytes for disk in host.disks)
    assert host.wal_bytes == 0
    assert host.missing_assets == ()
    assert len(ASSETS) == 4
    assert {"ecomon", "prefect", "sqlalchemy"} <= set(host.versions)
    assert not any(tmp_path.iterdir())  # nothing was written
    assert read_host(tmp_path, None).wal_bytes is None
