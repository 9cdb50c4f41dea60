"""What a CSMS says of contracts: the answers, and how it verifies what comes with them."""

from __future__ import annotations

import pytest

from csms.scene import NOON, joined, virtual
from ocpp21.certificate_chains import ChainStatus
from ocpp21.csms import ContractVerifier, OcspResult, contracts
from ocpp21.csms.contracts import contract_response
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    CertificateStatusEnumType,
    HashAlgorithmEnumType,
    IdTokenInfoType,
    IdTokenType,
    OCSPRequestDataType,
)

STATUS = AuthorizationStatusEnumType
OCSP = CertificateStatusEnumType


def data(serial: str) -> OCSPRequestDataType:
    return OCSPRequestDataType(
        hash_algorithm=HashAlgorithmEnumType.SHA256,
        issuer_name_hash="AB",
        issuer_key_hash="CD",
        serial_number=serial,
        responder_url="http://ocsp",
    )


@pytest.mark.use_case("C07")
@pytest.mark.parametrize("token", list(STATUS))
@pytest.mark.parametrize(
    ("chain", "certificate", "status"),
    [
        (ChainStatus.VALID, None, None),
        (ChainStatus.EXPIRED, "CertificateExpired", STATUS.EXPIRED),  # C07.FR.15
        (ChainStatus.REVOKED, "CertificateRevoked", STATUS.INVALID),  # C07.FR.16
        (ChainStatus.INVALID, "CertChainError", STATUS.INVALID),  # C07.FR.17
        (ChainStatus.NO_ROOT, "CertChainError", STATUS.INVALID),
    ],
)
def test_the_table_of_answers(
    token: AuthorizationStatusEnumType,
    chain: ChainStatus,
    certificate: str | None,
    status: AuthorizationStatusEnumType | None,
) -> None:
    response = contract_response(chain, IdTokenInfoType(status=token, language1="de"))
    if certificate is None:
        over = token in ("Blocked", "Expired", "Invalid", "Unknown")
        assert response.certificate_status == ("ContractCancelled" if over else "Accepted")  # C07.FR.13, C07.FR.14
        assert response.id_token_info == IdTokenInfoType(status=token, language1="de")
    else:
        assert response.certificate_status == certificate and response.id_token_info.status == status


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"1": OCSP.GOOD, "2": OCSP.GOOD}, ChainStatus.VALID),
        ({"1": OCSP.GOOD, "2": OCSP.REVOKED}, ChainStatus.REVOKED),
        ({"1": OCSP.FAILED, "2": OCSP.REVOKED}, ChainStatus.REVOKED),
        ({"1": OCSP.GOOD, "2": OCSP.UNKNOWN}, ChainStatus.INVALID),
        ({}, ChainStatus.INVALID),
    ],
)
@virtual
async def test_hashes_alone(said: dict[str, CertificateStatusEnumType], status: ChainStatus) -> None:
    async def ask(each: OCSPRequestDataType) -> OcspResult:
        return OcspResult(said[each.serial_number])

    request = AuthorizeRequest(
        id_token=IdTokenType(id_token="X", type="eMAID"),
        iso15118_certificate_hash_data=[data(serial) for serial in said] or None,
    )
    async with joined() as scene:
        assert await ContractVerifier(lambda: [], ask)(scene.station, request) is status


@virtual
async def test_no_more_answers_are_kept_than_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "_KEPT", 2)
    asked: list[str] = []

    async def ask(each: OCSPRequestDataType) -> OcspResult:
        asked.append(each.serial_number)
        return OcspResult(OCSP.GOOD, NOON.replace(year=2027))

    async with joined() as scene:
        verify = ContractVerifier(lambda: [], ask)
        for serial in ("1", "2", "3", "3", "2", "1"):
            token = IdTokenType(id_token="X", type="eMAID")
            request = AuthorizeRequest(id_token=token, iso15118_certificate_hash_data=[data(serial)])
            await verify(scene.station, request)
    assert asked == ["1", "2", "3", "1"]
