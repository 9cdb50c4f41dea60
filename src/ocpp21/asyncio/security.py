"""The three security profiles, each in one call, as what a socket needs of them (Part 2, A00).

A station::

    profile = SecurityProfile.tls_basic("CS-1", password, trust="cso-root.pem")
    profile.check_url(url)
    connect(url, profile.identity, password=profile.password, ssl=profile.client_context())

A CSMS::

    profile = CsmsSecurityProfile.tls_client_certificate(
        [("ec.pem", "ec.key"), ("rsa.pem", "rsa.key")],
        trust="cso-root.pem",
        binder=BySerialNumberOrIdentity({"Example CSO"}, serial_numbers),
    )
    certificates = ReloadableServerContext(profile)
    serve(handler, host, port, binder=profile.binder, ssl=certificates.context)

======  =========  =========================  ====================
number  transport  the station shows          the CSMS shows
======  =========  =========================  ====================
1       ws         password (HTTP Basic)      nothing
2       wss        password (HTTP Basic)      server certificate
3       wss        client certificate         server certificate
======  =========  =========================  ====================

Suites that exchange keys by RSA have no forward secrecy, and are off. A CSMS that must offer all suites of A00.FR.318
turns them on with ``rsa_key_exchange=True``, and needs an RSA certificate for them. What else the contexts have in
common is told in :mod:`ocpp21.asyncio.tls`.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ocpp21.asyncio import tls
from ocpp21.asyncio.binding import CertificateBinder, MayHaveExpired, PeerCertificate, refusal_of
from ocpp21.asyncio.passwords import check_password
from ocpp21.asyncio.tls import KeyPassword, Path, SecurityEvent, Trust, security_event
from ocpp21.errors import LocalProtocolError
from ocpp21.identity import check_endpoint, check_identity
from ocpp21.network_profile import ProfileNumber, check_change, scheme_of
from ocpp21.refusal import quote

__all__ = [
    "CsmsSecurityProfile",
    "ProfileNumber",
    "ReloadableServerContext",
    "SecurityEvent",
    "SecurityProfile",
    "check_change",
    "security_event",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class SecurityProfile:
    """How a Charging Station connects; made by :meth:`basic`, :meth:`tls_basic` or :meth:`tls_client_certificate`.

    Attributes:
        number: of the profile, 1 to 3.
        identity: of the station.
        password: what HTTP Basic sends, as UTF-8; None with profile 3.
        trust: roots of the CSO; None with profile 1.
        files: paths of the client certificate with its sub-CAs, and of its key; None but with profile 3.
        key_password: of the key, where it is encrypted.
        allow_wildcards: take server certificates for ``*.example.com`` (variable AllowCSMSTLSWildcards).
        rsa_key_exchange: offer suites without forward secrecy too.
    """

    number: ProfileNumber
    identity: str
    password: bytes | None = field(default=None, repr=False)
    trust: Trust | None = field(default=None, repr=False)
    files: tuple[Path, Path] | None = None
    key_password: KeyPassword = field(default=None, repr=False)
    allow_wildcards: bool = False
    rsa_key_exchange: bool = False

    @classmethod
    def basic(cls, identity: str, password: str | bytes, /) -> SecurityProfile:
        """Profile 1: a password over a connection that anybody can read. For trusted networks (A00.FR.201).

        Raises:
            LocalProtocolError: the identity or the password is none of the standard.
        """
        return cls(number=1, identity=check_identity(identity), password=check_password(password))

    @classmethod
    def tls_basic(
        cls,
        identity: str,
        password: str | bytes,
        /,
        *,
        trust: Trust,
        allow_wildcards: bool = False,
        rsa_key_exchange: bool = False,
    ) -> SecurityProfile:
        """Profile 2: a password over TLS.

        Args:
            identity: of the station.
            password: 16 to 64 characters.
            trust: roots of the CSO: the path of a PEM file, or PEM text as bytes.
            allow_wildcards: see :class:`SecurityProfile`.
            rsa_key_exchange: see :class:`SecurityProfile`.

        Raises:
            LocalProtocolError: the identity or the password is none of the standard.
        """
        return cls(
            number=2,
            identity=check_identity(identity),
            password=check_password(password),
            trust=trust,
            allow_wildcards=allow_wildcards,
            rsa_key_exchange=rsa_key_exchange,
        )

    @classmethod
    def tls_client_certificate(
        cls,
        identity: str,
        /,
        *,
        certificate: Path,
        key: Path,
        trust: Trust,
        key_password: KeyPassword = None,
        allow_wildcards: bool = False,
        rsa_key_exchange: bool = False,
    ) -> SecurityProfile:
        """Profile 3: TLS with a certificate on both sides.

        Args:
            identity: of the station.
            certificate: path of the PEM file with the station's certificate first, its sub-CAs behind it.
            key: path of the PEM file with its key.
            trust: roots of the CSO: the path of a PEM file, or PEM text as bytes.
            key_password: of the key, where it is encrypted; nobody is ever asked for it.
            allow_wildcards: see :class:`SecurityProfile`.
            rsa_key_exchange: see :class:`SecurityProfile`.

        Raises:
            LocalProtocolError: the identity is none of the standard.
        """
        return cls(
            number=3,
            identity=check_identity(identity),
            trust=trust,
            files=(certificate, key),
            key_password=key_password,
            allow_wildcards=allow_wildcards,
            rsa_key_exchange=rsa_key_exchange,
        )

    def client_context(self) -> ssl.SSLContext | None:
        """Make the context to connect with; None with profile 1.

        Files are read now. A station that has renewed its certificate uses it from the next connection on.

        Raises:
            LocalProtocolError: certificate, key or roots are none, do not belong together, or are too weak.
            OSError: a file cannot be read.
        """
        if self.trust is None:
            return None
        return tls.client_context(
            self.trust,
            files=self.files,
            key_password=self.key_password,
            allow_wildcards=self.allow_wildcards,
            rsa_key_exchange=self.rsa_key_exchange,
        )

    def headers(self) -> dict[str, str]:
        """The headers of each upgrade request: Authorization, or none with profile 3 (A00.FR.203, A00.FR.205)."""
        if self.password is None:
            return {}
        credentials = base64.b64encode(b"%b:%b" % (self.identity.encode("ascii"), self.password))
        return {"Authorization": f"Basic {credentials.decode('ascii')}"}

    def check_url(self, url: str, /) -> None:
        """See that a URL of the CSMS fits the profile, so that nothing is sent in clear that should not be.

        Raises:
            LocalProtocolError: it is not ``ws`` with profile 1, not ``wss`` with the others, or no URL of a CSMS; see
                :func:`~ocpp21.identity.check_endpoint`.
        """
        found, wanted = check_endpoint(url), scheme_of(self.number)
        if found != wanted:
            raise LocalProtocolError(
                f"expected a URL with {wanted}:// for security profile {self.number}, found {quote(found)}"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class CsmsSecurityProfile:
    """How a CSMS listens; made by :meth:`basic`, :meth:`tls_basic` or :meth:`tls_client_certificate`.

    Attributes:
        number: of the profile, 1 to 3; one on each port (A00.FR.006).
        certificates: paths of each server certificate with its sub-CAs, and of its key; empty with profile 1.
        key_password: of the keys, where they are encrypted.
        trust: roots that client certificates come from; None but with profile 3.
        binder: whose client certificate it is; None but with profile 3.
        may_have_expired: says of which stations a client certificate is taken that has expired; of none by default.
        rsa_key_exchange: offer suites without forward secrecy too.
    """

    number: ProfileNumber
    certificates: tuple[tuple[Path, Path], ...] = ()
    key_password: KeyPassword = field(default=None, repr=False)
    trust: Trust | None = field(default=None, repr=False)
    binder: CertificateBinder | None = None
    may_have_expired: MayHaveExpired | None = None
    rsa_key_exchange: bool = False

    @classmethod
    def basic(cls) -> CsmsSecurityProfile:
        """Profile 1: no TLS here. For trusted networks (A00.FR.201)."""
        return cls(number=1)

    @classmethod
    def tls_basic(
        cls,
        certificates: Sequence[tuple[Path, Path]],
        /,
        *,
        key_password: KeyPassword = None,
        rsa_key_exchange: bool = False,
    ) -> CsmsSecurityProfile:
        """Profile 2: TLS with a server certificate; passwords are left to an ``Authenticator``.

        Args:
            certificates: paths of PEM files: each certificate with its sub-CAs behind it, and its key. One with an EC
                key and one with an RSA key, so that every station finds a suite (A00.FR.318).
            key_password: of the keys, where they are encrypted; nobody is ever asked for it.
            rsa_key_exchange: see :class:`CsmsSecurityProfile`.

        Raises:
            LocalProtocolError: there is no certificate.
        """
        return cls(
            number=2,
            certificates=_checked_certificates(certificates),
            key_password=key_password,
            rsa_key_exchange=rsa_key_exchange,
        )

    @classmethod
    def tls_client_certificate(
        cls,
        certificates: Sequence[tuple[Path, Path]],
        /,
        *,
        trust: Trust,
        binder: CertificateBinder,
        may_have_expired: MayHaveExpired | None = None,
        key_password: KeyPassword = None,
        rsa_key_exchange: bool = False,
    ) -> CsmsSecurityProfile:
        """Profile 3: TLS with a certificate on both sides.

        Args:
            certificates: as with :meth:`tls_basic`.
            trust: roots that client certificates come from: the path of a PEM file, or PEM text as bytes.
            binder: decides whose client certificate it is.
            may_have_expired: says of which stations a client certificate is taken that has expired, to be renewed at
                once (A00.FR.429); give it to ``serve`` too. By default of none.
            key_password: of the keys, where they are encrypted; nobody is ever asked for it.
            rsa_key_exchange: see :class:`CsmsSecurityProfile`.

        Raises:
            LocalProtocolError: there is no server certificate.
        """
        return cls(
            number=3,
            certificates=_checked_certificates(certificates),
            key_password=key_password,
            trust=trust,
            binder=binder,
            may_have_expired=may_have_expired,
            rsa_key_exchange=rsa_key_exchange,
        )

    def server_context(self) -> ssl.SSLContext | None:
        """Make the context to listen with; None with profile 1. Files are read now.

        Raises:
            LocalProtocolError: certificates, keys or roots are none, do not belong together, or are too weak.
            OSError: a file cannot be read.
        """
        if not self.certificates:
            return None
        return tls.server_context(
            self.certificates,
            key_password=self.key_password,
            trust=self.trust,
            allow_expired=self.may_have_expired is not None,
            rsa_key_exchange=self.rsa_key_exchange,
        )

    def refusal(self, connection: ssl.SSLObject | ssl.SSLSocket | None, identity: str, /) -> str | None:
        """Say why the station at the other end must not have this identity, or None when it may.

        Only profile 3 knows from the handshake who is there; with the others it is the password that tells.

        Args:
            connection: the TLS connection, ``transport.get_extra_info("ssl_object")``.
            identity: as the URL gives it.
        """
        if self.binder is None:
            return None
        certificate = None if connection is None else PeerCertificate.of(connection)
        return refusal_of(certificate, identity, self.binder, self.may_have_expired)


class ReloadableServerContext:
    """A context to listen with, whose certificates and roots can be renewed while stations are connected.

    New handshakes use what was read last, connections that stand stay as they are. Sessions from before cannot be
    resumed. (To load a certificate into a context in use would do for certificates; but one that does not fit its key
    would leave a context that serves nobody, and roots could only be added.)

    Args:
        profile: of a CSMS, 2 or 3.

    Raises:
        LocalProtocolError: the profile is 1; or as :meth:`CsmsSecurityProfile.server_context` raises it.
        OSError: a file cannot be read.
    """

    def __init__(self, profile: CsmsSecurityProfile, /) -> None:
        self._number: Final = profile.number
        self._relay: Final = tls.RelayContext(ssl.PROTOCOL_TLS_SERVER)
        self._relay.current = _with_tls(profile)

    @property
    def context(self) -> ssl.SSLContext:
        """To listen with; always the same one."""
        return self._relay

    def reload(self, profile: CsmsSecurityProfile, /) -> None:
        """Read files, and use what they hold from the next handshake on. When it fails, nothing has changed.

        Args:
            profile: the same again, or another with the same number.

        Raises:
            LocalProtocolError: the number is another; or as :meth:`CsmsSecurityProfile.server_context` raises it.
            OSError: a file cannot be read.
        """
        if profile.number != self._number:
            raise LocalProtocolError(f"expected security profile {self._number}, found {profile.number}")
        self._relay.current = _with_tls(profile)


def _with_tls(profile: CsmsSecurityProfile) -> ssl.SSLContext:
    context = profile.server_context()
    if context is None:
        raise LocalProtocolError(f"expected a security profile with TLS, found {profile.number}")
    return context


def _checked_certificates(certificates: Sequence[tuple[Path, Path]]) -> tuple[tuple[Path, Path], ...]:
    if not certificates:
        raise LocalProtocolError("expected a server certificate, found none")
    return tuple(certificates)
