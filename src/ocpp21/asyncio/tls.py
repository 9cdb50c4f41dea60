"""TLS contexts as the security profiles want them, and what a handshake that fails amounts to (Part 2, A00).

TLS 1.2 or 1.3, no compression, no renegotiation, suites of the standard, keys of at least 112 bits of strength in every
certificate of a chain, and no root that was not named: those that an operating system brings along are not the CSO's.

Server certificates: OpenSSL compares the name that a station connects to with the dNSNames, and with CN where there is
none; an address with the addresses only. A station then looks for wildcards itself.

Sessions may be resumed, which spares a CSMS much work when all stations come back at once. OpenSSL verifies nothing
then, so it is looked at once more whether a certificate has run out. Sessions belong to one context: when it is
replaced, because its roots are trusted no more, they are gone with it.

A handshake that fails leaves one line in the log, with the security event that it amounts to, and no more.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias

from ocpp21.asyncio.journal import note
from ocpp21.errors import LocalProtocolError

__all__ = [
    "KeyPassword",
    "Path",
    "RelayContext",
    "SecurityEvent",
    "Trust",
    "client_context",
    "has_expired",
    "security_event",
    "server_context",
]

Path: TypeAlias = str | os.PathLike[str]

#: Trusted roots: the path of a PEM file, or PEM text as bytes.
Trust: TypeAlias = Path | bytes

#: Of a key that is encrypted.
KeyPassword: TypeAlias = str | bytes | None

#: What a handshake that fails amounts to (Part 2 Appendices, chapter 1).
SecurityEvent = Literal[
    "InvalidCsmsCertificate",
    "InvalidChargingStationCertificate",
    "InvalidTLSVersion",
    "InvalidTLSCipherSuite",
]

#: Suites of TLS 1.2 by OpenSSL's names, best first (A00.FR.318, A00.FR.319); and with an RSA certificate, the same with
#: forward secrecy. Those of TLS 1.3 need no naming: all of them are good.
_SUITES: Final = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
)
_RSA_SUITES: Final = ("AES256-GCM-SHA384", "AES128-GCM-SHA256")

#: OpenSSL's level of 112 bits: RSA from 2048 and curves from 224 bits, no SHA-1, in every certificate (A00.FR.501-503).
_STRENGTH: Final = "@SECLEVEL=2"

#: OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for: times are checked here then.
_NO_CHECK_TIME: Final = 0x200000

#: OpenSSL's reasons for each.
_NO_CERTIFICATE: Final = {"PEER_DID_NOT_RETURN_A_CERTIFICATE"}
_OLD_VERSION: Final = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"}
_NO_SUITE: Final = {"NO_SHARED_CIPHER", "SSLV3_ALERT_HANDSHAKE_FAILURE", "WRONG_CIPHER_RETURNED"}


def client_context(
    trust: Trust,
    /,
    *,
    files: tuple[Path, Path] | None = None,
    key_password: KeyPassword = None,
    allow_wildcards: bool = False,
    rsa_key_exchange: bool = False,
) -> ssl.SSLContext:
    """Make the context that a station connects with. Files are read now.

    Args:
        trust: roots of the CSO.
        files: paths of the client certificate with its sub-CAs, and of its key.
        key_password: of the key.
        allow_wildcards: take server certificates for whole domains.
        rsa_key_exchange: offer suites without forward secrecy too.

    Raises:
        LocalProtocolError: certificate, key or roots are none, do not belong together, or are too weak.
        OSError: a file cannot be read.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, rsa_key_exchange=rsa_key_exchange)
    context.allow_wildcards = allow_wildcards
    _load_trust(context, trust)
    if files is not None:
        _load_certificate(context, files, key_password)
    return context


def server_context(
    certificates: Iterable[tuple[Path, Path]],
    /,
    *,
    key_password: KeyPassword = None,
    trust: Trust | None = None,
    allow_expired: bool = False,
    rsa_key_exchange: bool = False,
) -> ssl.SSLContext:
    """Make the context that a CSMS listens with. Files are read now.

    Args:
        certificates: paths of each server certificate with its sub-CAs, and of its key.
        key_password: of the keys.
        trust: roots that clients must have a certificate from; they need none without.
        allow_expired: let clients in whose own certificate has expired; whoever serves them must look at it
            (A00.FR.429). It excuses neither a certificate that is not valid yet nor an expired one of a CA.
        rsa_key_exchange: offer suites without forward secrecy too.

    Raises:
        LocalProtocolError: certificates, keys or roots are none, do not belong together, or are too weak.
        OSError: a file cannot be read.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, rsa_key_exchange=rsa_key_exchange)
    for files in certificates:
        _load_certificate(context, files, key_password)
    if trust is not None:
        _load_trust(context, trust)
        context.verify_mode = ssl.CERT_REQUIRED
    if allow_expired:
        context.allow_expired = True
        context.verify_flags |= _NO_CHECK_TIME
    return context


def security_event(error: BaseException, /, *, side: Literal["CS", "CSMS"]) -> SecurityEvent | None:
    """Say which security event an error of a handshake amounts to; None when to none.

    Args:
        error: as connecting or accepting raised it.
        side: who met it.
    """
    if not isinstance(error, ssl.SSLError):
        return None
    reason = getattr(error, "reason", None)  # errors that Python code has made have none
    if isinstance(error, ssl.SSLCertVerificationError) or reason in _NO_CERTIFICATE:
        return "InvalidCsmsCertificate" if side == "CS" else "InvalidChargingStationCertificate"
    if reason in _OLD_VERSION:
        return "InvalidTLSVersion"
    if reason in _NO_SUITE:
        return "InvalidTLSCipherSuite"
    return None


class _Object(ssl.SSLObject):
    """A connection of asyncio."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
            _check_certificate(self)
        except ssl.SSLError as error:
            _tell(self, error)
            raise


class _Socket(ssl.SSLSocket):
    """A blocking connection."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
            _check_certificate(self)
        except ssl.SSLError as error:
            _tell(self, error)
            raise


class _Context(ssl.SSLContext):
    """A context whose connections are looked at once more when the handshake is done."""

    sslobject_class = _Object
    sslsocket_class = _Socket
    allow_wildcards = True  # of a server; a context for clients says so itself
    allow_expired = False


class RelayContext(ssl.SSLContext):
    """A context to listen with that leaves each connection to another one, which may be replaced at any time.

    Attributes:
        current: that takes the connections from now on.
    """

    current: ssl.SSLContext

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin a connection of asyncio."""
        return self.current.wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Begin a blocking connection."""
        return self.current.wrap_socket(*args, **options)


def _context(protocol: int, *, rsa_key_exchange: bool) -> _Context:
    """Make a context that trusts nobody yet."""
    context = _Context(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # A00.FR.313
    suites = (*_SUITES, *_RSA_SUITES) if rsa_key_exchange else _SUITES
    context.set_ciphers(":".join((*suites, _STRENGTH)))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE  # A00.FR.321
    return context


def _load_certificate(context: ssl.SSLContext, files: tuple[Path, Path], key_password: KeyPassword) -> None:
    certificate, key = files
    try:
        # An empty password, not none: OpenSSL would ask for it at the terminal.
        context.load_cert_chain(certificate, key, key_password or b"")
    except ssl.SSLError as error:
        raise LocalProtocolError(
            f"expected a certificate with its key, of 112 bits of strength, found {error.reason}"
        ) from error


def _load_trust(context: ssl.SSLContext, trust: Trust) -> None:
    try:
        if isinstance(trust, bytes):
            context.load_verify_locations(cadata=trust.decode("ascii"))
        else:
            context.load_verify_locations(cafile=trust)
    except (ssl.SSLError, ValueError) as error:
        raise LocalProtocolError("expected root certificates as PEM, found something else") from error


def _check_certificate(connection: _Object | _Socket) -> None:
    """Refuse what OpenSSL lets through: certificates for whole domains, and sessions that outlive their certificate.

    Wildcards: Part 2, errata 2025-06; TC_A_05_CS.
    """
    certificate: Any = connection.getpeercert()
    if not certificate:
        return
    context = connection.context
    if getattr(context, "allow_expired", False):
        _check_times(connection, certificate)
    elif has_expired(certificate):
        raise _unverified("certificate has expired")
    if not getattr(context, "allow_wildcards", True) and any("*" in name for name in _dns_names(certificate)):
        raise _unverified("wildcard certificates are not allowed")


def has_expired(certificate: Any, /) -> bool:
    """Whether a certificate has run out.

    Args:
        certificate: as ``getpeercert`` gives it.
    """
    return ssl.cert_time_to_seconds(certificate["notAfter"]) < time.time()


def _check_times(connection: _Object | _Socket, certificate: Any) -> None:
    """Check what OpenSSL was told not to: the times of the whole chain, but that its first certificate has expired."""
    chain = [each.get_info() for each in connection._sslobj.get_verified_chain() or ()]  # type: ignore[union-attr]
    if any(ssl.cert_time_to_seconds(each["notBefore"]) > time.time() for each in (certificate, *chain)):
        raise _unverified("certificate is not yet valid")
    if any(has_expired(each) for each in chain[1:]):
        raise _unverified("certificate of a CA has expired")


def _unverified(message: str) -> ssl.SSLCertVerificationError:
    """An error as OpenSSL's would be."""
    error = ssl.SSLCertVerificationError(1, message)
    error.reason, error.verify_message = "CERTIFICATE_VERIFY_FAILED", message
    return error


def _dns_names(certificate: Any) -> Iterator[str]:
    """Names of a server that a certificate is for: CN, and dNSNames."""
    for part in certificate.get("subject", ()):
        yield from (value for name, value in part if name == "commonName")
    yield from (value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS")


def _tell(connection: _Object | _Socket, error: ssl.SSLError) -> None:
    """Log a handshake that failed. What the peer has sent is not shown: OpenSSL's reasons are its own words."""
    if isinstance(error, ssl.SSLWantReadError | ssl.SSLWantWriteError):
        return
    side: Literal["CS", "CSMS"] = "CSMS" if connection.server_side else "CS"
    why = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    note(logging.INFO, "TLS handshake failed", side=side, security_event=security_event(error, side=side), reason=why)
