"""``ocpp21 listen``: a CSMS that shows what Charging Stations say, and makes nothing up."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ocpp21.cli.credentials import (
    CertificateOption,
    Credentials,
    KeyOption,
    PasswordFileOption,
    Unusable,
    need_sockets,
)
from ocpp21.cli.terminal import complain
from ocpp21.errors import LocalProtocolError

if TYPE_CHECKING:
    from ocpp21.asyncio.security import CsmsSecurityProfile
    from ocpp21.cli.listener import Doorkeeping

__all__ = ["listen"]


def listen(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes any that is free.")
    ] = 9000,
    profile: Annotated[
        int,
        typer.Option(
            "--profile",
            min=1,
            max=3,
            help="Security profile: 1 ws and password, 2 wss and password, 3 wss and client certificate.",
        ),
    ] = 1,
    password_file: PasswordFileOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="FILE", help="Roots of client certificates as PEM; with profile 3 only."),
    ] = None,
    organizations: Annotated[
        list[str] | None,
        typer.Option(
            "--organization",
            metavar="NAME",
            help="What O may be in client certificates, whose CN must be the identity. Repeatable; profile 3 only.",
        ),
    ] = None,
    allow_unauthenticated: Annotated[
        bool,
        typer.Option(
            "--allow-unauthenticated",
            help="Believe every station its identity: ask for no password, or take any certificate of the roots.",
        ),
    ] = False,
    interval: Annotated[
        int, typer.Option("--interval", min=0, metavar="SECONDS", help="Heartbeat interval that stations are told.")
    ] = 300,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", metavar="FILE", help="Also write the frames to a new file, as `ocpp21 replay` reads them."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line.")] = False,
) -> None:
    """Be a CSMS that shows what Charging Stations say, until Ctrl-C or SIGTERM.

    Printed are the URL, connections that come, go or are refused, and every frame with its verdict, secrets masked;
    times are UTC. All stations have the same password. BootNotification is accepted, Heartbeat is answered with the
    time, a request whose response needs no content with an empty one; all others are answered NotSupported. A
    recording of several stations holds their frames mixed; that of one can be replayed.

    Stations have a few seconds to close their connections; Ctrl-C again cuts them off.

    Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 wrong usage, an unusable file or address.
    """
    need_sockets()
    from ocpp21.cli import listener

    credentials = Credentials(password_file, trust, certificate, key)
    try:
        security = _security(profile, credentials, organizations or [])
        doorkeeping = _doorkeeping(security, credentials, allow_unauthenticated)
        with _recording(record) as stream:
            sheet = listener.Sheet(as_json=as_json, recording=stream)
            asyncio.run(listener.run(doorkeeping, sheet, host, port, interval))
    except (Unusable, LocalProtocolError) as error:
        complain(str(error))
        raise typer.Exit(2) from error


def _security(profile: int, credentials: Credentials, organizations: Sequence[str]) -> CsmsSecurityProfile:
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


def _doorkeeping(security: CsmsSecurityProfile, credentials: Credentials, allow_unauthenticated: bool) -> Doorkeeping:
    """Say who is let in.

    Raises:
        Unusable: nothing says so, two things do, or a file cannot be read.
        LocalProtocolError: the password or a file is not what the standard wants.
    """
    from ocpp21.cli.listener import Doorkeeping, OnePassword

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


@contextlib.contextmanager
def _recording(file: Path | None) -> Iterator[BinaryIO | None]:
    """Open a new file that only its owner may read.

    Raises:
        Unusable: it exists, or cannot be made.
    """
    if file is None:
        yield None
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        yield stream
