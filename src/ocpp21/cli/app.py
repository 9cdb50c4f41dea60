"""The commands of ``ocpp21``, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from ocpp21 import __version__
from ocpp21.cli.bench import bench
from ocpp21.cli.call import call
from ocpp21.cli.conform import conform
from ocpp21.cli.csms import csms
from ocpp21.cli.demo import demo
from ocpp21.cli.listen import listen
from ocpp21.cli.load import load
from ocpp21.cli.replay import replay
from ocpp21.cli.show import show
from ocpp21.cli.station import station
from ocpp21.cli.validate import validate

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
app.command()(csms)
app.command()(station)
app.command()(validate)
app.command()(show)
app.command()(bench)
app.command()(replay)
app.command()(listen)
app.command()(call)
app.add_typer(conform, name="conform")
app.command()(load)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ocpp21 {__version__}")
        raise typer.Exit


@app.callback()
def ocpp21(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """OCPP 2.1 on the command line: run both roles, check messages, look them up, measure the library.

    Exit codes: 0 all is well, 1 something was refused, 2 wrong usage or an unreadable file, 130 interrupted.
    """
