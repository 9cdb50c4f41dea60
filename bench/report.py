"""Measures everything side by side, and writes ``docs/benchmarks.md`` with its charts."""

from __future__ import annotations

import asyncio
import datetime
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench import curves, others, traffic
from bench.fleets import RAMP_S, STATIONS, run_fleet
from bench.pressing import Pressed, press, serving
from bench.serving import KINDS
from bench.weighing import EVENTS, MORE, weigh
from ocpp21.cli.datasets import datasets
from ocpp21.cli.measure import Ratio, interleave, ratio
from ocpp21.cli.peers import OURS, Job, peers
from ocpp21.load.charts import Axis, Chart, Line, bars, lines

#: Peers too slow for every message of every block; they stand in the other sections.
_SLOW: Final = {"jsonschema", "ocpp"}

#: Connections at which servers are pressed, and events that each sends in a round.
_PRESSED: Final = {1: 200, 10: 50, 100: 10, 200: 10, 500: 4}

_ROLES: Final = {
    "echo": "bare `websockets` echo",
    "handler": "our sockets, one handler",
    "memory": "CSMS role, ledger in memory",
    "sqlite": "CSMS role, durable ledger",
    "ocpp": "`ocpp`, handler that keeps nothing",
}

#: Servers whose memory is weighed; the others do not know all that a station says.
_WEIGHED: Final = ("echo", "sqlite", "memory")

#: Messages per second of a whole fleet.
_FLEET_RATES: Final = (500, 1000)


class Section(NamedTuple):
    """A part of the report: Markdown, and charts by file name."""

    text: str
    charts: Mapping[str, Chart] = {}


def write_report(out: Path, rounds: int, only: Sequence[str] | None) -> None:
    """Measure and write; with ``only``, measure these sections and print them."""
    found = {}
    for name, (title, measure) in SECTIONS.items():
        if only is None or name in only:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found[title] = measure(rounds)
    body = "\n\n".join(f"## {title}\n\n{section.text}" for title, section in found.items())
    if only is not None:
        print(body)
        return
    directory = out / "benchmarks"
    directory.mkdir(parents=True, exist_ok=True)
    for section in found.values():
        for name, chart in section.charts.items():
            (directory / f"{name}-light.svg").write_text(chart.light, encoding="utf-8")
            (directory / f"{name}-dark.svg").write_text(chart.dark, encoding="utf-8")
    (out / "benchmarks.md").write_text(f"{_head(rounds)}\n\n{body}\n", encoding="utf-8")


def _head(rounds: int) -> str:
    versions = {peer.name: peer.version for peer in peers() if peer.version} | others.versions()
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"""# Benchmarks

Written by `python -m bench report` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}; do not edit.

**Machine.** {_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, \
{platform.python_implementation()} {platform.python_version()}. It was shared with other work.

**Versions.** {listed}.

**Method.** Within each of {rounds} rounds all peers take turns on the same data, every second round backwards, and
the ratios are made round by round: what disturbs the machine disturbs all. Times are CPU times, but for the rates.
Given is the median, and after ± half the distance of the quartiles. Times are ours; all other figures say how many
times as long a peer takes. Validators of JSON Schema work behind the fastest parser of their language. Peers do what
they can: `orjson` and `msgspec` check no schema or not all of it, the validators give no typed messages. `ajv` runs
under node, and is timed there."""


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "CPU unknown"
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else "CPU unknown"


# Sections


def codec(rounds: int) -> Section:
    """Every job on every data set, all peers."""
    titles = {
        Job.VALIDATE: "Payload bytes to verdict",
        Job.DECODE: "Frame bytes to checked, typed message",
        Job.ENCODE: "Message to checked frame bytes",
        Job.FRAMING: "Frame bytes to id, action and payload",
    }
    parts, groups = [], {}
    for job, title in titles.items():
        columns = {}
        for name, data in datasets().items():
            seconds = interleave(others.line_up(job, data), rounds)
            columns[f"{name}, {_bytes(len(data.frame))}"] = seconds
            if name == "Transaction":
                groups[job.value] = {peer: 1e6 * statistics.median(times) for peer, times in seconds.items()}
        parts.append(f"**{title}**\n\n{_table(columns)}")
    chart = bars(groups, y=Axis("µs, a TransactionEvent of 1.1 kB", is_log=True))
    return Section("\n\n".join([_picture("codec", "Time of each job by peer"), *parts]), {"codec": chart})


def blocks(rounds: int) -> Section:
    """Frame to checked message: three sizes of each block."""
    columns = {}
    few = max(rounds // 3, 3)
    for title, sizes in traffic.blocks().items():
        for size, data in sizes.items():
            works = {name: work for name, work in others.line_up(Job.DECODE, data).items() if name not in _SLOW}
            columns[f"{title}, {size}, {_bytes(len(data.frame))}"] = interleave(works, few)
    text = (
        "Frame bytes to checked, typed message. Small has the required members alone, largest all that there are with "
        "the longest texts; they are test vectors, which the generator makes of the schemas. Without the two peers "
        f"that take hundreds of times as long. {few} rounds."
    )
    return Section(f"{text}\n\n{_rows(columns)}")


def day(rounds: int) -> Section:
    """All that a station says in a day, in and out."""
    said = traffic.day()
    columns = {}
    for job in (Job.DECODE, Job.ENCODE):
        works = [others.line_up(job, data) for data in _distinct(said)]
        weights = [said.count(data) for data in _distinct(said)]
        total: dict[str, list[float]] = {}
        for line, weight in zip(works, weights, strict=True):
            for name, times in interleave(line, max(rounds // 3, 3)).items():
                sums = total.setdefault(name, [0.0] * len(times))
                total[name] = [whole + weight * time for whole, time in zip(sums, times, strict=True)]
        columns[f"{job}, {len(said)} messages, {_bytes(sum(len(data.frame) for data in said))}"] = total
    return Section(f"{' '.join((traffic.day.__doc__ or '').split())}\n\n{_table(columns)}")


def sizes(rounds: int) -> Section:
    """How decoding grows with the payload."""
    found = curves.sizes(max(rounds // 3, 3))
    drawn = [Line(name, points, dashed=name != OURS) for name, points in found.items()]
    chart = lines(drawn, x=Axis("bytes of the frame", True), y=Axis("µs, frame to message", True))
    (first_size, first), (last_size, last) = found[OURS][0], found[OURS][-1]
    text = (
        "A TransactionEvent with 1 to 1,000 sampled values, frame to checked, typed message. "
        f"From {_bytes(int(first_size))} to {_bytes(int(last_size))}, {last_size / first_size:.0f} times as much, our "
        f"time grows {last / first:.0f} times: it is linear."
    )
    return Section(f"{text}\n\n{_picture('sizes', 'Time against size of the frame')}", {"sizes": chart})


def roles(rounds: int) -> Section:
    """Servers in a process of their own, pressed from outside, at more and more connections."""
    few = max(rounds // 3, 3)
    found: dict[int, dict[str, list[Pressed]]] = {}
    with serving(*KINDS) as servers:
        for connections, each in _PRESSED.items():
            found[connections] = asyncio.run(press(servers, connections=connections, each=each, rounds=few))
    rows = [
        "| connections | server | messages per s | CPU µs per message | CPU, times the echo |",
        "|--:|---|--:|--:|--:|",
    ]
    for connections, by_kind in found.items():
        for kind, pressed in by_kind.items():
            wall = statistics.median(each.wall_s for each in pressed)
            cpu = statistics.median(each.cpu_s for each in pressed)
            times = ratio([each.cpu_s for each in pressed], [each.cpu_s for each in by_kind["echo"]])
            rows.append(f"| {connections} | {_ROLES[kind]} | {1 / wall:,.0f} | {1e6 * cpu:.0f} | {_ratio(times)} |")
    drawn = [
        Line(
            _ROLES[kind].replace("`", ""),
            [(n, 1e6 * statistics.median(each.cpu_s for each in by_kind[kind])) for n, by_kind in found.items()],
        )
        for kind in KINDS
    ]
    chart = lines(drawn, x=Axis("connections", True), y=Axis("µs of the server's CPU per message", True))
    text = (
        "TransactionEvents of 1.1 kB over loopback sockets, each station sending its next one when the last is answered"
        ". Servers and clients are processes of their own; the rate is bounded by the client as well, the CPU time of "
        f"the server is not. {few} rounds."
    )
    table = "\n".join(rows)
    return Section(f"{text}\n\n{_picture('roles', 'CPU time against connections')}\n\n{table}", {"roles": chart})


def memory(rounds: int) -> Section:
    """What a server holds for a station that has been busy."""
    found = weigh(*_WEIGHED)
    rows = ["| server | kB for a station | above the bare socket |", "|---|--:|--:|"]
    rows += [
        f"| {_ROLES[kind]} | {held / 1000:.1f} | {(held - found['echo']) / 1000:.1f} |" for kind, held in found.items()
    ]
    text = (
        f"How much the memory of a server's process grows with a station: by {MORE:,} stations, each of which has "
        f"booted, told the status of its connector and sent {EVENTS} events of a transaction that goes on. The ledger "
        "in memory holds every event that it has taken; the one in a file does not."
    )
    return Section("\n".join([f"{text}\n", *rows]))


def fleet(rounds: int) -> Section:
    """Thousands of stations on one process, from a generator that is one process, too."""
    rows = [
        "| messages per s | connected at the end | answered | ms: median | 99 % | longest | CSMS: part of a core "
        "| kB for a station | generator: part of a core | kB for a station |",
        f"|{'--:|' * 10}",
    ]
    faults: dict[str, int] = {}
    for rate in _FLEET_RATES:
        found = run_fleet("sqlite", rate=rate)
        report, times = found.report, found.report.latency
        cells = (
            f"{report.sent_per_s:,.0f}",
            f"{report.connected:,}",
            f"{report.answered:,} of {report.sent:,}",
            *(_three(1000 * time_s) for time_s in (times.p50_s, times.p99_s, times.max_s)),
            f"{found.server_cpu:.0%}",
            f"{found.server_bytes / 1000:.0f}",
            f"{report.cpu:.0%}",
            f"{found.stations_bytes / 1000:.0f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
        faults |= {text: count for texts in report.faults.values() for text, count in texts.items()}
    text = (
        f"{STATIONS:,} stations that come within {RAMP_S} s, boot, and send MeterValues or charge: `ocpp21 load` on "
        "the CSMS role with a durable ledger, a process each. Latency counts from when a message was due, and the rush "
        "at the beginning is in it."
    )
    found_faults = ", ".join(f"{text} ({count:,} times)" for text, count in faults.items()) or "none"
    return Section("\n".join([f"{text}\n", *rows, f"\nFaults: {found_faults}."]))


def stored(rounds: int) -> Section:
    """How recording an event grows with what the ledger holds."""
    found = curves.stored(max(rounds // 3, 3))
    chart = lines(
        [Line("100 stations at a time", found)],
        x=Axis("transactions in the ledger", True),
        y=Axis("µs of CPU per durable event"),
    )
    text = (
        "A durable event of a CSMS with an SQLite ledger that holds more and more transactions, in CPU time: "
        + ", ".join(f"{time:.0f} µs at {int(count):,}" for count, time in found)
        + "."
    )
    return Section(f"{text}\n\n{_picture('stored', 'Time of an event against stored transactions')}", {"stored": chart})


SECTIONS: Final[dict[str, tuple[str, Callable[[int], Section]]]] = {
    "codec": ("Codec and framing", codec),
    "blocks": ("Messages of each block", blocks),
    "day": ("A day of a station", day),
    "sizes": ("Growth with the payload", sizes),
    "roles": ("Sockets, roles and stores; growth with connections", roles),
    "stored": ("Growth with stored transactions", stored),
    "memory": ("Memory of a station", memory),
    "fleet": ("Five thousand stations on one process", fleet),
}


# Markdown


def _table(columns: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Peers below one another, data sets beside one another."""
    names = list(dict.fromkeys(name for seconds in columns.values() for name in seconds))
    rows = [f"| | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    for name in names:
        cells = [_cell(name, seconds) for seconds in columns.values()]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _rows(columns: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Data sets below one another, peers beside one another."""
    names = list(dict.fromkeys(name for seconds in columns.values() for name in seconds))
    rows = [f"| | {' | '.join(names)} |", f"|---|{'--:|' * len(names)}"]
    rows += [
        f"| {title} | {' | '.join(_cell(name, seconds) for name in names)} |" for title, seconds in columns.items()
    ]
    return "\n".join(rows)


def _cell(name: str, seconds: Mapping[str, Sequence[float]]) -> str:
    if name not in seconds:
        return ""
    if name == OURS:
        return f"**{_time(statistics.median(seconds[name]))}**"
    return _ratio(ratio(seconds[name], seconds[OURS]))


def _ratio(found: Ratio) -> str:
    return f"{_three(found.median)} ±{found.spread:.0%}"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _time(seconds: float) -> str:
    if seconds < 1e-6:
        return f"{_three(seconds * 1e9)} ns"
    return f"{_three(seconds * 1e6)} µs" if seconds < 1e-3 else f"{_three(seconds * 1e3)} ms"


def _bytes(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.3g} kB"


def _picture(name: str, text: str) -> str:
    """A chart that suits the page, light or dark."""
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="benchmarks/{name}-dark.svg">'
        f'<img alt="{text}" src="benchmarks/{name}-light.svg"></picture>'
    )


def _distinct(said: Sequence[traffic.Dataset]) -> list[traffic.Dataset]:
    return list({id(data): data for data in said}.values())
