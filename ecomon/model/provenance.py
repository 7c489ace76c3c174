"""How a result names what it was made from, so that another office can make it again."""

from __future__ import annotations

from dataclasses import dataclass

from ecomon.model.observation import DataKind


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a page, workbook or statement comes from; printed on each of them.

    ``known_at`` is the store's knowledge sequence that was read; ``ruleset`` the hash of the
    snapshot of facts. The run's id is not among them: a second run over the same input makes the
    same octets, and the store knows which run wrote which document.
    """

    kind: DataKind
    known_at: int
    ruleset: str
    code_version: str

    @property
    def watermark_zh(self) -> str | None:
        return {"real": None, "example": "示例数据", "golden": "算例数据"}[self.kind]

    @property
    def watermark_en(self) -> str | None:
        return {"real": None, "example": "EXAMPLE DATA", "golden": "WORKED EXAMPLE"}[self.kind]
