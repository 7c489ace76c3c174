"""Metrics in Prometheus' text format, made from the facts of an installation when they are asked for.

Names and units follow "Metric and label naming" and "Writing exporters" of the Prometheus
documentation (prometheus.io): seconds and bytes, ``_total`` for what only grows, and a timestamp
rather than an age, so that an age goes on growing while nobody reads the store.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ecomon.errors import EcomonError
from ecomon.model.operation import FlowFacts, HostFacts, SourceFacts, StoreFacts

CACHE_S = 15.0
"""However often it is asked, the store is read at most once in this time."""

_CHANGES = ("new", "revised", "unchanged", "withdrawn")


class KeptMetrics:
    """Metrics that cost something to make: made at most every :data:`CACHE_S` seconds.

    While one caller makes them, others wait for what it finds.
    """

    def __init__(
        self,
        make: Callable[[], list[Metric]],
        *,
        cache_s: float = CACHE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._cache_s, self._monotonic = make, cache_s, monotonic
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_until = float("-inf")

    def read(self) -> Iterator[Metric]:
        """The metrics, made now or not long ago."""
        with self._lock:
            if self._monotonic() >= self._kept_until:
                self._kept = self._make()
                self._kept_until = self._monotonic() + self._cache_s
            yield from self._kept


class InstallationCollector(Collector):
    """Reads the facts when Prometheus asks, and keeps them for :data:`CACHE_S`.

    Parameters
    ----------
    read_store : callable
        The store's facts; an EcomonError means that it is away, which is a metric and no failure.
    read_host : callable
        The machine's facts.
    """

    def __init__(
        self,
        read_store: Callable[[], StoreFacts],
        read_host: Callable[[], HostFacts],
        *,
        cache_s: float = CACHE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_store, self._read_host = read_store, read_host
        self._monotonic = monotonic
        self._kept = KeptMetrics(self._read, cache_s=cache_s, monotonic=monotonic)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        return self._kept.read()

    def _read(self) -> list[Metric]:
        began_s = self._monotonic()
        store: StoreFacts | None = None
        with contextlib.suppress(EcomonError):
            store = self._read_store()
        host = self._read_host()
        return [
            _gauge("store_up", "1 where the store answers 数据库可用", float(store is not None)),
            *(_store_metrics(store) if store else ()),
            *_host_metrics(host, store),
            _gauge(
                "facts_read_seconds", "time it took to read these facts 读取用时",
                self._monotonic() - began_s,
            ),
        ]  # fmt: skip


def make_registry(collector: Collector) -> CollectorRegistry:
    """A registry of its own: nothing of the process or of other libraries is in it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return registry


def _store_metrics(store: StoreFacts) -> Iterator[Metric]:
    yield _gauge("store_size_bytes", "octets of the database 数据库大小", store.size_bytes)
    yield _gauge("store_sequence", "last knowledge sequence 入库序号", store.seq)
    yield _counter("revisions", "readings and later values written 监测值版本数", store.n_revisions)
    yield _gauge("dead_letters", "rejected rows not yet settled 无法解析的行", store.n_dead_letters)
    yield _gauge("reviews_open", "values that wait for a person 待审核", store.n_reviews)
    yield _gauge("notices_pending", "notices not delivered 未送达通知", store.n_notices)
    yield _gauge("unchained_batches", "batches after the last daily root 未入链批次", store.n_unchained)  # fmt: skip
    for name, help_, at_s in (
        ("store_last_commit", "last knowledge 最后一次入库", store.last_commit_s),
        ("store_last_backup", "last backup 最后一次备份", store.last_backup_s),
        ("notices_first_pending", "oldest notice not delivered 最早未送达通知", store.first_notice_s),
        ("reviews_first_open", "oldest open review 最早待审核", store.first_review_s),
    ):  # fmt: skip
        if at_s is not None:
            yield _gauge(f"{name}_timestamp_seconds", help_, at_s)
    yield _labelled(
        GaugeMetricFamily, "operations_alerts", "open operations alerts 运维告警", "what",
        store.operations_alerts,
    )  # fmt: skip
    yield _labelled(GaugeMetricFamily, "actors", "people who may act 账户", "role", store.actors)
    yield from _source_metrics(store.sources)
    yield from _flow_metrics(store.flows)


def _source_metrics(sources: Iterable[SourceFacts]) -> Iterator[Metric]:
    readings = CounterMetricFamily(
        "ecomon_observations", "readings that came, by what they changed 到达的监测值",
        labels=("source", "change"),
    )  # fmt: skip
    for one in sources:
        for change in _CHANGES:
            readings.add_metric((one.source, change), getattr(one, f"n_{change}"))
    yield readings
    for name, help_, numbers in (
        ("batches", "files ingested 入库文件", {one.source: one.n_batches for one in sources}),
        ("rejected_rows", "rows nobody could read 无法解析的行", {one.source: one.n_rejected for one in sources}),
    ):  # fmt: skip
        yield _labelled(CounterMetricFamily, name, help_, "source", numbers)
    for name, help_, numbers in (
        (
            "source_last_reading_timestamp_seconds", "start of the latest reading 最新监测值的时间",
            {one.source: one.last_reading_s for one in sources},
        ),
        (
            "source_last_batch_timestamp_seconds", "last file ingested 最后一次来文",
            {one.source: one.last_batch_s for one in sources},
        ),
        (
            "source_receipts_ratio", "received of expected on the last day known 实到/应到",
            {one.source: one.n_received / one.n_expected for one in sources if one.n_expected},
        ),
    ):  # fmt: skip
        yield _labelled(GaugeMetricFamily, name, help_, "source", numbers)


def _flow_metrics(flows: Iterable[FlowFacts]) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "ecomon_runs", "runs that ended, by how 运行次数", labels=("flow", "outcome")
    )
    for one in flows:
        runs.add_metric((one.flow, "succeeded"), one.n_succeeded)
        runs.add_metric((one.flow, "failed"), one.n_failed)
    yield runs
    yield _labelled(
        GaugeMetricFamily, "runs_unended", "runs under way, or killed 未结束的运行", "flow",
        {one.flow: one.n_unended for one in flows},
    )  # fmt: skip
    yield _labelled(
        GaugeMetricFamily, "flow_last_success_timestamp_seconds",
        "end of the last success 上次成功的时间", "flow",
        {one.flow: one.last_success_s for one in flows},
    )  # fmt: skip


def _host_metrics(host: HostFacts, store: StoreFacts | None) -> Iterator[Metric]:
    about = {"version": host.versions.get("ecomon", "")}
    if store:
        about |= {"schema": store.schema, "kind": store.kind, "engine": store.engine}
    yield InfoMetricFamily("ecomon_build", "version of ecomon and its store 版本", value=about)
    for name, help_, attribute in (
        ("disk_free_bytes", "octets free 磁盘剩余", "free_bytes"),
        ("disk_size_bytes", "octets in all 磁盘总量", "total_bytes"),
    ):
        numbers = {disk.name: getattr(disk, attribute) for disk in host.disks}
        yield _labelled(GaugeMetricFamily, name, help_, "place", numbers)
    files = GaugeMetricFamily(
        "ecomon_inbox_files", "files of an inbox 收件夹文件", labels=("feed", "state")
    )
    for inbox in host.inboxes:
        files.add_metric((inbox.feed, "waiting"), inbox.n_waiting)
        files.add_metric((inbox.feed, "failed"), inbox.n_failed)
    yield files
    yield _labelled(
        GaugeMetricFamily, "inbox_first_waiting_timestamp_seconds",
        "when the oldest file that waits came 最早等待文件", "feed",
        {inbox.feed: inbox.first_waiting_s for inbox in host.inboxes},
    )  # fmt: skip
    if host.wal_bytes is not None:
        yield _gauge(
            "store_wal_bytes", "octets of SQLite's write-ahead log 预写日志", host.wal_bytes
        )


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ecomon_{name}", help_, value=value)


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(f"ecomon_{name}", help_, value=value)


def _labelled(
    family: type[GaugeMetricFamily] | type[CounterMetricFamily],
    name: str,
    help_: str,
    label: str,
    numbers: Mapping[str, float | None],
) -> Metric:
    """One sample for each label value; what is not known has none."""
    metric = family(f"ecomon_{name}", help_, labels=(label,))
    for value, number in numbers.items():
        if number is not None:
            metric.add_metric((value,), number)
    return metric
