"""What a session reports: each event is something that has happened.

An application takes them from :meth:`ocpp21.session.Session.next_event` and answers a :class:`CallReceived` once, with
``reply`` or ``refuse``. All other events need no answer.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from ocpp21.errors import CallError, CallTimeout, RemoteProtocolError
from ocpp21.errors import SessionClosed as SessionClosedError
from ocpp21.wire import Request, Response, Send

__all__ = [
    "Call",
    "CallFailed",
    "CallReceived",
    "CloseRequested",
    "Event",
    "FrameDropped",
    "FrameRefused",
    "ResultReceived",
    "ResultRefused",
    "SendReceived",
    "SessionClosed",
]


class Call(msgspec.Struct, eq=False, weakref=True):
    """A call of ours: the handle that :meth:`~ocpp21.session.Session.call` returns. Compared by identity.

    Attributes:
        message_id: its id on the wire.
        request: what was asked.
        timeout_s: how long the answer may take, in seconds from when the call leaves.
        context: anything the application wants to find again.
    """

    message_id: str
    request: Request[Any]
    timeout_s: float
    context: Any = None


class CallReceived(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """The peer has called; answer with ``reply`` or ``refuse``. Compared by identity.

    Attributes:
        message_id: id of the CALL.
        action: name of the action.
        request: its payload.
        signed: the payload came signed, and the signature is good; the answer will be signed.
        size: of its frame, in bytes; in characters when it came as text.
    """

    message_id: str
    action: str
    request: Request[Any]
    signed: bool = False
    size: int = 0


class SendReceived(msgspec.Struct, frozen=True):
    """The peer has sent a message that is never answered.

    Attributes:
        message_id: id of the SEND.
        action: name of the action.
        message: its payload.
        signed: the payload came signed, and the signature is good.
    """

    message_id: str
    action: str
    message: Send
    signed: bool = False


class ResultReceived(msgspec.Struct, frozen=True):
    """A call of ours was answered. The answer may still be rejected, with ``reject``, while the session remembers it.

    Attributes:
        call: the call.
        response: the answer.
        signed: the payload came signed, and the signature is good.
    """

    call: Call
    response: Response
    signed: bool = False


class CallFailed(msgspec.Struct, frozen=True):
    """A call of ours ended without a valid answer; it will not be heard of again.

    Attributes:
        call: the call.
        error: why: the peer refused it, its answer was not valid, it did not come in time, or the session was closed.
    """

    call: Call
    error: CallError | RemoteProtocolError | CallTimeout | SessionClosedError


class ResultRefused(msgspec.Struct, frozen=True):
    """The peer could not use an answer of ours (CALLRESULTERROR).

    Attributes:
        message_id: id of the CALL that was answered.
        request: what the peer had asked; None when that was too long ago, or too large, to be remembered.
        error: what the peer says.
    """

    message_id: str
    request: Request[Any] | None
    error: CallError


class FrameRefused(msgspec.Struct, frozen=True):
    """The peer sent something that is not valid.

    Attributes:
        error: what is wrong with it.
        answered: an error went back; otherwise the rules, or the limit on error replies, asked for silence.
    """

    error: RemoteProtocolError
    answered: bool


class FrameDropped(msgspec.Struct, frozen=True):
    """The peer sent something well-formed that nobody waits for, or that the standard says to ignore.

    Attributes:
        reason: ``empty``, ``unknown type``, ``late``, ``unsolicited`` or ``uncorrelated``.
        message_id: its id, if it has one.
    """

    reason: str
    message_id: str | None = None


class CloseRequested(msgspec.Struct, frozen=True):
    """The connection should be closed: what comes in makes no sense. Until it is, the session goes on as before.

    Attributes:
        code: WebSocket close code.
        reason: for the close frame and the log.
    """

    code: int
    reason: str


class SessionClosed(msgspec.Struct, frozen=True):
    """The session has ended; the last event.

    Attributes:
        reason: why.
        unanswered: calls of the peer that were never answered.
    """

    reason: str
    unanswered: tuple[CallReceived, ...] = ()


Event: TypeAlias = (
    CallReceived
    | SendReceived
    | ResultReceived
    | CallFailed
    | ResultRefused
    | FrameRefused
    | FrameDropped
    | CloseRequested
    | SessionClosed
)
