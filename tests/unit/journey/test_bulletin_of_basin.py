"""A month in which every section of the basin was measured: none is hidden, none has an invented target."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd
import pytest

from ecomon.journey.assess_period import Assessment, assess_month
from ecomon.journey.make_bulletin import MonthResults, make_bulletin
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import FLAGGED
from ecomon.registry import Registry, read_registry

MONTH = Period.month(2021, 4)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def flagged(registry: Registry) -> pd.DataFrame:
    """One reading of each section on each day, of what no chart is drawn of."""
    starts = [datetime(2021, 4, day, 8) for day in range(1, 31)]
    rows = [(site, start) for site in sorted(registry.sections) for start in starts]
    n = len(rows)
    return FLAGGED.frame(
        {
            "site": [site for site, _ in rows], "determinand": ["BOD5"] * n, "statistic": ["value"] * n,
            "start": [start for _, start in rows], "duration_s": [0] * n,
            "programme": ["automatic"] * n, "source": ["test"] * n, "replicate": [0] * n,
            "value": [3.5] * n, "unit": ["mg/L"] * n, "censor": ["none"] * n, "source_flag": [""] * n,
            "row": list(range(1, n + 1)), "revision": list(range(1, n + 1)), "flag": [1] * n,
            "tests": [""] * n,
        }
    ).assign(approval="provisional")  # fmt: skip


@pytest.fixture(scope="module")
def assessment(registry: Registry, flagged: pd.DataFrame) -> Assessment:
    return assess_month(flagged, registry, MONTH)


def test_no_section_without_target_is_called_compliant(
    registry: Registry, assessment: Assessment
) -> None:
    verdicts = dict(zip(assessment.grades["site"], assessment.grades["verdict"], strict=True))
    assert verdicts.keys() == registry.sections.keys()
    without = {one.id for one in registry.sections.values() if not one.targets}
    assert len(without) == 80
    assert not {verdicts[site] for site in without} & {"compliant", "exceeding"}


def test_the_page_names_every_section_and_every_missing_target(
    registry: Registry, flagged: pd.DataFrame, assessment: Assessment
) -> None:
    results = MonthResults(
        means=assessment.monthly,
        grades=assessment.grades,
        exceedances=assessment.exceedances,
        flagged=flagged,
        alerts=[],
        reviews=pd.DataFrame({"revision": [], "context": []}),
    )
    provenance = Provenance("real", 1, registry.hash, "test")
    page = make_bulletin(results, registry, MONTH, provenance)["index.html"].decode("utf-8")
    (table,) = (one for one in page.split("<table")[1:] if "断面水质评价" in one)
    rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)
    for section in registry.sections.values():
        if section.kind == "intake":
            continue  # judged by Table 3, with a table of its own
        (row,) = (one for one in rows if f">{section.name_zh}<" in one.partition("</t")[0])
        assert ("目标未配置" in row) == (not section.targets), section.id
    (lost,) = (one for one in rows if ">九缸村<" in one)
    assert "河流不详" in lost
