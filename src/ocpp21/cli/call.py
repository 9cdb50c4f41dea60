"""``ocpp21 call``: one request to a CSMS, as a Charging Station."""

from __future__ import annotations

import asyncio
import difflib
import json
import ssl
import sys
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit

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
from ocpp21.cli.terminal import complain, json_line
from ocpp21.errors import (
    CallError,
    CallTimeout,
    LocalProtocolError,
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
    from ocpp21.asyncio.security import SecurityProfile

__all__ = ["call"]

#: What stands for standard input.
_STDIN: Final = "-"

#: What we say of ourselves before anything else; nobody is to take us for a real station.
_BOOT: Final = BootNotificationRequest(
    reason=BootReasonEnumType.UNKNOWN, charging_station=ChargingStationType(model="ocpp21 call", vendor_name="ocpp21")
)


class _Failed(Exception):
    """The request was not answered; the text says why."""


class _Target(NamedTuple):
    """Where to connect to, and how.

    Attributes:
        endpoint: URL without the identity.
        security: who we are.
        context: of TLS; None for none.
    """

    endpoint: str
    security: SecurityProfile
    context: ssl.SSLContext | None


def call(
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="Of the CSMS, `ws://` or `wss://`; its last segment is the identity."),
    ],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Action of the request, such as `Heartbeat`.")],
    payload: Annotated[
        str, typer.Argument(metavar="JSON", help="Payload of the request; `-` is standard input.")
    ] = "{}",
    identity: Annotated[
        str | None,
        typer.Option("--identity", metavar="TEXT", help="Of the Charging Station; then the URL is that without it."),
    ] = None,
    profile: Annotated[
        int | None,
        typer.Option(
            "--profile",
            min=1,
            max=3,
            show_default="1 for ws, 2 for wss, 3 with --certificate",
            help="Security profile: 1 ws and password, 2 wss and password, 3 wss and client certificate.",
        ),
    ] = None,
    password_file: PasswordFileOption = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="FILE", help="Roots of the CSMS as PEM; with wss only, and necessary there."),
    ] = None,
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
        target = _target(url, identity, profile, Credentials(password_file, trust, certificate, key))
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


def _target(url: str, identity: str | None, profile: int | None, credentials: Credentials) -> _Target:
    """Make out of the options where to connect to.

    Raises:
        Unusable: they do not go together, or a file is not what it should be.
    """
    try:
        endpoint, who = (url, identity) if identity is not None else _split(url)
        number = profile or (1 if not url.startswith("wss:") else 3 if credentials.certificate else 2)
        security = _security(number, who, credentials)
        security.check_url(endpoint)
        return _Target(endpoint, security, security.client_context())
    except LocalProtocolError as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"certificate, key or roots: {error.strerror}") from error


def _split(url: str) -> tuple[str, str]:
    """Cut the identity off a URL.

    Raises:
        Unusable: it has none, or more than a path behind the host.
    """
    from ocpp21.asyncio.identity import InvalidPath, identity_of

    try:
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise Unusable("expected a URL without query and fragment")
        return url.rpartition("/")[0], identity_of(parts.path)
    except ValueError as error:
        why = error if isinstance(error, InvalidPath) else "expected a URL"
        raise Unusable(f"{why}: no identity at the end of the URL, and no --identity") from error


def _security(profile: int, identity: str, credentials: Credentials) -> SecurityProfile:
    from ocpp21.asyncio.identity import check_identity
    from ocpp21.asyncio.security import SecurityProfile

    if profile == 3:
        credentials.forbid(profile, "password_file")
        certificate, key = credentials.files(profile)
        return SecurityProfile.tls_client_certificate(
            identity, certificate=certificate, key=key, trust=credentials.roots(profile)
        )
    credentials.forbid(profile, "certificate", "key")
    # Not by its named constructors: a CSMS in a laboratory may want no password.
    if profile == 2:
        return SecurityProfile(
            number=2,
            identity=check_identity(identity),
            password=credentials.password(),
            trust=credentials.roots(profile),
        )
    credentials.forbid(profile, "trust")
    return SecurityProfile(number=1, identity=check_identity(identity), password=credentials.password())


async def _converse(target: _Target, message: Request[Any] | Send, boot: bool, timeout_s: float) -> Response | None:
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


async def _connect(target: _Target, timeout_s: float) -> Connection:
    from ocpp21.asyncio import connect

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
        raise Unusable(f"cannot connect: {_reason(error, timeout_s)}") from error


async def _boot(connection: Connection, timeout_s: float) -> None:
    response: BootNotificationResponse = await connection.call(_BOOT, timeout_s=timeout_s)
    if response.status is not RegistrationStatusEnumType.ACCEPTED:
        raise _Failed(f"BootNotification was answered {response.status}, come back in {response.interval} s")


def _reason(error: Exception, timeout_s: float) -> str:
    """Say in a few words why there is no connection."""
    status = getattr(error, "status", None)
    if status is not None:
        phrase = next((f" {known.phrase}" for known in HTTPStatus if known == status), "")
        return f"the CSMS refuses with HTTP status {status}{phrase}"
    if isinstance(error, TimeoutError):
        return f"it takes longer than {timeout_s:g} s"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    return getattr(error, "strerror", None) or str(error)
