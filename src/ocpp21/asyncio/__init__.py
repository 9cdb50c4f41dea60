"""OCPP over real WebSockets, with asyncio.

A Charging Station connects; a CSMS serves. Both get a :class:`~ocpp21.asyncio.connection.Connection`::

    async with connect("ws://csms.example/ocpp", "CS001", password="...") as csms:
        answer = await csms.call(HeartbeatRequest())

    async def station(connection):
        @connection.on(HeartbeatRequest)
        def on_heartbeat(request):
            return HeartbeatResponse(current_time=datetime.now(UTC))

    async with serve(station, "0.0.0.0", 8080, authenticator=passwords) as server:
        await server.serve_until()

Whole roles have their own two: :func:`keep_connected` and :func:`serve_roles`. It needs the extra ``asyncio``.
"""

from ocpp21.asyncio.admission import Bounds, Refusal
from ocpp21.asyncio.backoff import BackOff
from ocpp21.asyncio.client import connect
from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.door import Candidate
from ocpp21.asyncio.passwords import Authenticator, PasswordStore
from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.profiles import NetworkProfile
from ocpp21.asyncio.reconnecting import AttemptFailed, Client, Connected, Disconnected
from ocpp21.asyncio.roles import keep_connected, serve_roles
from ocpp21.asyncio.security import CsmsSecurityProfile, SecurityProfile
from ocpp21.asyncio.server import Server, serve
from ocpp21.asyncio.transport import Closed, HandshakeFailed, Transport
from ocpp21.handlers import Handler, Handlers

__all__ = [
    "AttemptFailed",
    "Authenticator",
    "BackOff",
    "Bounds",
    "Candidate",
    "Client",
    "Closed",
    "Connected",
    "Connection",
    "CsmsSecurityProfile",
    "Disconnected",
    "Handler",
    "Handlers",
    "HandshakeFailed",
    "NetworkProfile",
    "PasswordStore",
    "Patience",
    "Refusal",
    "SecurityProfile",
    "Server",
    "Transport",
    "connect",
    "keep_connected",
    "serve",
    "serve_roles",
]
