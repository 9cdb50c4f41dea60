"""``ocpp21 validate``: one verdict for each line of a recording."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ocpp21 import framing
from ocpp21.cli.lines import STDIN, Line, Unreadable, read_lines
from ocpp21.cli.terminal import Paint, complain, json_line, painter, printable
from ocpp21.cli.verdicts import Judge, Verdict

__all__ = ["validate"]

_STDIN_NAME: Final = "<stdin>"

#: Input of at least so many bytes gets a progress bar, which moves when so many more are done.
_LONG: Final = 4 * 1024 * 1024
_STEP: Final = 256 * 1024

_STYLES: Final = {"ok": "green", "refused": "red", "unmatched": "yellow"}

#: Told the file that is read and how many bytes more of it are done.
Advance = Callable[[str, int], object]

#: Writes what is printed of a verdict on a line of a file.
Render = Callable[[str, int, Verdict], str]


def validate(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Recordings, one message a line; `-` or nothing is standard input."),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Tolerate what real peers get wrong, and print what was tolerated.")
    ] = False,
    conform: Annotated[
        bool, typer.Option("--conform", help="Also check the rules of the standard that the schemas do not hold.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object for each line, and one with the summary last.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is refused, and the summary.")] = False,
    max_size: Annotated[
        int, typer.Option("--max-size", min=1, metavar="BYTES", help="Longest line in bytes; longer ones are refused.")
    ] = framing.MAX_SIZE,
) -> None:
    """Check recorded messages: a verdict for each line, and a summary.

    A line is a frame of OCPP-J, such as `[2,"1","Heartbeat",{}]`, or says itself what its payload is:
    `{"action":"Heartbeat","payload":{}}`, with `"type":"response"` if it is one. Empty lines are skipped. A CALLRESULT
    is checked as the answer to the CALL with its message id before it in the file; without one it is refused as
    unmatched. Verdicts go to standard output, the summary goes to standard error.

    Exit codes: 0 all lines are valid, 1 some are refused, 2 a file cannot be read, 130 interrupted.
    """
    names = files or [STDIN]
    tally = _Tally()
    render = _as_json if as_json else _text_renderer(painter(Console()))
    with _progress(names, is_calm=quiet) as advance:
        for name in names:
            judge = Judge(max_size=max_size, conform=conform, lenient=lenient)
            lines = _watch(read_lines(name, max_size), name, advance)
            try:
                _judge_file(lines, _shown(name), judge, tally, render, quiet)
            except Unreadable as error:
                tally.unreadable += 1
                complain(f"{_shown(name)}: {error}")
    if as_json:
        print(json_line({"summary": tally.facts()}))
    elif not tally.is_vain:
        sys.stdout.flush()
        sys.stderr.write(tally.text())
    raise typer.Exit(tally.exit_code)


def _shown(name: str) -> str:
    """Name a file in Unicode, whatever its bytes are."""
    return _STDIN_NAME if name == STDIN else os.fsencode(name).decode("utf-8", "backslashreplace")


def _judge_file(lines: Iterable[Line], file: str, judge: Judge, tally: _Tally, render: Render, is_quiet: bool) -> None:
    for line in lines:
        if line.data is None:
            verdict = judge.too_long(line.size)
        elif line.data and not line.data.isspace():
            verdict = judge.judge(line.data)
        else:
            continue
        tally.add(verdict, line.size)
        if verdict.verdict != "ok" or not is_quiet:
            sys.stdout.write(render(file, line.number, verdict))


class _Tally:
    """Counts of verdicts, and what they add up to."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._verdicts = dict.fromkeys(_STYLES, 0)
        self._codes: Counter[str] = Counter()
        self._deviations = 0
        self._size = 0
        self.unreadable = 0

    def add(self, verdict: Verdict, size: int) -> None:
        self._verdicts[verdict.verdict] += 1
        self._size += size
        self._deviations += len(verdict.deviations)
        if verdict.code is not None:
            self._codes[verdict.code] += 1

    @property
    def is_vain(self) -> bool:
        """True when no file gave anything to count."""
        return self.unreadable > 0 and not any(self._verdicts.values())

    @property
    def exit_code(self) -> int:
        if self.unreadable:
            return 2
        return 1 if self._verdicts["refused"] or self._verdicts["unmatched"] else 0

    def facts(self) -> dict[str, Any]:
        """The summary for programs."""
        return {
            "messages": sum(self._verdicts.values()),
            **self._verdicts,
            "codes": dict(self._codes.most_common()),
            "deviations": self._deviations,
            "unreadable": self.unreadable,
            "bytes": self._size,
            "seconds": time.perf_counter() - self._start,
        }

    def text(self) -> str:
        """The summary for people."""
        seconds = time.perf_counter() - self._start
        messages = sum(self._verdicts.values())
        counts = [f"{count:,} {verdict}" for verdict, count in self._verdicts.items() if count or verdict == "ok"]
        if self._deviations:
            counts.append(f"{self._deviations:,} deviations tolerated")
        lines = [f"{messages:,} messages: {', '.join(counts)}"]
        lines += [f"{count:>9,}  {code}" for code, count in self._codes.most_common()]
        rate = f"{messages / seconds:,.0f} messages/s, {self._size / seconds / 1e6:,.1f} MB/s"
        return "\n".join([*lines, f"{seconds:.2f} s, {rate}", ""])


def _as_json(file: str, number: int, verdict: Verdict) -> str:
    return json_line({"file": file, "line": number, **msgspec.to_builtins(verdict)}) + "\n"


def _text_renderer(paint: Paint) -> Render:
    words = {verdict: paint(verdict, style) for verdict, style in _STYLES.items()}

    def render(file: str, number: int, verdict: Verdict) -> str:
        place = f"{printable(file)}:{number}: "
        parts = [words[verdict.verdict]]
        if verdict.verdict == "ok":
            parts += filter(None, (verdict.kind, verdict.action))
        else:
            parts += filter(None, (verdict.code, verdict.reason))
        tolerated = [f"{place}{paint('tolerated', 'yellow')} {deviation}\n" for deviation in verdict.deviations]
        return "".join([f"{place}{' '.join(parts)}\n", *tolerated])

    return render


def _watch(lines: Iterable[Line], name: str, advance: Advance) -> Iterator[Line]:
    """Pass lines on and tell from time to time how far they have come."""
    told = 0
    for line in lines:
        yield line
        if line.end - told >= _STEP:
            advance(name, line.end - told)
            told = line.end


@contextlib.contextmanager
def _progress(names: Iterable[str], *, is_calm: bool) -> Iterator[Advance]:
    """Show a bar on standard error if it is a terminal, the input is long, and output does not fill the screen."""
    total = _total_size(names)
    scrolls = sys.stdout.isatty() and not is_calm
    if total < _LONG or scrolls or not sys.stderr.isatty():
        yield lambda name, size: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # A terminal on both sides is one and the same: then what is printed must go above the bar.
    with Progress(
        *columns, console=Console(stderr=True), transient=True, expand=True, redirect_stdout=sys.stdout.isatty()
    ) as progress:
        task = progress.add_task("", total=total)
        yield lambda name, size: progress.update(
            task, advance=size, description=printable(os.path.basename(_shown(name)))
        )


def _total_size(names: Iterable[str]) -> int:
    """Size of the input in bytes; 0 if it is not known."""
    try:
        found = [os.stat(sys.stdin.fileno() if name == STDIN else name) for name in names]
    except OSError:
        return 0
    return sum(each.st_size for each in found) if all(stat.S_ISREG(each.st_mode) for each in found) else 0
