"""What an installation's facts mean: findings with what to do, the machine first, then the store.

Project rule: a finding that nobody can act on is no warning. Each warning or failure says what to
do; what is merely good to know is ``ok`` and says its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from ecomon.journey.examine_store import examine_store, judge_above, span_en, span_zh
from ecomon.model.operation import (
    DiskFacts,
    Finding,
    HostFacts,
    InstallationFacts,
    Tolerances,
    graver,
)

# Locks of a file do not hold between machines on these, and SQLite's write-ahead log needs shared
# memory. Source: sqlite.org, "Write-Ahead Logging" (all processes on the same host) and "How To
# Corrupt An SQLite Database File" §2.1 (file systems with broken locks).
NETWORK_FILE_SYSTEMS = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre",
    "ncpfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
})  # fmt: skip
GIB = 2**30


def examine_installation(
    facts: InstallationFacts, tolerances: Tolerances | None = None
) -> tuple[Finding, ...]:
    """Judge the facts of an installation.

    Returns
    -------
    tuple of Finding
        One for each thing looked at, in an order that is always the same.
    """
    tolerances = tolerances or Tolerances()
    return (
        *_settings(facts),
        *_registry(facts),
        *_clock(facts, tolerances),
        *_folders(facts.host),
        *(one for disk in facts.host.disks for one in _disk(disk, facts, tolerances)),
        *_file_system(facts.host),
        *_inboxes(facts.host, tolerances),
        *_left_over(facts.host),
        *_packages(facts.host),
        *examine_store(facts, tolerances),
    )


def _settings(facts: InstallationFacts) -> Iterator[Finding]:
    if facts.settings_problem:
        yield Finding(
            "settings", "fail", "设置", "settings", facts.settings_problem, facts.settings_problem,
            "改正 home/ecomon.env 或环境变量", "mend home/ecomon.env or the environment",
        )  # fmt: skip
    elif facts.host.is_env_open:
        yield Finding(
            "settings", "warn", "设置", "settings",
            "ecomon.env 可被他人读取", "others may read ecomon.env",
            "chmod 600 ecomon.env", "chmod 600 ecomon.env",
        )  # fmt: skip
    else:
        yield Finding("settings", "ok", "设置", "settings", "有效", "valid")


def _registry(facts: InstallationFacts) -> Iterator[Finding]:
    title = ("站点与标准", "registry")
    if facts.registry_problem:
        yield Finding(
            "registry", "fail", *title, facts.registry_problem, facts.registry_problem,
            "改正所指的 YAML 文件，再运行 ecomon registry check",
            "mend the file it names, then: ecomon registry check",
        )  # fmt: skip
        return
    hash_ = (facts.ruleset or "")[:12]
    yield Finding(
        "registry", "ok", *title,
        f"规则集 {hash_}，缺项 {facts.n_gaps}", f"rule set {hash_}, {facts.n_gaps} gaps",
    )  # fmt: skip


def _clock(facts: InstallationFacts, tolerances: Tolerances) -> Iterator[Finding]:
    host, title = facts.host, ("时钟", "clock")
    last_s = facts.store.last_commit_s if facts.store else None
    back_s = 0 if last_s is None else last_s - host.now_s
    if back_s > tolerances.clock_back_s:
        yield Finding(
            "clock", "fail", *title,
            f"比库中最后一次入库早 {span_zh(back_s)}：时钟被拨回，或曾经超前",
            f"{span_en(back_s)} before the store's last commit: set back, or fast before",
            "停止服务，校准时钟（见 operate.md），再启动",
            "stop the services, set the clock right (see operate.md), start again",
        )  # fmt: skip
    elif host.is_synchronised is False:
        yield Finding(
            "clock", "warn", *title, "未与时间服务器同步", "not synchronised with a time server",
            "在 /etc/systemd/timesyncd.conf 填内网时间服务器",
            "name the intranet's time server in /etc/systemd/timesyncd.conf",
        )  # fmt: skip
    else:
        known = host.is_synchronised
        zone = f"{host.zone} (UTC{host.utc_offset_s / 3600:+g})"
        yield Finding(
            "clock", "ok", *title,
            f"不早于最后一次入库；同步{'正常' if known else '状况未知'}；时区 {zone}，程序一律用北京时间",
            f"not before the last commit; synchronised: {'yes' if known else 'unknown'};"
            f" zone {zone}, ecomon reckons in Beijing time",
        )  # fmt: skip


def _folders(host: HostFacts) -> Iterator[Finding]:
    title = ("目录", "folders")
    closed = "、".join(one.name for one in host.folders if not one.is_writable)
    if closed:
        yield Finding(
            "folders", "fail", *title, f"不可写：{closed}", f"may not be written: {closed}",
            "用安装用户的身份检查属主与挂载方式", "look at owner and mount, as the service's user",
        )  # fmt: skip
    else:
        yield Finding("folders", "ok", *title, "均可写", "all may be written")


def _disk(disk: DiskFacts, facts: InstallationFacts, tolerances: Tolerances) -> Iterator[Finding]:
    days = _days_left(facts, disk.free_bytes) if disk.name == "store" else None
    by_room = judge_above(-disk.free_bytes, *(-limit for limit in tolerances.free_bytes))
    by_days = "ok" if days is None else judge_above(-days, *(-n for n in tolerances.days_left))
    severity = graver(by_room, by_days)
    free, total = (f"{octets / GIB:.1f} GiB" for octets in (disk.free_bytes, disk.total_bytes))
    yield Finding(
        f"disk_{disk.name}", severity, f"磁盘 {disk.name}", f"disk of {disk.name}",
        f"剩余 {free}，共 {total}" + ("" if days is None else f"；按目前增长还够 {days} 天"),
        f"{free} free of {total}" + ("" if days is None else f"; {days} days at the present growth"),
        *(() if severity == "ok" else (
            "移走旧备份与 done/，或扩容；写满时入库会停止但不会丢数据",
            "move old backups and done/ away, or enlarge it; a full disk stops ingest, loses nothing",
        )),
    )  # fmt: skip


def _days_left(facts: InstallationFacts, free_bytes: int) -> int | None:
    """Days until the disk is full if readings go on coming as of late; None: too early to tell."""
    store = facts.store
    if store is None or store.recent_s < 7 * 86_400 or not store.n_recent_revisions:
        return None
    bytes_each = store.size_bytes / max(store.n_revisions, 1)
    bytes_a_day = bytes_each * store.n_recent_revisions / (store.recent_s / 86_400)
    return int(min(free_bytes / bytes_a_day, 36_500))


def _file_system(host: HostFacts) -> Iterator[Finding]:
    title = ("文件系统", "file system")
    for disk in host.disks:
        if disk.name == "store" and disk.file_system in NETWORK_FILE_SYSTEMS:
            yield Finding(
                "file_system", "fail", *title,
                f"SQLite 库在网络文件系统 {disk.file_system} 上，会损坏",
                f"the SQLite store is on {disk.file_system}, a network file system: it will break",
                "把库移到本机磁盘，或改用 PostgreSQL", "move it to a local disk, or use PostgreSQL",
            )  # fmt: skip
        elif disk.name == "store":
            kind = disk.file_system or "?"
            yield Finding("file_system", "ok", *title, f"本机 {kind}", f"local, {kind}")


def _inboxes(host: HostFacts, tolerances: Tolerances) -> Iterator[Finding]:
    n_waiting = sum(one.n_waiting for one in host.inboxes)
    firsts = [one.first_waiting_s for one in host.inboxes if one.first_waiting_s is not None]
    age_s = host.now_s - min(firsts, default=host.now_s)
    severity = judge_above(age_s, *tolerances.waiting_s)
    yield Finding(
        "inbox", severity, "收件夹", "inbox",
        f"{n_waiting} 个文件等待" + (f"，最久 {span_zh(age_s)}" if n_waiting else ""),
        f"{n_waiting} files wait" + (f", the oldest for {span_en(age_s)}" if n_waiting else ""),
        *(() if severity == "ok" else (
            "看 ecomon.service 是否运行；或手工 ecomon run ingest --feed 名称",
            "see whether ecomon.service runs; by hand: ecomon run ingest --feed NAME",
        )),
    )  # fmt: skip
    failed = {one.feed: one.n_failed for one in host.inboxes if one.n_failed}
    if failed:
        listed = ", ".join(f"{feed} {number}" for feed, number in failed.items())
        yield Finding(
            "inbox_failed", "warn", "被拒文件", "refused files", listed, listed,
            "看 inbox/*/failed/*.reason.txt，改好后放回收件夹，不用的移走",
            "read inbox/*/failed/*.reason.txt; mend and put back, or move away",
        )  # fmt: skip


def _left_over(host: HostFacts) -> Iterator[Finding]:
    if host.stale_parts:
        listed = ", ".join(host.stale_parts[:3]) + (" …" if len(host.stale_parts) > 3 else "")
        number = len(host.stale_parts)
        yield Finding(
            "parts", "warn", "残留文件", "left-over files",
            f"{number} 个一小时前的 .part：{listed}", f"{number} .part older than an hour: {listed}",
            "确认没有程序还在写，再删除", "see that nobody still writes them, then delete them",
        )  # fmt: skip
    if host.orphans:
        pids = " ".join(str(pid) for pid in host.orphans)
        yield Finding(
            "orphans", "warn", "遗留服务进程", "orphaned servers", f"进程 {pids}", f"processes {pids}",
            f"kill {pids}", f"kill {pids}",
        )  # fmt: skip


def _packages(host: HostFacts) -> Iterator[Finding]:
    title = ("程序包", "packages")
    if host.missing_assets:
        listed = ", ".join(host.missing_assets)
        yield Finding(
            "packages", "fail", *title, f"缺少 {listed}", f"missing: {listed}",
            "重新安装 ecomon", "install ecomon again",
        )  # fmt: skip
        return
    listed = ", ".join(f"{name} {number}" for name, number in host.versions.items())
    yield Finding("packages", "ok", *title, listed, listed)
