"""Entries of files, and the site's own files laid over the shipped ones.

Files are merged by key: an entry of the overlay with a known id changes only the fields it gives
(a mapping field by field, names by feed and key, another list as a whole), one with a new id is
added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from ecomon.errors import Problem
from ecomon.registry.fact_file import FactFile, Where
from ecomon.registry.layout import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Given:
    """What one file says of one entry, and where it stands there."""

    file: FactFile
    where: Where
    values: dict[str, Any]


@dataclass(slots=True)
class Entry:
    """One entry as all files together give it, the shipped file first."""

    kind: Kind
    id: str
    given: list[Given] = field(default_factory=list[Given])

    @property
    def is_local(self) -> bool:
        """True where the overlay adds the entry or gives a value the shipped file does not."""
        if self.given[0].file.is_local:
            return True
        return _merged(self.given[:1]) != self.values

    @property
    def values(self) -> dict[str, Any]:
        return _merged(self.given)

    def problem(self, at: Where, reason: str, value: object = None) -> Problem:
        """A problem at a field of this entry, told by the file (and line) that gave the field."""
        first = at[0] if at else None
        named = _spelt((self.id, *at))
        for given in reversed(self.given):
            if first in given.values:
                return given.file.problem((*given.where, *at), reason, named=named, value=value)
        for given in reversed(self.given):
            if first in given.file.defaults:
                at = ("defaults", *at)
                return given.file.problem(at, reason, named=_spelt(at), value=value)
        last = self.given[-1]
        return last.file.problem(last.where, reason, named=named, value=value)


Entries = dict[str, dict[str, Entry]]
"""Entries by kind and id."""


def merge_files(files: Iterable[FactFile]) -> tuple[Entries, list[Problem]]:
    """Entries of all files, shipped and local, and what is wrong with the files' outline."""
    entries: Entries = {name: {} for name in KINDS}
    problems: list[Problem] = []
    for file in sorted(files, key=lambda file: file.is_local):
        problems += _check_outline(file)
        for given in _given_by(file, problems):
            key = _key_of(given)
            entry = entries[file.kind.name].setdefault(key, Entry(file.kind, key))
            twin = next((one for one in entry.given if one.file.is_local == file.is_local), None)
            if twin is None:
                entry.given.append(given)
            else:
                reason = f"stands twice, also in {twin.file.label}"
                problems.append(file.problem(given.where, reason, named=key))
    return entries, problems


def _check_outline(file: FactFile) -> Iterable[Problem]:
    """Keys of a list file beside its list, and defaults that are no field."""
    if file.kind.form == "list":
        for key in file.content:
            if key != file.kind.name:
                reason = f"unknown key; the file holds {file.kind.name} and defaults"
                yield file.problem((key,), reason, named=str(key))
    inner = _inner_facts(file.kind.model)
    for key, value in file.defaults.items():
        if key not in file.kind.model.model_fields:
            reason = f"no field of {file.kind.name}"
        elif key in inner and not isinstance(value, dict):
            reason = f"expected a mapping: what the items of {key} have in common"
        else:
            continue
        yield file.problem(("defaults", key), reason, named=f"defaults.{key}")


def _given_by(file: FactFile, problems: list[Problem]) -> Iterable[Given]:
    if file.kind.form != "list":
        places: list[tuple[Where, Any]] = [((), file.content)]
    else:
        listed = file.content.get(file.kind.name)
        if not isinstance(listed, list):
            reason = f"expected a list under {file.kind.name}"
            problems.append(file.problem((file.kind.name,), reason, named=file.kind.name))
            return
        places = [((file.kind.name, position), one) for position, one in enumerate(listed)]
    for where, values in places:
        if not isinstance(values, dict):
            problems.append(file.problem(where, "expected a mapping", named=_spelt(where)))
        elif file.kind.form != "single" and values.get(file.kind.key_field) is None:
            named = _spelt((*where, file.kind.key_field))
            problems.append(file.problem(where, "missing", named=named))
        else:
            yield Given(file, where, _with_sources(file, values))


def _key_of(given: Given) -> str:
    kind = given.file.kind
    return kind.name if kind.form == "single" else str(given.values[kind.key_field])


def _with_sources(file: FactFile, values: dict[str, Any]) -> dict[str, Any]:
    """Facts inside an entry take what they do not say of their source from what surrounds them."""
    filled = dict(values)
    for name, fields in _inner_facts(file.kind.model).items():
        inner = file.defaults.get(name)
        around = {**file.defaults, **values, **(inner if isinstance(inner, dict) else {})}
        borrowed = {key: around[key] for key in ("source", "confidence") if key in around}
        borrowed = {key: value for key, value in borrowed.items() if key in fields}
        if isinstance(items := filled.get(name), list):
            filled[name] = [{**borrowed, **one} if isinstance(one, dict) else one for one in items]
    return filled


@cache
def _inner_facts(model: type[BaseModel]) -> dict[str, frozenset[str]]:
    """Fields of a model that are lists of models, with the names of those models' fields."""
    found: dict[str, frozenset[str]] = {}
    for name, about in model.model_fields.items():
        if get_origin(about.annotation) is not tuple:
            continue
        inner = get_args(about.annotation)[0]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found[name] = frozenset(inner.model_fields)
    return found


def _merged(given: list[Given]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for layer in given:
        values = _laid_over(values, layer.values)
    for layer in given:
        inner = _inner_facts(layer.file.kind.model)
        for name, value in layer.file.defaults.items():
            if name not in inner:
                values.setdefault(name, value)
    return values


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = _laid_over(old, value)  # pyright: ignore[reportUnknownArgumentType]
        elif key == "aliases" and isinstance(old, list) and isinstance(value, list):
            result[key] = _names_over(old, value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            result[key] = value
    return result


def _names_over(below: list[Any], above: list[Any]) -> list[Any]:
    """A site that adds a name of its own feed keeps the names the other feeds use.

    Names of the same feed and key are replaced together (a drifted name stands more than once,
    with other dates); a determinand's aliases are plain texts and are all kept.
    """

    def key_of(one: Any) -> Any:
        return (one.get("feed"), one.get("key")) if isinstance(one, dict) else one

    replaced = [key_of(one) for one in above]
    return [one for one in below if key_of(one) not in replaced] + above


def _spelt(where: Where) -> str:
    """``yaodu.targets[0].grade``"""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "-"
