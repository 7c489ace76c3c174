"""One installation opened for a flow: its settings, its facts and its store, and the run it records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ecomon
from ecomon.errors import StoreError
from ecomon.logbook import keep_logbook, log_run
from ecomon.model.provenance import Provenance
from ecomon.registry import Registry, read_registry
from ecomon.settings import Settings, read_settings
from ecomon.store import Store
from flows.turns import settled_input_seq, turns_of

PATIENCE_S = 120.0
"""How long a run waits for a database that is away."""


@dataclass(slots=True)
class Run:
    """What a flow works with. ``counts`` is written to the run's record at its end.

    ``known_at`` is the last sequence at which readings, flags, decisions or approvals changed: results do not
    move it, so that a second run over the same input makes the same octets. ``is_again``: files are
    read even where they were stored before.
    """

    settings: Settings
    registry: Registry
    store: Store
    run_id: int
    known_at: int
    counts: dict[str, Any] = field(default_factory=dict)
    is_again: bool = False

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
def recorded_run(
    home: str, flow: str, arguments: dict[str, Any], *, turns: Iterable[str] | None = None
) -> Iterator[Run]:
    """Open the installation and record this run: arguments, code, rule set, input, counts, outcome.

    The run begins when it has its turns (``turns``, or those that ``flows.turns`` knows of the flow
    and its arguments) and is recorded as succeeded while it has them still: the success mark is the
    last thing written. A run that raises is recorded as failed with the error's text, and the error
    goes on.

    Raises
    ------
    StoreUnavailable
        where the database is away for longer than two minutes, or where it was away and another
        run has had a turn of this one meanwhile.
    """
    settings = read_settings(Path(home))
    names = turns_of(flow, arguments) if turns is None else turns
    with (
        keep_logbook(settings),
        Store.open(settings.store_url, patience_s=PATIENCE_S) as store,
    ):
        run: Run | None = None
        try:
            with store.turn(names):
                run = begun = _begin(settings, store, flow, arguments)
                with log_run(settings, flow=flow, run_id=run.run_id, counts=lambda: begun.counts):
                    yield run
                    store.finish_run(run.run_id, outcome="succeeded", counts=run.counts)
        except BaseException as error:
            if run is not None:
                # What went wrong is said even where the store cannot take it down.
                with contextlib.suppress(StoreError):
                    store.finish_run(
                        run.run_id, outcome=f"failed: {error}"[:500], counts=run.counts
                    )
            raise


def _begin(settings: Settings, store: Store, flow: str, arguments: dict[str, Any]) -> Run:
    registry = read_site_registry(settings)
    store.save_ruleset(registry.hash, registry.snapshot)
    # An ingest has its own feed's turn, and what it reads it has stored itself.
    known_at = store.input_seq() if flow == "ingest" else settled_input_seq(store)
    run_id = store.start_run(
        flow,
        arguments=arguments,
        code_version=ecomon.__version__,
        ruleset=registry.hash,
        input_seq=known_at,
    )
    return Run(settings, registry, store, run_id, known_at)
