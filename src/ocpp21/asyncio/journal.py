"""One line per thing worth knowing: an event in few words, and its fields. No payloads, no secrets."""

from __future__ import annotations

import logging
from typing import Any, Final

from ocpp21.errors import printable, shorten

__all__ = ["QuietLogger", "complain", "note"]

logger: Final = logging.getLogger("ocpp21.asyncio")
logger.addHandler(logging.NullHandler())

#: Longest value of a field, in characters.
_MAX_VALUE: Final = 100


def note(level: int, event: str, /, **fields: Any) -> None:
    """Write one line: ``event key=value ...``; the fields also as the attribute ``fields`` of the record.

    Args:
        level: of :mod:`logging`.
        event: what has happened.
        fields: what else is known; None is left out, and text is escaped and shortened.
    """
    _write(level, event, None, fields)


def complain(event: str, error: Exception | None, /, **fields: Any) -> None:
    """Write one line on an error of the application, and its traceback."""
    _write(logging.ERROR, event, error, fields)


def _write(level: int, event: str, error: Exception | None, fields: dict[str, Any]) -> None:
    if not logger.isEnabledFor(level):
        return
    known = {key: _shown(value) for key, value in fields.items() if value is not None}
    text = " ".join([event, *(f"{key}={value}" for key, value in known.items())])
    logger.log(level, "%s", text, exc_info=error, extra={"fields": known})


def _shown(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    text = shorten(printable(str(value)), _MAX_VALUE)
    return repr(text) if " " in text or not text else text


class QuietLogger(logging.LoggerAdapter[logging.Logger]):
    """What the WebSocket library warns of. Its DEBUG lines hold all headers, passwords too (A01.FR.09)."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("ocpp21.asyncio.websockets"), {})

    def isEnabledFor(self, level: int) -> bool:
        """Say no to anything below a warning, whatever the configuration."""
        return level >= logging.WARNING and super().isEnabledFor(level)
