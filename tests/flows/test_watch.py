"""Inboxes watched: one start when files have settled, none while they grow, again when they stay."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ecomon.errors import SourceUnavailable
from flows.watch import AGAIN_S, start_inbox_run, watch_inboxes

INTERVAL_S = 10.0


class Looks:
    """Time that passes a look at a time; what happens between two looks is given beforehand."""

    def __init__(self, *between: Callable[[], object] | None) -> None:
        self.between = list(between)
        self.at_s = 0.0

    def clock(self) -> float:
        return self.at_s

    def wait(self, timeout: float) -> bool:
        if not self.between:
            return True
        self.at_s += timeout
        if happens := self.between.pop(0):
            happens()
        return False


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "tabulated"
    folder.mkdir(parents=True)
    return folder


def starts(home: Path, looks: Looks, answers: list[bool | Exception] | None = None) -> list[float]:
    """When a run was asked for."""
    asked: list[float] = []

    def start() -> bool:
        asked.append(looks.at_s)
        answer = answers.pop(0) if answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch_inboxes(home, start, stop=looks, interval_s=INTERVAL_S, clock=looks.clock)
    return asked


def test_nothing_is_started_where_nothing_waits(tmp_path: Path) -> None:
    assert starts(tmp_path, Looks(None, None)) == []


def test_one_start_when_files_have_stood_still(inbox: Path) -> None:
    lay = lambda: (inbox / "a.csv").write_bytes(b"1")  # noqa: E731
    assert starts(inbox.parents[1], Looks(lay, None, None, None)) == [20.0]


def test_a_file_that_grows_is_waited_for(inbox: Path) -> None:
    path = inbox / "a.csv"
    grow = [lambda n=n: path.write_bytes(b"x" * n) for n in (1, 2, 3)]
    assert starts(inbox.parents[1], Looks(*grow, None, None)) == [40.0]


def test_a_rename_from_part_is_a_new_file(inbox: Path) -> None:
    part = inbox / "a.csv.part"
    part.write_bytes(b"1")
    rename = lambda: part.rename(inbox / "a.csv")  # noqa: E731
    assert starts(inbox.parents[1], Looks(None, rename, None, None)) == [30.0]


def test_another_start_for_another_file_and_for_one_that_stays(inbox: Path) -> None:
    (inbox / "a.csv").write_bytes(b"1")
    lay = lambda: (inbox / "b.csv").write_bytes(b"1")  # noqa: E731
    n_looks = round(AGAIN_S / INTERVAL_S)
    asked = starts(inbox.parents[1], Looks(None, lay, *[None] * n_looks))
    assert asked == [10.0, 30.0, 10.0 + AGAIN_S]


def test_it_is_asked_again_while_a_run_is_under_way_or_the_server_away(inbox: Path) -> None:
    (inbox / "a.csv").write_bytes(b"1")
    answers: list[bool | Exception] = [False, SourceUnavailable("no answer"), True]
    asked = starts(inbox.parents[1], Looks(*[None] * 6), answers)
    assert asked == [10.0, 20.0, 30.0]


def test_a_deployment_is_started_once_until_its_run_has_ended(api: str) -> None:
    from prefect.types.entrypoint import EntrypointType

    from flows.flag import flag

    deployment = flag.to_deployment(
        name="watched",
        parameters={"home": "nowhere", "period": "2025"},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    deployment.apply()
    assert [start_inbox_run("flag/watched") for _ in range(2)] == [True, False]
    with pytest.raises(SourceUnavailable, match="flag/none"):
        start_inbox_run("flag/none")


def test_a_thread_of_its_own_finds_the_server_in_the_environment(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        """What comes of a start in a thread that has none of this one's settings."""
        with ThreadPoolExecutor(1) as pool:
            return str(pool.submit(start_inbox_run, "flag/none").exception())

    assert "PREFECT_API_URL" in said()
    monkeypatch.setenv("PREFECT_API_URL", api)
    assert "flag/none" in said()
