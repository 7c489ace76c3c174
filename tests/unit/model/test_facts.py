from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from pydantic import ValidationError

from ecomon.errors import ContractError
from ecomon.model.place import Section
from ecomon.model.standard import ClassLimits, Standard
from ecomon.model.tables import OBSERVATIONS

BORDER = {
    "id": "yaodu", "name_zh": "姚渡", "name_en": "Yaodu", "river": "bailong", "kind": "border",
    "located_in": "510822", "source": "test", "confidence": "verified",
}  # fmt: skip


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="targetgrade"):
        Section(
            **BORDER,
            upstream_jurisdiction="621222",
            downstream_jurisdiction="510822",
            targetgrade=2,
        )


def test_a_border_section_has_two_sides() -> None:
    with pytest.raises(ValidationError, match="upstream"):
        Section(**BORDER)


def test_validity_is_half_open() -> None:
    section = Section(
        **BORDER, upstream_jurisdiction="621222", downstream_jurisdiction="510822",
        valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1),
    )  # fmt: skip
    assert section.holds_on(date(2020, 1, 1)) and not section.holds_on(date(2021, 1, 1))


def limits(*numbers: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(number) for number in numbers)


def test_limits_never_tighten_from_class_one_to_five() -> None:
    ClassLimits(
        determinand="TP", direction="le", classes=limits("0.02", "0.1", "0.2", "0.3", "0.4")
    )
    ClassLimits(determinand="DO", direction="ge", classes=limits("7.5", "6", "5", "3", "2"))
    with pytest.raises(ValidationError, match="tighten"):
        ClassLimits(
            determinand="TP", direction="le", classes=limits("0.2", "0.1", "0.2", "0.3", "0.4")
        )
    with pytest.raises(ValidationError, match="tighten"):
        ClassLimits(determinand="DO", direction="ge", classes=limits("2", "3", "5", "6", "7.5"))


def test_a_standard_holds_each_determinand_once() -> None:
    one = ClassLimits(determinand="PH", direction="range", low=Decimal(6), high=Decimal(9))
    with pytest.raises(ValidationError, match="PH"):
        Standard(
            id="x", code="x", title_zh="x", title_en="x", table="1", applies_to="river",
            effective_from=date(2002, 6, 1), class_limits=(one, one), source="x", confidence="verified",
        )  # fmt: skip


def test_a_contract_names_what_is_wrong() -> None:
    table = OBSERVATIONS.empty().drop(columns="value").assign(row=pd.Series(dtype="float64"))
    with pytest.raises(ContractError, match=r"no column 'value'; 'row' is float64, not int"):
        OBSERVATIONS.check(table)
