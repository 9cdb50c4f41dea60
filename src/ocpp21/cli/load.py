"""``ocpp21 load``: many Charging Stations on one CSMS, and what they meet."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ocpp21.cli.credentials import (
    CertificateOption,
    Credentials,
    KeyOption,
    PasswordFileOption,
    Unusable,
    need_sockets,
)
from ocpp21.cli.interrupts import interrupted
from ocpp21.cli.target import ServerTrustOption, StationProfileOption, security_of
from ocpp21.cli.terminal import complain, printable
from ocpp21.errors import LocalProtocolError, OcppError

if TYPE_CHECKING:
    from ocpp21.load import Load, Member, Plan, Report, Scenario
    from ocpp21.load.tally import Tally

__all__ = ["load"]

#: How often the screen is painted, per second.
_FRAMES_PER_S: Final = 2

#: Texts of each fault that are shown.
_TEXTS: Final = 5


def load(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of the CSMS, `ws://` or `wss://`, without the identity.")],
    stations: Annotated[int, typer.Option("--stations", "-n", min=1, metavar="N", help="How many.")] = 10,
    mix: Annotated[
        str,
        typer.Option(
            "--mix",
            metavar="MIX",
            help="Scenarios and their weights: `boot`, `metering`, `transactions`, `streams`; "
            "such as `metering=3,transactions=1`.",
        ),
    ] = "transactions",
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="N",
            help="Messages per second of all stations together.",
            show_default="one of each station every 10 s",
        ),
    ] = None,
    flat_out: Annotated[
        bool, typer.Option("--flat-out", help="No rate: each station sends as soon as the last answer is there.")
    ] = False,
    ramp: Annotated[
        float, typer.Option("--ramp", min=0, metavar="SECONDS", help="Over which the stations come; 0: all at once.")
    ] = 5.0,
    duration: Annotated[
        float, typer.Option("--duration", min=0, metavar="SECONDS", help="Of the run; 0: until Ctrl-C.")
    ] = 60.0,
    identity: Annotated[
        str, typer.Option("--identity", metavar="PATTERN", help="Of the stations, with a place for the number.")
    ] = "LOAD{:05}",
    crew_file: Annotated[
        Path | None,
        typer.Option(
            "--crew",
            metavar="FILE",
            help="CSV with a header: `identity`, and `password` or `certificate` and `key`; in place of a pattern.",
        ),
    ] = None,
    profile: StationProfileOption = None,
    password_file: PasswordFileOption = None,
    trust: ServerTrustOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    token: Annotated[str, typer.Option("--token", metavar="TEXT", help="IdToken that drivers present.")] = "LOAD",
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.001, metavar="SECONDS", help="For connecting, and for each answer.")
    ] = 30.0,
    compression: Annotated[bool, typer.Option("--compression", help="Offer permessage-deflate.")] = False,
    stack: Annotated[
        Literal["websockets", "picows"], typer.Option("--stack", help="What carries the connections.")
    ] = "websockets",
    loop: Annotated[Literal["asyncio", "uvloop"], typer.Option("--loop", help="Event loop.")] = "asyncio",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the dice.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON; `-` is standard output.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one page with charts.")
    ] = None,
) -> None:
    """Put load on a CSMS: N Charging Stations that connect, boot and play a scenario each.

    Connects to the URL given and to nothing else. Latency counts from when a message was due, so a CSMS that halts is
    charged with all that had to wait. `--stack picows --loop uvloop` get more load out of a core. Ctrl-C ends the run
    and gives the report so far. What the CSMS asks is answered NotSupported.

    Exit codes: 0 all was answered, 1 something was refused, dropped, invalid or not answered, 2 wrong usage or cannot
    connect, 130 interrupted.
    """
    need_sockets()
    if html_file is not None:
        _need("--html", "load", "jinja2", "matplotlib")
    _need("--stack or --loop", "fast", *({stack, loop} - {"websockets", "asyncio"}))
    try:
        members = _members(url, stations, identity, crew_file, profile, (password_file, trust, certificate, key))
        plan = _plan(
            url=url,
            stations=len(members),
            mix=_weights(mix),
            rate=rate,
            flat_out=flat_out,
            ramp_s=ramp,
            duration_s=duration or None,
            answer_timeout_s=timeout,
            open_timeout_s=timeout,
            compression=compression,
            token=token,
            stack=stack,
            seed=seed,
        )
        with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:
            report, was_interrupted = runner.run(_run(plan, members))
        _write(report, json_file, html_file)
    except (Unusable, LocalProtocolError) as error:
        complain(str(error))
        raise typer.Exit(2) from error
    if json_file != Path("-"):
        _print(report)
    if was_interrupted:
        raise typer.Exit(130)
    if report.fault_count:
        raise typer.Exit(1)


def _need(option: str, extra: str, *modules: str) -> None:
    """Leave with one line when an extra is not installed.

    Raises:
        typer.Exit: it is not.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            complain(f"{option} needs {module}: pip install ocpp21[{extra}]")
            raise typer.Exit(2) from error


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if name != "uvloop":
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory


def _weights(text: str) -> Mapping[Scenario, float]:
    """Read a mix.

    Raises:
        Unusable: it is none.
    """
    from ocpp21.load import Scenario

    found: dict[Scenario, float] = {}
    for part in text.split(","):
        name, _, weight = part.strip().partition("=")
        try:
            found[Scenario(name)] = float(weight or 1)
        except ValueError:
            known = ", ".join(Scenario)
            raise Unusable(f"--mix: expected scenarios ({known}) with weights, found {printable(part)}") from None
    return found


def _plan(**values: Any) -> Plan:
    from ocpp21.load import Plan

    return Plan(**values)


def _members(
    url: str,
    stations: int,
    pattern: str,
    crew_file: Path | None,
    profile: int | None,
    options: tuple[Path | None, Path | None, Path | None, Path | None],
) -> tuple[Member, ...]:
    """Make out of the options who the stations are.

    Raises:
        Unusable: they do not go together, or a file cannot be read.
        LocalProtocolError: the URL is none, or the credentials are none.
    """
    from ocpp21.load import crew, read_crew

    try:
        security = security_of(url, "unnamed", profile, Credentials(*options))
        if crew_file is not None:
            return read_crew(crew_file, security=security)
        return crew(stations, pattern=pattern, security=security)
    except OSError as error:
        raise Unusable(f"{error.filename or 'certificate, key or roots'}: {error.strerror}") from error


async def _run(plan: Plan, members: tuple[Member, ...]) -> tuple[Report, bool]:
    """Run, and say whether it was interrupted.

    Raises:
        Unusable: the CSMS cannot be reached.
        LocalProtocolError: there would be too many sockets.
    """
    from ocpp21.asyncio.unreachable import why_unreachable
    from ocpp21.load import Load
    from ocpp21.load.run import allow_sockets

    allow_sockets(plan.stations)
    run = Load(plan, members)
    try:
        await run.probe()
    except (OSError, OcppError) as error:
        raise Unusable(f"cannot connect: {why_unreachable(error, timeout_s=plan.open_timeout_s)}") from error
    end = interrupted(run.stop)

    async def heed() -> None:
        await end.wait()
        run.stop()

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        works = (heed(), _paint(run, live), _spare_collector(plan.ramp_s))
        asides = [asyncio.create_task(work) for work in works]
        try:
            return await run.run(), end.is_set()
        finally:
            for aside in asides:
                aside.cancel()


async def _spare_collector(ramp_s: float) -> None:
    """Spare the collector the stations once they are there: going through them would delay their messages."""
    await asyncio.sleep(ramp_s + 1)
    gc.freeze()


async def _paint(run: Load, live: Live) -> None:
    while live.console.is_terminal:
        if run.tally is not None:
            live.update(_screen(run.plan, run.tally), refresh=True)
        await asyncio.sleep(1 / _FRAMES_PER_S)


def _screen(plan: Plan, tally: Tally) -> Table:
    """What is painted while it runs: the last whole second, and all that went wrong so far."""
    slots = tally.timeline.slots
    now = slots[-2 if len(slots) > 1 else -1]
    width_s = tally.timeline.width_s
    found = now.latency.percentiles_s((50.0, 99.0))
    end = "" if plan.duration_s is None else f" of {plan.duration_s:,.0f}"
    table = Table.grid(padding=(0, 2))
    table.add_row("time", f"{tally.elapsed_s:,.0f}{end} s")
    table.add_row("connected", f"{tally.connected:,} of {plan.stations:,}")
    table.add_row("sent", f"{now.sent / width_s:,.0f} per s")
    table.add_row("answered", f"{now.answered / width_s:,.0f} per s")
    table.add_row("latency", f"median {_ms(found[50.0])}, 99 % {_ms(found[99.0])}")
    for fault, texts in tally.faults.texts().items():
        table.add_row(Text(fault, "red"), _fault_line(texts, 1))
    return table


def _fault_line(texts: Mapping[str, int], most: int) -> Text:
    shown = [f"{count:,} times {text}" for text, count in list(texts.items())[:most]]
    more = len(texts) - most
    return Text("\n".join([*shown, f"and {more} more"] if more > 0 else shown))


def _write(report: Report, json_file: Path | None, html_file: Path | None) -> None:
    """Write the files that are wanted.

    Raises:
        Unusable: one of them cannot be written.
    """
    try:
        if json_file == Path("-"):
            sys.stdout.write(report.to_json().decode())
        elif json_file is not None:
            json_file.write_bytes(report.to_json())
        if html_file is not None:
            from ocpp21.load.page import to_html

            html_file.write_text(to_html(report), encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{error.filename}: {error.strerror}") from error


def _print(report: Report) -> None:
    console = Console(highlight=False)
    latency = report.latency
    console.print(
        f"{report.elapsed_s:,.1f} s, {report.connected:,} of {report.plan.stations:,} stations connected at the end, "
        f"{report.sent:,} messages sent ({report.sent_per_s:,.0f} per s), {report.answered:,} answered."
    )
    console.print(
        f"Latency from when a message was due: median {_ms(latency.p50_s)}, 90 % {_ms(latency.p90_s)}, "
        f"99 % {_ms(latency.p99_s)}, 99.9 % {_ms(latency.p999_s)}, longest {_ms(latency.max_s)}."
    )
    if report.owed:
        console.print(f"{report.owed:,} messages were due and had not left at the end.")
    console.print(_actions(report))
    for doubt in report.doubts:
        console.print(f"Take the figures with care: {doubt}.", style="yellow")
    if report.faults:
        faults = Table.grid(padding=(0, 2))
        for fault, texts in report.faults.items():
            faults.add_row(Text(fault, "red"), f"{sum(texts.values()):,}", _fault_line(texts, _TEXTS))
        console.print(faults)


def _actions(report: Report) -> Table:
    """Times in ms: the numbers need the room."""
    table = Table(caption="In ms, from when it was due; service: median from when it left.", caption_justify="left")
    table.add_column("", no_wrap=True)
    for title in ("sent", "answered", "median", "99 %", "longest", "service"):
        table.add_column(title, justify="right", no_wrap=True)
    for action, kind in report.kinds.items():
        times = (kind.latency.p50_s, kind.latency.p99_s, kind.latency.max_s, kind.service.p50_s)
        cells = (_ms(time).removesuffix(" ms") for time in times) if kind.latency.count else ()
        table.add_row(action, f"{kind.sent:,}", f"{kind.answered:,}", *cells)
    return table


def _ms(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.3g} ms"
