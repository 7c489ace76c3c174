"""How a result names what it was made from, so that another office can make it again."""

from __future__ import annotations

from dataclasses import dataclass

from ecomon.model.observation import DataKind


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a page, workbook or statement comes from; printed on each of them.

    ``known_at`` is the store's knowledge sequence that was read; ``ruleset`` the hash of the
    snapshot of facts; ``run`` the id of the run (0 when computed from files alone).
    """

    kind: DataKind
    known_at: int
    ruleset: str
    code_version: str
    run: int = 0

    @property
    def watermark_zh(self) -> str | None:
        return {"real": None, "example": "示例数据", "golden": "算例数据"}[self.kind]

    @property
    def watermark_en(self) -> str | None:
        return {"real": None, "example": "EXAMPLE DATA", "golden": "WORKED EXAMPLE"}[self.kind]
