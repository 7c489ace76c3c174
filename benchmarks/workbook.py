"""A workbook of 20,000 lines x 30 columns -> observations, beside ``pandas.read_excel``.

    python benchmarks/workbook.py            # 20000 lines, as the issue states
    python benchmarks/workbook.py 2000

The peer reads the same octets with the same engine (python-calamine) and does nothing more than
make a frame of them: no units, marks, limits, flags, times, repeats or account of every line.
Both run alternately in this process; printed are the medians and their ratio, with versions, and
the peak of what Python allocates while one sheet and while three such sheets are read.
"""

from __future__ import annotations

import gc
import io
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd
import xlsxwriter

from ecomon.decode.workbook import decode, propose_mapping, read_grids
from ecomon.model.observation import Batch, Rejected
from ecomon.registry import read_registry

GOAL_S = 3.0
RUNS = 5
FIRST = datetime(2024, 1, 1)
UNITS = {"mg/L": "mg/L", "1": "无量纲", "degC": "℃", "uS/cm": "μS/cm"}


def make_workbook(n_lines: int, n_sheets: int = 1, *, seed: int = 20260301) -> tuple[bytes, int]:
    """Octets of a table as bureaus send it, and the number of its readings: limits, flags, blanks."""
    rng = np.random.default_rng(seed)
    determinands = [
        one for one in read_registry().determinands.values()
        if one.medium == "water" and one.unit in UNITS
    ][:27]  # fmt: skip
    headings = [f"{one.name_zh}({UNITS[one.unit]})" for one in determinands]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number in range(n_sheets):
            sheet = book.add_worksheet(f"监测数据{number + 1}")
            sheet.write_row(0, 0, ["断面名称", "监测时间", *headings, "备注"])
            values = np.round(rng.lognormal(0, 1, (n_lines, len(headings))), 3)
            kinds = rng.random((n_lines, len(headings)))
            for at in range(n_lines):
                sheet.write_string(at + 1, 0, f"断面{at % 90:02d}")
                sheet.write_datetime(at + 1, 1, FIRST + timedelta(hours=4 * (at // 90)), day)
                for place, (value, kind) in enumerate(
                    zip(values[at].tolist(), kinds[at].tolist(), strict=True)
                ):
                    if kind < 0.02:
                        continue
                    if kind < 0.12:
                        sheet.write_string(at + 1, place + 2, f"{value}L")
                    elif kind < 0.16:
                        sheet.write_string(at + 1, place + 2, f"{value}(T)")
                    else:
                        sheet.write_number(at + 1, place + 2, value)
    return out.getvalue(), len(headings)


def read_ours(octets: bytes) -> tuple[int, int]:
    determinands = read_registry().determinands
    proposal = propose_mapping(read_grids(octets), determinands, mapping_id="bench", feed="bench")
    if proposal.mapping is None:
        raise SystemExit("no mapping")
    n_observations = n_rejected = 0
    for item in decode([octets], determinands, mapping=proposal.mapping):
        if isinstance(item, Batch):
            n_observations += len(item)
        elif isinstance(item, Rejected):
            n_rejected += 1
    return n_observations, n_rejected


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mb(work: Callable[[], object]) -> float:
    gc.collect()
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    n_lines = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    octets, n_values = make_workbook(n_lines)
    determinands = read_registry().determinands
    mapping = propose_mapping(read_grids(octets), determinands, mapping_id="b", feed="b").mapping
    if mapping is None:
        raise SystemExit("no mapping")
    versions = {
        "python": platform.python_version(), "pandas": pd.__version__,
        "python-calamine": version("python-calamine"),
    }  # fmt: skip
    print(f"{n_lines} lines x {n_values + 3} columns, {len(octets) / 1e6:.1f} MB", versions)
    n = {"observations": 0, "rejected": 0}

    def ours() -> None:
        n["observations"] = n["rejected"] = 0
        for item in decode([octets], determinands, mapping=mapping):
            if isinstance(item, Batch):
                n["observations"] += len(item)
            else:
                n["rejected"] += 1

    def peer() -> None:
        pd.read_excel(io.BytesIO(octets), engine="calamine")

    spans: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(RUNS):
        spans["ours"].append(timed(ours))
        spans["peer"].append(timed(peer))
    own, other = (statistics.median(spans[name]) for name in ("ours", "peer"))
    verdict = "met" if own <= GOAL_S else "MISSED"
    print(f"ecomon decode       {own:6.2f} s  (goal {GOAL_S} s at 20000 lines: {verdict})  {n}")
    print(f"pandas.read_excel   {other:6.2f} s")
    print(f"ratio               {own / other:6.2f}")
    small = max(200, n_lines // 10)
    one, three = (make_workbook(small, sheets)[0] for sheets in (1, 3))
    peaks = [peak_mb(lambda octets=octets: read_ours(octets)) for octets in (one, three)]
    print(
        f"peak of Python      {peaks[0]:6.1f} MB with one sheet of {small} lines, {peaks[1]:.1f} MB with three"
    )


if __name__ == "__main__":
    main()
