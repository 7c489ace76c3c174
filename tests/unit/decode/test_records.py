"""Observations as JSON objects."""

from __future__ import annotations

import json

from ecomon.decode.records import as_json
from ecomon.decode.tabulated import decode
from ecomon.model.observation import Batch, Rejected


def test_an_observation_as_the_command_line_prints_it(determinands) -> None:
    octets = (
        b"site,start,source_flag,NH3N,TP\n"
        b"yaodu,2021-04-03 08:00,,<0.025,\nyaodu,2021-04-03 12:00,X,--,\nyaodu,,,1,\n"
    )
    items = list(decode([octets], determinands))
    objects = [o for item in items if isinstance(item, Batch) for o in as_json(item)]
    assert objects == [
        {
            "kind": "observation", "site": "yaodu", "determinand": "NH3N", "statistic": "value",
            "start": "2021-04-03T08:00:00+08:00", "duration_s": 0, "value": 0.025,
            "unit": "mg/L", "censor": "left", "source_flag": None,
        },
        {
            "kind": "observation", "site": "yaodu", "determinand": "NH3N", "statistic": "value",
            "start": "2021-04-03T12:00:00+08:00", "duration_s": 0, "value": None,
            "unit": "mg/L", "censor": "none", "source_flag": "X",
        },
    ]  # fmt: skip
    json.dumps(objects, allow_nan=False)
    (rejected,) = [item.as_json() for item in items if isinstance(item, Rejected)]
    assert rejected == {
        "kind": "rejected", "row": 3, "reason": "no time", "raw": "yaodu,,,1,", "column": None,
    }  # fmt: skip
