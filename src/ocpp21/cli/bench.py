"""``ocpp21 bench``: how fast this machine is, beside every peer that is installed."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ocpp21.cli.datasets import Dataset, datasets
from ocpp21.cli.measure import interleave, ratio
from ocpp21.cli.peers import OURS, Job, contest, peers

__all__ = ["bench"]

_TITLES: Final = {
    Job.VALIDATE: "payload bytes to verdict",
    Job.DECODE: "frame bytes to checked message",
    Job.ENCODE: "message to checked frame bytes",
    Job.FRAMING: "frame bytes to id, action and payload",
}


class Result(msgspec.Struct, frozen=True):
    """One peer at one job on one data set.

    Attributes:
        job: what was done.
        data: name of the data set.
        size: of the frame, of the payload when validating, in bytes.
        peer: who did it.
        seconds: median time of a call.
        ratio: median of time over our time, round by round.
        low: lower quartile of these.
        high: upper quartile.
    """

    job: Job
    data: str
    size: int
    peer: str
    seconds: float
    ratio: float
    low: float
    high: float


def bench(
    rounds: Annotated[
        int, typer.Option("--rounds", min=3, metavar="N", help="Samples of each peer; each lasts 2 ms or one call.")
    ] = 15,
    jobs: Annotated[
        list[Job] | None, typer.Option("--job", help="Measure only this; may be repeated. All when absent.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME", help="Measure only on this data set; may be repeated. All when absent."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: times in seconds, ratios against ours.")] = False,
) -> None:
    """Measure validating, decoding, encoding and framing beside every peer that is installed.

    Peers take turns within each round, so the ratios hold where the times do not. Validators of JSON Schema work
    on the schemas of the package `ocpp`, behind orjson. Takes about half a minute.
    """
    known = datasets()
    unknown = [name for name in data or () if name not in known]
    if unknown:
        raise typer.BadParameter(f"expected one of {', '.join(known)}, found {unknown[0]}", param_hint="--data")
    console = Console(stderr=True)
    results: list[Result] = []
    with console.status("") as status:
        for job in jobs or Job:
            for dataset in (known[name] for name in data or known):
                status.update(f"{job} {dataset.name}")
                results += _measure(job, dataset, rounds)
    if as_json:
        print(json.dumps({"machine": _machine(), "rounds": rounds, "results": msgspec.to_builtins(results)}, indent=2))
    else:
        _print(results, rounds)


def _measure(job: Job, dataset: Dataset, rounds: int) -> list[Result]:
    seconds = interleave(contest(job, dataset), rounds)
    size = len(dataset.payload if job is Job.VALIDATE else dataset.frame)
    results = []
    for peer, samples in seconds.items():
        found = ratio(samples, seconds[OURS])
        middle = statistics.median(samples)
        results.append(Result(job, dataset.name, size, peer, middle, found.median, found.low, found.high))
    return results


def _machine() -> dict[str, Any]:
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {peer.name: peer.version for peer in peers()},
    }


def _print(results: Sequence[Result], rounds: int) -> None:
    console = Console(highlight=False)
    machine = _machine()
    versions: Mapping[str, str | None] = machine["versions"]
    for job in dict.fromkeys(result.job for result in results):
        console.print(f"[bold]{job}[/bold]: {_TITLES[job]}")
        console.print(_table([result for result in results if result.job is job]))
        console.print()
    console.print(
        f"Times of {OURS}; for the others how many times as long, and how much that varied ({rounds} rounds)."
    )
    installed = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    console.print(f"{machine['python']}, {machine['system']}; {installed}.")
    if missing := [name for name, version in versions.items() if version is None]:
        console.print(f"Not installed: {', '.join(missing)}.", style="yellow")


def _table(results: Sequence[Result]) -> Table:
    table = Table()
    columns = {result.data: result.size for result in results}
    table.add_column("", no_wrap=True)
    for name, size in columns.items():
        table.add_column(f"{name}\n[dim]{_bytes(size)}[/dim]", justify="right", no_wrap=True)
    for peer in dict.fromkeys(result.peer for result in results):
        cells = [_cell(result) for result in results if result.peer == peer]
        table.add_row(peer, *cells, style="bold" if peer == OURS else "")
    return table


def _cell(result: Result) -> str:
    if result.peer == OURS:
        return _time(result.seconds)
    spread = (result.high - result.low) / 2 / result.ratio
    return f"{_three(result.ratio)} ±{spread:.0%}"


def _three(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _time(seconds: float) -> str:
    if seconds < 1e-6:
        return f"{_three(seconds * 1e9)} ns"
    return f"{_three(seconds * 1e6)} µs" if seconds < 1e-3 else f"{_three(seconds * 1e3)} ms"


def _bytes(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.3g} kB"
