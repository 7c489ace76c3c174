"""Observations -> flags: every test over all series at once, and the worst of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from ecomon.model.codes import encode
from ecomon.model.flag import Flag, worst_of
from ecomon.model.rating import RatingCurve
from ecomon.model.tables import FLAGS, STORED
from ecomon.quality.flat_line import find_flat_lines
from ecomon.quality.limits import find_out_of_range, read_source_flags
from ecomon.quality.rate import find_fast_changes
from ecomon.quality.rating import find_off_rating
from ecomon.quality.rules import QualityRules
from ecomon.quality.series import (
    Layout,
    Levels,
    Links,
    Mask,
    Param,
    Readings,
    lay_out,
    link,
    series_ends,
)
from ecomon.quality.spike import find_spikes
from ecomon.quality.totals import find_parts_over_total

TESTS = ("source_flag", "range", "spike", "flat_line", "rate", "part_over_total", "rating")
"""Names of the tests, in the order in which a flag names them."""

SEQUENCE_TESTS = ("spike", "flat_line", "rate")
REASONS = ("", "first", "last", "short", "gap", "repeated")
"""Why a test that looks at neighbours was not evaluated: the series begins here; its successor is
still awaited; too few readings between gaps; a gap lies beside; a later revision of the same time
was judged instead."""
REPEATED = np.int16(REASONS.index("repeated"))
NONE = np.int16(0)
MISSING = 3 ** len(TESTS)  # the packed number's place above those of the tests

_COLUMNS = (
    "site", "determinand", "statistic", "start", "duration_s", "programme", "source", "replicate",
    "value", "unit", "censor", "source_flag", "revision",
)  # fmt: skip


def evaluate(
    observations: pd.DataFrame,
    rules: QualityRules,
    *,
    prior: pd.DataFrame | None = None,
    ratings: Iterable[RatingCurve] = (),
) -> pd.DataFrame:
    """Flag every observation.

    Parameters
    ----------
    observations : table STORED
        In any order; values in the unit of the rules' limits.
    rules : QualityRules
    prior : table STORED, optional
        Earlier readings of the same series: they are looked back on and get no flags. Nothing
        older than ``rules.reach_h`` matters.
    ratings : iterable of RatingCurve, optional
        Rating tables of gauges, for the test ``rating``.

    Returns
    -------
    table FLAGS
        One row per observation, in their order. ``flag`` is the worst of all tests: 9 where the
        value is no finite number, 2 where no test applied. ``tests`` names the tests that set 3 or
        4 (``range:4,spike:3``), and ``missing``. A further text column ``not_evaluated`` says
        which tests that look at neighbours could not be judged and why (``spike:last``,
        ``rate:gap``); such a test does not degrade a reading. The parameters' version is
        ``rules.key``.

    Raises
    ------
    ContractError
        where a table breaks its contract.
    UnitMismatch
        where a reading is in another unit than the limits of its determinand.

    Source
    ------
    QARTOD flags and their aggregate (IOOS Manual for the Use of Flags, 2020); the tests and
    their order: project rule set for water data R1-R13 (practice; HJ 915.3-2024 not seen).
    """
    STORED.check(observations)
    n_prior = 0 if prior is None else len(prior)
    table = observations
    if prior is not None and n_prior:
        columns = list(_COLUMNS)
        table = pd.concat([STORED.check(prior)[columns], table[columns]], ignore_index=True)
    layout = lay_out(table, rules)
    results = _Results.of(layout, table, rules)
    results.add("rating", find_off_rating(layout, table, rules, ratings))
    summary = (layout.restore(column)[n_prior:] for column in results.summary())
    flag, tests, reasons = summary
    return FLAGS.frame(
        {
            "revision": observations["revision"].to_numpy(),
            "flag": flag.astype(np.int64),
            "tests": _texts(tests, _name_tests),
            "not_evaluated": _texts(reasons, _name_reasons),
        }
    )


@dataclass(slots=True)
class _Results:
    """Levels of the tests, and reasons of those not evaluated, in series order."""

    is_finite: Mask
    never_fail: Param
    reasons: npt.NDArray[np.int16]
    levels: dict[str, Levels] = field(default_factory=dict[str, Levels])

    @classmethod
    def of(cls, layout: Layout, table: pd.DataFrame, rules: QualityRules) -> _Results:
        results = cls(
            is_finite=np.isfinite(layout.readings.value),
            never_fail=layout.readings.param(lambda found: found.never_fail),
            reasons=np.zeros(len(table), dtype=np.int16),
        )
        codes, names = encode(table["censor"])
        censor = {
            side: layout.arrange(codes == (names.index(side) if side in names else -2))
            for side in ("left", "right")
        }
        said = read_source_flags(table["source_flag"], rules)
        results.add("source_flag", None if said is None else layout.arrange(said))
        results.add("range", find_out_of_range(layout.readings, results.never_fail), has_low=True)
        over = find_parts_over_total(
            layout, rules, is_left=censor["left"], is_right=censor["right"]
        )
        results.add("part_over_total", over)
        results.add_sequence_tests(layout, rules, censor["left"] | censor["right"])
        return results

    def add(self, test: str, levels: Levels | None, *, has_low: bool = False) -> None:
        """Keep one test's levels; for a toxic metal a machine says suspect at most.

        The range test keeps its own counsel: too low a value (``has_low``) fails for all.
        """
        if levels is None:
            return
        if not has_low and np.any(self.never_fail == 1):
            levels[(levels == Flag.FAIL) & (self.never_fail == 1)] = Flag.SUSPECT
        self.levels[test] = levels

    def add_sequence_tests(self, layout: Layout, rules: QualityRules, is_censored: Mask) -> None:
        is_judged = self.is_finite & ~_has_successor(layout.readings, self.is_finite)
        readings = layout.readings.keep(is_judged)
        links = link(readings, rules)
        found = (
            find_spikes(readings, links),
            find_flat_lines(readings, links, is_censored[is_judged]),
            find_fast_changes(readings, links),
        )
        for place, (test, levels) in enumerate(zip(SEQUENCE_TESTS, found, strict=True)):
            if levels is None:
                continue
            whole = np.where(self.is_finite, REPEATED, NONE)
            whole[is_judged] = _reasons(test, levels, links)
            whole *= _has_test(layout.readings, test)
            self.reasons += whole * np.int16(len(REASONS) ** place)
            spread = np.full(len(whole), Flag.NOT_EVALUATED, dtype=np.int8)
            spread[is_judged] = levels
            self.add(test, spread)

    def summary(self) -> tuple[Levels, npt.NDArray[np.int16], npt.NDArray[np.int16]]:
        """The worst flag; the tests that set 3 or 4 and the reasons, each packed in a number."""
        tests = np.where(self.is_finite, 0, MISSING).astype(np.int16)
        for place, name in enumerate(TESTS):
            if name in self.levels:
                bad = np.flatnonzero(self.levels[name] > Flag.NOT_EVALUATED)
                tests[bad] += (self.levels[name][bad] - Flag.NOT_EVALUATED) * np.int16(3**place)
        untested = np.full(len(tests), Flag.NOT_EVALUATED, dtype=np.int8)
        flag = worst_of(list(self.levels.values()) or [untested])
        flag[~self.is_finite] = Flag.MISSING
        return flag, tests, self.reasons


def _has_test(readings: Readings, test: str) -> Mask | np.bool_:
    return np.equal(readings.param(lambda found: getattr(found, test) is not None), 1.0)


def _has_successor(readings: Readings, is_finite: Mask) -> Mask:
    """Finite readings that a later revision of the same series and time follows."""
    finite = readings.keep(is_finite)
    is_repeated = (finite.time_us[1:] == finite.time_us[:-1]) & ~series_ends(finite)
    has = np.zeros(len(is_finite), dtype=np.bool_)
    if is_repeated.any():
        has[np.flatnonzero(is_finite)[:-1][is_repeated]] = True
    return has


def _reasons(test: str, levels: Levels, links: Links) -> npt.NDArray[np.int16]:
    """Why a test was not evaluated, as places in REASONS; 0 where it was."""
    reasons = np.zeros(len(levels), dtype=np.int16)
    if test == "flat_line":
        reasons[...] = REASONS.index("short")
    else:
        breaks = np.flatnonzero(~links.is_linked)
        is_apart = links.is_apart[breaks]
        reasons[breaks[is_apart] + 1] = reasons[:1] = REASONS.index("first")
        if test == "spike":
            reasons[breaks[is_apart]] = reasons[-1:] = REASONS.index("last")
            reasons[breaks[~is_apart]] = REASONS.index("gap")
        reasons[breaks[~is_apart] + 1] = REASONS.index("gap")
    reasons[levels != Flag.NOT_EVALUATED] = 0
    return reasons


def _texts(packed: npt.NDArray[np.int16], name: Callable[[int], str]) -> ExtensionArray:
    """A text column of which only the few different texts are made."""
    distinct = np.flatnonzero(np.bincount(packed, minlength=1))
    place = np.zeros(distinct[-1] + 1 if len(distinct) else 1, dtype=np.intp)
    place[distinct] = np.arange(len(distinct))
    return pd.array([name(int(code)) for code in distinct], dtype="str").take(place[packed])


def _name_tests(packed: int) -> str:
    named = ["missing"] if packed >= MISSING else []
    for test in TESTS:
        packed, digit = divmod(packed, 3)
        if digit:
            named.append(f"{test}:{digit + Flag.NOT_EVALUATED}")
    return ",".join(named)


def _name_reasons(packed: int) -> str:
    named: list[str] = []
    for test in SEQUENCE_TESTS:
        packed, reason = divmod(packed, len(REASONS))
        if reason:
            named.append(f"{test}:{REASONS[reason]}")
    return ",".join(named)
