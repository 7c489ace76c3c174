"""The stations a gateway knows, read again when the site's files change. Small: no tables here.

A registry needs all that judges readings, some hundred megabytes of it. The listener of a gateway
needs its stations alone, so it asks a process that ends (``ecomon gateway facts``) for them.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from ecomon.errors import EcomonError, RegistryError
from ecomon.journey.stations import StationBook, StationFacts, book_stations
from ecomon.settings import Settings, read_secret

LOOK_S = 5.0
"""How often somebody looks whether files have changed, at most."""

_log = logging.getLogger("ecomon.gateway")

ReadFacts = Callable[[Settings], StationFacts]


@dataclass(slots=True)
class KnownStations:
    """The stations as the registry has them now.

    Facts that cannot be read are said in the log, and those of before hold on: a slip of the pen
    in a file stops no gateway.
    """

    settings: Settings
    read: ReadFacts
    book: StationBook
    digest: str
    _seen: tuple[object, ...] = ()
    _looked_s: float = 0.0

    @classmethod
    def of(cls, settings: Settings, read: ReadFacts) -> KnownStations:
        """The stations of now; RegistryError where their facts are amiss."""
        seen = _signature(settings)
        facts = read(settings)
        book = book_stations(facts, sm4_keys(facts, settings))
        return cls(settings, read, book, facts.digest, seen)

    def refresh(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Look whether files have changed, at most every few seconds."""
        if clock() - self._looked_s < LOOK_S:
            return
        self._looked_s = clock()
        seen = _signature(self.settings)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            facts = self.read(self.settings)
            self.book = book_stations(facts, sm4_keys(facts, self.settings))
            self.digest = facts.digest
        except EcomonError as wrong:
            _log.warning(
                "站点配置有误，沿用原配置 the facts are amiss, those of before hold: %s", wrong
            )


def ask_for_facts(settings: Settings) -> StationFacts:
    """The facts as a process of their own tells them.

    Raises
    ------
    RegistryError
        with what that process says is amiss.
    """
    command = [
        sys.executable, "-P", "-m", "ecomon", "gateway", "facts", "--home", str(settings.home),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RegistryError(done.stderr.decode("utf-8", "replace").strip()[-2000:])
    return StationFacts.from_document(json.loads(done.stdout))


def sm4_keys(facts: StationFacts, settings: Settings) -> dict[str, bytes]:
    """SM4 keys by the name a station gives: a variable of the environment or of ``ecomon.env``."""
    keys: dict[str, bytes] = {}
    for station in facts.stations:
        name = station.sm4_key_name
        if name and name not in keys and (secret := read_secret(settings, name)):
            keys[name] = _sm4_key(name, secret.get_secret_value())
    return keys


def _sm4_key(name: str, text: str) -> bytes:
    """Sixteen characters as they are (as annex A of HJ 212-2025 writes a key), or 32 hex digits."""
    try:
        key = bytes.fromhex(text) if len(text) == 32 else text.encode("ascii")
    except ValueError:
        key = b""
    if len(key) != 16:
        raise RegistryError(f"{name} holds no SM4 key: 16 characters or 32 hexadecimal digits")
    return key


def _signature(settings: Settings) -> tuple[object, ...]:
    """What changes where a file of the site's own stations does."""
    found: list[object] = []
    for path in sorted((settings.overlay_folder / "stations").rglob("*.yaml")):
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)
