"""Contract certificates of EVs, as a CSMS answers about them (Part 2, C07)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from ocpp21.certificate_chains import ChainStatus, check_chain, ocsp_request_data
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeCertificateStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    CertificateStatusEnumType,
    IdTokenInfoType,
    OCSPRequestDataType,
)

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["AskOcsp", "ContractVerifier", "OcspResult", "VerifyContract", "cannot_verify", "contract_response"]

_Status = AuthorizationStatusEnumType
_Certificate = AuthorizeCertificateStatusEnumType

#: Verifies the certificates that come with an AuthorizeRequest, now or later.
VerifyContract: TypeAlias = "Callable[[Station, AuthorizeRequest], ChainStatus | Awaitable[ChainStatus]]"

#: Most answers of OCSP responders that are kept.
_KEPT: Final = 10_000

#: With these, the contract itself is at an end (C07.FR.13).
_CANCELLED: Final = (_Status.BLOCKED, _Status.EXPIRED, _Status.INVALID, _Status.UNKNOWN)

#: What is said of a chain that is not valid, and of its token (C07.FR.15, C07.FR.16, C07.FR.17).
_REFUSALS: Final = {
    ChainStatus.EXPIRED: (_Certificate.CERTIFICATE_EXPIRED, _Status.EXPIRED),
    ChainStatus.REVOKED: (_Certificate.CERTIFICATE_REVOKED, _Status.INVALID),
}
_CHAIN_ERROR: Final = (_Certificate.CERT_CHAIN_ERROR, _Status.INVALID)


class OcspResult(msgspec.Struct, frozen=True):
    """What an OCSP responder says of a certificate.

    Attributes:
        status: Good, Revoked, Unknown; Failed when it could not be asked.
        next_update: aware time until which that may be kept; None when it may not.
    """

    status: CertificateStatusEnumType
    next_update: datetime | None = None


#: Asks an OCSP responder about a certificate.
AskOcsp: TypeAlias = Callable[[OCSPRequestDataType], Awaitable[OcspResult]]


def cannot_verify(station: Station, request: AuthorizeRequest, /) -> ChainStatus:
    """Verify nothing: no contract is accepted by a CSMS that was not told how (C07.FR.17)."""
    return ChainStatus.INVALID


def contract_response(chain: ChainStatus, info: IdTokenInfoType, /) -> AuthorizeResponse:
    """The answer about a contract.

    Args:
        chain: what is known of its certificates.
        info: what is known of its token.
    """
    if chain is ChainStatus.VALID:
        is_over = info.status in _CANCELLED  # C07.FR.13, C07.FR.14
        certificate = _Certificate.CONTRACT_CANCELLED if is_over else _Certificate.ACCEPTED
        return AuthorizeResponse(id_token_info=info, certificate_status=certificate)
    certificate, status = _REFUSALS.get(chain, _CHAIN_ERROR)
    return AuthorizeResponse(id_token_info=IdTokenInfoType(status=status), certificate_status=certificate)


class ContractVerifier:
    """Verifies contract certificates: by the root certificates that are trusted, and OCSP.

    It is a :data:`VerifyContract`, and needs the extra ``signing``.

    Args:
        roots: gives the MO and V2G roots that are trusted now, as PEM.
        ask_ocsp: asks a responder; its answers are kept for as long as they say.
    """

    def __init__(self, roots: Callable[[], Sequence[bytes]], ask_ocsp: AskOcsp, /) -> None:
        self._roots: Final = roots
        self._ask_ocsp: Final = ask_ocsp
        self._known: Final[dict[tuple[str, str, str], OcspResult]] = {}

    async def __call__(self, station: Station, request: AuthorizeRequest, /) -> ChainStatus:
        """Verify the chain of a request, or what it has of one (C07.FR.05)."""
        now = station.now()
        data = list(request.iso15118_certificate_hash_data or ())
        if request.certificate is not None:
            roots = self._roots()
            status = check_chain(request.certificate, roots, now, emaid=request.id_token.id_token)
            if status is not ChainStatus.VALID:
                return status
            data += ocsp_request_data(request.certificate, roots)
        results = [await self._status(each, now) for each in data]
        if CertificateStatusEnumType.REVOKED in results:
            return ChainStatus.REVOKED
        is_good = bool(results) and set(results) == {CertificateStatusEnumType.GOOD}
        return ChainStatus.VALID if is_good else ChainStatus.INVALID

    async def _status(self, data: OCSPRequestDataType, now: datetime) -> CertificateStatusEnumType:
        key = data.issuer_name_hash.lower(), data.issuer_key_hash.lower(), data.serial_number.lower()
        known = self._known.get(key)
        if known is not None and known.next_update is not None and known.next_update > now:
            return known.status
        result = await self._ask_ocsp(data)
        self._known.pop(key, None)
        if result.next_update is not None and result.next_update > now:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = result
        return result.status
