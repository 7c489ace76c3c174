"""Names that the invented files use and no document does, as files to lay over the shipped facts.

The national feed's names are the registry's own. Gauges, reservoirs, rain and the monthly samples
have no code in it that was read; the simulator gives them codes that begin with EX.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from ecomon.example.whole.gauging import Curve, curves_of
from ecomon.example.whole.hydro_files import rating_table
from ecomon.example.whole.places import Places
from ecomon.example.whole.sample_files import MANUAL_ZH, SAMPLES_FEED, sample_code
from ecomon.example.whole.water_files import key_on
from ecomon.model.place import Gauge
from ecomon.model.river import Reservoir

SOURCE = "the example basin (示例) of this project; no national code is known"


def code_of(site: Gauge | Reservoir, feed: str, day: date) -> str:
    """The code of a gauge or reservoir in a feed: the registry's, else the invented one."""
    return key_on(site.aliases, feed, day) or "EX" + site.id.upper().replace("-", "")


def rating_file(places: Places, sites: Iterable[str], seed: int, until: datetime) -> bytes:
    """The rating curves of the gauges among some sites as an export of ST_ZQRL_B."""
    gauges = [one for one in sites if one in places.gauges]
    curves: list[Curve] = []
    for one in gauges:
        curves += curves_of(places.points[one], seed, until)
    codes = {one: code_of(places.gauges[one], "st-river-r", until.date()) for one in gauges}
    return rating_table(curves, codes)


def site_facts(places: Places) -> dict[str, str]:
    """Files by path below the folder of a site's own facts (YAML; JSON is YAML).

    Names of gauges (``st-river-r``, ``st-pptn-r``), reservoirs (``st-rsvr-r``) and sections
    (``example-samples``), and the mapping of the monthly table.
    """
    gauges = {
        name: ["st-pptn-r"] if key_on(one.aliases, "st-river-r", date.max) else ["st-river-r", "st-pptn-r"]
        for name, one in places.gauges.items()
    }  # fmt: skip
    return {
        "stations/gauges.yaml": _named(
            "gauges",
            {name: [(feed, code_of(places.gauges[name], feed, date.max)) for feed in feeds] for name, feeds in gauges.items()},
        ),
        "stations/reservoirs.yaml": _named(
            "reservoirs",
            {name: [("st-rsvr-r", code_of(one, "st-rsvr-r", date.max))] for name, one in places.reservoirs.items()},
        ),
        "stations/sections/example.yaml": _named(
            "sections",
            {name: [(SAMPLES_FEED, sample_code(name))] for name in places.sections},
        ),
        "stations/mappings/example-samples.yaml": _json(_mapping()),
    }  # fmt: skip


def _named(kind: str, names: Mapping[str, list[tuple[str, str]]]) -> str:
    entries = [
        {
            "id": name,
            "aliases": [
                {"feed": feed, "key": key, "source": SOURCE, "confidence": "verified"}
                for feed, key in aliases
            ],
        }
        for name, aliases in names.items()
    ]
    return _json({kind: entries})


def _mapping() -> dict[str, object]:
    columns: list[dict[str, object]] = [
        {"heading": "断面代码", "role": "site_code"},
        {"heading": "断面名称", "role": "site"},
        {"heading": "采样时间", "role": "time"},
    ]
    for key, zh in MANUAL_ZH.items():
        one = {"heading": f"{zh}(mg/L)", "role": "value", "determinand": key, "unit": "mg/L"}
        columns.append({**one})
    columns.append({"heading": "备注", "role": "note"})
    return {
        "id": SAMPLES_FEED, "title_zh": "示例采测分离月报", "feed": SAMPLES_FEED, "site_key": "code",
        "sheets": [{"name": "*", "columns": columns}], "reviewed_by": "ecomon simulate",
        "reviewed_on": "2023-01-01", "source": SOURCE, "confidence": "verified",
    }  # fmt: skip


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
