"""The driver for our own CSMS: :class:`~ocpp21.csms.CSMS`, a new one for each case."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from ocpp21 import codec
from ocpp21.asyncio import Patience, Server
from ocpp21.asyncio.binding import PeerCertificate
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
    SetNetworkProfileRequest,
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
        raised: how it listens for stations that it tells to raise their security profile (A05); None not to.
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
        raised: CsmsSecurityProfile | None = None,
    ) -> None:
        self._configuration: Final = configuration
        self._now: Final = now
        self._settings: Final = settings
        self._port: Final = port
        self._profiles: Final = (security or CsmsSecurityProfile.basic(), *filter(None, [raised]))
        self._csms: CSMS | None = None
        self._servers: Final[list[Server]] = []
        self._urls: tuple[str, ...] = ()
        self._admission: _Admission | None = None
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
        self._admission = _Admission(configuration.password.encode())
        self._urls = tuple([await self._listen(self._csms, security) for security in self._profiles])
        return self._urls[0]

    async def _listen(self, csms: CSMS, security: CsmsSecurityProfile) -> str:
        """Listen at one endpoint; returns its URL."""
        assert self._admission is not None
        door = _Door(self._admission, security)
        is_bound = security.binder is not None
        has_password = not is_bound and bool(self._admission.password)
        server = await serve_roles(
            csms,
            "127.0.0.1",
            0 if self._servers else self._port,
            authenticator=door if has_password else None,
            binder=door.bind if is_bound else None,
            allow_unauthenticated=not has_password,
            ssl=security.server_context(),
            patience=_PATIENCE,
        )
        self._servers.append(server)
        host = "localhost" if security.certificates else "127.0.0.1"
        return f"{scheme_of(security.number)}://{host}:{server.ports[0]}"

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Let the role of the station send a request."""
        assert self._csms is not None
        request: Any = codec.decode(message, json.dumps(payload).encode())
        if isinstance(request, SetNetworkProfileRequest):
            request = self._reachable(request)
        role = self._csms.welcome(identity)
        task = asyncio.get_running_loop().create_task(self._call(role, request))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        await asyncio.sleep(0)
        if task.done() and (error := task.exception()) is not None:
            raise CannotDo(f"the CSMS does not send {message}: {error}") from error

    def _reachable(self, request: SetNetworkProfileRequest) -> SetNetworkProfileRequest:
        """A profile with the URL at which we listen for its security profile, where we do."""
        for url, security in zip(self._urls, self._profiles, strict=True):
            if security.number == request.connection_data.security_profile > self._profiles[0].number:
                data = replace(request.connection_data, ocpp_csms_url=url)
                return replace(request, connection_data=data)
        return request

    async def stop(self) -> None:
        """End it all."""
        for task in list(self._calls):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        while self._servers:
            await self._servers.pop().drain(0.0)
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
                and self._admission is not None
            ):
                self._admission.password = asked.attribute_value.encode()

    async def _know(self, token: Token, status: AuthorizationStatusEnumType, group: IdTokenType | None = None) -> None:
        assert self._csms is not None
        info = IdTokenInfoType(status=status, group_id_token=group)
        await self._csms.tokens.put(IdTokenType(id_token=token.id, type=token.type), info)


@dataclass(slots=True)
class _Admission:
    """What an application knows of the station when it lets it in.

    Attributes:
        password: of it.
        highest: security profile that it has connected with.
    """

    password: bytes
    highest: int = 0


@dataclass(frozen=True, slots=True)
class _Door:
    """Lets the station in at one endpoint, as an application would: not below the profile that it had (A05.FR.07)."""

    admission: _Admission
    security: CsmsSecurityProfile

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Whether this is the password of the station."""
        return password == self.admission.password and self._lets_in()

    def bind(self, certificate: PeerCertificate, identity: str, /) -> str | None:
        """Say why a certificate is none of the station; None when it is."""
        assert self.security.binder is not None
        why = self.security.binder(certificate, identity)
        return why if why is not None or self._lets_in() else "the station has a higher security profile"

    def _lets_in(self) -> bool:
        if self.security.number < self.admission.highest:
            return False
        self.admission.highest = self.security.number
        return True
