"""All that a store ever knew, kept by copying: no revisions, no history tables, no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

Key = tuple[str, str]
"""Site and hour."""
File = dict[Key, float | None]
Answer = dict[Key, tuple[float | None, int, str | None, str]]
"""Value, flag, decision and approval of each reading."""

_SHOWN = {"accept": 1, "correct": 1, "reject": 4}


@dataclass
class Told:
    """One telling of a reading, and what machines and people have said of it."""

    batch: int
    value: float | None
    flag: int = 2
    verdict: str | None = None
    corrected: float | None = None
    approval: str = "provisional"

    def answer(self) -> tuple[float | None, int, str | None, str]:
        value = self.corrected if self.verdict == "correct" else self.value
        return value, _SHOWN.get(self.verdict or "", self.flag), self.verdict, self.approval


@dataclass
class Model:
    """What is known now. ``ways`` says how each batch was decoded, ``supersedes`` what it mended."""

    current: dict[Key, Told] = field(default_factory=dict)
    former: dict[Key, list[Told]] = field(default_factory=dict)
    supersedes: dict[int, int] = field(default_factory=dict)
    last_of_octets: dict[str, int] = field(default_factory=dict)
    ways: dict[int, str] = field(default_factory=dict)
    withdrawals: set[int] = field(default_factory=set)
    decisions: list[str] = field(default_factory=list)
    means: dict[str, float] = field(default_factory=dict)
    exceedances: dict[Key, float] = field(default_factory=dict)
    n_batches: int = 0

    def is_repeat(self, octets: str, way: str) -> bool:
        last = self.last_of_octets.get(octets)
        return last is not None and self.ways[last] == way

    def ingest(self, octets: str, way: str, file: File) -> None:
        if self.is_repeat(octets, way):
            return
        mended = self.last_of_octets.get(octets)
        batch = self._enter(octets, way, mended)
        for key, value in file.items():
            if key not in self.current or self.current[key].value != value:
                self._forget(key)
                self.current[key] = Told(batch, value)
        if mended is not None:
            for key in self._keys_of(mended):
                if key not in file:
                    self._forget(key)

    def may_withdraw(self, batch: int) -> bool:
        return batch not in self.supersedes.values() and batch not in self.withdrawals

    def withdraw(self, batch: int) -> None:
        octets = next(name for name, last in self.last_of_octets.items() if last == batch)
        self.withdrawals.add(self._enter(octets, self.ways[batch], batch))
        superseded = set(self.supersedes.values())
        for key in self._keys_of(batch):
            earlier = list(self.former.get(key, []))
            self._forget(key)
            standing = [one for one in earlier if one.batch not in superseded]
            if standing:
                self.current[key] = Told(standing[-1].batch, standing[-1].value)

    def decide(self, key: Key, verdict: str, value: float | None) -> None:
        told = self.current[key]
        told.verdict, told.corrected, told.approval = verdict, value, "provisional"
        self.decisions.append(verdict)

    def approve(self, site: str, hours: set[str], state: str) -> None:
        for key, told in self.current.items():
            if key[0] == site and key[1] in hours:
                told.approval = state

    def answer(self) -> Answer:
        return {key: told.answer() for key, told in self.current.items()}

    def _enter(self, octets: str, way: str, supersedes: int | None) -> int:
        self.n_batches += 1
        self.ways[self.n_batches] = way
        self.last_of_octets[octets] = self.n_batches
        if supersedes is not None:
            self.supersedes[self.n_batches] = supersedes
        return self.n_batches

    def _keys_of(self, batch: int | None) -> list[Key]:
        """Readings whose current telling is of a batch or of those it superseded in turn."""
        chain: set[int] = set()
        while batch is not None:
            chain.add(batch)
            batch = self.supersedes.get(batch)
        return [key for key, told in self.current.items() if told.batch in chain]

    def _forget(self, key: Key) -> None:
        if (told := self.current.pop(key, None)) is not None:
            self.former.setdefault(key, []).append(told)
