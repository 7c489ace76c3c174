from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from ecomon.quality import QualityRules
from ecomon.quality.rules import FlatLineTest, RangeTest, RateTest, SpikeTest

MakeRules = Callable[..., QualityRules]


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"fail_low": 1, "suspect_low": 0},
        {"suspect_high": 5, "fail_high": 4},
        {"fail_low": [float(month) for month in range(12)], "fail_high": 5},
        {"fail_low": [0.0] * 11},
    ],
)
def test_limits_out_of_order_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RangeTest.model_validate(limits)


def test_other_senseless_tests_are_refused() -> None:
    step = {"suspect": {"absolute": 2}, "fail": {"absolute": 1}, "window_h": 24, "calm_share": 0.5}
    with pytest.raises(ValidationError, match="smaller"):
        SpikeTest.model_validate(step)
    with pytest.raises(ValidationError):
        FlatLineTest.model_validate({"tolerance": -1, "suspect": {"span_h": 1, "n_readings": 2}})
    with pytest.raises(ValidationError, match="at least one"):
        RateTest.model_validate({})


def test_entries_must_not_contend(make_rules: MakeRules) -> None:
    with pytest.raises(ValidationError, match="NH3N stands in both"):
        make_rules({"determinands": ("NH3N",), "unit": "mg/L"})
    with pytest.raises(ValidationError, match="names the unit"):
        make_rules({"determinands": ("TP",)})
    with pytest.raises(ValidationError, match="gap_h is shorter"):
        make_rules({"determinands": ("NH3N",), "sites": ("badu",), "cycle_h": 24})


def test_an_override_may_stand_anywhere(make_rules: MakeRules) -> None:
    rules = make_rules(
        {"determinands": ("NH3N",), "sites": ("badu",), "gap_h": 30}, range={"fail_low": 0}
    )
    here, elsewhere = rules.checks_of("badu", "NH3N"), rules.checks_of("yaodu", "NH3N")
    assert here and elsewhere
    assert (here.gap_h, here.range, here.unit) == (30, elsewhere.range, "mg/L")
    assert elsewhere.gap_h is None
    assert rules.checks_of("badu", "WT") is None
    assert rules.reach_h == 60


def test_a_site_without_a_test(make_rules: MakeRules) -> None:
    local = {"determinands": ("NH3N",), "sites": ("badu",), "without": ["range"]}
    rules = make_rules(local, range={"fail_low": 0}, never_fail=True)
    here = rules.checks_of("badu", "NH3N")
    assert here and here.range is None and here.never_fail


def test_rules_read_back_from_their_snapshot_judge_alike(shipped: QualityRules) -> None:
    again = QualityRules.model_validate_json(shipped.model_dump_json())
    assert again == shipped
    for site, determinand in (("qingfengxia", "CODMN"), ("yaodu", "NH3N"), ("x", "TL")):
        assert again.checks_of(site, determinand) == shipped.checks_of(site, determinand)


def test_shipped_rules_say_how_sure_they_are(shipped: QualityRules) -> None:
    assert shipped.is_unverified
    assert shipped.key == "surface-water@5+hydrology@1"
    assert shipped.source_flags["维护"] == 3
    metals = shipped.checks["metals"]
    assert metals.never_fail and {"SB", "TL", "CD", "AS", "HG", "PB"} <= set(metals.determinands)
    daily = shipped.checks_of("qingfengxia", "CODMN")
    assert daily and daily.gap_h == 72 and daily.spike
