from __future__ import annotations

import pytest
from pydantic import ValidationError

from ecomon.alert import AlertRules


def test_each_exceedance_has_one_condition(rules: AlertRules) -> None:
    def found(basis: str, *, metal: bool, target: bool) -> str | None:
        condition = rules.find(basis, is_toxic_metal=metal, has_target=target)
        return condition.id if condition else None

    assert found("table_3", metal=True, target=False) == "table-3-metal"
    assert found("table_3", metal=False, target=True) == "table-3-other"
    assert found("target", metal=False, target=True) == "target"
    assert found("target", metal=True, target=True) == "target-metal"
    assert found("class_3", metal=False, target=False) == "class-3-no-target"
    assert found("class_3", metal=False, target=True) is None  # the target speaks already


def test_a_metal_goes_out_on_the_first_reading(rules: AlertRules) -> None:
    metal = [condition for condition in rules.conditions if condition.items == "toxic_metals"]
    assert metal and all(condition.min_repeats == 1 for condition in metal)
    assert all(condition.severity == "critical" for condition in metal)


def test_the_end_of_an_event(rules: AlertRules) -> None:
    """48 h of continuous compliance for a metal (HJ 589-2021, 6.3); a warning's end is not told."""
    for condition in rules.conditions:
        assert condition.tells_resolved == (condition.severity == "critical")
        assert 24 <= condition.calm_h <= 48
        assert condition.is_unverified  # deadband, calm and repetition are this project's
        if condition.items == "toxic_metals":
            assert condition.calm_h == 48
            assert condition.ending_zh == "是否终止应急由指挥部决定"
            assert "Verified: the report within 2 hours" in condition.source


def test_calm_is_beyond_the_deadband(rules: AlertRules) -> None:
    condition = rules.of("target")
    assert condition is not None

    def is_calm(key: str, value: float, limit: float, *, upper: bool = True) -> bool:
        return rules.is_calm(value, limit, condition=condition, determinand=key, is_upper=upper)

    assert is_calm("NH3N", 0.47, 0.5) and not is_calm("NH3N", 0.48, 0.5)
    assert is_calm("DO", 6.4, 6.0, upper=False) and not is_calm("DO", 6.2, 6.0, upper=False)
    assert is_calm("PH", 8.85, 9.0) and not is_calm("PH", 8.95, 9.0)


def test_wrong_rules_name_what_is_wrong(rules: AlertRules) -> None:
    document = rules.model_dump()
    with pytest.raises(ValidationError, match="stands twice"):
        AlertRules.model_validate(document | {"conditions": [document["conditions"][0]] * 2})
    with pytest.raises(ValidationError, match="not negative"):
        AlertRules.model_validate(document | {"absolute_deadbands": {"PH": -0.1}})
    with pytest.raises(ValidationError, match="stand together"):
        half = document["conditions"][0] | {"ending_en": None}
        AlertRules.model_validate(document | {"conditions": [half]})
    with pytest.raises(ValidationError, match="min_repeat_s"):
        AlertRules.model_validate(document | {"min_repeat_s": 1})
