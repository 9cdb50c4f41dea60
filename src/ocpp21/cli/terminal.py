"""What may reach a terminal, and how it looks there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from ocpp21.errors import printable

__all__ = ["Paint", "complain", "json_line", "painter", "printable"]

#: Writes a text in a style such as ``red``.
Paint = Callable[[str, str], str]

_ANSI = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def json_line(value: Any) -> str:
    """Write JSON in ASCII on one line, safe on any terminal: JSON itself lets DEL and the C1 controls pass."""
    return json.dumps(value, separators=(",", ":")).replace("\x7f", "\\u007f")


def complain(message: str) -> None:
    """Tell of an error in one line."""
    sys.stderr.write(f"ocpp21: {printable(message)}\n")


def painter(console: Console) -> Paint:
    """Make what colours text for a console, or leaves it alone where no colours are wanted or known."""
    if console.color_system is None or console.no_color or console.legacy_windows:
        return lambda text, style: text
    return lambda text, style: f"\x1b[{_ANSI[style]}m{text}\x1b[0m"
