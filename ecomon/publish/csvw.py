"""Readings as a long CSV, one observation a row, described by CSV on the Web metadata.

The CSV keeps everything an observation has; ``csvw_reader`` reads it back without loss. Numbers are
the shortest text that gives the same float64. An empty cell is a missing one; a text that is empty
says as much as none. A text that a spreadsheet would run as a formula, or that begins with an
apostrophe, stands behind one apostrophe; the reader takes it away again. No byte-order mark, for the
W3C's readers take the file as it stands. The same table and facts give the same octets.

Source
------
W3C Recommendations of 17 December 2015: Model for Tabular Data and Metadata on the Web, Metadata
Vocabulary for Tabular Data. RFC 4180 (line ends, quotes).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from ecomon.errors import ContractError
from ecomon.model.cf import beijing_times, utc_seconds
from ecomon.model.codes import encode
from ecomon.model.tables import FLAGGED
from ecomon.model.unit_codes import QUDT, UCUM
from ecomon.publish.csvw_columns import COLUMNS, Column
from ecomon.publish.export_facts import KEY, ExportFacts, names_in
from ecomon.publish.wording import Words

_FORMULA = re.compile(r"['=@\t\r]|[+-].*\w", re.DOTALL)
_UNRESERVED = re.compile(r"[^A-Za-z0-9._~-]")


def observations_csv(flagged: pd.DataFrame) -> bytes:
    """The readings, one a row, in the order of the table; UTF-8, CRLF, one line of column names.

    Parameters
    ----------
    flagged : table FLAGGED
        ``decision`` and ``approval``, and the columns of :meth:`Store.read_origins`, where it has
        them. NaN is a value the source did not give.

    Raises
    ------
    ContractError
        where two rows have one key, a start has parts of a second, or a column that is required
        has a missing cell.
    """
    columns = _columns_of(FLAGGED.check(flagged))
    if flagged.duplicated(list(KEY)).any():
        raise ContractError("two rows of the table are one observation: they have the same key")
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    writer.writerows(
        zip(*(_texts(column, flagged[column.name]) for column in columns), strict=True)
    )
    return out.getvalue().encode()


def csvw_metadata(flagged: pd.DataFrame, facts: ExportFacts, *, csv_name: str) -> bytes:
    """The metadata of that CSV: columns, codes, units, names, licence and provenance, as JSON.

    Parameters
    ----------
    flagged : table FLAGGED
        The same table.
    csv_name : str
        Name of the CSV's file; the metadata belong beside it, as ``CSV_NAME-metadata.json``.
    """
    columns = _columns_of(FLAGGED.check(flagged))
    document = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "url": _UNRESERVED.sub(_percent, csv_name),
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
        **_provenance(flagged, facts),
        "tableSchema": {
            "columns": [_described(column, flagged, facts) for column in columns],
            "primaryKey": list(KEY),
        },
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _columns_of(flagged: pd.DataFrame) -> list[Column]:
    return [one for one in COLUMNS if not one.is_optional or one.name in flagged]


def _texts(column: Column, values: pd.Series) -> Sequence[Any]:
    match column.kind:
        case "text":
            # A column holds few texts, many times over: each is looked at once.
            codes, names = encode(values)
            texts = np.array([*map(_guarded, names), ""], dtype=object)[codes]
            if column.is_required and not texts.all():
                raise ContractError(
                    f"row {int(np.argmin(texts.astype(bool))) + 1}: no {column.name}"
                )
            return texts.tolist()
        case "number":
            return [_number_text(one) for one in values.tolist()]
        case "integer":
            return values.tolist()
        case "moment":
            whole = beijing_times(utc_seconds(values.to_numpy()))
            return [f"{one}+08:00" for one in np.datetime_as_string(whole, unit="s").tolist()]


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _number_text(value: float) -> str:
    if value != value:
        return ""
    text = repr(value)
    return text.upper() if "inf" in text else text  # XML Schema writes INF


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found[0].encode())


def _both(words: Words) -> list[dict[str, str]]:
    return [
        {"@value": words.zh, "@language": "zh"},
        {"@value": words.en, "@language": "en"},
    ]


def _provenance(flagged: pd.DataFrame, facts: ExportFacts) -> dict[str, Any]:
    told = facts.stated(flagged)
    stated: dict[str, Any] = {"dc:title": _both(facts.title)}
    for term, name in (("dc:publisher", "institution"), ("dc:license", "licence")):
        if name in told:
            stated[term] = told[name]
    stated["dc:source"] = names_in(flagged, "source")
    stated["dc:temporal"] = f"{told['period_start']}/{told['period_end']}"
    stated["schema:additionalProperty"] = [
        {"@type": "schema:PropertyValue", "schema:name": name, "schema:value": told[name]}
        for name in ("kind", "kind_of_data", "known_at", "ruleset", "code_version", "programme")
    ]
    return stated


def _described(column: Column, flagged: pd.DataFrame, facts: ExportFacts) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        # The header holds the name, so that is one of the titles too.
        "titles": {"zh": column.words.zh, "en": sorted({column.name, column.words.en})},
        "datatype": column.datatype,
        "null": "",
        "required": column.is_required,
    }
    match column.name:
        case "site":
            concepts = [_site_concept(one, facts) for one in names_in(flagged, "site")]
        case "determinand":
            concepts = [
                _determinand_concept(one, facts) for one in names_in(flagged, "determinand")
            ]
        case "unit":
            concepts = [_unit_concept(one) for one in names_in(flagged, "unit")]
        case _:
            concepts = [_concept(code, words) for code, words in column.codes.items()]
    if concepts:
        described["skos:member"] = concepts
    return described


def _concept(code: str, words: Words | None, **more: Any) -> dict[str, Any]:
    named = {} if words is None else {"skos:prefLabel": _both(words)}
    return {"@type": "skos:Concept", "skos:notation": code, **named, **more}


def _site_concept(site_id: str, facts: ExportFacts) -> dict[str, Any]:
    place = facts.sites.get(site_id)
    where: Mapping[str, Any] = {}
    if place is not None and place.longitude is not None and place.latitude is not None:
        where = {
            "schema:longitude": place.longitude, "schema:latitude": place.latitude,
        }  # fmt: skip
    return _concept(site_id, None if place is None else facts.site(site_id), **where)


def _determinand_concept(key: str, facts: ExportFacts) -> dict[str, Any]:
    found = facts.determinands.get(key)
    code = {} if found is None or found.code is None else {"schema:propertyID": found.code}
    return _concept(key, None if found is None else facts.determinand(key), **code)


def _unit_concept(symbol: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if symbol in UCUM:
        told["http://qudt.org/schema/qudt/ucumCode"] = UCUM[symbol]
    if symbol in QUDT:
        told["http://qudt.org/schema/qudt/hasUnit"] = {"@id": QUDT[symbol]}
    return _concept(symbol, None, **told)
