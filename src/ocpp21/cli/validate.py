"""``ocpp21 validate``: one verdict for each line of a recording."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ocpp21.cli.lines import read_lines
from ocpp21.cli.terminal import Paint, complain, json_line, painter, printable
from ocpp21.cli.verdicts import Judge, Verdict

__all__ = ["validate"]

_STDIN: Final = "-"
_STDIN_NAME: Final = "<stdin>"

#: Input from this many bytes on gets a progress bar.
_LONG: Final = 4 * 1024 * 1024

#: The bar moves each time that so many bytes are done.
_STEP: Final = 256 * 1024

_STYLES: Final = {"ok": "green", "refused": "red", "unmatched": "yellow"}

#: Told how many bytes of the input are done.
Advance = Callable[[int], object]


def validate(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Recordings, a message a line; `-` or nothing is standard input."),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Tolerate what real peers get wrong, and print what was tolerated.")
    ] = False,
    conform: Annotated[
        bool, typer.Option("--conform", help="Also check the rules of the standard that the schemas do not hold.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object for each line, and last one with the summary.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is refused, and the summary.")] = False,
    max_size: Annotated[
        int, typer.Option("--max-size", min=1, metavar="BYTES", help="Longest line, in bytes; longer ones are refused.")
    ] = 1_048_576,
) -> None:
    """Check recorded messages: print a verdict for each line, and a summary.

    A line is a frame of OCPP-J, such as `[2,"1","Heartbeat",{}]`, or names its payload itself:
    `{"action": "Heartbeat", "payload": {}}`, for a response with `"type": "response"` too. Empty lines are skipped.
    A CALLRESULT is checked as the answer to the CALL with its message id earlier in the same file; without one it is
    refused as unmatched. Verdicts go to standard output, the summary to standard error.

    Exit codes: 0 all lines are valid, 1 some are refused, 2 a file cannot be read, 130 interrupted.
    """
    names = files or [_STDIN]
    report = (_JsonReport if as_json else _TextReport)(quiet)
    with _progress(names, busy=not quiet) as advance:
        for name in names:
            judge = Judge(max_size=max_size, conform=conform, lenient=lenient)
            try:
                with _open(name) as stream:
                    _judge_stream(stream, _STDIN_NAME if name == _STDIN else name, judge, report, advance)
            except OSError as error:
                report.unreadable += 1
                complain(f"{name}: {error.strerror}")
    report.finish()
    raise typer.Exit(report.exit_code)


@contextlib.contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    if name == _STDIN:
        yield sys.stdin.buffer
        return
    with open(name, "rb") as stream:
        yield stream


def _judge_stream(stream: BinaryIO, name: str, judge: Judge, report: _Report, advance: Advance) -> None:
    file = printable(name)
    done = 0
    for line in read_lines(stream, max_size):
        ...
