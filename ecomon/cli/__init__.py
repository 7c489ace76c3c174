"""The ``ecomon`` command. Whatever is heavy is imported inside the command that needs it."""

from __future__ import annotations

import sys

import typer

from ecomon.cli import (
    backfill,
    export,
    files,
    flows,
    mapping,
    operations,
    people,
    poll,
    pool,
    pull,
    rating,
    receipts,
    registry,
    sample,
    store,
)
from ecomon.cli.terms import say
from ecomon.errors import EcomonError

app = typer.Typer(
    help="嘉陵江、白龙江生态监测 ecological monitoring of the Jialing and the Bailong",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(registry.app, name="registry")
app.add_typer(store.app, name="store")
app.add_typer(mapping.app, name="map")
app.add_typer(sample.app, name="sample")
app.add_typer(poll.app, name="poll")
app.add_typer(pull.app, name="pull")
app.add_typer(rating.app, name="rating")
app.add_typer(people.actor_app, name="actor")
app.add_typer(people.token_app, name="token")
app.add_typer(people.review_app, name="review")
for command in (
    files.decode,
    export.export,
    people.whoami,
    people.reviews,
    people.approve,
    people.withdraw,
    people.acts,
    receipts.receipts,
    files.verify,
    flows.run,
    backfill.backfill,
    flows.serve,
    pool.server,
    pool.deploy,
    pool.worker,
    pool.submit,
    operations.doctor,
    operations.metrics,
    operations.units,
    flows.demo,
):
    app.command()(command)


@app.command()
def version() -> None:
    """版本 version."""
    import ecomon

    say(ecomon.__version__)


def main() -> None:
    """Run the command; an error raised on purpose is one clear text and exit code 2."""
    _speak_utf8()
    try:
        app()
    except EcomonError as error:
        typer.echo(f"错误 error: {error}", err=True)
        sys.exit(2)


def _speak_utf8() -> None:
    """A Windows console or a pipe of a C locale would break on Chinese text."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")
