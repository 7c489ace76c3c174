"""What a feed is expected to send (应到): how often, how late it may be, when its silence counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Dated, Fact, Slug

DAY_S = 86_400


class Suspension(Dated):
    """A site (or, without ``site``, the whole feed) that is known to send nothing for some days."""

    site: Slug | None = None
    reason: str


class Expectation(Fact):
    """What should come from one feed.

    Attributes
    ----------
    id : str
        The feed's name, as the source of its observations.
    cadence_s : int or None
        A reading is due every so many seconds; it divides a day. None: nothing is expected.
    phase_s : int
        The first one after midnight (Beijing).
    grace_s : int
        From the start of a reading's interval until it should have arrived here.
    silent_after_s : int
        Without a reading for so long (and the grace), a station or the source counts as silent.
    forget_after_s : int
        A source without a reading for so long is not connected any more; nothing is expected.
    expects : {"named", "seen"}
        *named*: every site the registry has a name of, in that feed on that day. *seen*: those of
        them of which a reading has ever come.
    interval_form : {"hh.mm", "hours"}
        How the feed writes the length of an interval (INTV of rainfall): 0.30 is 30 minutes, or
        three tenths of an hour.
    is_watched : bool or None
        None: from the first reading on that ever came from it. True or False: a site's own word.
    """

    id: Slug
    name_zh: str
    name_en: str
    cadence_s: int | None = Field(default=None, gt=0, le=DAY_S)
    phase_s: int = Field(default=0, ge=0)
    grace_s: int = Field(default=0, ge=0)
    silent_after_s: int = Field(default=DAY_S, gt=0)
    forget_after_s: int = Field(default=30 * DAY_S, gt=0)
    expects: Literal["named", "seen"] = "named"
    interval_form: Literal["hh.mm", "hours"] = "hh.mm"
    is_watched: bool | None = None
    suspensions: tuple[Suspension, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _fits_a_day(self) -> Expectation:
        if self.cadence_s is not None:
            if DAY_S % self.cadence_s:
                raise ValueError("cadence_s divides a day, 86400 s: every day has the same times")
            if self.phase_s >= self.cadence_s:
                raise ValueError("phase_s is less than cadence_s")
            if self.silent_after_s < self.cadence_s:
                raise ValueError("silent_after_s is no less than cadence_s")
        return self

    @property
    def patience(self) -> timedelta:
        """From the start of the last reading until its silence counts."""
        return timedelta(seconds=self.silent_after_s + self.grace_s)

    def is_suspended(self, site: str, day: date) -> bool:
        """True where nothing is expected of a site on a day."""
        return any(one.holds_on(day) and one.site in (None, site) for one in self.suspensions)
