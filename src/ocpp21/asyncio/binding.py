"""Whose client certificate is it: the rules that tie a certificate to an identity (Part 2, A00.FR.404, A00.FR.405).

That a certificate comes from a trusted root, is in date and strong enough has been decided by the TLS handshake. It
says nothing about the identity in the URL: any station could connect as any other. A :class:`CertificateBinder` decides
that, and three come with the library:

* :class:`BySerialNumber`: CN is the serial number that is known for the identity, as the standard has it.
* :class:`ByIdentity`: CN is the identity, where operators make certificates so.
* :class:`BySerialNumberOrIdentity`: the former where a serial number is known, else the latter.

All of them want O to be the CSO or another organization that is trusted, and CN to be no URL and no address. Every
root that is trusted can sign for every organization; who trusts roots of others writes a binder that also looks at the
issuer.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ocpp21.asyncio.tls import has_expired
from ocpp21.identity import fold
from ocpp21.refusal import quote

__all__ = [
    "ByIdentity",
    "BySerialNumber",
    "BySerialNumberOrIdentity",
    "CertificateBinder",
    "MayHaveExpired",
    "PeerCertificate",
    "refusal_of",
]


@dataclass(frozen=True)
class PeerCertificate:
    """What is read of the certificate of a peer.

    Attributes:
        common_names: each CN of the subject; a good certificate has one.
        organizations: each O of the subject; a good certificate has one.
        issuer_organizations: each O of the issuer.
        serial_number: of the certificate, not of the station; in hexadecimal.
        der: the whole certificate.
        has_expired: it has, and was let in all the same: the station must renew it now (A00.FR.429).
    """

    common_names: tuple[str, ...]
    organizations: tuple[str, ...]
    issuer_organizations: tuple[str, ...]
    serial_number: str
    der: bytes = field(repr=False)
    has_expired: bool = False

    @classmethod
    def of(cls, connection: ssl.SSLObject | ssl.SSLSocket, /) -> PeerCertificate | None:
        """Read the certificate that was verified in a handshake; None when the peer has shown none."""
        found: Any = connection.getpeercert()
        if not found:
            return None
        return cls(
            common_names=_values(found, "subject", "commonName"),
            organizations=_values(found, "subject", "organizationName"),
            issuer_organizations=_values(found, "issuer", "organizationName"),
            serial_number=found["serialNumber"],
            der=connection.getpeercert(binary_form=True) or b"",
            has_expired=has_expired(found),
        )


#: Says whether a station of this identity may connect although its certificate has expired.
MayHaveExpired = Callable[[str], bool]


class CertificateBinder(Protocol):
    """Decides whether a client certificate belongs to an identity."""

    def __call__(self, certificate: PeerCertificate, identity: str, /) -> str | None:
        """Check a certificate.

        Args:
            certificate: verified by the handshake.
            identity: as the URL gives it.

        Returns:
            None when it belongs to the identity; otherwise why not, for the log of the CSMS.
        """
        ...


@dataclass(frozen=True)
class BySerialNumber:
    """CN is the serial number of the station (A00.FR.405).

    Attributes:
        organizations: what O may be: the CSO, and organizations it trusts.
        serial_numbers: identity to serial number. An identity that is not in it is refused.
    """

    organizations: Collection[str]
    serial_numbers: Mapping[str, str] = field(repr=False)

    def __call__(self, certificate: PeerCertificate, identity: str, /) -> str | None:
        """Check a certificate; see :meth:`CertificateBinder.__call__`."""
        serial_number = _known_serial_number(self.serial_numbers, identity)
        if serial_number is None:
            return "expected an identity with a serial number, found none for it"
        return _subject_fault(certificate, self.organizations) or _differs(certificate, serial_number)


@dataclass(frozen=True)
class ByIdentity:
    """CN is the identity, without regard to case.

    Attributes:
        organizations: what O may be: the CSO, and organizations it trusts.
    """

    organizations: Collection[str]

    def __call__(self, certificate: PeerCertificate, identity: str, /) -> str | None:
        """Check a certificate; see :meth:`CertificateBinder.__call__`."""
        return _subject_fault(certificate, self.organizations) or _differs(certificate, identity, ignore_case=True)


@dataclass(frozen=True)
class BySerialNumberOrIdentity:
    """CN is the serial number where one is known for the identity, else it is the identity.

    A CN that is the serial number of another station never passes for an identity of the same letters.

    Attributes:
        organizations: what O may be: the CSO, and organizations it trusts.
        serial_numbers: identity to serial number, of some stations.
    """

    organizations: Collection[str]
    serial_numbers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, certificate: PeerCertificate, identity: str, /) -> str | None:
        """Check a certificate; see :meth:`CertificateBinder.__call__`."""
        if _known_serial_number(self.serial_numbers, identity) is not None:
            return BySerialNumber(self.organizations, self.serial_numbers)(certificate, identity)
        if certificate.common_names and certificate.common_names[0] in self.serial_numbers.values():
            return "expected the identity as CN, found the serial number of another station"
        return ByIdentity(self.organizations)(certificate, identity)


def refusal_of(
    certificate: PeerCertificate | None,
    identity: str,
    binder: CertificateBinder | None,
    may_have_expired: MayHaveExpired | None,
    /,
) -> str | None:
    """Say why a station must not have an identity, or None when it may.

    Args:
        certificate: verified by the handshake; None when it has shown none.
        identity: as the URL gives it.
        binder: decides whose certificate it is; without one, there need be none.
        may_have_expired: says of which stations a certificate is taken that has expired; of none by default.
    """
    if certificate is None:
        return "expected a client certificate, found none" if binder else None
    why = binder(certificate, identity) if binder else None
    if why is None and certificate.has_expired and not (may_have_expired and may_have_expired(identity)):
        return "expected a client certificate that is valid, found one that has expired"
    return why


def _values(found: Any, whose: str, wanted: str) -> tuple[str, ...]:
    return tuple(value for part in found[whose] for name, value in part if name == wanted)


def _subject_fault(certificate: PeerCertificate, organizations: Collection[str]) -> str | None:
    if len(certificate.common_names) != 1 or len(certificate.organizations) != 1:
        counts = f"{len(certificate.common_names)} and {len(certificate.organizations)}"
        return f"expected one CN and one O in the subject, found {counts}"
    if certificate.organizations[0] not in organizations:
        return f"expected the CSO or an organization it trusts as O, found {quote(certificate.organizations[0])}"
    if _is_address(certificate.common_names[0]):  # A00.FR.511
        return f"expected no URL or address as CN, found {quote(certificate.common_names[0])}"
    return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "://" in name
    return True


def _known_serial_number(serial_numbers: Mapping[str, str], identity: str) -> str | None:
    """Look an identity up without regard to case; the mapping may be the application's, and change."""
    if (exact := serial_numbers.get(identity)) is not None:
        return exact
    folded = fold(identity)
    return next((serial for known, serial in serial_numbers.items() if fold(known) == folded), None)


def _differs(certificate: PeerCertificate, wanted: str, *, ignore_case: bool = False) -> str | None:
    found = certificate.common_names[0]
    is_same = found == wanted or (ignore_case and fold(found) == fold(wanted))
    return None if is_same else f"expected {quote(wanted)} as CN, found {quote(found)}"
