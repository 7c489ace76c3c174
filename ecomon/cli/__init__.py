"""The ``ecomon`` command. Whatever is heavy is imported inside the command that needs it."""

from __future__ import annotations

import sys

import typer

from ecomon.cli import (
    backfill,
    export,
    files,
    flows,
    gateway,
    hj212,
    load,
    mapping,
    operations,
    overlay,
    people,
    poll,
    pool,
    pull,
    rating,
    receipts,
    registry,
    review,
    sample,
    simulate,
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
registry.app.command("export-overlay")(overlay.export_overlay)
registry.app.command("import-overlay")(overlay.import_overlay)
app.add_typer(registry.app, name="registry")
app.add_typer(store.app, name="store")
app.add_typer(mapping.app, name="map")
app.add_typer(sample.app, name="sample")
app.add_typer(poll.app, name="poll")
app.add_typer(pull.app, name="pull")
app.add_typer(rating.app, name="rating")
app.add_typer(hj212.app, name="hj212")
app.add_typer(gateway.app, name="gateway")
app.add_typer(load.app, name="load")
app.add_typer(people.actor_app, name="actor")
app.add_typer(people.token_app, name="token")
app.add_typer(review.app, name="review")
for command in (
    files.decode,
    export.export,
    people.whoami,
    review.reviews,
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
    simulate.simulate,
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
