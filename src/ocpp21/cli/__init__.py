"""The command ``ocpp21``: run both roles, check recorded messages, show what messages look like, measure.

Exit codes: 0 all is well, 1 something was refused, 2 wrong usage or a file that cannot be read or written, 130
interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys

__all__ = ["main"]

#: What the extra ``cli`` installs.
_EXTRA = frozenset({"rich", "typer"})


def main() -> None:
    """Run the command; the entry point of the script ``ocpp21``."""
    with contextlib.suppress(AttributeError):  # Windows has no such signal
        # Python turns a closed pipe into an exception; end as all commands do when `head` has seen enough.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        if name not in _EXTRA:
            raise
        _fail(f"the command needs {name}: pip install ocpp21[cli]")
    except OSError as error:  # errors of files are told where they happen
        # What is still buffered cannot be written either: let nobody try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"standard output: {error.strerror}")


def _run() -> None:
    from ocpp21.cli.app import app

    try:
        app(prog_name="ocpp21")
    finally:
        sys.stdout.flush()


def _fail(reason: str) -> None:
    sys.stderr.write(f"ocpp21: {reason}\n")
    sys.exit(2)
