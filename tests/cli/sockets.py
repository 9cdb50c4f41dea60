"""CSMSs for the command to talk to: the command itself as a process of its own, and a server in a thread."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from command import COMMAND

from ocpp21.testing.pki import Pki

PASSWORD = "correct-horse-battery-staple"
WRONG = "incorrect-horse-battery-staple"

#: Nothing here takes longer, unless it hangs.
HANG_S = 30


class Program:
    """The command as a process of its own, whose output is read line by line.

    Args:
        arguments: of the command.
        stdin: whether something will be typed.
        environment: beside that of this process.

    Attributes:
        seen: all that it has printed so far.
    """

    def __init__(self, *arguments: object, stdin: bool = False, **environment: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
            text=True,
        )
        self._watchdog = threading.Timer(HANG_S, self._process.kill)
        self._watchdog.start()
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._watchdog.cancel()

    def wait_for(self, text: str) -> str:
        """Read on to a line that holds a text, and return it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.seen += line
            if text in line:
                return line
        raise AssertionError(f"expected {text!r}, found {self.seen} and {self._process.communicate()[1]}")

    def type(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Let it die at once."""
        self._process.kill()
        self._process.wait()

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit code, and all of both outputs."""
        out, err = self._process.communicate()
        self._watchdog.cancel()
        self.seen += out
        return self._process.returncode, self.seen, err

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; return the exit code, and all of both outputs."""
        self.signal(number)
        return self.finish()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)


class Listener(Program):
    """A command that listens on a free port, ready to be connected to.

    Args:
        options: of the command.
        command: ``listen`` or ``csms``.
        environment: beside that of this process.

    Attributes:
        url: what it says it listens on.
    """

    def __init__(self, *options: object, command: str = "listen", **environment: str) -> None:
        super().__init__(command, "--port", "0", *options, **environment)
        line = self.wait_for("listening")
        self.url = line.partition("://")[2].partition('"')[0].partition("/<")[0].strip()
        self.url = f"{'wss' if 'wss://' in line else 'ws'}://{self.url}"
        print(f"listener: {self.url}")


class Lines:
    """A standard output that another thread reads line by line."""

    def __init__(self) -> None:
        self.text = ""
        self._lines: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.text += text
        self._lines.put(text)
        return len(text)

    def flush(self) -> None:
        """All is there already."""

    def wait_for(self, text: str) -> str:
        while text not in (line := self._lines.get(timeout=HANG_S)):
            pass
        return line


@contextmanager
def served(serve: Callable[[], Coroutine[Any, Any, Any]]) -> Iterator[str]:
    """Run a server in a thread with a loop of its own; ``serve`` starts it and returns it. Gives its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(HANG_S)

    async def stop(server: Any) -> None:
        if hasattr(server, "drain"):
            await server.drain(0.0)
        else:
            server.close()
            await server.wait_closed()
        await loop.shutdown_default_executor()

    server = do(serve())
    try:
        port = server.ports[0] if hasattr(server, "ports") else server.sockets[0].getsockname()[1]
        print(f"server: port {port}")
        yield f"ws://127.0.0.1:{port}"
    finally:
        do(stop(server))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Certificates:
    """The files of one CSO: server certificate, roots, and what stations show."""

    def __init__(self, directory: Path) -> None:
        self.pki = Pki(directory)
        self.trust = directory / "roots.pem"
        directory.mkdir(exist_ok=True)
        self.trust.write_bytes(self.pki.trust)
        self.foreign = self.pki.foreign()
        self.foreign_trust = directory / "foreign.pem"
        self.foreign_trust.write_bytes(self.foreign.trust)
        self.server = files(self.pki.server("127.0.0.1", alternative_names=["127.0.0.1"]))
        self.station = files(self.pki.station("CS1"))
        self.stranger = files(self.foreign.station("CS1"))


def files(credential: Any) -> tuple[object, ...]:
    """The options that name a certificate and its key."""
    certificate, key = credential.files
    return "--certificate", certificate, "--key", key
