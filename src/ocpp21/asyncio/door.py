"""What a request must pass before it becomes a connection.

In this order: the bounds, the method, the origin, the identity in the path, the password, the client certificate, what
the application says, and the limit on takeovers. Whoever fails gets an HTTP status, and the log one line; nothing of a
session exists by then.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections.abc import Awaitable, Callable, Collection
from typing import Final

import msgspec
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.http11 import Request, Response

from ocpp21.asyncio.admission import Refusal
from ocpp21.asyncio.authentication import Authentication
from ocpp21.asyncio.binding import CertificateBinder, MayHaveExpired, PeerCertificate, refusal_of
from ocpp21.asyncio.journal import complain, note
from ocpp21.asyncio.takeover import Registry
from ocpp21.asyncio.websocket import ServerSocket
from ocpp21.identity import InvalidPath, identity_of

__all__ = ["Admit", "Candidate", "Door", "certificate_of"]


class Candidate(msgspec.Struct, frozen=True):
    """A station that has passed all other checks.

    Attributes:
        identity: as the path gives it.
        source: where it connects from: an IPv4 address, or a network of IPv6.
        certificate: its client certificate, verified; None when it has shown none.
        subprotocols: what it offers, the most wanted first.
        authorization: each value of the header Authorization; whoever judges it himself keeps it secret.
    """

    identity: str
    source: str
    certificate: PeerCertificate | None
    subprotocols: tuple[str, ...]
    authorization: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the password."""
        return f"Candidate({self.identity!r}, {self.source!r}, {self.certificate!r}, {self.subprotocols!r})"


#: The application's own check: returns why a candidate is refused, or None.
Admit = Callable[[Candidate], Awaitable[Refusal | None]]


class Door:
    """Judges requests.

    Args:
        connections: the current ones.
        authentication: by password; None for none.
        binder: ties client certificates to identities; None for no such check.
        may_have_expired: says of which stations an expired certificate is taken; None for none.
        admit: the application's own check.
        origins: values of the Origin header that are let in. Stations send none; browsers do (A57).
        path: of the endpoint; any by default.
        uniform_401: answer 401 instead of 404.
    """

    def __init__(
        self,
        connections: Registry,
        /,
        *,
        authentication: Authentication | None,
        binder: CertificateBinder | None,
        may_have_expired: MayHaveExpired | None,
        admit: Admit | None,
        origins: Collection[str],
        path: str | None,
        uniform_401: bool,
    ) -> None:
        self.is_open = True
        self._connections: Final = connections
        self._authentication: Final = authentication
        self._binder: Final = binder
        self._may_have_expired: Final = may_have_expired
        self._admit: Final = admit
        self._origins: Final = frozenset(origins)
        self._path: Final = path
        self._no_such_path: Final = 401 if uniform_401 else 404

    async def __call__(self, socket: ServerSocket, request: Request, /) -> Response | None:
        """Judge a request: None lets it in, and the socket knows its identity then."""
        try:
            refusal = await self._judge(socket, request)
        except Exception as error:
            complain("admission failed", error, source=socket.source)
            refusal = Refusal(500, "admission failed")
        if refusal is None:
            return None
        _note_refusal(socket, refusal.status, refusal.reason)
        response: Response = socket.respond(refusal.status, "")
        response.headers.update(refusal.headers)
        return response

    def note_response(self, socket: ServerSocket, request: Request, response: Response, /) -> None:
        """Write down what the WebSocket library refuses: what is no handshake."""
        if response.status_code != 101 and not socket.is_refused:
            _note_refusal(socket, response.status_code, response.reason_phrase)

    def note_end(self, socket: ServerSocket, /) -> None:
        """Write down what the WebSocket library could not read as a request; of its text, nothing."""
        if socket.request is not None:
            return
        error = socket.protocol.handshake_exc
        if isinstance(error, RequestLineTooLong):
            _note_refusal(socket, 414, "request line too long")
        elif isinstance(error, HeaderLineTooLong | TooManyHeaders):
            _note_refusal(socket, 431, "headers too large")
        elif error is None or isinstance(error.__cause__, EOFError):  # a check of a load balancer, too
            note(logging.INFO, "handshake not finished", source=socket.source)
        else:
            _note_refusal(socket, None, "no request of HTTP/1.1")

    async def _judge(self, socket: ServerSocket, request: Request) -> Refusal | None:
        refusal = self._judge_form(socket, request)
        if refusal is not None:
            return refusal
        try:
            socket.identity = identity = identity_of(request.path, path=self._path)
        except InvalidPath as error:
            return Refusal(self._no_such_path, str(error))
        return (
            await self._judge_password(socket, request, identity)
            or self._judge_certificate(socket, identity)
            or await self._ask(socket, request, identity)
            or await self._connections.judge(identity, _now())
        )

    def _judge_form(self, socket: ServerSocket, request: Request) -> Refusal | None:
        if not self.is_open or socket.is_surplus:
            reason = "too many connections" if self.is_open else "draining"
            return Refusal(503, reason, (("Retry-After", "10"),))
        if request.method != "GET":
            return Refusal(405, "expected GET", (("Allow", "GET"),))
        if not self._origins.issuperset(request.headers.get_all("Origin")):
            return Refusal(403, "unexpected origin")
        return None

    async def _judge_password(self, socket: ServerSocket, request: Request, identity: str) -> Refusal | None:
        if self._authentication is None:
            return None
        headers = request.headers.get_all("Authorization")
        return await self._authentication.judge(identity, headers, socket.source, _now())

    def _judge_certificate(self, socket: ServerSocket, identity: str) -> Refusal | None:
        certificate = certificate_of(socket)
        why = refusal_of(certificate, identity, self._binder, self._may_have_expired)
        if why is not None or (certificate is not None and certificate.has_expired):  # A00.FR.408
            event = "InvalidChargingStationCertificate"
            action = "let in to renew" if why is None else "refused"
            note(logging.WARNING, f"certificate {action}", security_event=event, identity=identity, reason=why)
        return None if why is None else Refusal(403, why)

    async def _ask(self, socket: ServerSocket, request: Request, identity: str) -> Refusal | None:
        if self._admit is None:
            return None
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
        names = tuple(name.strip() for name in offered if name.strip())
        authorization = tuple(request.headers.get_all("Authorization"))
        return await self._admit(Candidate(identity, socket.source, certificate_of(socket), names, authorization))


def _note_refusal(socket: ServerSocket, status: int | None, reason: str) -> None:
    """Write one line, whoever has refused; without a status the peer has been told nothing."""
    socket.is_refused = True
    path = None if socket.request is None else socket.request.path.partition("?")[0]  # behind it there may be a token
    note(logging.WARNING, "handshake refused", status=status, reason=reason, source=socket.source, path=path)


def certificate_of(socket: ServerSocket, /) -> PeerCertificate | None:
    """The client certificate of a connection; None when there is none."""
    connection: tls.SSLObject | None = socket.transport.get_extra_info("ssl_object")
    return None if connection is None else PeerCertificate.of(connection)


def _now() -> float:
    return asyncio.get_running_loop().time()
