"""Samples that people take: the monthly ones of every section, and those of a spill."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecomon.example.course import Array
from ecomon.example.whole.assumptions import (
    MANUAL,
    MANUAL_LEVEL,
    SPILL_BACKGROUND_MG_L,
    SPILL_DECIMALS,
    SPILL_DETECTION_MG_L,
)
from ecomon.example.whole.chemistry import Chemistry
from ecomon.example.whole.draws import Window, fixed_share, month_index, month_stream
from ecomon.example.whole.places import Places
from ecomon.example.whole.spill import Spill, follow_spill, spill_flux_g_s
from ecomon.example.whole.written import TRUTH_COLUMNS, Written, write_lines
from ecomon.model.period import Period
from ecomon.model.sample import SAMPLE_COLUMNS

SAMPLES_FEED = "example-samples"
MANUAL_ZH = {
    "CODMN": "高锰酸盐指数", "NH3N": "氨氮", "TP": "总磷", "TN": "总氮", "COD": "化学需氧量",
    "BOD5": "五日生化需氧量", "F": "氟化物", "CU": "铜", "ZN": "锌", "AS": "砷", "PB": "铅", "CD": "镉",
}  # fmt: skip
PARALLEL, PARALLEL_SHARE = "平行样", 0.1
DRY, FROZEN = "断流", "冰封"
LAB_NOISE = 0.04
DENSE_H, LONGEST_CHASE_H = 48, 15 * 24
BEFORE_H, AFTER_H = 6, 12
_HEADER = ",".join(
    ["断面代码", "断面名称", "采样时间", *(f"{name}(mg/L)" for name in MANUAL_ZH.values()), "备注"]
)
_TRUTH = [name for name in TRUTH_COLUMNS if name != "feed"]
Record = tuple[object, ...]


def sample_code(section: str) -> str:
    """The invented code of a section in the tables of samples."""
    return f"EX-{section}"


def monthly_samples(
    places: Places, chemistry: Chemistry, window: Window, kept: tuple[str, ...], *,
    seed: int, period: Period, name: str,
) -> Written:  # fmt: skip
    """The month's split samples (采测分离) of the sections, twelve determinands, one table.

    One sample a section between the third and the tenth of the month by day; one in ten has a
    parallel. Below the detection limit stands ``0.025L``; where there is no water 断流 or 冰封
    stands in the first cell and the rest is empty. UTF-8 with byte-order mark, as spreadsheets
    write CSV.

    Source: layout of our own after the monthly tables of 采测分离 (formats.md, spreadsheets);
    detection limits near those of HJ 535, GB 11893, HJ 700 (assumed, ``whole.assumptions``).
    """
    lines: list[str] = []
    truth: list[Record] = []
    for section in kept:
        row = chemistry.sections.index(section)
        rng = month_stream(seed, f"samples {section}", month_index(window.month.start))
        at = window.lead_h + 24 * int(rng.integers(2, 10)) + int(rng.integers(9, 17))
        moment = window.hours[at].astype(object)
        head = f"{sample_code(section)},{places.sections[section].name_zh},{moment:%Y-%m-%d %H:%M}"
        true = {key: _true_of(chemistry, key, row, at, section, rng) for key in MANUAL}
        copies = 2 if rng.random() < PARALLEL_SHARE else 1
        draws = rng.standard_normal((copies, len(MANUAL)))
        if moment not in period:
            continue
        state = DRY if chemistry.is_dry[row, at] else FROZEN if chemistry.is_frozen[row, at] else ""
        if state:
            lines.append(f"{head},{state}{',' * (len(MANUAL) - 1)},{state}")
            continue
        for copy, noise in enumerate(draws):
            cells: list[str] = []
            for (key, (decimals, limit)), one in zip(MANUAL.items(), noise, strict=True):
                found = round(true[key] * (1.0 + LAB_NOISE * float(one)), decimals)
                is_below = found < limit
                cells.append(f"{limit}L" if is_below else f"{found:.{decimals}f}")
                value = limit if is_below else found
                truth.append((name, len(lines) + 2, section, key, moment, true[key], value, value, is_below, ""))  # fmt: skip
            lines.append(f"{head},{','.join(cells)},{PARALLEL if copy else ''}")
    octets = b"\xef\xbb\xbf" + write_lines(_HEADER, lines, newline="\r\n")
    return Written(name, SAMPLES_FEED, octets, len(lines), _frame(truth))


def _true_of(
    chemistry: Chemistry, key: str, row: int, at: int, section: str, rng: np.random.Generator
) -> float:
    if key in chemistry.values:
        return float(chemistry.values[key][row, at])
    own = 0.6 + 0.8 * fixed_share(f"{key} of {section}")
    return MANUAL_LEVEL[key] * own * float(np.exp(0.35 * rng.standard_normal()))


def _frame(truth: list[Record]) -> pd.DataFrame:
    table = pd.DataFrame(truth, columns=_TRUTH)
    return table.astype({"start": "datetime64[us]", "true_value": float, "reported_value": float, "sound_value": float, "is_censored": bool})  # fmt: skip


def spill_samples(
    places: Places, spill: Spill, arrivals: pd.DataFrame, discharge: dict[str, Array], window: Window, *,
    kept: tuple[str, ...], seed: int, period: Period, name: str,
) -> Written:  # fmt: skip
    """Emergency samples of a spill taken in a month: hourly for two days at a place, then four-hourly.

    Result times lie two hours after sampling; the first sample over background is 疑似, the rest
    确认. The title row says that the data are invented.

    Source: the one-sheet template (``model.sample``, after HJ 589-2021).
    """
    passages = {one.place: one for one in follow_spill(places, spill)}
    key, unit = spill.determinand, "mg/L"
    limit, decimals = SPILL_DETECTION_MG_L.get(key, 1e-4), SPILL_DECIMALS.get(key, 5)
    lines: list[str] = []
    truth: list[Record] = []
    rng = month_stream(seed, f"spill samples {spill.section} {spill.at}", month_index(window.month.start))  # fmt: skip
    for arrival in arrivals.itertuples():
        place = str(arrival.place)
        if place not in kept or float(arrival.travel_h) > LONGEST_CHASE_H:  # pyright: ignore[reportArgumentType]
            continue
        flux = spill_flux_g_s(spill, passages[place], window.hours)
        course = SPILL_BACKGROUND_MG_L.get(key, 0.05) + flux / np.maximum(discharge[place], 0.01)
        begin = np.datetime64(arrival.arrives_at, "h") - BEFORE_H  # pyright: ignore[reportArgumentType, reportCallIssue]
        end = np.datetime64(arrival.passed_at, "h") + AFTER_H  # pyright: ignore[reportArgumentType, reportCallIssue]
        since = (window.hours - begin).astype("timedelta64[h]").astype(int)
        taken = (since >= 0) & (window.hours < end) & ((since < DENSE_H) | (since % 4 == 0))
        taken &= (window.hours >= np.datetime64(period.start)) & (window.hours < np.datetime64(period.end))  # fmt: skip
        taken[: window.lead_h] = False
        for at in np.flatnonzero(taken).tolist():
            moment = window.hours[at].astype(object)
            found = round(
                float(course[at]) * (1.0 + LAB_NOISE * float(rng.standard_normal())), decimals
            )
            is_below = found < limit
            cell = f"<{limit:.{decimals}f}" if is_below else f"{found:.{decimals}f}"
            later = (window.hours[at] + np.timedelta64(2, "h")).astype(object)
            status = "疑似" if since[at] == BEFORE_H else "确认"
            value = limit if is_below else found
            truth.append((name, len(lines) + 3, place, key, moment, float(course[at]), value, value, is_below, ""))  # fmt: skip
            lines.append(
                f"{place},{key},{moment:%Y-%m-%d %H:%M},{cell},{unit},{limit:.{decimals}f},"
                f"{later:%Y-%m-%d %H:%M},HJ 700-2014,{status},0,示例"
            )
    header = "示例 example: 模拟数据 simulated, not measured\n" + ",".join(
        one.key for one in SAMPLE_COLUMNS
    )
    return Written(name, "samples", write_lines(header, lines), len(lines), _frame(truth))
