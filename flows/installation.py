"""One installation opened for a flow: its settings, its facts and its store, and the run it records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

import ecomon
from ecomon.model.provenance import Provenance
from ecomon.registry import Registry, read_registry
from ecomon.settings import Settings, read_settings
from ecomon.store import Store


@dataclass(slots=True)
class Run:
    """What a flow works with. ``counts`` is written to the run's record at its end.

    ``known_at`` is the last sequence at which readings, flags or decisions changed: results do not
    move it, so that a second run over the same input makes the same octets.
    """

    settings: Settings
    registry: Registry
    store: Store
    run_id: int
    known_at: int
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def provenance(self) -> Provenance:
        """What documents say they come from; without the run's id, which a second run changes."""
        return Provenance(
            kind=self.store.kind,
            known_at=self.known_at,
            ruleset=self.registry.hash,
            code_version=ecomon.__version__,
        )


def read_site_registry(settings: Settings) -> Registry:
    """The shipped facts with the site's own folder over them."""
    overlay = settings.overlay_folder
    return read_registry(overlay=overlay if overlay.is_dir() else None)


@contextlib.contextmanager
def own_turn(settings: Settings) -> Iterator[None]:
    """Wait for this installation's other flows: none sees what another has half done.

    The lock is the operating system's and goes with the process that holds it, however that ends.
    """
    settings.store_path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.store_path.with_name("flow.lock")):
        yield


@contextlib.contextmanager
def recorded_run(home: str, flow: str, arguments: dict[str, Any]) -> Iterator[Run]:
    """Open the installation and record this run: arguments, code, rule set, input, counts, outcome.

    The success mark is the last thing written. A run that raises is recorded as failed with the
    error's text, and the error goes on.
    """
    settings = read_settings(Path(home))
    with Store.open(settings.store_url) as store, own_turn(settings):
        registry = read_site_registry(settings)
        store.save_ruleset(registry.hash, registry.snapshot)
        known_at = store.input_seq()
        run_id = store.start_run(
            flow,
            arguments=arguments,
            code_version=ecomon.__version__,
            ruleset=registry.hash,
            input_seq=known_at,
        )
        run = Run(settings, registry, store, run_id, known_at)
        try:
            yield run
        except BaseException as error:
            store.finish_run(run_id, outcome=f"failed: {error}"[:500], counts=run.counts)
            raise
        store.finish_run(run_id, outcome="succeeded", counts=run.counts)
