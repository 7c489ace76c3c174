from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.flag import Flag, worst, worst_of

FLAGS = st.sampled_from(list(Flag))


@given(st.lists(FLAGS), FLAGS)
def test_one_more_test_never_improves_a_flag(flags: list[Flag], more: Flag) -> None:
    assert worst([*flags, more]).severity >= worst(flags).severity


@given(st.lists(st.tuples(FLAGS, FLAGS, FLAGS), min_size=1))
def test_arrays_agree_with_one_by_one(rows: list[tuple[Flag, Flag, Flag]]) -> None:
    columns = [np.array(column, dtype=np.int8) for column in zip(*rows, strict=True)]
    assert worst_of(columns).tolist() == [int(worst(row)) for row in rows]


def test_order() -> None:
    assert worst([Flag.GOOD, Flag.NOT_EVALUATED]) is Flag.GOOD
    assert worst([Flag.SUSPECT, Flag.FAIL, Flag.GOOD]) is Flag.FAIL
    assert worst([]) is Flag.NOT_EVALUATED
