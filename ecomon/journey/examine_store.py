"""What a store's facts mean: its state, the work that waits in it, its flows and its sources."""

from __future__ import annotations

from collections.abc import Iterator

from ecomon.model.operation import Finding, InstallationFacts, Severity, StoreFacts, Tolerances
from ecomon.model.period import from_epoch_s

MIB = 2**20


def examine_store(facts: InstallationFacts, tolerances: Tolerances) -> Iterator[Finding]:
    """Judge what the store says of itself; that it does not answer is the only finding then."""
    store, title = facts.store, ("数据库", "store")
    if store is None:
        problem = facts.store_problem or ""
        yield Finding(
            "store", "fail", *title, problem, problem,
            "按提示建库、升级，或看数据库服务是否运行",
            "make or upgrade it as it says, or see whether the database server runs",
        )  # fmt: skip
        return
    size = f"{store.size_bytes / MIB:.0f} MiB"
    made = f"{store.engine} {store.engine_version}, {store.kind}"
    yield Finding(
        "store", "ok", *title,
        f"{made}，结构 {store.schema}，入库序号 {store.seq}，{size}",
        f"{made}, schema {store.schema}, seq {store.seq}, {size}",
    )  # fmt: skip
    now_s = facts.host.now_s
    yield from _wal(facts, tolerances)
    yield from _flows(facts, store, tolerances)
    yield from _runs(store, now_s, tolerances)
    yield from _backup(store, now_s, tolerances)
    yield from _chain(store, now_s, tolerances)
    yield from _waiting(store, now_s, tolerances)
    yield from _rejected(store, tolerances)
    yield from _alerts(store)
    yield from _sources(store, now_s, tolerances)
    yield from _people(store)


def judge_above(value: float, warn: float, fail: float) -> Severity:
    """``fail`` above the second limit, ``warn`` above the first, else ``ok``."""
    if value > fail:
        return "fail"
    return "warn" if value > warn else "ok"


def span_zh(seconds: float) -> str:
    """A length of time in its two largest units."""
    return _span(seconds, (" 天", " 小时", " 分钟"))


def span_en(seconds: float) -> str:
    """A length of time in its two largest units."""
    return _span(seconds, (" d", " h", " min"))


def _span(seconds: float, names: tuple[str, str, str]) -> str:
    minutes = max(int(seconds) // 60, 0)
    numbers = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    first = next((at for at, number in enumerate(numbers) if number), 2)
    said = zip(numbers[first : first + 2], names[first : first + 2], strict=True)
    return " ".join(f"{number}{name}" for number, name in said if number or first == 2)


def _wal(facts: InstallationFacts, tolerances: Tolerances) -> Iterator[Finding]:
    wal_bytes = facts.host.wal_bytes
    if wal_bytes is not None and wal_bytes > tolerances.wal_bytes:
        size = f"{wal_bytes / MIB:.0f} MiB"
        yield Finding(
            "wal", "warn", "预写日志", "write-ahead log", size, size,
            "有程序长时间占着读事务：关掉久开的查询工具，重启服务",
            "somebody holds a reading transaction open: close such tools, restart the services",
        )  # fmt: skip


def _flows(
    facts: InstallationFacts, store: StoreFacts, tolerances: Tolerances
) -> Iterator[Finding]:
    """The last success of each scheduled flow against the age its schedule allows."""
    title, now_s = ("定时流程", "scheduled flows"), facts.host.now_s
    known = {one.flow: one.last_success_s for one in store.flows}
    lasts = {flow: known.get(flow) for flow in facts.max_age_s}
    if not facts.max_age_s:
        return
    if not any(lasts.values()):
        yield Finding(
            "flows", "warn", *title, "尚无一次成功", "none has succeeded yet",
            "启动 ecomon serve（见 operate.md）", "start ecomon serve (see operate.md)",
        )  # fmt: skip
        return
    for flow, last_s in lasts.items():
        if last_s is None:
            yield Finding(
                f"flow_{flow}", "ok", f"流程 {flow}", f"flow {flow}",
                "尚无一次成功", "has not succeeded yet",
            )  # fmt: skip
            continue
        age_s, allowed_s = now_s - last_s, facts.max_age_s[flow]
        severity = judge_above(age_s / allowed_s, *tolerances.overdue)
        yield Finding(
            f"flow_{flow}", severity, f"流程 {flow}", f"flow {flow}",
            f"上次成功在 {span_zh(age_s)}前（允许 {span_zh(allowed_s)}）",
            f"last success {span_en(age_s)} ago (allowed {span_en(allowed_s)})",
            *(() if severity == "ok" else (
                f"看 log/ecomon.jsonl 中 {flow} 的 run_failed；看 ecomon.service 是否运行",
                f"find run_failed of {flow} in log/ecomon.jsonl; see whether ecomon.service runs",
            )),
        )  # fmt: skip


def _runs(store: StoreFacts, now_s: int, tolerances: Tolerances) -> Iterator[Finding]:
    failing = [
        one.flow for one in store.flows
        if one.last_failure_s is not None and one.last_failure_s > (one.last_success_s or 0)
    ]  # fmt: skip
    if failing:
        listed = ", ".join(failing)
        yield Finding(
            "runs_failed", "warn", "失败的运行", "failed runs",
            f"上次运行失败：{listed}", f"the last run failed: {listed}",
            "看 log/ecomon.jsonl 中的 run_failed", "find run_failed in log/ecomon.jsonl",
        )  # fmt: skip
    firsts = [
        one.first_unended_s for one in store.flows
        if one.first_unended_s is not None and now_s - one.first_unended_s > tolerances.unended_s
    ]  # fmt: skip
    if firsts:
        age_s = now_s - min(firsts)
        yield Finding(
            "runs_unended", "warn", "未结束的运行", "runs that never ended",
            f"{len(firsts)} 个流程有，最早始于 {span_zh(age_s)}前：进程被杀或断电",
            f"of {len(firsts)} flows, the oldest began {span_en(age_s)} ago: killed, or power lost",
            "同一流程再运行一次即补齐；记录本身留作证据",
            "run the flow again: it makes good what is missing; the record itself stays",
        )  # fmt: skip


def _backup(store: StoreFacts, now_s: int, tolerances: Tolerances) -> Iterator[Finding]:
    title, do = ("备份", "backup"), ("ecomon store backup；启用 ecomon-backup.timer",
                                    "ecomon store backup; enable ecomon-backup.timer")  # fmt: skip
    if store.last_backup_s is None:
        yield Finding("backup", "warn", *title, "没有记录", "none on record", *do)
        return
    age_s = now_s - store.last_backup_s
    severity = judge_above(age_s, *tolerances.backup_s)
    yield Finding(
        "backup", severity, *title, f"{span_zh(age_s)}前", f"{span_en(age_s)} ago",
        *(() if severity == "ok" else do),
    )  # fmt: skip


def _chain(store: StoreFacts, now_s: int, tolerances: Tolerances) -> Iterator[Finding]:
    title = ("日根链", "daily roots")
    last_zh, last_en = store.last_root_day or "无", store.last_root_day or "none"
    waits_s = now_s - store.first_unchained_s if store.first_unchained_s is not None else 0
    if waits_s > tolerances.unchained_s:
        yield Finding(
            "day_root", "warn", *title,
            f"最后一日 {last_zh}；其后 {store.n_unchained} 批未入链，最早 {span_zh(waits_s)}前",
            f"last day {last_en}; {store.n_unchained} batches since, the first {span_en(waits_s)} ago",
            "ecomon store root", "ecomon store root",
        )  # fmt: skip
    else:
        yield Finding(
            "day_root", "ok", *title,
            f"最后一日 {last_zh}，其后 {store.n_unchained} 批",
            f"last day {last_en}, {store.n_unchained} batches since",
        )  # fmt: skip


def _waiting(store: StoreFacts, now_s: int, tolerances: Tolerances) -> Iterator[Finding]:
    age_s = now_s - store.first_notice_s if store.first_notice_s is not None else 0
    severity = judge_above(age_s, *tolerances.notice_s)
    yield Finding(
        "notices", severity, "通知", "notices",
        f"{store.n_notices} 条未送达" + (f"，最久 {span_zh(age_s)}" if store.n_notices else ""),
        f"{store.n_notices} not delivered" + (f", for {span_en(age_s)}" if store.n_notices else ""),
        *(() if severity == "ok" else (
            "看 log/ecomon.jsonl 中的 notice_failed；再运行 ecomon run alert",
            "find notice_failed in log/ecomon.jsonl; run ecomon run alert again",
        )),
    )  # fmt: skip
    age_s = now_s - store.first_review_s if store.first_review_s is not None else 0
    severity = "warn" if age_s > tolerances.review_s else "ok"
    yield Finding(
        "reviews", severity, "审核事项", "reviews",
        f"{store.n_reviews} 件待审" + (f"，最久 {span_zh(age_s)}" if store.n_reviews else ""),
        f"{store.n_reviews} open" + (f", the oldest for {span_en(age_s)}" if store.n_reviews else ""),
        *(() if severity == "ok" else ("ecomon reviews，逐件作出决定", "ecomon reviews; decide them")),
    )  # fmt: skip


def _rejected(store: StoreFacts, tolerances: Tolerances) -> Iterator[Finding]:
    """Rows nobody could read: some are always there, a growing share is a changed layout."""
    n_rows = sum(one.n_new + one.n_revised + one.n_unchanged for one in store.sources)
    share = store.n_dead_letters / max(n_rows + store.n_dead_letters, 1)
    severity = "warn" if share > tolerances.rejected_share else "ok"
    yield Finding(
        "dead_letters", severity, "无法解析的行", "rejected rows",
        f"{store.n_dead_letters} 行（{share:.2%}）", f"{store.n_dead_letters} rows ({share:.2%})",
        *(() if severity == "ok" else (
            "多半是来源改了格式或有未登记的站名：看原因，登记别名后重新入库",
            "likely a changed layout or an unregistered name: read the reasons, register, ingest again",
        )),
    )  # fmt: skip


def _alerts(store: StoreFacts) -> Iterator[Finding]:
    if store.operations_alerts:
        listed = ", ".join(f"{what} {number}" for what, number in store.operations_alerts.items())
        yield Finding(
            "operations_alerts", "warn", "运维告警", "operations alerts", listed, listed,
            "来源多日无数据或连续失败：联系来源单位", "a source is silent or failing: ask its office",
        )  # fmt: skip


def _sources(store: StoreFacts, now_s: int, tolerances: Tolerances) -> Iterator[Finding]:
    """A latest reading in the future is a wrong year or a clock of the source."""
    for source in store.sources:
        last_s, title = source.last_reading_s, (f"来源 {source.source}", f"source {source.source}")
        if last_s is None:
            continue
        at = f"{from_epoch_s(last_s):%Y-%m-%d %H:%M}"
        is_future = last_s - now_s > tolerances.future_s
        share = f"{source.n_received}/{source.n_expected}" if source.n_expected else "-"
        yield Finding(
            f"source_{source.source}", "warn" if is_future else "ok", *title,
            f"最新监测值 {at}，最近一日实到/应到 {share}",
            f"latest reading {at}, received/expected of its last day {share}",
            *(() if not is_future else (
                "时间在将来：年份或来源时钟有误，改正后重新入库",
                "in the future: a wrong year or the source's clock; mend it and ingest again",
            )),
        )  # fmt: skip


def _people(store: StoreFacts) -> Iterator[Finding]:
    title = ("账户", "actors")
    if not store.actors.get("administrator"):
        yield Finding(
            "actors", "warn", *title, "没有管理员，无人能审核", "no administrator: nobody can decide",
            "ecomon actor add", "ecomon actor add",
        )  # fmt: skip
    else:
        listed = ", ".join(f"{role} {number}" for role, number in store.actors.items())
        yield Finding("actors", "ok", *title, listed, listed)
