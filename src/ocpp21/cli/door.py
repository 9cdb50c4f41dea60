"""What ``ocpp21 listen`` and ``ocpp21 csms`` share: whom they let in, as the options of the security profiles say."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeAlias

import typer

from ocpp21.cli.credentials import Credentials, Unusable

if TYPE_CHECKING:
    from ocpp21.asyncio.binding import CertificateBinder
    from ocpp21.asyncio.passwords import Authenticator
    from ocpp21.asyncio.security import CsmsSecurityProfile

__all__ = [
    "AllowUnauthenticatedOption",
    "ClientTrustOption",
    "Doorkeeping",
    "HostOption",
    "OnePassword",
    "OrganizationOption",
    "PortOption",
    "ServerProfileOption",
    "doorkeeping_of",
    "security_of",
    "url_of",
]

HostOption: TypeAlias = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")]
PortOption: TypeAlias = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes any that is free.")
]
ServerProfileOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--profile",
        min=1,
        max=3,
        help="Security profile: 1 ws and password, 2 wss and password, 3 wss and client certificate.",
    ),
]
ClientTrustOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="Roots of client certificates as PEM; with profile 3 only."),
]
OrganizationOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--organization",
        metavar="NAME",
        help="What O may be in client certificates, whose CN must be the identity. Repeatable; profile 3 only.",
    ),
]
AllowUnauthenticatedOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-unauthenticated",
        help="Believe every station its identity: ask for no password, or take any certificate of the roots.",
    ),
]


class Doorkeeping(NamedTuple):
    """Who is let in.

    Attributes:
        context: of TLS; None for none.
        authenticator: asked for passwords; None for no passwords.
        binder: whose client certificate it is; None for anybody's.
        allow_unauthenticated: there need be neither.
    """

    context: ssl.SSLContext | None
    authenticator: Authenticator | None
    binder: CertificateBinder | None
    allow_unauthenticated: bool


class OnePassword:
    """Takes the same password from every station."""

    def __init__(self, password: bytes, /) -> None:
        self._password: Final = password

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Compare in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self._password, password)


def security_of(profile: int, credentials: Credentials, organizations: Sequence[str]) -> CsmsSecurityProfile:
    """Make the security profile out of the options.

    Raises:
        Unusable: they do not go together.
    """
    from ocpp21.asyncio.binding import ByIdentity
    from ocpp21.asyncio.security import CsmsSecurityProfile

    if profile == 3:
        credentials.forbid(profile, "password_file")
        return CsmsSecurityProfile(
            number=3,
            certificates=(credentials.files(profile),),
            trust=credentials.roots(profile),
            binder=ByIdentity(organizations) if organizations else None,
        )
    credentials.forbid(profile, "trust")
    if organizations:
        raise Unusable(f"expected no --organization with security profile {profile}")
    if profile == 2:
        return CsmsSecurityProfile.tls_basic([credentials.files(profile)])
    credentials.forbid(profile, "certificate", "key")
    return CsmsSecurityProfile.basic()


def doorkeeping_of(security: CsmsSecurityProfile, credentials: Credentials, allow_unauthenticated: bool) -> Doorkeeping:
    """Say who is let in.

    Raises:
        Unusable: nothing says so, two things do, or a file cannot be read.
        LocalProtocolError: the password or a file is not what the standard wants.
    """
    password = credentials.password() if security.number < 3 else None
    if allow_unauthenticated == (password is not None or security.binder is not None):
        proof = "a password, in --password-file or OCPP21_PASSWORD" if security.number < 3 else "--organization"
        raise Unusable(f"expected {proof}, or --allow-unauthenticated, and not both")
    try:
        context = security.server_context()
    except OSError as error:
        raise Unusable(f"certificate, key or roots: {error.strerror}") from error
    authenticator = None if password is None else OnePassword(password)
    return Doorkeeping(context, authenticator, security.binder, allow_unauthenticated)


def url_of(host: str, port: int, /, *, is_secure: bool) -> str:
    """The URL that stations connect to, without their identity."""
    name = f"[{host}]" if ":" in host else host
    return f"{'wss' if is_secure else 'ws'}://{name}:{port}"
