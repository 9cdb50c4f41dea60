"""The CSMS of ``ocpp21 listen``: what it answers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec

from ocpp21.asyncio import Handler, serve
from ocpp21.cli.credentials import Unusable
from ocpp21.cli.door import Doorkeeping, url_of
from ocpp21.cli.interrupts import cut_off, interrupted
from ocpp21.cli.sheet import Sheet, recorder
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    RegistrationStatusEnumType,
)
from ocpp21.messages.registry import ACTIONS
from ocpp21.session import Session
from ocpp21.wire import Request, Response, Send

__all__ = ["answers", "run"]


def answers(interval: int, /) -> dict[type[Request[Any]] | type[Send], Handler]:
    """Make the handlers, of what can be answered without making anything up, and of what needs no answer.

    Args:
        interval: of Heartbeats, in seconds.
    """
    handlers: dict[type[Request[Any]] | type[Send], Handler] = {
        action.request: _empty(action.response)
        for action in ACTIONS.values()
        if action.initiator != "CSMS" and _may_be_empty(action.response)
    }
    handlers[HeartbeatRequest] = lambda request: HeartbeatResponse(current_time=datetime.now(UTC))
    handlers[BootNotificationRequest] = lambda request: BootNotificationResponse(
        current_time=datetime.now(UTC), interval=interval, status=RegistrationStatusEnumType.ACCEPTED
    )
    return handlers


def _may_be_empty(response: type[Response] | None) -> bool:
    return response is None or not any(field.required for field in msgspec.structs.fields(response))


def _empty(response: type[Response] | None) -> Handler:
    return lambda request: None if response is None else response()


async def run(doorkeeping: Doorkeeping, sheet: Sheet, host: str, port: int, interval: int) -> None:
    """Serve until SIGINT or SIGTERM, then drain.

    Args:
        doorkeeping: who is let in.
        sheet: where all is printed.
        host: address to listen on.
        port: to listen on; 0 for any.
        interval: of Heartbeats, in seconds.

    Raises:
        Unusable: the address cannot be listened on.
        OSError: nothing can be printed any more.
    """
    server = serve(
        lambda connection: None,
        host,
        port,
        authenticator=doorkeeping.authenticator,
        binder=doorkeeping.binder,
        allow_unauthenticated=doorkeeping.allow_unauthenticated,
        ssl=doorkeeping.context,
        handlers=answers(interval),
        make_session=lambda identity, version: Session("CSMS", version=version, observer=recorder(sheet, identity)),
    )
    async with AsyncExitStack() as closing:
        closing.enter_context(sheet.journal())
        try:
            await closing.enter_async_context(server)
        except OSError as error:
            raise Unusable(f"cannot listen on {host} port {port}: {error.strerror}") from error
        end = interrupted(lambda: cut_off(server))
        sheet.on_broken = end.set
        sheet.listening(url_of(host, server.ports[0], is_secure=doorkeeping.context is not None))
        await end.wait()
    if sheet.error is not None:
        raise sheet.error
