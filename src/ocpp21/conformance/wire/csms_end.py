"""What the test system, as a station, sees of the end of a CSMS: its TLS, and its answer to a request to upgrade."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from ocpp21.asyncio.client import basic
from ocpp21.identity import connection_url
from ocpp21.signing import need_cryptography
from ocpp21.versions import OCPP21

__all__ = ["handshake_facts", "status_of_upgrade", "supports"]

_TIMEOUT_S: Final = 10.0

#: Suites of TLS 1.2 as the standard names them (A00.FR.318), and as OpenSSL does.
_SUITES: Final = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
}


async def status_of_upgrade(
    url: str, identity: str, /, *, user: str, password: str, context: ssl.SSLContext | None
) -> int:
    """Ask a CSMS to upgrade; returns the status of its answer, 101 when it does, 0 when it ends the connection.

    Args:
        url: of the CSMS, without the identity.
        identity: in the path.
        user: of Basic authentication.
        password: likewise; without one no credentials are shown.
        context: of TLS.
    """
    headers = {"Authorization": basic(user, password)} if password else {}
    secured: dict[str, Any] = {} if context is None else {"ssl": context}
    try:
        async with websocket_connect(
            connection_url(url, identity),
            additional_headers=headers,
            subprotocols=[Subprotocol(OCPP21.subprotocol)],
            proxy=None,
            ping_interval=None,
            open_timeout=_TIMEOUT_S,
            **secured,
        ):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
    except (InvalidHandshake, OSError, EOFError):
        return 0


async def handshake_facts(url: str, context: ssl.SSLContext, /) -> dict[str, Any]:
    """Shake hands with a CSMS; returns what checks can ask of it and its certificate.

    Raises:
        OSError: there is no TLS connection.
    """
    need_cryptography("what a certificate says")
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509.oid import NameOID

    connection = await _shake_hands(url, context)
    certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
    key: Any = certificate.public_key()
    cipher = connection.cipher()
    return {
        "version": connection.version() or "",
        "cipher": cipher[0] if cipher else "",
        "commonName": ", ".join(
            str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        ),
        "serialNumber": f"{certificate.serial_number:x}",
        "keyType": "RSA" if isinstance(key, RSAPublicKey) else "EC" if isinstance(key, EllipticCurvePublicKey) else "",
        "keySize": getattr(key, "key_size", 0),
    }


async def supports(url: str, context: ssl.SSLContext, suite: str, /) -> bool:
    """Whether a CSMS agrees to a suite of TLS 1.2.

    Args:
        url: of the CSMS.
        context: to connect with; it knows this suite alone from now on.
        suite: of A00.FR.318.
    """
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{_SUITES[suite]}:@SECLEVEL=2")
    try:
        await _shake_hands(url, context)
    except OSError:
        return False
    return True


async def _shake_hands(url: str, context: ssl.SSLContext) -> ssl.SSLObject:
    parts = urlsplit(url)
    async with asyncio.timeout(_TIMEOUT_S):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return connection
