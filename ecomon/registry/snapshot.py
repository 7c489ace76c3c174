"""Facts as canonical JSON: what a rule-set hash is taken of, and what a bundle carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel

from ecomon.errors import Problem, RegistryError
from ecomon.registry.layout import KINDS
from ecomon.registry.registry import Registry

Facts = dict[str, dict[str, Any]]
"""Models by kind and id."""

KEPT_OUT = {"instruments": frozenset({"password_sha256"})}
"""Fields that no snapshot holds: bundles go to other offices, and a short password is soon found by
its hash. Nothing that a run computes depends on them."""


def registry_of(facts: Facts, *, local: frozenset[str] = frozenset()) -> Registry:
    """The registry that holds these facts, with its snapshot and hash."""
    snapshot = _canonical_json(facts)
    parts: dict[str, Any] = {
        name: facts[name][name] if kind.form == "single" else facts[name]
        for name, kind in KINDS.items()
    }
    digest = hashlib.sha256(snapshot).hexdigest()
    return Registry(**parts, local=local, hash=digest, snapshot=snapshot)


def read_snapshot(snapshot: bytes) -> Registry:
    """The registry of a run, from the snapshot that was stored with it.

    Another office that verifies a bundle reads the facts the bundle was made with, not its own.

    Raises
    ------
    RegistryError
        if the octets are no snapshot of this version's registry.
    """
    try:
        stored = json.loads(snapshot)
        # An older version stored no facts of a kind that came later; its octets keep their hash.
        later = {name: {} for name, kind in KINDS.items() if kind.form != "single"}
        facts = {
            name: {key: kind.model.model_validate(one) for key, one in given.items()}
            for name, kind in KINDS.items()
            for given in [{**later, **stored}[name]]
        }
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise RegistryError(Problem("snapshot", "-", f"not a registry: {wrong}")) from None
    digest = hashlib.sha256(snapshot).hexdigest()
    return replace(registry_of(facts), hash=digest, snapshot=snapshot)


def plain(value: Any, *, is_whole: bool = True) -> Any:
    """A model or value as JSON holds it: Decimals and dates as text, sets sorted.

    With ``is_whole`` false a model keeps only the fields that were given: an override in the
    rules means what it names and nothing else, so its defaults must not come back as values.
    """
    match value:
        case BaseModel():
            names = type(value).model_fields if is_whole else sorted(value.model_fields_set)
            return {name: plain(getattr(value, name), is_whole=is_whole) for name in names}
        case Enum():
            return plain(value.value)
        case Mapping():
            return {str(key): plain(one, is_whole=is_whole) for key, one in value.items()}
        case set() | frozenset():
            return sorted((plain(one) for one in value), key=str)
        case list() | tuple():
            return [plain(one, is_whole=is_whole) for one in value]
        case Decimal() | date() | datetime() | time():
            return str(value)
        case _:
            return value


def _canonical_json(facts: Facts) -> bytes:
    """Kinds, ids and fields sorted; a mapping inside an entry keeps its order, which may count."""
    given = {
        name: {key: _shared(name, facts[name][key]) for key in sorted(facts[name])}
        for name in sorted(facts)
    }
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _shared(kind: str, fact: BaseModel) -> dict[str, Any]:
    """What is given of a fact, without what stays in this house."""
    given = plain(fact, is_whole=False)
    return {name: value for name, value in given.items() if name not in KEPT_OUT.get(kind, ())}
