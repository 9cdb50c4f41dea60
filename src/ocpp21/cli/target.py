"""What ``ocpp21 call`` and ``ocpp21 station`` share: where a Charging Station connects to, and how."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import typer

from ocpp21.cli.credentials import Credentials, Unusable
from ocpp21.errors import LocalProtocolError

if TYPE_CHECKING:
    from ocpp21.asyncio.security import SecurityProfile

__all__ = [
    "IdentityOption",
    "ServerTrustOption",
    "StationProfileOption",
    "Target",
    "UrlArgument",
    "security_of",
    "target_of",
]

UrlArgument: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="URL", help="Of the CSMS, `ws://` or `wss://`; its last segment is the identity."),
]
IdentityOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--identity", metavar="TEXT", help="Of the Charging Station; then the URL is that without it."),
]
StationProfileOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--profile",
        min=1,
        max=3,
        show_default="1 for ws, 2 for wss, 3 with --certificate",
        help="Security profile: 1 ws and password, 2 wss and password, 3 wss and client certificate.",
    ),
]
ServerTrustOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="Roots of the CSMS as PEM; with wss only, and necessary there."),
]


class Target(NamedTuple):
    """Where to connect to, and how.

    Attributes:
        endpoint: URL without the identity.
        security: who we are.
        context: of TLS; None for none.
    """

    endpoint: str
    security: SecurityProfile
    context: ssl.SSLContext | None


def target_of(url: str, identity: str | None, profile: int | None, credentials: Credentials) -> Target:
    """Make out of the options where to connect to.

    Raises:
        Unusable: they do not go together, or a file is not what it should be.
    """
    try:
        endpoint, who = (url, identity) if identity is not None else _split(url)
        security = security_of(endpoint, who, profile, credentials)
        return Target(endpoint, security, security.client_context())
    except LocalProtocolError as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"certificate, key or roots: {error.strerror}") from error


def security_of(endpoint: str, identity: str, profile: int | None, credentials: Credentials) -> SecurityProfile:
    """Say how a Charging Station shows who it is; without a profile, the URL and the options tell which one.

    Raises:
        Unusable: the options do not go with the profile.
        LocalProtocolError: the URL does not, or something is none of the standard.
    """
    number = profile or (1 if not endpoint.startswith("wss:") else 3 if credentials.certificate else 2)
    security = credentials.security(number, identity)
    security.check_url(endpoint)
    return security


def _split(url: str) -> tuple[str, str]:
    """Cut the identity off a URL.

    Raises:
        Unusable: it has none, or more than a path behind the host.
    """
    from ocpp21.identity import InvalidPath, identity_of

    try:
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise Unusable("expected a URL without query and fragment")
        return url.rpartition("/")[0], identity_of(parts.path)
    except ValueError as error:
        why = error if isinstance(error, InvalidPath) else "expected a URL"
        raise Unusable(f"{why}: no identity at the end of the URL, and no --identity") from error
