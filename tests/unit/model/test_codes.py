from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.codes import encode

TEXTS = st.lists(st.sampled_from(["a", "a", "b", "长江", None]), max_size=40)


@pytest.mark.parametrize("dtype", ["str", "category", "string"])
@given(texts=TEXTS, repeats=st.sampled_from([1, 30]))
def test_codes_stand_for_the_texts(dtype: str, texts: list[str | None], repeats: int) -> None:
    """Long runs and short ones go different ways to the same end."""
    texts = [text for text in texts for _ in range(repeats)]
    codes, names = encode(pd.Series(texts, dtype="str").astype(dtype))
    assert [names[code] if code >= 0 else None for code in codes] == texts
    assert len(set(names)) == len(names)
