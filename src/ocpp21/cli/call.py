"""``ocpp21 call``: one request to a CSMS, as a Charging Station."""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocpp21 import codec, framing
from ocpp21.cli.credentials import (
    CertificateOption,
    Credentials,
    KeyOption,
    PasswordFileOption,
    Unusable,
    need_sockets,
)
from ocpp21.cli.target import (
    IdentityOption,
    ServerTrustOption,
    StationProfileOption,
    Target,
    UrlArgument,
    target_of,
)
from ocpp21.cli.terminal import complain, json_line
from ocpp21.errors import (
    CallError,
    CallTimeout,
    OcppError,
    PayloadError,
    RemoteProtocolError,
    SessionClosed,
)
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    BootReasonEnumType,
    ChargingStationType,
    RegistrationStatusEnumType,
)
from ocpp21.messages.registry import ACTIONS
from ocpp21.wire import Action, Request, Response, Send

if TYPE_CHECKING:
    from ocpp21.asyncio import Connection

__all__ = ["call"]

#: What stands for standard input.
_STDIN: Final = "-"

#: What we say of ourselves before anything else; nobody is to take us for a real station.
_BOOT: Final = BootNotificationRequest(
    reason=BootReasonEnumType.UNKNOWN, charging_station=ChargingStationType(model="ocpp21 call", vendor_name="ocpp21")
)


class _Failed(Exception):
    """The request was not answered; the text says why."""


def call(
    url: UrlArgument,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Action of the request, such as `Heartbeat`.")],
    payload: Annotated[
        str, typer.Argument(metavar="JSON", help="Payload of the request; `-` is standard input.")
    ] = "{}",
    identity: IdentityOption = None,
    profile: StationProfileOption = None,
    password_file: PasswordFileOption = None,
    trust: ServerTrustOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    boot: Annotated[bool, typer.Option("--boot", help="Send a BootNotification first; it must be accepted.")] = False,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=0.001, metavar="SECONDS", help="For connecting, and again for each answer."),
    ] = 30.0,
) -> None:
    """Send one request to a CSMS as a Charging Station, and print the response as JSON.

    The request is checked before anything is sent. What the CSMS asks meanwhile is answered NotSupported. Without
    a password none is sent. A message that is never answered is sent, and nothing is printed.

    Exit codes: 0 answered, 1 refused, no answer in time, or no valid JSON for the action; 2 wrong usage or cannot
    connect; 130 interrupted.
    """
    need_sockets()
    try:
        found = _find(action)
        target = target_of(url, identity, profile, Credentials(password_file, trust, certificate, key))
        message = _message(found, payload)
        response = asyncio.run(_converse(target, message, boot, timeout))
    except Unusable as error:
        complain(str(error))
        raise typer.Exit(2) from error
    except _Failed as error:
        complain(str(error))
        raise typer.Exit(1) from error
    if response is not None:
        print(json_line(json.loads(codec.encode(response, conform=False))))


def _find(name: str) -> Action:
    """Look an action up.

    Raises:
        Unusable: OCPP 2.1 has none of that name, or not from a Charging Station.
    """
    action = ACTIONS.get(name)
    if action is None:
        close = difflib.get_close_matches(name, ACTIONS, n=1)
        raise Unusable(f"no action has the name {name}{f'; did you mean {close[0]}?' if close else ''}")
    if action.initiator == "CSMS":
        raise Unusable(f"expected an action that Charging Stations send, found {name}")
    return action


def _message(action: Action, payload: str) -> Request[Any] | Send:
    """Make the request.

    Raises:
        Unusable: there is too much on standard input.
        _Failed: the payload is not valid.
    """
    data = payload.encode("utf-8", "surrogateescape")
    if payload == _STDIN:
        data = sys.stdin.buffer.read(framing.MAX_SIZE + 1)
    if len(data) > framing.MAX_SIZE:
        raise Unusable(f"expected at most {framing.MAX_SIZE} bytes, found more")
    try:
        return codec.decode(action.request, data, conform=True)
    except PayloadError as error:
        raise _Failed(f"{action.name}: {error.description}") from error


async def _converse(target: Target, message: Request[Any] | Send, boot: bool, timeout_s: float) -> Response | None:
    """Connect, ask, and take leave.

    Raises:
        Unusable: the CSMS cannot be reached, or does not let us in.
        _Failed: it does not answer.
    """
    connection = await _connect(target, timeout_s)
    try:
        if boot:
            await _boot(connection, timeout_s)
        if isinstance(message, Send):
            await connection.send(message)
            return None
        response: Response = await connection.call(message, timeout_s=timeout_s)
        return response
    except CallError as error:
        details = f" {json_line(error.details)}" if error.details else ""
        raise _Failed(f"refused with {error}{details}") from error
    except CallTimeout as error:
        raise _Failed(f"no answer within {timeout_s:g} s") from error
    except RemoteProtocolError as error:
        raise _Failed(f"the answer is not valid: {error}") from error
    except SessionClosed as error:
        raise _Failed(f"the connection has ended: {error.reason}") from error
    finally:
        await connection.close()


async def _connect(target: Target, timeout_s: float) -> Connection:
    from ocpp21.asyncio import connect
    from ocpp21.asyncio.unreachable import why_unreachable

    security = target.security
    try:
        return await connect(
            target.endpoint,
            security.identity,
            password=security.password,
            ssl=target.context,
            open_timeout_s=timeout_s,
        )
    except (OSError, OcppError) as error:
        raise Unusable(f"cannot connect: {why_unreachable(error, timeout_s=timeout_s)}") from error


async def _boot(connection: Connection, timeout_s: float) -> None:
    response: BootNotificationResponse = await connection.call(_BOOT, timeout_s=timeout_s)
    if response.status is not RegistrationStatusEnumType.ACCEPTED:
        raise _Failed(f"BootNotification was answered {response.status}, come back in {response.interval} s")
