"""Runs the command: in this process, or as a process of its own."""

import os
import subprocess
import sys

from typer.testing import CliRunner, Result

from ocpp21.cli.app import app

COMMAND = (sys.executable, "-m", "ocpp21.cli")


def invoke(*args: object, stdin: bytes = b"") -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)


def run(*args: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    command = [*COMMAND, *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, env=os.environ | environment, timeout=60)
