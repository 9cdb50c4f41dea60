"""What ``ocpp21 conform station`` and ``ocpp21 conform csms`` do: play cases, tell of each, write reports.

Whatever can be found wrong is found before the first case: a run may take hours, and nobody wants to learn at its end
that there is no room for its report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ocpp21.cli.credentials import need_sockets
from ocpp21.cli.interrupts import interrupted
from ocpp21.cli.terminal import complain, printable

if TYPE_CHECKING:
    from ocpp21.conformance import Result
    from ocpp21.conformance.cases.case import Side

__all__ = ["run_cases"]


def run_cases(
    role: Side,
    addresses: Sequence[str] | None,
    patterns: Sequence[str] | None,
    config: Path | None,
    drivers: Sequence[str] | None,
    jobs: int,
    /,
    **files: Path | None,
) -> None:
    """Play cases.

    Args:
        role: of the systems under test.
        addresses: of them; those of the configuration by default.
        patterns: of ids of cases; all by default.
        config: file of the configuration.
        drivers: URLs of services that act at the systems.
        jobs: how many of our own.
        files: reports to write, by their kind: ``as_json``, ``junit``, ``html``.

    Raises:
        typer.Exit: with the exit code, unless that is 0.
    """
    need_sockets()
    from ocpp21.conformance import reports, sessions
    from ocpp21.conformance.verdict import Verdict

    played: list[Result] = []

    def tell(result: Result) -> None:
        played.append(result)
        typer.echo(reports.result_line(result))

    wanted = {kind: path for kind, path in files.items() if path is not None}
    try:
        systems = sessions.systems_under_test(
            role, addresses or (), drivers=drivers or (), configuration=str(config or ""), jobs=jobs
        )
        cases = systems[0].select(patterns or ())
        _check(wanted)
        sessions.probe(systems)
        interruption = _Interruption()
        with suppress(asyncio.CancelledError):  # interrupted again
            sessions.run(systems, cases, tell, on_note=_note, make_end=interruption.begin)
    except sessions.Unusable as error:
        complain(str(error))
        raise typer.Exit(2) from error
    order = {case.id: number for number, case in enumerate(cases)}
    results = sorted(played, key=lambda result: order[result.case.id])
    _finish(results, len(cases), wanted)
    if interruption.has_come:
        raise typer.Exit(130)
    if any(result.verdict is Verdict.FAIL for result in results):
        raise typer.Exit(1)


class _Interruption:
    """Ctrl-C: the first one ends the run, another one whatever the end waits for."""

    def __init__(self) -> None:
        self._end: asyncio.Event | None = None

    def begin(self) -> asyncio.Event:
        """Heed it from now on; in the loop."""
        work = asyncio.current_task()
        assert work is not None
        self._end = interrupted(work.cancel)
        return self._end

    @property
    def has_come(self) -> bool:
        """Whether it has come."""
        return self._end is not None and self._end.is_set()


def _note(text: str) -> None:
    typer.echo(printable(text), err=True)


def _finish(results: Sequence[Result], expected: int, files: dict[str, Path]) -> None:
    """Sum up, and write the reports.

    Raises:
        typer.Exit: one of them cannot be written.
    """
    from ocpp21.conformance import reports
    from ocpp21.conformance.verdict import Verdict

    for result in results:
        if result.verdict is Verdict.FAIL:
            typer.echo(printable(f"again: {result.again}"))
    rest = f"; interrupted, {expected - len(results)} not played" if len(results) < expected else ""
    typer.echo(reports.summary(results) + rest)
    writers: dict[str, Callable[[Sequence[Result]], str]] = {
        "as_json": reports.json_report,
        "junit": reports.junit_report,
        "html": reports.html_report,
    }
    has_failed = False
    for kind, path in files.items():
        try:
            path.write_text(writers[kind](results), encoding="utf-8")
        except OSError as error:  # the others may still be written
            complain(f"{path}: {error.strerror}")
            has_failed = True
    if has_failed:
        raise typer.Exit(2)


def _check(files: dict[str, Path]) -> None:
    """See that the reports can be written, and leave everything as it is.

    Raises:
        Unusable: one cannot, or two are the same file.
    """
    from ocpp21.conformance.sessions import Unusable

    for path in files.values():
        if [other.resolve() for other in files.values()].count(path.resolve()) > 1:
            raise Unusable(f"expected a file of its own for each report, found {path} twice")
        is_new = not path.exists()
        try:
            with path.open("ab"):
                pass
        except OSError as error:
            raise Unusable(f"{path}: {error.strerror}") from error
        if is_new:
            with suppress(OSError):
                path.unlink()
