"""The driver for our own CSMS: :class:`~ocpp21.csms.CSMS`, a new one for each case."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ocpp21 import codec
from ocpp21.asyncio import Patience, Server
from ocpp21.asyncio.roles import serve_roles
from ocpp21.asyncio.security import CsmsSecurityProfile
from ocpp21.conformance.configuration import Configuration, Token
from ocpp21.conformance.drivers import CannotDo
from ocpp21.csms import CSMS, MemoryStore, Settings
from ocpp21.errors import OcppError
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    SetVariablesRequest,
    SetVariableStatusEnumType,
)
from ocpp21.messages.values import IdTokenTypes
from ocpp21.network_profile import scheme_of

__all__ = ["OwnCsms"]

_PATIENCE: Final = Patience(ping_interval_s=0.0)


class OwnCsms:
    """Acts at our CSMS.

    Args:
        configuration: of the run.
        now: the wall time.
        settings: of each CSMS.
        port: where each listens; 0 takes any that is free.
        security: how it listens.
    """

    def __init__(
        self,
        configuration: Configuration,
        /,
        *,
        now: Callable[[], datetime],
        settings: Settings = Settings(inventory=None),  # noqa: B008, it is frozen
        port: int = 0,
        security: CsmsSecurityProfile | None = None,
    ) -> None:
        self._configuration: Final = configuration
        self._now: Final = now
        self._settings: Final = settings
        self._port: Final = port
        self._security: Final = security or CsmsSecurityProfile.basic()
        self._csms: CSMS | None = None
        self._server: Server | None = None
        self._password = ""
        self._calls: Final[set[asyncio.Task[None]]] = set()

    async def start(self) -> str:
        """Make a CSMS that has never met anybody, and let it know the IdTokens."""
        self._csms = CSMS(MemoryStore(), now=self._now, settings=self._settings)
        await self._csms.start()
        configuration = self._configuration
        group = IdTokenType(id_token=configuration.group, type=IdTokenTypes.CENTRAL)
        masters = IdTokenType(id_token=configuration.master_pass_group, type=IdTokenTypes.CENTRAL)
        await self._know(configuration.valid, AuthorizationStatusEnumType.ACCEPTED, group)
        await self._know(configuration.valid2, AuthorizationStatusEnumType.ACCEPTED, group)
        await self._know(configuration.master_pass, AuthorizationStatusEnumType.ACCEPTED, masters)
        await self._know(configuration.invalid, AuthorizationStatusEnumType.INVALID)
        await self._know(configuration.blocked, AuthorizationStatusEnumType.BLOCKED)
        await self._know(configuration.expired, AuthorizationStatusEnumType.EXPIRED)
        security = self._security
        self._password = configuration.password if security.binder is None else ""
        self._server = await serve_roles(
            self._csms,
            "127.0.0.1",
            self._port,
            authenticator=self if self._password else None,
            binder=security.binder,
            allow_unauthenticated=not self._password,
            ssl=security.server_context(),
            patience=_PATIENCE,
        )
        host = "localhost" if security.certificates else "127.0.0.1"
        return f"{scheme_of(security.number)}://{host}:{self._server.ports[0]}"

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Let the role of the station send a request."""
        assert self._csms is not None
        request: Any = codec.decode(message, json.dumps(payload).encode())
        role = self._csms.welcome(identity)
        task = asyncio.get_running_loop().create_task(self._call(role, request))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        await asyncio.sleep(0)
        if task.done() and (error := task.exception()) is not None:
            raise CannotDo(f"the CSMS does not send {message}: {error}") from error

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Whether this is the password of the station, as an application would look it up."""
        return password == self._password.encode()

    async def stop(self) -> None:
        """End it all."""
        for task in list(self._calls):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        if self._server is not None:
            await self._server.drain(0.0)
            self._server = None
        if self._csms is not None:
            await self._csms.stop()
            self._csms = None

    async def _call(self, role: Any, request: Any) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            try:
                response = await role.call(request)
                if isinstance(request, SetVariablesRequest):
                    self._take_password(request, response)
            except OcppError as error:
                if type(error).__name__ == "LocalProtocolError":
                    raise

    def _take_password(self, request: SetVariablesRequest, response: Any) -> None:
        """A new password holds once the station has taken it (A01.FR.03)."""
        for asked, result in zip(request.set_variable_data, response.set_variable_result, strict=True):
            if (
                asked.variable.name == "BasicAuthPassword"
                and result.attribute_status == SetVariableStatusEnumType.ACCEPTED
            ):
                self._password = asked.attribute_value

    async def _know(self, token: Token, status: AuthorizationStatusEnumType, group: IdTokenType | None = None) -> None:
        assert self._csms is not None
        info = IdTokenInfoType(status=status, group_id_token=group)
        await self._csms.tokens.put(IdTokenType(id_token=token.id, type=token.type), info)
