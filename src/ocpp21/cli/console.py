"""What can be typed into ``ocpp21 station``: a few words to a line, each of which is a step of a scenario."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from ocpp21.simulator.scenario import GoOffline, GoOnline, PlugIn, Present, Reboot, Step, Stop, Unplug

__all__ = ["HELP", "Misspelt", "lines_of_stdin", "step_of"]

HELP: Final = "plug [EVSE], present TOKEN [EVSE], stop [EVSE], unplug [EVSE], offline, online, reboot, quit"

#: Longest line, in bytes.
_MAX_LINE: Final = 4096


class Misspelt(Exception):
    """A line is no command; the text says why."""


def step_of(line: str, ev: str | None, /) -> Step:
    """Read a command.

    Args:
        line: as it was typed.
        ev: name of the EV that is plugged in.

    Raises:
        Misspelt: it is none.
    """
    name, *words = line.split()
    command = _COMMANDS.get(name)
    try:
        if command is None:
            raise Misspelt(f"expected {HELP}; found {name!r}")
        step = command(words)
        return msgspec.structs.replace(step, ev=ev) if isinstance(step, PlugIn) else step
    except (IndexError, ValueError) as error:
        raise Misspelt(f"expected {HELP}; found {line.strip()!r}") from error


def _evse(words: Sequence[str], position: int = 0) -> int:
    """The number of an EVSE; the first one by default."""
    if len(words) > position + 1:
        raise ValueError
    return int(words[position]) if len(words) > position else 1


def _alone(words: Sequence[str], step: Step) -> Step:
    if words:
        raise ValueError
    return step


_COMMANDS: Final[dict[str, Callable[[Sequence[str]], Step]]] = {
    "plug": lambda words: PlugIn(evse=_evse(words)),
    "present": lambda words: Present(token=words[0], evse=_evse(words, 1)),
    "stop": lambda words: Stop(evse=_evse(words)),
    "unplug": lambda words: Unplug(evse=_evse(words)),
    "offline": lambda words: _alone(words, GoOffline()),
    "online": lambda words: _alone(words, GoOnline()),
    "reboot": lambda words: _alone(words, Reboot()),
}


async def lines_of_stdin() -> AsyncIterator[str]:
    """What is typed, line by line, until the end of the input or of its patience with a line."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    # A thread, as a terminal, a pipe, a file and nothing at all are not alike to an event loop. It reads the
    # descriptor: the lock of a stream would keep the program from ending while it waits.
    threading.Thread(target=_read, args=(sys.stdin.fileno(), loop, lines), daemon=True).start()
    while (line := await lines.get()) is not None:
        if line.strip():
            yield line


def _read(descriptor: int, loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str | None]) -> None:
    rest = b""
    try:
        while len(rest) <= _MAX_LINE and (data := os.read(descriptor, _MAX_LINE)):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace"))
        loop.call_soon_threadsafe(lines.put_nowait, None)
    except (OSError, RuntimeError):  # no input, or the loop has been closed meanwhile
        pass
