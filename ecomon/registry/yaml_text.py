"""YAML text to plain values, exactly as printed; and quickly, for every command reads every fact.

Ordinary text is put together from the events of ruamel's C parser, which costs a tenth of building
ruamel's own nodes. Whatever is out of the ordinary there (anchors, tags, a key that stands twice,
text that is no YAML) is left to ruamel itself, so that the values and the errors are its own.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

try:
    from ruamel.yaml.cyaml import CParser
except ImportError:  # an interpreter that ruamel has no C parser for
    CParser = None


class _ExactConstructor(SafeConstructor):
    """Reads ``0.050`` as the decimal that was printed; binary floats would lose its last place."""

    def construct_exact(self, node: Any) -> Decimal | float:
        text = self.construct_scalar(node)
        try:
            return Decimal(text.replace("_", ""))
        except InvalidOperation:  # .inf and .nan
            return self.construct_yaml_float(node)


_ExactConstructor.add_constructor("tag:yaml.org,2002:float", _ExactConstructor.construct_exact)


def _ruamel() -> YAML:
    reader = YAML(typ="safe")
    reader.Constructor = _ExactConstructor
    return reader


_SCALARS = _ruamel()
_TEXT = "tag:yaml.org,2002:str"


class _OutOfTheOrdinaryError(Exception):
    """Something that ruamel itself must read, or refuse."""


def read_yaml(text: str) -> Any:
    """The value of a YAML 1.2 text; numbers with a point become Decimal, dates dates.

    Raises
    ------
    YAMLError, ValueError
        of ruamel, where the text is not YAML or a key stands twice in one mapping.
    """
    if CParser is not None:
        try:
            return _read_events(CParser(text))
        except (_OutOfTheOrdinaryError, YAMLError, ValueError, TypeError):
            pass
    return _ruamel().load(text)


def _read_events(parser: Any) -> Any:
    """The one document of a text."""
    _expect(parser, StreamStartEvent)
    start = _expect(parser, DocumentStartEvent)
    if start.version is not None or start.tags:
        raise _OutOfTheOrdinaryError
    value = _value(parser, parser.get_event())
    _expect(parser, DocumentEndEvent)
    _expect(parser, StreamEndEvent)
    return value


def _expect(parser: Any, kind: type[Any]) -> Any:
    event = parser.get_event()
    if type(event) is not kind:
        raise _OutOfTheOrdinaryError
    return event


def _value(parser: Any, event: Any) -> Any:
    kind = type(event)
    if kind is ScalarEvent:
        if event.anchor is not None or event.ctag is not None:
            raise _OutOfTheOrdinaryError
        return _plain(event.value) if event.implicit[0] else event.value
    if kind not in (MappingStartEvent, SequenceStartEvent):
        raise _OutOfTheOrdinaryError
    if event.anchor is not None or event.ctag is not None:
        raise _OutOfTheOrdinaryError
    return _mapping(parser) if kind is MappingStartEvent else _sequence(parser)


def _mapping(parser: Any) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    while type(event := parser.get_event()) is not MappingEndEvent:
        key = _value(parser, event)
        if key in found or key == "<<":
            raise _OutOfTheOrdinaryError
        found[key] = _value(parser, parser.get_event())
    return found


def _sequence(parser: Any) -> list[Any]:
    found: list[Any] = []
    while type(event := parser.get_event()) is not SequenceEndEvent:
        found.append(_value(parser, event))
    return found


@lru_cache(maxsize=16_384)
def _plain(text: str) -> Any:
    """What a scalar without quotes means; every value is immutable."""
    resolved = str(_SCALARS.resolver.resolve(ScalarNode, text, (True, False)))
    if resolved == _TEXT:
        return text
    construct = _ExactConstructor.yaml_constructors[resolved]
    return construct(_SCALARS.constructor, ScalarNode(resolved, text))
