"""The letters of HJ 212 mean the same to its decoder and to the quality rules."""

from __future__ import annotations

from typing import get_args

import pytest

from ecomon.decode.hj212.flags import BELOW_RANGE, Edition, flag_table
from ecomon.model.flag import Flag
from ecomon.quality import QualityRules

WATER, AIR = "21", "22"


@pytest.mark.parametrize("system", [WATER, AIR])
@pytest.mark.parametrize("edition", get_args(Edition))
def test_every_letter_of_every_edition_is_known(
    shipped: QualityRules, edition: Edition, system: str
) -> None:
    for letter, flag in flag_table(edition, system).items():
        if letter in BELOW_RANGE:
            # Laboratories write L for the same: the limit stands as a censored value and is good.
            assert shipped.source_flags[letter] == Flag.GOOD
        else:
            assert shipped.source_flags[letter] == flag, letter


def test_no_letter_means_two_things() -> None:
    meanings: dict[str, set[Flag]] = {}
    for edition in get_args(Edition):
        for system in (WATER, AIR):
            for letter, flag in flag_table(edition, system).items():
                meanings.setdefault(letter, set()).add(flag)
    assert {letter: flags for letter, flags in meanings.items() if len(flags) > 1} == {}
