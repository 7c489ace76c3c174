"""The metrics as Prometheus reads them, over real HTTP."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from operation_facts import FLOW, HOST, NOW_S, SOURCE, STORE
from prometheus_client.parser import text_string_to_metric_families

from ecomon.errors import ContractError, SourceUnavailable, StoreError, StoreUnavailable
from ecomon.host.endpoint import is_for_this_machine_only, metrics_endpoint
from ecomon.host.metrics import InstallationCollector, make_registry
from ecomon.model.operation import InboxFacts, StoreFacts

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def ask(url: str, method: str = "GET", path: str | None = None) -> tuple[int, str]:
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request(method, path or parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def samples_of(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def collector(read_store: Callable[[], StoreFacts], **options: float) -> InstallationCollector:
    host = replace(HOST, inboxes=(InboxFacts("cnemc-water", 2, NOW_S - 60, 1),))
    return InstallationCollector(read_store, lambda: host, **options)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def url() -> Iterator[str]:
    store = replace(
        STORE, operations_alerts={"silent_source": 2}, flows=(replace(FLOW, n_failed=1),)
    )
    with metrics_endpoint(make_registry(collector(lambda: store)), 0) as url:
        yield url


def test_what_is_told(url: str) -> None:
    status, text = ask(url)
    assert status == 200
    found = samples_of(text)
    water, alert = (("source", "cnemc-water"),), (("flow", "alert"),)
    expected: Samples = {
        ("ecomon_store_up", ()): 1,
        ("ecomon_store_size_bytes", ()): STORE.size_bytes,
        ("ecomon_store_sequence", ()): 42,
        ("ecomon_revisions_total", ()): 3_000_000,
        ("ecomon_observations_total", (("change", "new"), *water)): 1000,
        ("ecomon_observations_total", (("change", "withdrawn"), *water)): 2,
        ("ecomon_batches_total", water): 4,
        ("ecomon_rejected_rows_total", water): 3,
        ("ecomon_source_last_reading_timestamp_seconds", water): SOURCE.last_reading_s or 0,
        ("ecomon_source_receipts_ratio", water): 0.75,
        ("ecomon_flow_last_success_timestamp_seconds", alert): FLOW.last_success_s or 0,
        ("ecomon_runs_total", (*alert, ("outcome", "succeeded"))): 9,
        ("ecomon_runs_total", (*alert, ("outcome", "failed"))): 1,
        ("ecomon_inbox_files", (("feed", "cnemc-water"), ("state", "waiting"))): 2,
        ("ecomon_inbox_files", (("feed", "cnemc-water"), ("state", "failed"))): 1,
        ("ecomon_dead_letters", ()): 3,
        ("ecomon_reviews_open", ()): 1,
        ("ecomon_notices_pending", ()): 0,
        ("ecomon_operations_alerts", (("what", "silent_source"),)): 2,
        ("ecomon_store_last_backup_timestamp_seconds", ()): STORE.last_backup_s or 0,
        ("ecomon_disk_free_bytes", (("place", "home"),)): HOST.disks[0].free_bytes,
        (
            "ecomon_build_info",
            (("engine", "sqlite"), ("kind", "real"), ("schema", "0002"), ("version", "0.1.0")),
        ): 1,
    }
    assert {key: found.get(key) for key in expected} == expected


def test_names_are_those_prometheus_asks_for(url: str) -> None:
    for family in text_string_to_metric_families(ask(url)[1]):
        assert re.fullmatch(r"ecomon_[a-z0-9_]+", family.name)
        assert family.documentation
        assert {"gauge": True, "counter": True}[family.type]
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")


def test_a_store_that_is_away_is_a_metric() -> None:
    def away() -> StoreFacts:
        raise StoreUnavailable("the database is away")

    with metrics_endpoint(make_registry(collector(away)), 0) as url:
        status, text = ask(url)
    found = samples_of(text)
    assert status == 200
    assert found["ecomon_store_up", ()] == 0
    assert ("ecomon_disk_free_bytes", (("place", "home"),)) in found
    assert not any(name.startswith("ecomon_store_s") for name, _ in found)


def test_the_store_is_read_no_more_often_than_that() -> None:
    times = [0.0]
    n_read = 0

    def read() -> StoreFacts:
        nonlocal n_read
        n_read += 1
        return STORE

    kept = InstallationCollector(read, lambda: HOST, cache_s=15, monotonic=lambda: times[0])
    registry = make_registry(kept)
    assert n_read == 0
    for times[0], expected in ((0.0, 1), (14.9, 1), (15.1, 2), (20.0, 2)):
        list(registry.collect())
        assert n_read == expected


def test_it_comes_back() -> None:
    answers = iter([StoreError("away"), STORE])

    def read() -> StoreFacts:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    with metrics_endpoint(make_registry(collector(read, cache_s=0.0)), 0) as url:
        assert [samples_of(ask(url)[1])["ecomon_store_up", ()] for _ in range(2)] == [0, 1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/metrics", 405), ("DELETE", "/metrics", 405), ("PUT", "/", 405),
        ("GET", "/", 404), ("GET", "/metrics/../etc/passwd", 404), ("HEAD", "/metrics", 405),
    ],
)  # fmt: skip
def test_nothing_else_is_answered(url: str, method: str, path: str, status: int) -> None:
    assert ask(url, method, path)[0] == status


def test_a_taken_port_is_said(url: str) -> None:
    port = urlsplit(url).port
    assert port
    with (
        pytest.raises(SourceUnavailable, match=f"no metrics at 127.0.0.1:{port}: "),
        metrics_endpoint(make_registry(collector(lambda: STORE)), port),
    ):
        pass


@pytest.mark.parametrize("host", ["localhost", "", "127.0.0.1:80", "::1"])
def test_an_address_is_an_address(host: str) -> None:
    with (
        pytest.raises(ContractError, match="metrics_host"),
        metrics_endpoint(make_registry(collector(lambda: STORE)), 0, host=host),
    ):
        pass


def test_which_addresses_others_reach() -> None:
    assert is_for_this_machine_only("127.0.0.1")
    assert not any(is_for_this_machine_only(host) for host in ("0.0.0.0", "10.0.0.7", "x"))


def test_the_port_is_free_again(url: str) -> None:
    registry = make_registry(collector(lambda: STORE))
    with metrics_endpoint(registry, 0) as first:
        pass
    port = urlsplit(first).port
    assert port
    with metrics_endpoint(registry, port) as again:
        assert ask(again)[0] == 200
