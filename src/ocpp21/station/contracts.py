"""Contract certificates of EVs, as the Charging Station sees them: who checks them, and what is asked (Part 2, C07)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from ocpp21.certificate_chains import ChainStatus, check_chain, ocsp_request_data
from ocpp21.id_tokens import is_accepted
from ocpp21.messages import (
    AdditionalInfoType,
    AuthorizeCertificateStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    IdTokenType,
    OCSPRequestDataType,
)
from ocpp21.messages.values import IdTokenTypes

__all__ = ["Contract", "ContractValidator", "ContractVerdict", "RootsValidator", "contract_request", "lets_charge"]

#: Longest chain that fits into AuthorizeRequest.certificate, in characters (Part 3).
_LONGEST_CHAIN: Final = 10_000


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What an EV presents by ISO 15118 to charge with its contract.

    Attributes:
        emaid: id of the contract.
        chain: contract certificate and sub-CAs as PEM, leaf first, without root.
        evccid: id of the EV, where ISO 15118-20 tells it; None without.
    """

    emaid: str
    chain: str
    evccid: str | None = None

    @property
    def id_token(self) -> IdTokenType:
        """The token that it stands for."""
        more = None if self.evccid is None else [AdditionalInfoType(additional_id_token=self.evccid, type="EVCCID")]
        return IdTokenType(id_token=self.emaid, type=IdTokenTypes.EMAID, additional_info=more)


class ContractVerdict(msgspec.Struct, frozen=True):
    """What a check of a contract certificate has found.

    Attributes:
        status: whether the chain is valid.
        hash_data: what OCSP is asked with about its certificates.
    """

    status: ChainStatus
    hash_data: tuple[OCSPRequestDataType, ...] = ()


class ContractValidator(Protocol):
    """Checks contract certificates at the Charging Station; an ISO 15118 stack may be one."""

    async def validate(self, contract: Contract, at: datetime, /) -> ContractVerdict:
        """Check the chain of a contract.

        Args:
            contract: as the EV has presented it.
            at: the time of the station's clock, aware.
        """
        ...


class RootsValidator:
    """Checks contract certificates against root certificates; it needs the extra ``signing``.

    Args:
        roots: gives the MO and V2G roots that are installed now, as PEM.
    """

    def __init__(self, roots: Callable[[], Sequence[bytes]], /) -> None:
        self._roots: Final = roots

    async def validate(self, contract: Contract, at: datetime, /) -> ContractVerdict:
        """Check a chain, as :meth:`ContractValidator.validate` says."""
        roots = self._roots()
        status = check_chain(contract.chain, roots, at, emaid=contract.emaid)
        return ContractVerdict(status, tuple(ocsp_request_data(contract.chain, roots)))


def contract_request(
    contract: Contract, verdict: ContractVerdict, /, *, may_leave_to_csms: bool
) -> AuthorizeRequest | None:
    """The request that lets the CSMS validate a contract; None when it cannot be asked.

    Args:
        contract: as the EV has presented it.
        verdict: what the station has found.
        may_leave_to_csms: CentralContractValidationAllowed.
    """
    if verdict.status is ChainStatus.NO_ROOT:
        if not may_leave_to_csms or len(contract.chain) > _LONGEST_CHAIN:
            return None
        return AuthorizeRequest(id_token=contract.id_token, certificate=contract.chain)  # C07.FR.06
    if not verdict.hash_data:
        return None
    return AuthorizeRequest(
        id_token=contract.id_token, iso15118_certificate_hash_data=list(verdict.hash_data)
    )  # C07.FR.02


def lets_charge(verdict: ContractVerdict, response: AuthorizeResponse, /) -> bool:
    """Whether a contract may charge: token and certificate are both accepted, and nothing speaks against the chain."""
    return (
        verdict.status in (ChainStatus.VALID, ChainStatus.NO_ROOT)
        and is_accepted(response.id_token_info)
        and response.certificate_status == AuthorizeCertificateStatusEnumType.ACCEPTED
    )
