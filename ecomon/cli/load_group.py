"""``ecomon load``: the commands of loads in one group, where a section's name is enough."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

DEFAULT = "section"


class SectionOrCommand(TyperGroup):
    """Takes the first word for a section unless it is one of the group's commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SectionOrCommand,
    help="污染负荷 loads: ecomon load SECTION --period 2021-03 …, or one of the commands below",
    no_args_is_help=True,
    subcommand_metavar="SECTION | COMMAND …",
)
