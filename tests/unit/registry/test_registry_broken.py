"""A wrong file stops the programme and names file, line, field and reason; all problems at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecomon.errors import Problem, RegistryError
from ecomon.registry import Registry, read_registry

Break = Callable[[str, str, str], tuple[Problem, ...]]

JIALING = "stations/sections/jialing.yaml"
BAILONG = "stations/sections/bailong.yaml"
WATER = "thresholds/determinands/water.yaml"
RIVER = "thresholds/standards/GB3838-2002-table1-river.yaml"
YAODU = "thresholds/agreements/shadow-yaodu.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "reason"),
    [
        (JIALING, "kind: headwater", "kind: head", "huangniupu.kind", "Input should be"),
        (JIALING, "located_in: \"610330\"", "located_on: \"610330\"", "huangniupu.located_on", "Extra"),
        (JIALING, "targets: [{grade: 2}]", "targets: [{grade: 7}]", "guojiawan.targets[0].grade", "Input"),
        (JIALING, "river: jialing", "river: jialin", "defaults.river", "nothing that is known among rivers"),
        (JIALING, "downstream: datan", "downstream: datam", "bamiaogou.downstream", "among sections"),
        (JIALING, "downstream: datan", "downstream: huangniupu", "bamiaogou.downstream", "1093.0 km is above"),
        (JIALING, "offices: [xiwan-", "offices: [xivan-", "bamiaogou.offices[0]", "among offices"),
        (JIALING, "gauge: xindianzi", "gauge: xinzi", "bamiaogou.discharge[0].gauge", "among gauges"),
        (JIALING, "[longitude, latitude,", "[lon, latitude,", "huangniupu.unverified_fields[0]", "no field"),
        (JIALING, "key: 四川省/八庙沟", "key: 四川省/八庙沟（老）", "bamiaogou.aliases[0].key", "no brackets"),
        (JIALING, "confidence: secondary", "confidence: sure", "defaults.confidence", "Input should be"),
        (JIALING, "defaults:\n", "defaults:\n  colour: blue\n", "defaults.colour", "no field of sections"),
        (JIALING, "id: huangniupu", "id: Huangniupu", "Huangniupu.id", "lower-case"),
        (JIALING, "- id: zaohuoan\n", "- id:\n", "sections[1].id", "missing"),
        (BAILONG, "id: shuimo", "id: datan", "datan", "stands twice"),
        (BAILONG, "key: 四川省/苴国村", "key: 四川省/姚渡", "juguocun.aliases[0].key", "yaodu has this name"),
        (BAILONG, "targets: [{grade: 3}]", "targets: [{grade: 3}, {grade: 2}]", "juguocun.targets[1]", "same days"),
        ("stations/gauges.yaml", "id: bikou", "id: yaodu", "yaodu.id", "also an id of sections"),
        ("stations/rivers.yaml", "flows_into: changjiang", "flows_into: bailong", "flows_into", "circle"),
        ("stations/offices/shaanxi.yaml", 'jurisdiction: "610300"', 'jurisdiction: "610399"', "baoji-river-chief.jurisdiction", "among"),
        ("stations/jurisdictions/shaanxi.yaml", 'level: prefecture, parent: "610000"', "level: prefecture", "610300.parent", "names what it"),
        ("stations/jurisdictions/shaanxi.yaml", 'level: prefecture, parent: "610000"', 'level: prefecture, parent: "610330"', "610300.parent", "belongs to no county"),
        ("stations/reaches/sections.yaml", "to_section: zaohuoan", "to_section: nandu", "huangniupu_zaohuoan.to_section", "no water runs there"),
        ("stations/reaches/sections.yaml", "from_section: huangniupu", "from_section: nirgends", "huangniupu_zaohuoan.from_section", "among sections"),
        ("stations/reaches/network.yaml", "to_node: lingguanxia-hekou", "to_node: lingguan", "jl01.to_node", "among nodes"),
        ("stations/reaches/network.yaml", "to_node: lingguanxia-hekou", "to_node: jialing-hekou\n    from_section: yaodu", "jl01", "starts at one place"),
        ("stations/reaches/network.yaml", "to_section: bamiaogou", "to_section: zaohuoan", "jl07.to_section", "1032.0 km is above yangpingguan-xia"),
        ("stations/nodes.yaml", "joins: bailong", "joins: qingjianghe", "bailong-hekou.joins", "flows into bailong"),
        ("stations/nodes.yaml", "km_above_mouth: 543.1", "km_above_mouth: 545", "donghe-hekou.km_above_mouth", "joins at 543.1 km"),
        ("stations/reservoirs.yaml", "river: bailong", "river: bailon", "bikou-shuiku.river", "among rivers"),
        ("stations/reservoirs.yaml", "id: bikou-shuiku", "id: bikou", "bikou.id", "also an id of gauges"),
        ("stations/reservoirs.yaml", "normal_level_m, catch", "normal_level, catch", "unverified_fields[3]", "no field"),
        ("stations/water_plants.yaml", "intakes: [xiwan-intake]", "intakes: [qianfoya]", "xiwan-shuichang.intakes[0]", "kind emergency, not an intake"),
        ("stations/water_plants.yaml", "office: xiwan-waterworks", "office: lizhou-ecology", "xiwan-shuichang.office", "kind ecology_bureau"),
        ("stations/events.yaml", "determinand: TL", "determinand: TLX", "thallium-2021.determinand", "among determinands"),
        ("stations/events.yaml", "from_site: bamiaogou", "from_site: beiwenquan", "thallium-2021.passages[0].to_site", "768.0 km is above beiwenquan"),
        ("stations/events.yaml", "from_site: bamiaogou", "from_site: nirgends", "thallium-2021.passages[0].from_site", "among sites"),
        ("stations/courses/jialing.yaml", "34.17239 1120.0", "34.17239 1121.0", "jialing.line", "a river of 1120.0 km"),
        ("stations/courses/jialing.yaml", "34.17239 1120.0", "34.17239", "jialing.line", "point 1 is no"),
        ("stations/air_sites/sichuan.yaml", "id: laocheng", "id: guangyuan", "guangyuan.id", "also an id of gauges"),
        (WATER, "unit: degC", "unit: kelvin", "WT.unit", "unknown unit"),
        (WATER, "aliases: [总氮, TN]", "aliases: [总磷, TN]", "TN.aliases[0]", "TP has this name"),
        (RIVER, "determinand: TP", "determinand: PT", "class_limits[6].determinand", "among determinands"),
        (RIVER, "[2, 4, 6, 10, 15]", "[2, 4, 3, 10, 15]", "class_limits[2]", "tighten"),
        (RIVER, "applies_to: river", "applies_to: lake", "effective_from", "in force on the same days"),
        (YAODU, "section: yaodu", "section: yaodo", "shadow-yaodu.section", "among sections"),
        (YAODU, "determinand: TP", "determinand: WT", "factors[2].determinand", "measured in degC"),
        (YAODU, 'jurisdiction: "620000"', 'jurisdiction: "620001"', "upstream.jurisdiction", "among jurisdictions"),
        (YAODU, 'jurisdiction: "620000"', 'jurisdiction: "510000"', "shadow-yaodu", "same jurisdiction"),
        ("thresholds/quality/surface-water.yaml", "determinands: [WT]", "determinands: [WTT]", "quality.checks.WT.determinands[0]", "among determinands"),
        ("thresholds/aggregation/default.yaml", "sites: [qingfengxia]", "sites: [qingfeng]", "overrides.qingfengxia.sites[0]", "among sites"),
        ("thresholds/alerts/default.yaml", "  PH: 0.1", "  PHX: 0.1", "alerts.absolute_deadbands.PHX", "no determinand"),
        ("thresholds/loads/default.yaml", "  CODMN:", "  CODMX:", "decay.CODMX", "no determinand"),
    ],
)  # fmt: skip
def test_a_slip_is_named(
    break_file: Break, file: str, old: str, new: str, field: str, reason: str
) -> None:
    problems = break_file(file, old, new)
    fitting = [one for one in problems if field in one.field and reason in one.reason]
    assert fitting, "\n".join(map(str, problems))
    told = str(fitting[0])  # of two entries that clash either may be the one that is told
    assert file in told or "GB3838-2002-table1" in told
    assert int(fitting[0].file.rpartition(":")[2]) >= 1


def test_the_line_is_the_line_of_the_slip(break_file: Break, facts: Path) -> None:
    (problem,) = break_file(JIALING, "kind: headwater", "kind: head")
    line = int(problem.file.rpartition(":")[2])
    text = (facts / JIALING).read_text(encoding="utf-8").splitlines()[line - 1]
    assert "kind: head" in text
    assert problem.value == "head"


def test_one_slip_in_the_defaults_is_told_once(break_file: Break) -> None:
    problems = break_file(JIALING, "confidence: secondary", "confidence: sure")
    assert len([one for one in problems if one.field == "defaults.confidence"]) == 1


def test_a_circle_of_sections_is_told_once(break_file: Break) -> None:
    problems = break_file(BAILONG, "downstream: zhaohua-guzhen", "downstream: liangshuiqiao")
    circles = [one for one in problems if "circle" in one.reason]
    assert len(circles) == 1
    assert "liangshuiqiao -> gushuizicun -> yaodu" in circles[0].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sections: [", "not readable as YAML"),
        ("- a\n- b\n", "expected a mapping"),
        ("", "expected a mapping"),
        ("sections: []\nsections: []\n", "duplicate key"),
        ("sections: none\n", "expected a list under sections"),
        ("sections: [1]\n", "expected a mapping"),
        ("rivers: []\n", "unknown key"),
        ("defaults: no\nsections: []\n", "expected a mapping"),
        ("sections: [{id: x, valid_from: 2020-13-45}]\n", "month must be in 1..12"),
    ],
)
def test_a_file_that_is_no_list_of_facts(
    facts: Path, reread: Callable[[], Registry], text: str, reason: str
) -> None:
    (facts / "stations/sections/more.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError, match=reason) as wrong:
        reread()
    assert all(one.file.startswith("stations/sections/more.yaml") for one in wrong.value.problems)


@pytest.mark.parametrize(
    "name", ["stations/section.yaml", "stations/sections/x.yml", "thresholds/quality/mine.yaml"]
)
def test_an_unknown_file_is_not_skipped(
    facts: Path, reread: Callable[[], Registry], name: str
) -> None:
    (facts / name).write_text("{}", encoding="utf-8")
    with pytest.raises(RegistryError, match="no file of the registry") as wrong:
        reread()
    assert [one.file for one in wrong.value.problems] == [name]


def test_a_missing_rule_file_is_named(facts: Path, reread: Callable[[], Registry]) -> None:
    (facts / "thresholds/alerts/default.yaml").unlink()
    with pytest.raises(RegistryError, match=r"alerts/default\.yaml: -: this file is missing"):
        reread()


def test_all_problems_come_at_once(facts: Path, reread: Callable[[], Registry]) -> None:
    for file, old, new in (
        (JIALING, "kind: headwater", "kind: head"),
        (BAILONG, "river: bailong", "river: bailon"),
        (WATER, "unit: degC", "unit: kelvin"),
    ):
        path = facts / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    (facts / "stations/odd.txt").write_text("?", encoding="utf-8")
    with pytest.raises(RegistryError) as wrong:
        reread()
    files = {one.file.partition(":")[0] for one in wrong.value.problems}
    assert files == {JIALING, BAILONG, WATER, "stations/odd.txt"}


def test_an_unreadable_file_is_told_and_not_what_it_would_have_held(
    facts: Path, reread: Callable[[], Registry]
) -> None:
    (facts / "stations/rivers.yaml").write_text("rivers: [", encoding="utf-8")
    with pytest.raises(RegistryError) as wrong:
        reread()
    (problem,) = wrong.value.problems
    assert problem.file.startswith("stations/rivers.yaml:")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no such folder"):
        read_registry(stations=tmp_path / "nowhere")
    with pytest.raises(RegistryError, match="the site's own facts"):
        read_registry(overlay=tmp_path / "nowhere")
