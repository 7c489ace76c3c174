"""Alert conditions as data: what becomes a notice, when, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Fact, Noun, Slug

Basis = Literal["class_3", "target", "table_3"]
Severity = Literal["critical", "warning"]
SEVERITY_ZH: dict[Severity, str] = {"critical": "紧急", "warning": "关注"}


class Condition(Fact):
    """One alert condition (告警条件).

    Attributes
    ----------
    basis : {"class_3", "target", "table_3"}
        The basis of the exceedances it looks at.
    items : {"toxic_metals", "others", "all"}
        Whose exceedances, by ``Determinand.is_toxic_metal``.
    is_without_target_only : bool
        Only at sections that have no target, so that one reading does not raise two alerts.
    min_repeats : int
        Readings over the limit, one after the other, that make it fire.
    calm_repeats, calm_h : int, float
        Calm readings, one after the other, that resolve it, and how many hours there must be from
        the first of them to the last. An exceedance before that goes on with the same event.
    deadband : float
        Share of the limit: calm is below limit x (1 - deadband), above limit x (1 + deadband) for
        a lower limit. Readings between that and the limit neither fire nor resolve.
    tells_resolved : bool
        Its end is told as well as its beginning.
    ending_zh, ending_en : str or None
        What its end leaves to people. Where given, calm is told as compliance and not as the end.
    """

    id: Slug
    name_zh: str
    name_en: str
    basis: Basis
    items: Literal["toxic_metals", "others", "all"] = "all"
    is_without_target_only: bool = False
    severity: Severity
    min_repeats: int = Field(ge=1)
    calm_repeats: int = Field(ge=1)
    calm_h: float = Field(ge=0)
    deadband: float = Field(ge=0, lt=1)
    tells_resolved: bool
    action_zh: str
    action_en: str
    ending_zh: str | None = None
    ending_en: str | None = None

    @model_validator(mode="after")
    def _both_languages(self) -> Condition:
        if (self.ending_zh is None) != (self.ending_en is None):
            raise ValueError("ending_zh and ending_en stand together")
        return self

    def fits(self, basis: str, *, is_toxic_metal: bool, has_target: bool) -> bool:
        if self.basis != basis or (self.is_without_target_only and has_target):
            return False
        return self.items == "all" or (self.items == "toxic_metals") == is_toxic_metal


class InstrumentRules(Noun):
    """When an instrument that speaks to a gateway is told to the operators.

    Attributes
    ----------
    silent_cadences : float
        It is silent after so many of its own intervals without data, and ``grace_s``.
    grace_s : float
        From the end of an interval until its data should have come.
    forget_after_h : float
        One that was silent so long before anybody looked opens no alert.
    quirk_known_for_h : float
        An instrument that was first heard so long before it began to show a quirk has changed.
    quirk_is_new_h : float
        So long after that the quirk counts as new.
    """

    silent_cadences: float = Field(default=3, ge=1)
    grace_s: float = Field(default=900, ge=0)
    forget_after_h: float = Field(default=720, gt=0)
    quirk_known_for_h: float = Field(default=24, ge=0)
    quirk_is_new_h: float = Field(default=168, gt=0)


class AlertRules(Fact):
    """The conditions in the order they are tried, and what holds for all of them.

    Attributes
    ----------
    max_gap_h : float
        The longest time between two readings that still follow one another; a pending value with
        no further exceedance for so long goes to a person. Calm is not continuous over a longer one.
    max_notice_age_h : float
        Data that come later than this after the event tell no office of it, unless asked to.
    absolute_deadbands : mapping of determinand to float
        In the canonical unit, instead of the condition's share (pH).
    instruments : InstrumentRules
        Of instruments that fall silent or change; told to the operators, not to offices.
    """

    id: Slug
    max_gap_h: float = Field(gt=0)
    max_notice_age_h: float = Field(gt=0)
    absolute_deadbands: Mapping[str, float] = Field(default_factory=dict)
    conditions: tuple[Condition, ...] = Field(min_length=1)
    instruments: InstrumentRules = InstrumentRules()

    @model_validator(mode="after")
    def _sensible(self) -> AlertRules:
        ids = [condition.id for condition in self.conditions]
        if len(set(ids)) != len(ids):
            raise ValueError("a condition id stands twice")
        if any(width < 0 for width in self.absolute_deadbands.values()):
            raise ValueError("a deadband is not negative")
        return self

    def find(self, basis: str, *, is_toxic_metal: bool, has_target: bool) -> Condition | None:
        """The first condition that fits, or None: such an exceedance raises nothing."""
        for condition in self.conditions:
            if condition.fits(basis, is_toxic_metal=is_toxic_metal, has_target=has_target):
                return condition
        return None

    def of(self, condition_id: str) -> Condition | None:
        return next((one for one in self.conditions if one.id == condition_id), None)

    def is_calm(
        self, value: float, limit: float, *, condition: Condition, determinand: str, is_upper: bool
    ) -> bool:
        """True where a value complies with its limit by more than the deadband."""
        width = self.absolute_deadbands.get(determinand, condition.deadband * limit)
        return value <= limit - width if is_upper else value >= limit + width
