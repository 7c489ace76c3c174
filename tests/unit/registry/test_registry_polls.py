"""Polls among the facts: off as shipped, their gaps, a site's own word, older snapshots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ecomon.errors import RegistryError
from ecomon.registry import Registry, find_gaps, read_registry, read_snapshot

Overlay = Callable[[dict[str, str]], Path]

PINNED = """\
polls:
  - id: cnemc-air
    is_enabled: true
    pins:
      - {sha256: "%s", of: public_key, source: compared by telephone, confidence: verified}
"""


def test_as_shipped_nobody_is_asked(shipped: Registry) -> None:
    assert set(shipped.polls) == {"cnemc-water", "cnemc-air"}
    assert not any(poll.is_enabled for poll in shipped.polls.values())


def test_an_unpinned_or_unverified_poll_is_a_gap(shipped: Registry, overlay: Overlay) -> None:
    def gaps(registry: Registry) -> set[str]:
        return {
            gap.field
            for gap in find_gaps(registry)
            if gap.place == "cnemc-air" and gap.kind == "poll"
        }

    assert gaps(shipped) == {"pins", "unverified_fields"}
    local = read_registry(overlay=overlay({"stations/polls/own.yaml": PINNED % ("ab" * 32)}))
    assert gaps(local) == {"unverified_fields"}


def test_a_site_turns_a_poll_on_and_keeps_the_rest(shipped: Registry, overlay: Overlay) -> None:
    local = read_registry(overlay=overlay({"stations/polls/own.yaml": PINNED % ("ab" * 32)}))
    poll = local.polls["cnemc-air"]
    assert poll.is_enabled
    assert poll.url == shipped.polls["cnemc-air"].url
    assert local.polls["cnemc-water"] == shipped.polls["cnemc-water"]
    assert local.local == {"cnemc-air"}
    assert local.hash != shipped.hash


def test_polls_of_one_feed_name_the_same_end_of_an_hour(
    shipped: Registry, overlay: Overlay
) -> None:
    assert shipped.interval_label("cnemc-air") == "end"
    assert shipped.interval_label("tabulated") is None
    air = json.loads(shipped.snapshot)["polls"]["cnemc-air"]
    other = {**air, "id": "province-air", "interval_label": "start"}
    folder = overlay({"stations/polls/own.yaml": json.dumps({"polls": [other]})})
    with pytest.raises(RegistryError, match="cnemc-air of the same feed says end"):
        read_registry(overlay=folder)


def test_a_snapshot_from_before_there_were_polls_is_read_and_keeps_its_hash(
    shipped: Registry,
) -> None:
    stored = json.loads(shipped.snapshot)
    del stored["polls"]
    older = json.dumps(stored, ensure_ascii=False, separators=(",", ":")).encode()
    registry = read_snapshot(older)
    assert registry.polls == {}
    assert registry.sections == shipped.sections
    assert registry.hash == hashlib.sha256(older).hexdigest()
    assert registry.snapshot == older
