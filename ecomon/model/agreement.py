"""Compensation agreements (补偿协议) as data: parties, factors, prices, rounding, data rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from ecomon.model.fact import Dated, Fact, Noun, Slug

Mode = Literal["one_sided", "two_sided"]


class Party(Noun):
    """A side of an agreement (协议方)."""

    jurisdiction: str = Field(pattern=r"^\d{6}$")
    name_zh: str
    name_en: str


class Factor(Fact):
    """One determinand that is paid for.

    ``target_mg_l`` is the concentration agreed; ``price_cny_per_t`` the money for one tonne of
    load above (or, two-sided, below) it.
    """

    determinand: str
    target_mg_l: Decimal = Field(gt=0)
    price_cny_per_t: Decimal = Field(gt=0)
    decimals_concentration: int = Field(ge=0, le=6)


class Agreement(Dated):
    """One version of one agreement, family F2: load excess x price.

    amount = (C - target) x V / 1e6 x price per factor and month (compensation.md F2). The excess
    load is quantised at ``decimals_load_t`` before it meets the price, money is rounded once per
    line at ``decimals_money``. Sign: a positive amount is paid by the downstream party to the
    upstream one, a negative amount the other way.
    """

    id: Slug
    version: str
    name_zh: str
    name_en: str
    is_shadow: bool
    legal_basis: str
    section: Slug
    upstream: Party
    downstream: Party
    family: Literal["F2"]
    mode: Mode
    load_method: Literal["B"] = "B"
    factors: tuple[Factor, ...] = Field(min_length=1)
    censored_in_load: Literal["zero", "half_limit"] = "zero"
    min_days_per_month: int = Field(ge=1, le=31)
    min_coverage_discharge: float = Field(gt=0, le=1)
    decimals_load_t: int = Field(ge=0, le=9)
    decimals_money: int = Field(ge=0, le=4)

    @model_validator(mode="after")
    def _two_parties_and_single_factors(self) -> Agreement:
        if self.upstream.jurisdiction == self.downstream.jurisdiction:
            raise ValueError("the two parties are the same jurisdiction")
        names = [factor.determinand for factor in self.factors]
        if len(set(names)) != len(names):
            raise ValueError("a determinand stands twice among the factors")
        return self

    @property
    def key(self) -> str:
        return f"{self.id}@{self.version}"
