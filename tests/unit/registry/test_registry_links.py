"""Discharge links to several gauges, as the section files write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from ecomon.errors import Problem
from ecomon.registry import Registry

FILE = "stations/sections/bailong.yaml"
OLD = "      - gauge: bikou\n        method: transfer\n        factor: 1.0\n"
NEW = """\
      - name: yaodu-q
        version: "2"
        gauge: bikou
        method: confluence
        area_ratio: 1.1
        area_exponent: 0.8
        relative_error: 0.1
        also:
          - {gauge: wudu, sign: -1, factor: 0.25, travel_time_h: 20}
"""


def test_a_confluence_is_read(facts: Path, reread: Callable[[], Registry]) -> None:
    path = facts / FILE
    path.write_text(path.read_text(encoding="utf-8").replace(OLD, NEW, 1), encoding="utf-8")
    link = reread().discharge_link("yaodu", date(2021, 4, 1))
    assert link is not None
    assert link.gauges == ("bikou", "wudu")
    assert [round(term.scale, 4) for term in link.terms] == [1.0792, -0.25]
    assert link.key == "yaodu-q@2"


def test_a_gauge_nobody_knows_is_told(
    break_file: Callable[[str, str, str], tuple[Problem, ...]],
) -> None:
    (problem,) = break_file(FILE, OLD, NEW.replace("wudu", "wudoo"))
    assert "names nothing that is known among gauges" in problem.reason
    assert problem.value == "wudoo"
    assert "also" in problem.field


def test_links_of_the_shipped_files_hold_as_before(shipped: Registry) -> None:
    links = [link for section in shipped.sections.values() for link in section.discharge]
    assert links
    assert all(len(link.terms) == 1 and link.terms[0].scale == link.factor for link in links)
