"""Contract certificates of ISO 15118: is a chain valid, and how is OCSP asked about it (Part 2, C07). For both roles.

Pure computation over PEM; what an OCSP responder says is somebody else's matter. It needs the extra ``signing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ocpp21.messages import HashAlgorithmEnumType, OCSPRequestDataType
from ocpp21.signing import need_cryptography

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["ChainStatus", "check_chain", "ocsp_request_data"]

#: Longest chain that is looked at: leaf and sub-CAs (iso15118CertificateHashData has at most 4 items).
_LONGEST: Final = 4


class ChainStatus(StrEnum):
    """What is known of a chain of certificates."""

    VALID = "Valid"
    """It leads to a root that is trusted, and all of it is valid now."""
    EXPIRED = "Expired"
    """It would be valid, but one of its certificates has expired."""
    REVOKED = "Revoked"
    """One of its certificates was revoked."""
    INVALID = "Invalid"
    """It is broken, not valid yet, or cannot be verified."""
    NO_ROOT = "NoRoot"
    """The root that it should lead to is not among those that are trusted."""


def check_chain(
    chain_pem: str, roots_pem: Sequence[bytes], at: datetime, /, *, emaid: str | None = None
) -> ChainStatus:
    """Verify a chain: signatures, CAs, root and dates; revocation is not looked at.

    Args:
        chain_pem: leaf first, without root.
        roots_pem: root certificates that are trusted, as PEM.
        at: aware time at which it should be valid.
        emaid: what the common name of the leaf must be; hyphens and case do not matter. None is any.
    """
    need_cryptography("contract certificates")
    chain = _load(chain_pem)
    if not chain or (emaid is not None and not _names(chain[0], emaid)):
        return ChainStatus.INVALID
    for issuer in chain[1:]:
        if not _is_authority(issuer):
            return ChainStatus.INVALID
    if not all(_is_issued_by(one, other) for one, other in pairwise(chain)):
        return ChainStatus.INVALID
    candidates = [root for root in _roots(roots_pem) if root.subject == chain[-1].issuer]
    if not candidates:
        return ChainStatus.NO_ROOT
    root = next((root for root in candidates if _is_issued_by(chain[-1], root)), None)
    if root is None or not _is_authority(root):
        return ChainStatus.INVALID
    whole = (*chain, root)
    if any(at < certificate.not_valid_before_utc for certificate in whole):
        return ChainStatus.INVALID
    if any(at > certificate.not_valid_after_utc for certificate in whole):
        return ChainStatus.EXPIRED
    return ChainStatus.VALID


def ocsp_request_data(chain_pem: str, roots_pem: Sequence[bytes], /) -> list[OCSPRequestDataType]:
    """What OCSP is asked with about each certificate of a chain whose issuer is known: SHA-256, leaf first.

    Args:
        chain_pem: leaf first, without root.
        roots_pem: root certificates that are trusted, as PEM.
    """
    need_cryptography("contract certificates")
    chain = _load(chain_pem)
    if not chain:
        return []
    issuers = [*chain[1:], *(root for root in _roots(roots_pem) if root.subject == chain[-1].issuer)]
    # The issuers of all but the last are in the chain; that of the last is the first root of its name, if any.
    return [_request_data(one, issuer) for one, issuer in zip(chain, issuers, strict=False)]


def _load(pem: str) -> list[Certificate]:
    from cryptography import x509

    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
    return chain if len(chain) <= _LONGEST else []


def _roots(roots_pem: Sequence[bytes]) -> list[Certificate]:
    from cryptography import x509

    return [root for pem in roots_pem for root in x509.load_pem_x509_certificates(pem)]


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _names(leaf: Certificate, emaid: str) -> bool:
    from cryptography.x509.oid import NameOID

    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [_plain(str(name.value)) for name in names] == [_plain(emaid)]


def _plain(emaid: str) -> str:
    """An eMAID without what does not count; the hyphens between its parts are optional (ISO 15118-2, Annex H)."""
    return emaid.replace("-", "").casefold()


def _request_data(certificate: Certificate, issuer: Certificate) -> OCSPRequestDataType:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import ocsp

    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256()).build()
    return OCSPRequestDataType(
        hash_algorithm=HashAlgorithmEnumType.SHA256,
        issuer_name_hash=request.issuer_name_hash.hex(),
        issuer_key_hash=request.issuer_key_hash.hex(),
        serial_number=f"{request.serial_number:x}",
        responder_url=_responder(certificate),
    )


def _responder(certificate: Certificate) -> str:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    return next(
        (
            str(each.access_location.value)
            for each in access
            if each.access_method == AuthorityInformationAccessOID.OCSP
        ),
        "",
    )
