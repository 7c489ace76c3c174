"""The quick reader reads what ruamel reads, and leaves the rest to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from ecomon.registry import yaml_text
from ecomon.registry.layout import shipped_folder
from ecomon.registry.yaml_text import read_yaml


def files() -> list[Path]:
    return [
        one for root in ("stations", "thresholds") for one in shipped_folder(root).rglob("*.yaml")
    ]


def test_every_shipped_file_reads_alike_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [file.read_text(encoding="utf-8") for file in files()]
    quick = [read_yaml(text) for text in texts]
    monkeypatch.setattr(yaml_text, "CParser", None)
    slow = [read_yaml(text) for text in texts]
    assert repr(quick) == repr(slow)  # also the kind of every number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 0.050", {"a": Decimal("0.050")}), ('a: "0.050"', {"a": "0.050"}), ("a: 12", {"a": 12}),
        ("a: 2020-01-01", {"a": date(2020, 1, 1)}), ("a: yes", {"a": "yes"}), ("a: true", {"a": True}),
        ("a: ~", {"a": None}), ("a:", {"a": None}), ("[a, {b: 1}]", ["a", {"b": 1}]), ("", None),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}), ("a: !!str 1", {"a": "1"}),
        ("a: {b: 1}\nc: >-\n  one\n  two", {"a": {"b": 1}, "c": "one two"}),
        ("? [a]\n: 1", {("a",): 1}),
    ],
)  # fmt: skip
def test_what_a_text_means(text: str, value: object) -> None:
    assert read_yaml(text) == value


@pytest.mark.parametrize("text", ["a: 1\na: 2", "a: [", "a: *nowhere", "%YAML 9\n---\na: ["])
def test_errors_are_those_of_ruamel(text: str) -> None:
    with pytest.raises((YAMLError, ValueError)):
        read_yaml(text)


@given(st.text(alphabet="ab01.-:[]{}&*!?|>%@`'\"#,~ \n", max_size=40))
def test_any_text_reads_as_ruamel_reads_it(text: str) -> None:
    def answer(read: object) -> object:
        try:
            return repr(read(text))  # pyright: ignore[reportCallIssue]
        except Exception as wrong:  # noqa: BLE001  # whatever ruamel raises, both raise it
            return type(wrong)

    assert answer(read_yaml) == answer(yaml_text._ruamel().load)  # pyright: ignore[reportPrivateUsage]
