"""Every error of the library.

::

    OcppError                        root; catch this to catch all of ours
      LocalProtocolError             we, or the application, asked for something the standard forbids
        QueueFull                    too many calls are waiting
      RemoteProtocolError            the peer broke the framing or the order; .code is what to answer
        PayloadError                 a payload was refused; .code .keyword .pointer .offset
      CallError                      a CALLERROR: raised by a handler to send it, raised by call() on receipt
      CallTimeout (TimeoutError)     no answer in time
      SessionClosed (ConnectionError)  the connection ended; .reason says why
      StoreError                     the durable state could not be read or written; what was committed before is there
        StoreFull                    no room is left; a later try may succeed
        StoreCorrupt                 the file is damaged, or none of ours
        StoreLocked                  another program has the file

Messages have one form: what was expected, what came, and where. They stay within 255 characters, the limit of
``errorDescription`` on the wire, and text of the peer appears in them escaped and shortened only.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

__all__ = [
    "CallError",
    "CallTimeout",
    "ErrorCode",
    "LocalProtocolError",
    "OcppError",
    "PayloadError",
    "QueueFull",
    "RemoteProtocolError",
    "SessionClosed",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreLocked",
]

#: Longest ``errorDescription``, in characters (Part 4, Table 7).
MAX_DESCRIPTION = 255


class ErrorCode(StrEnum):
    """The twelve codes of a CALLERROR or CALLRESULTERROR (Part 4, Table 9)."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


def shorten(text: str, limit: int = MAX_DESCRIPTION) -> str:
    """Cut a text to ``limit`` characters, ending in an ellipsis where something was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def printable(text: str) -> str:
    """Escape all that could steer a terminal, or forge a line of a log: controls, direction marks, surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


class OcppError(Exception):
    """Root of all errors of this library."""


class LocalProtocolError(OcppError):
    """The application asked for something the standard forbids; nothing was sent and nothing has changed."""


class QueueFull(LocalProtocolError):
    """Too many calls are waiting for the connection already."""


class RemoteProtocolError(OcppError):
    """The peer sent something that breaks the framing or the order of OCPP-J.

    Attributes:
        code: what to answer with.
        message_id: id to answer to; ``"-1"`` when the frame gave none that can be read (Part 4, 4.2.3).
        message_type: first element of the frame; None when it could not be read. Only a CALL is ever answered with a
            CALLERROR, only a CALLRESULT with a CALLRESULTERROR.
        description: what was expected and what came, at most 255 characters.
    """

    def __init__(
        self, description: str, *, code: ErrorCode, message_id: str = "-1", message_type: int | None = None
    ) -> None:
        self.code = code
        self.message_id = message_id
        self.message_type = message_type
        self.description = shorten(description)
        super().__init__(self.description)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.description, self.__dict__.copy())

    @property
    def details(self) -> dict[str, Any]:
        """The members of ``errorDetails`` to answer with."""
        return {}


class PayloadError(RemoteProtocolError):
    """A payload is no valid message.

    Attributes:
        keyword: what was violated: a keyword of the schema (``maxLength``, ``required``, ...), or ``json`` when the
            bytes are not JSON as OCPP-J wants it, or the name of a rule of the standard (``identifierString``, ...).
        pointer: where, as a JSON pointer (RFC 6901); the empty string is the payload itself.
        offset: where, in bytes from the start of the payload.
    """

    def __init__(
        self,
        description: str,
        *,
        code: ErrorCode,
        keyword: str,
        pointer: str = "",
        offset: int = 0,
        message_id: str = "-1",
        message_type: int | None = None,
    ) -> None:
        self.keyword = keyword
        self.pointer = pointer
        self.offset = offset
        super().__init__(description, code=code, message_id=message_id, message_type=message_type)

    @property
    def details(self) -> dict[str, Any]:
        """Where the payload breaks which rule: ``{"pointer": ..., "keyword": ...}``."""
        return {"pointer": shorten(self.pointer), "keyword": self.keyword}


class CallError(OcppError):
    """A CALLERROR: raised by a handler to refuse a call, raised by ``call()`` when the peer refused ours.

    Attributes:
        code: an ``ErrorCode``, or the text of the peer when it is none of them.
        description: for people; at most 255 characters.
        details: any JSON object.
    """

    def __init__(self, code: ErrorCode | str, description: str = "", details: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.description = shorten(description)
        self.details = dict(details or {})
        super().__init__(printable(f"{shorten(code, 40)}: {self.description}" if description else shorten(code, 40)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.description, self.details)


class CallTimeout(OcppError, TimeoutError):
    """The peer did not answer a call in time."""


class SessionClosed(OcppError, ConnectionError):
    """The connection ended before the call was answered.

    Attributes:
        reason: why, for people.
    """

    def __init__(self, reason: str = "the connection was closed") -> None:
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason,)


class StoreError(OcppError):
    """The durable state could not be read or written. What was committed before is still there, this change is not."""


class StoreFull(StoreError):
    """No room is left for the change; a later try may succeed."""


class StoreCorrupt(StoreError):
    """The file is damaged, or it is none of ours; nothing in it has been changed."""


class StoreLocked(StoreError):
    """Another program, or another store of this one, has the file."""


def _rebuild(kind: type[RemoteProtocolError], description: str, state: dict[str, Any]) -> RemoteProtocolError:
    error = kind.__new__(kind, description)
    error.__dict__.update(state)
    return error
