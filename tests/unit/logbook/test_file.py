"""Lines of several processes stay whole, and none is lost when the file is turned over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from ecomon.logbook import LineFile

WRITER = """
import json, sys
from pathlib import Path
from ecomon.logbook.file import LineFile
file = LineFile(Path(sys.argv[1]), max_bytes=20_000, keep=100)
sys.stdin.readline()
for number in range(400):
    file.append(json.dumps({"who": sys.argv[2], "number": number, "text": "水" * (number % 60)}))
"""


def files_of(path: Path) -> list[Path]:
    return sorted(one for one in path.parent.iterdir() if not one.name.startswith("."))


def test_four_processes_turn_one_file_over(tmp_path: Path) -> None:
    path = tmp_path / "log" / "ecomon.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(n)], stdin=subprocess.PIPE)
        for n in range(4)
    ]
    for writer in writers:  # all begin together
        assert writer.stdin
        writer.stdin.write(b"\n")
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0] * 4
    files = files_of(path)
    assert len(files) > 3
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    seen = sorted((line["who"], line["number"]) for line in lines)
    assert seen == [(str(who), number) for who in range(4) for number in range(400)]


def test_the_oldest_go(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=10, keep=2)
    for number in range(5):
        file.append(f"line number {number}")
    assert {one.name: one.read_text() for one in files_of(file.path)} == {
        "a.jsonl.1": "line number 4\n",
        "a.jsonl.2": "line number 3\n",
    }


def test_nobody_waits_for_another_that_turns_it_over(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", max_bytes=10)
    with FileLock(tmp_path / ".a.jsonl.lock"):
        file.append("long enough to turn over")
    assert file.path.read_text() == "long enough to turn over\n"
    file.append("next")
    assert [one.name for one in files_of(file.path)] == ["a.jsonl.1"]


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX's")
def test_a_line_torn_by_a_full_disk_spoils_no_other(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the write ends short, then fails."""
    program = """
import os, resource, signal, sys
from pathlib import Path
from ecomon.logbook.file import LineFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = LineFile(Path(sys.argv[1]))
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (15, limit))
file.append("first line")
file.append("torn line")
try:
    file.append("no room at all")
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
file.append("whole")
"""
    path = tmp_path / "a.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert path.read_text().splitlines() == ["first line", "torn", "whole"]


def test_a_line_is_one_line(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl")
    file.append("two\nlines \udc80")
    assert file.path.read_bytes() == b"two lines \\udc80\n"


def test_a_folder_that_is_a_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    with pytest.raises(OSError):
        LineFile(tmp_path / "log" / "a.jsonl").append("x")
