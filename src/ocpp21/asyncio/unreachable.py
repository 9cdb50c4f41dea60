"""Why there is no connection, in a few words for people."""

from __future__ import annotations

import ssl
from http import HTTPStatus

__all__ = ["why_unreachable"]


def why_unreachable(error: Exception, /, *, timeout_s: float) -> str:
    """Say why :func:`~ocpp21.asyncio.client.connect` has failed.

    Args:
        error: that it has raised.
        timeout_s: how long it was given, in seconds.
    """
    status = getattr(error, "status", None)
    if status is not None:
        phrase = next((f" {known.phrase}" for known in HTTPStatus if known == status), "")
        return f"the CSMS refuses with HTTP status {status}{phrase}"
    if isinstance(error, TimeoutError):
        return f"it takes longer than {timeout_s:g} s"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    return getattr(error, "strerror", None) or str(error)
