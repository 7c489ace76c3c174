"""The spool: what was written is read again, after any cut; one writer; a limit; numbers once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ecomon.errors import SourceRefused
from ecomon.sources.spool import (
    SpoolFull,
    SpoolWriter,
    octets_of,
    read_spool,
    segments_of,
    trim_spool,
)

MB = 1 << 20


def write(folder: Path, *octets: bytes, segment_octets: int = MB) -> None:
    spool = SpoolWriter(folder, limit_octets=64 * MB, segment_octets=segment_octets)
    for one in octets:
        spool.write([(7, 1, "peer:1", one)])
    spool.close()


def held(folder: Path, after: int = 0) -> list[tuple[int, bytes]]:
    return [(one.number, one.octets) for one in read_spool(folder, after)]


def test_what_was_written_is_read_in_order_over_segments_and_starts(tmp_path: Path) -> None:
    write(tmp_path, b"a", b"b", b"c", segment_octets=1)
    write(tmp_path, b"d")
    assert held(tmp_path) == [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")]
    assert held(tmp_path, after=2) == [(3, b"c"), (4, b"d")]
    assert [first for first, _ in segments_of(tmp_path)] == [1, 2, 3, 4]


def test_a_write_that_was_cut_off_is_passed_over_and_its_number_not_given_to_another(
    tmp_path: Path,
) -> None:
    write(tmp_path, b"first", b"second")
    (_, segment), *_ = segments_of(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-3])
    assert held(tmp_path) == [(1, b"first")]
    write(tmp_path, b"third")
    assert held(tmp_path) == [(1, b"first"), (2, b"third")]


def test_a_segment_with_nothing_whole_in_it_keeps_its_name(tmp_path: Path) -> None:
    write(tmp_path, b"first")
    (tmp_path / f"{2:020d}.spool").write_bytes(b"recep")
    write(tmp_path, b"second")
    assert held(tmp_path) == [(1, b"first"), (3, b"second")]


def test_one_process_writes(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, limit_octets=MB)
    with pytest.raises(SourceRefused, match="another gateway"):
        SpoolWriter(tmp_path, limit_octets=MB)
    spool.close()
    write(tmp_path, b"a")


def test_beyond_its_limit_it_takes_nothing_until_there_is_room(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, limit_octets=1000, segment_octets=1)
    spool.write([(7, 1, "peer:1", b"x" * 500)])
    with pytest.raises(SpoolFull):
        spool.write([(7, 1, "peer:1", b"y" * 500)])
    assert held(tmp_path) == [(1, b"x" * 500)]
    spool.write([(7, 1, "peer:1", b"z")])
    assert trim_spool(tmp_path, 1) == 1
    spool.write([(7, 1, "peer:1", b"y" * 500)])
    spool.close()
    assert held(tmp_path) == [(2, b"z"), (3, b"y" * 500)]


def test_a_small_limit_is_no_trap_once_all_is_stored(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, limit_octets=20_000)
    with pytest.raises(SpoolFull):
        for _ in range(100):
            spool.write([(7, 1, "peer:1", b"x" * 1000)])
    written = len(held(tmp_path))
    assert written > 10
    trim_spool(tmp_path, written)
    spool.write([(7, 1, "peer:1", b"y" * 1000)])
    spool.close()
    assert held(tmp_path)[-1] == (written + 1, b"y" * 1000)


def test_what_is_stored_goes_and_its_numbers_are_never_given_again(tmp_path: Path) -> None:
    write(tmp_path, b"a", b"b", b"c", segment_octets=1)
    assert trim_spool(tmp_path, 2) == 2
    assert held(tmp_path) == [(3, b"c")]
    trim_spool(tmp_path, 3)
    for _, path in segments_of(tmp_path):
        path.unlink()
    write(tmp_path, b"d")
    assert held(tmp_path)[0][0] > 3


def test_what_is_stored_of_it_is_what_was_written(tmp_path: Path) -> None:
    write(tmp_path, b"a", b"b")
    (_, segment), *_ = segments_of(tmp_path)
    assert octets_of(read_spool(tmp_path, 0)) == segment.read_bytes()


WRITER = """
import sys
from pathlib import Path
from ecomon.sources.spool import SpoolWriter
spool = SpoolWriter(Path(sys.argv[1]), limit_octets=1 << 28, segment_octets=4000)
number = 0
while True:
    spool.write([(number, 1, "p:1", b"%d" % (number + k)) for k in range(3)])
    number += 3
    print(number, flush=True)
"""


def test_a_killed_writer_has_told_nothing_that_the_spool_lacks(tmp_path: Path) -> None:
    total = 0
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(20)]
        os.kill(child.pid, signal.SIGKILL)
        rest, _ = child.communicate()
        told += [int(line) for line in rest.split()]
        receptions = list(read_spool(tmp_path, 0))
        numbers = [one.number for one in receptions]
        assert numbers == sorted(set(numbers))
        own = [int(one.octets) for one in receptions[total:]]
        assert own == list(range(len(own)))
        assert len(own) >= told[-1]
        total = len(receptions)
