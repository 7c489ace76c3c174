"""What is remembered of requests, and whose turn it is to ask a host: across processes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

from ecomon.model.poll import PollState
from ecomon.store import Store

KEY = "GET https://example.org/data city=广元市"
HOST = "example.org:443"


def begin(store: Store, key: str = KEY) -> PollState | None:
    return store.begin_poll(key, source="air", lease_s=600)


def test_what_came_of_a_request_is_remembered(store: Store, clock: Any) -> None:
    state = begin(store)
    assert state == PollState(KEY, "air")
    now_s = int(clock.now_s)
    new = state.changed(now_s, "ab", etag='"1"', last_modified=None).answered(now_s, 3000)
    store.record_poll(new, replace(new, key="other", sha256="cd"))
    assert [one.key for one in store.read_polls()] == [KEY, "other"]
    assert store.read_polls(source="air")[0] == new
    assert store.read_polls(source="water") == []
    assert (new.checked_at_s, new.changed_at_s, new.not_before_s) == (now_s, now_s, now_s + 3000)


def test_a_request_is_in_one_hand_until_it_is_recorded(store: Store, clock: Any) -> None:
    state = begin(store)
    assert state is not None
    assert begin(store) is None
    store.record_poll(state.answered(int(clock.now_s), 300))
    clock.now_s += 299
    assert begin(store) is None
    clock.now_s += 1
    assert begin(store) is not None


def test_a_hand_that_dies_lets_go_in_time(store: Store, clock: Any) -> None:
    assert begin(store) is not None
    clock.now_s += 600
    assert begin(store) is not None


def test_failures_in_a_row_are_counted_and_waited_for_longer(store: Store, clock: Any) -> None:
    waits = []
    for _ in range(7):
        state = begin(store)
        assert state is not None
        failed = state.failed(int(clock.now_s), "HTTP 503", 300)
        store.record_poll(failed)
        waits.append(failed.not_before_s - int(clock.now_s))
        clock.now_s = failed.not_before_s
    assert waits == [300, 600, 1200, 2400, 4800, 4800, 4800]
    (state,) = store.read_polls()
    assert (state.n_failures, state.last_error) == (7, "HTTP 503")
    again = state.answered(int(clock.now_s), 300)
    assert (again.n_failures, again.last_error) == (0, None)


def test_a_clock_set_back_does_not_silence_a_poll(store: Store, clock: Any) -> None:
    state = begin(store)
    assert state is not None
    store.record_poll(state.answered(int(clock.now_s), 3000))
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 0
    clock.now_s -= 86_400
    assert begin(store) is not None
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 0


def test_a_host_is_asked_by_one_at_a_time(store: Store, clock: Any) -> None:
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 0
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 60
    assert store.claim_host("other:443", lease_s=60, per_day=10) == 0
    clock.now_s += 5
    store.release_host(HOST, wait_s=20)
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 20
    clock.now_s += 20
    assert store.claim_host(HOST, lease_s=60, per_day=10) == 0
    (host, _) = store.read_hosts()
    assert (host.host, host.n_requests, host.not_before_s) == (HOST, 2, int(clock.now_s) + 60)


def test_the_day_of_the_ceiling_is_a_beijing_day(store: Store, clock: Any) -> None:
    clock.now_s = 1_700_063_990.0  # 2023-11-15 23:59:50 in Beijing
    assert store.claim_host(HOST, lease_s=1, per_day=1) == 0
    clock.now_s += 2
    assert store.claim_host(HOST, lease_s=1, per_day=1) == 8
    clock.now_s += 8
    assert store.claim_host(HOST, lease_s=1, per_day=1) == 0
    assert store.read_hosts()[0].day == "2023-11-16"


def test_polling_is_no_knowledge_of_the_river(store: Store, clock: Any) -> None:
    before = store.now_seq()
    state = begin(store)
    assert state is not None
    store.record_poll(state.answered(int(clock.now_s), 300))
    store.claim_host(HOST, lease_s=60, per_day=10)
    store.release_host(HOST, wait_s=20)
    assert store.now_seq() == before


CLAIM = """
import sys
from ecomon.store import Store
with Store.open(sys.argv[1], clock=lambda: 1_700_000_000.0) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    print(store.claim_host("example.org:443", lease_s=60, per_day=10))
"""


def test_of_two_processes_at_once_one_is_given_the_turn(store: Store, store_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, store_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.stdin.write("\n")
        child.stdin.flush()
        ours = store.claim_host(HOST, lease_s=60, per_day=10)
        theirs = int(child.stdout.readline())
    assert sorted([ours, theirs]) == [0, 60]
    (host,) = store.read_hosts()
    assert host.n_requests == 1
