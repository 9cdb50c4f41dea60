"""``ocpp21 listen``: a CSMS that shows what Charging Stations say, and makes nothing up."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ocpp21.cli.credentials import (
    CertificateOption,
    Credentials,
    KeyOption,
    PasswordFileOption,
    Unusable,
    need_sockets,
)
from ocpp21.cli.door import (
    AllowUnauthenticatedOption,
    ClientTrustOption,
    HostOption,
    OrganizationOption,
    PortOption,
    ServerProfileOption,
    doorkeeping_of,
    security_of,
)
from ocpp21.cli.terminal import complain
from ocpp21.errors import LocalProtocolError

__all__ = ["listen"]


def listen(
    host: HostOption = "127.0.0.1",
    port: PortOption = 9000,
    profile: ServerProfileOption = 1,
    password_file: PasswordFileOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    trust: ClientTrustOption = None,
    organizations: OrganizationOption = None,
    allow_unauthenticated: AllowUnauthenticatedOption = False,
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
    from ocpp21.cli.listener import run
    from ocpp21.cli.sheet import Sheet

    credentials = Credentials(password_file, trust, certificate, key)
    try:
        security = security_of(profile, credentials, organizations or [])
        doorkeeping = doorkeeping_of(security, credentials, allow_unauthenticated)
        with _recording(record) as stream:
            sheet = Sheet(as_json=as_json, recording=stream)
            asyncio.run(run(doorkeeping, sheet, host, port, interval))
    except (Unusable, LocalProtocolError) as error:
        complain(str(error))
        raise typer.Exit(2) from error


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
