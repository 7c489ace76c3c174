"""Quality rules as data: which tests a reading meets, by determinand, site and month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ecomon.model.fact import Fact, Noun, Slug

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Limit = float | Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]
"""One number, or twelve from January to December; in the determinand's canonical unit."""


class RangeTest(Noun):
    """Values that cannot be (fail) or can hardly be (suspect); equality passes.

    ``suspect_low`` must not lie below ``fail_low``, nor ``suspect_high`` above ``fail_high``.
    """

    fail_low: Limit | None = None
    suspect_low: Limit | None = None
    suspect_high: Limit | None = None
    fail_high: Limit | None = None

    @model_validator(mode="after")
    def _in_order(self) -> RangeTest:
        given = (self.fail_low, self.suspect_low, self.suspect_high, self.fail_high)
        present = [limit for limit in given if limit is not None]
        if not present:
            raise ValueError("a range test has at least one limit")
        for month in range(1, 13):
            of_month = [limit_of_month(limit, month) for limit in present]
            if of_month != sorted(of_month):
                raise ValueError("fail_low <= suspect_low <= suspect_high <= fail_high")
        return self

    @property
    def is_monthly(self) -> bool:
        limits = (self.fail_low, self.suspect_low, self.suspect_high, self.fail_high)
        return any(isinstance(limit, tuple) for limit in limits)


def limit_of_month(limit: Limit | None, month: int) -> float:
    """The limit that holds in ``month`` (1..12); NaN where there is none (project rule set)."""
    if limit is None:
        return float("nan")
    return limit[month - 1] if isinstance(limit, tuple) else limit


class SpikeStep(Noun):
    """How large a step out and back is too large.

    The threshold is ``absolute``, or what the readings around ask for where that is more: the
    smaller of ``k_mad`` times their median absolute deviation and ``ratio_to_median`` times their
    median, whichever of the two is given. The floor keeps a quiet series from being judged by its
    own last digit.
    """

    absolute: Positive
    k_mad: Positive | None = None
    ratio_to_median: Positive | None = None


class SpikeTest(Noun):
    """One reading that leaves its neighbours and comes back at once.

    The step must exceed the threshold against *both* neighbours in the same sense, and the
    neighbours must be calm: they differ by at most ``calm_share`` of the smaller step.
    ``window_h`` is the whole width of the window of readings around, the reading in its middle.
    """

    suspect: SpikeStep
    fail: SpikeStep | None = None
    window_h: Positive
    calm_share: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _fail_is_harder(self) -> SpikeTest:
        if self.fail and self.fail.absolute < self.suspect.absolute:
            raise ValueError("the step that fails is smaller than the one that is suspect")
        return self


class FlatRun(Noun):
    """A run is flat when it lasts at least ``span_h`` and has at least ``n_readings``."""

    span_h: Positive
    n_readings: int = Field(ge=2)


class FlatLineTest(Noun):
    """The same value, within ``tolerance`` from its lowest to its highest, for too long."""

    tolerance: float = Field(ge=0, allow_inf_nan=False)
    suspect: FlatRun
    fail: FlatRun | None = None


class RateTest(Noun):
    """Change per hour from one reading to the next, rise and fall apart."""

    suspect_rise_per_h: Positive | None = None
    suspect_fall_per_h: Positive | None = None
    fail_rise_per_h: Positive | None = None
    fail_fall_per_h: Positive | None = None

    @model_validator(mode="after")
    def _something_to_test(self) -> RateTest:
        if not any(limit is not None for _, limit in self):
            raise ValueError("a rate test has at least one limit")
        return self


class Checks(Fact):
    """The tests of some determinands, everywhere or at some sites.

    An entry with ``sites`` overrides the general one of the same determinand there: what it does
    not give it takes from the general entry, but for the tests ``without`` which the site is.

    Attributes
    ----------
    unit : str
        Unit of all limits; observations in another unit are refused.
    detection_limit : float or None
        Values at or below it, like censored ones, are never a flat line.
    gap_h, cycle_h : float or None
        As in QualityRules, for these determinands.
    never_fail : bool
        A machine makes the reading suspect at most (toxic metals), except for an impossibly low
        value. A person decides about the rest.
    """

    determinands: tuple[str, ...] = Field(min_length=1)
    sites: tuple[Slug, ...] = ()
    unit: str | None = None
    detection_limit: Positive | None = None
    range: RangeTest | None = None
    spike: SpikeTest | None = None
    flat_line: FlatLineTest | None = None
    rate: RateTest | None = None
    gap_h: Positive | None = None
    cycle_h: Positive | None = None
    never_fail: bool = False
    without: tuple[Literal["range", "spike", "flat_line", "rate"], ...] = ()
    note: str | None = None

    def overridden_by(self, local: Checks) -> Checks:
        """These checks with everything that ``local`` gives put in their place."""
        fields = type(self).model_fields.items()
        given = {
            name: getattr(local, name)
            for name, field in fields
            if getattr(local, name) != field.default
        }
        return self.model_copy(update=given | dict.fromkeys(local.without))


class PartOfTotal(Fact):
    """Two determinands of which one is part of the other: NH3N of TN, CODMN (weaker) of COD.

    Both are suspect where part > total x ``ratio`` + ``absolute``.
    """

    part: str
    total: str
    ratio: float = Field(ge=1)
    absolute: float = Field(ge=0)


class RatingTest(Fact):
    """How far a discharge may lie from what the rating table makes of its stage.

    Both are suspect beyond the larger of ``share`` of the rated discharge and ``absolute_m3_s``.
    """

    share: Positive
    absolute_m3_s: Positive


class MediumRules(Fact):
    """Tests of the readings of another medium, judged together with all others.

    Attributes
    ----------
    checks : dict
        As in QualityRules; a label and a determinand stand in one file only.
    remarks : tuple of str
        Codes that a source sets beside a reading (``WPTN=4``) and that judge nothing.
    rating : RatingTest, optional
        For stages and discharges of gauges with a rating table.
    """

    id: Slug
    version: str
    effective_from: date
    checks: dict[str, Checks]
    remarks: tuple[str, ...] = ()
    rating: RatingTest | None = None


class QualityRules(Fact):
    """All that :func:`ecomon.quality.evaluate` goes by; one version of it.

    Attributes
    ----------
    source_flags : dict
        What a station says of itself, letter for letter, to a QARTOD flag.
    unknown_source_flag : {2, 3, 4}
        The flag of any other text; a station that says something new is never simply good.
    gap_h : float
        A longer step between two readings breaks the series: no test looks across it.
    cycle_h : float
        Usual step between two readings.
    checks : dict
        By a label that an overlay can name.
    remarks, rating
        As in MediumRules.
    """

    id: Slug
    version: str
    effective_from: date
    source_flags: dict[str, Literal[1, 2, 3, 4]]
    unknown_source_flag: Literal[2, 3, 4]
    gap_h: Positive
    cycle_h: Positive
    checks: dict[str, Checks]
    totals: tuple[PartOfTotal, ...] = ()
    remarks: tuple[str, ...] = ()
    rating: RatingTest | None = None

    @model_validator(mode="after")
    def _one_entry_each(self) -> QualityRules:
        seen: dict[tuple[str | None, str], str] = {}
        for label, entry in self.checks.items():
            if entry.unit is None and not entry.sites:
                raise ValueError(f"{label}: a general entry names the unit of its limits")
            for site in entry.sites or (None,):
                for determinand in entry.determinands:
                    other = seen.setdefault((site, determinand), label)
                    if other != label:
                        raise ValueError(f"{determinand} stands in both {other} and {label}")
        for label, entry in self.checks.items():
            for found in self._resolved(entry):
                if (found.gap_h or self.gap_h) < (found.cycle_h or self.cycle_h):
                    raise ValueError(f"{label}: gap_h is shorter than cycle_h")
        return self

    @property
    def key(self) -> str:
        """Name and version, as flags and runs cite them."""
        return f"{self.id}@{self.version}"

    def with_medium(self, medium: MediumRules) -> QualityRules:
        """These rules and those of another medium as one; ValueError where a determinand stands in both."""
        twice = sorted(self.checks.keys() & medium.checks.keys())
        if twice:
            raise ValueError(f"{', '.join(twice)}: stands in {self.id} and in {medium.id}")
        changed: dict[str, object] = {
            "version": f"{self.version}+{medium.id}@{medium.version}",
            "checks": {**self.checks, **medium.checks},
            "remarks": (*self.remarks, *medium.remarks),
            "rating": medium.rating or self.rating,
        }
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return QualityRules.model_validate({**given, **changed})

    def is_remark(self, text: str) -> bool:
        """Whether a source's text is made of codes that judge nothing, as ``FLWCHRCD=<;WPTN=4``."""
        names = [part.partition("=")[::2] for part in text.split(";")]
        return bool(self.remarks) and all(value and name in self.remarks for name, value in names)

    @property
    def reach_h(self) -> float:
        """Hours within which one reading can change the flag of another, at any site.

        ``prior`` rows older than this before the first observation change nothing, and flags
        older than this before a new reading need not be evaluated again.
        """
        return max((_reach_h(found, self) for found in self._all_resolved()), default=self.gap_h)

    def reach_h_at(self, site: str) -> float:
        """The same for the series of one site: a daily station reaches farther than a 4-hourly one."""
        names = {name for entry in self.checks.values() for name in entry.determinands}
        found = (self.checks_of(site, name) for name in names)
        return max((_reach_h(one, self) for one in found if one), default=2 * self.gap_h)

    def checks_of(self, site: str | None, determinand: str) -> Checks | None:
        """The checks of one series, overrides applied; None where it has none."""
        found: Checks | None = None
        for entry in self._entries(determinand):
            if not entry.sites or site in entry.sites:
                found = entry if found is None else found.overridden_by(entry)
        return found

    def table_of_checks(
        self, sites: Sequence[str], determinands: Sequence[str]
    ) -> tuple[list[Checks | None], npt.NDArray[np.intp]]:
        """Every different set of checks, and which one holds, shape (site, determinand)."""
        found: list[Checks | None] = [None]
        which = np.zeros((len(sites), len(determinands)), dtype=np.intp)
        for column, determinand in enumerate(determinands):
            entries = list(self._entries(determinand))
            if not entries:
                continue
            found.append(self.checks_of(None, determinand))
            which[:, column] = len(found) - 1
            special = {site for entry in entries for site in entry.sites}
            for row, site in enumerate(sites):
                if site in special:
                    found.append(self.checks_of(site, determinand))
                    which[row, column] = len(found) - 1
        return found, which

    def _entries(self, determinand: str) -> Iterator[Checks]:
        """General entries first, so that an override finds what it overrides."""
        of_it = [entry for entry in self.checks.values() if determinand in entry.determinands]
        yield from sorted(of_it, key=lambda entry: bool(entry.sites))

    def _resolved(self, entry: Checks) -> Iterator[Checks]:
        for determinand in entry.determinands:
            for site in entry.sites or (None,):
                if found := self.checks_of(site, determinand):
                    yield found

    def _all_resolved(self) -> Iterator[Checks]:
        for entry in self.checks.values():
            yield from self._resolved(entry)


def _reach_h(found: Checks, rules: QualityRules) -> float:
    gap_h = found.gap_h or rules.gap_h
    reach_h = 2 * gap_h
    if found.spike:
        reach_h = max(reach_h, found.spike.window_h / 2)
    if found.flat_line:
        for run in (found.flat_line.suspect, found.flat_line.fail):
            if run:
                reach_h = max(reach_h, run.span_h + gap_h, run.n_readings * gap_h)
    return reach_h
