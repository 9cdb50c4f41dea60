"""A fleet on one CSMS: ``ocpp21 load`` and a server of :mod:`bench.serving`, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.pressing import Serving, resident_bytes, serving
from ocpp21.load import Report
from ocpp21.open_files import allow_files

__all__ = ["RAMP_S", "STATIONS", "Fleet", "run_fleet"]

#: Stations of the fleet.
STATIONS: Final = 5_000

#: Over which they come, in seconds.
RAMP_S: Final = 25

#: What they do: most send MeterValues, some charge.
_MIX: Final = "metering=4,transactions=1"

#: How long it all takes, in seconds.
_DURATION_S: Final = 90

#: How often memory is looked at, in seconds.
_LOOK_S: Final = 1.0

#: Files that a process has open besides its sockets.
_OTHER_FILES: Final = 256


class Fleet(NamedTuple):
    """What a fleet has met.

    Attributes:
        report: of the generator.
        server_bytes: memory of the server's process for each station, garbage included.
        stations_bytes: memory of the generator for each station.
        server_cpu: part of a core that the server took.
    """

    report: Report
    server_bytes: float
    stations_bytes: float
    server_cpu: float


def run_fleet(kind: str, *, stations: int = STATIONS, rate: float) -> Fleet:
    """Let a fleet come to a server of a kind, work, and go.

    Args:
        kind: of the server.
        stations: how many.
        rate: messages per second of all together.

    Raises:
        RuntimeError: the generator could not do it.
    """
    allow_files(stations + _OTHER_FILES)  # the server inherits it
    with serving(kind) as servers, tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "report.json"
        options = {
            "mix": _MIX,
            "stations": stations,
            "rate": rate,
            "ramp": RAMP_S,
            "duration": _DURATION_S,
            "json": out,
        }
        command = [sys.executable, "-m", "ocpp21", "load", f"ws://127.0.0.1:{servers[kind].port}"]
        return _watch(
            servers[kind], [*command, *(f"--{name}={value}" for name, value in options.items())], out, stations
        )


def _watch(server: Serving, command: list[str], out: Path, stations: int) -> Fleet:
    cpu_s, before = server.cpu_s(), server.resident_bytes()
    begin = time.monotonic()
    generator = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    first, theirs, ours = 0, 0, 0
    while True:
        try:
            _, said = generator.communicate(timeout=_LOOK_S)
            break
        except subprocess.TimeoutExpired:
            theirs = max(theirs, resident_bytes(generator.pid))
            first = first or theirs  # it has just begun
            ours = max(ours, server.resident_bytes(collect=False))
    if not out.exists():
        raise RuntimeError(f"expected a report of the generator, found exit code {generator.returncode}: {said}")
    report = msgspec.json.decode(out.read_bytes(), type=Report)
    cpu = (server.cpu_s() - cpu_s) / (time.monotonic() - begin)
    return Fleet(report, (ours - before) / stations, (theirs - first) / stations, cpu)
