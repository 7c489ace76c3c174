"""What was read from a sheet, as batches of observations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ecomon.decode.cells import CellKind
from ecomon.decode.workbook.columns import Values
from ecomon.decode.workbook.lines import Lines
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import WorkbookMapping
from ecomon.model.observation import Batch
from ecomon.model.tables import OBSERVATIONS

BATCH_OBSERVATIONS = 50_000
_CENSOR = np.full(len(CellKind), "none", dtype=object)
_CENSOR[CellKind.BELOW], _CENSOR[CellKind.ABOVE] = "left", "right"


@dataclass(slots=True)
class Gathered:
    """Columns of one sheet as they are read, one part a determinand."""

    mapping: WorkbookMapping
    quirks: Counter[str]
    parts: list[pd.DataFrame] = field(default_factory=list[pd.DataFrame])

    def add(self, determinand: Determinand, lines: Lines, values: Values) -> None:
        """Add what one column says of its lines."""
        chosen = np.array(values.observed(), dtype=np.intp)
        part = lines.keys().iloc[chosen].reset_index(drop=True)
        flags = values.flags
        self.parts.append(
            part.assign(
                determinand=_same(determinand.key, len(part)),
                value=values.values[chosen],
                unit=_same(determinand.unit, len(part)),
                censor=_repeated(_CENSOR[values.kinds[chosen]].tolist()),
                source_flag=_repeated(
                    [None] * len(part) if flags is None else [flags[at] for at in chosen]
                ),
            )
        )


def _same(text: str, n: int) -> pd.api.extensions.ExtensionArray:
    return pd.array([text], dtype="str").take(np.zeros(n, dtype=np.intp))


def _repeated(texts: list[str | None]) -> pd.api.extensions.ExtensionArray:
    """Texts of which few are different: each is made once, which is most of the time saved."""
    place = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    codes = np.fromiter(map(place.__getitem__, texts), np.intp, len(texts))
    return pd.array(list(place), dtype="str").take(codes)


def emit_gathered(gathered: Gathered) -> Iterator[Batch]:
    """The observations line by line, in batches; the quirks ride on the first."""
    quirks = dict(gathered.quirks)
    filled = [part for part in gathered.parts if len(part)]
    if not filled:
        if quirks:
            yield Batch(OBSERVATIONS.empty(), quirks)
        return
    table = pd.concat(filled, ignore_index=True).sort_values("row", kind="stable")
    mapping = gathered.mapping
    shared = {
        "statistic": mapping.statistic,
        "programme": mapping.programme,
        "source": mapping.feed,
    }
    table = table.assign(**{name: _same(text, len(table)) for name, text in shared.items()})
    for first in range(0, len(table), BATCH_OBSERVATIONS):
        part = table.iloc[first : first + BATCH_OBSERVATIONS].reset_index(drop=True)
        yield Batch(OBSERVATIONS.frame({str(name): part[name] for name in part}), quirks)
        quirks = {}
