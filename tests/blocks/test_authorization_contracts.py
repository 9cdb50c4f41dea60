"""Plug and Charge (C07) and external identification (C08) over both roles, in virtual time."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from laboratory import TOKEN, UNKNOWN, Laboratory, explore, wall_time

from ocpp21.certificate_chains import ChainStatus
from ocpp21.csms import AuthorizationAnswered, ContractVerifier, OcspResult, Settings
from ocpp21.device_model.catalogue import ISO15118Ctrlr
from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    AuthorizeCertificateStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    CertificateStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    OCSPRequestDataType,
)
from ocpp21.station.contracts import Contract, ContractVerdict, RootsValidator
from ocpp21.station.hardware import ContractPresented
from ocpp21.testing.pki import Pki
from ocpp21.testing.virtual_time import EPOCH

STATUS = AuthorizationStatusEnumType
CERTIFICATE = AuthorizeCertificateStatusEnumType
OCSP = CertificateStatusEnumType

EMAID = "DE8AA1A2B3C4D59"
PNC = {
    "sampled_data_ctrlr.tx_updated_interval": 0,
    "iso15118_ctrlr.pnc_enabled": True,
    "tx_ctrlr.tx_start_point": ("EVConnected",),
    "tx_ctrlr.tx_stop_point": ("EVConnected",),
}


@cache
def pki() -> Pki:
    return Pki(organization="Example MO", now=EPOCH)


@cache
def contract(validity: Any = "current", *, is_foreign: bool = False) -> Contract:
    source = pki().foreign("Another MO") if is_foreign else pki()
    credential = source.station(EMAID, validity=validity)
    return Contract(emaid=EMAID, chain=credential.certificate_pem.decode(), evccid="02:00:00:00:00:01")


class Responders:
    """OCSP responders: what they say, and how often they were asked."""

    def __init__(self, status: CertificateStatusEnumType = OCSP.GOOD, keep_s: float | None = None) -> None:
        self.status = status
        self.keep_s = keep_s
        self.asked: list[OCSPRequestDataType] = []

    async def ask(self, data: OCSPRequestDataType) -> OcspResult:
        self.asked.append(data)
        return OcspResult(self.status, None if self.keep_s is None else wall_time() + timedelta(seconds=self.keep_s))

    def settings(self) -> Settings:
        return Settings(inventory=None, verify_contract=ContractVerifier(lambda: [pki().trust], self.ask))


def with_roots(lab: Laboratory) -> None:
    """Let the station have the root of the mobility operator."""
    lab.station.authorization.contract_validator = RootsValidator(lambda: [pki().trust])


async def present(lab: Laboratory, what: Contract) -> None:
    lab.hardware.tell(ContractPresented(1, what))
    await lab.quiet()


async def known(lab: Laboratory, status: STATUS = STATUS.ACCEPTED) -> None:
    await lab.csms.tokens.put(contract().id_token, IdTokenInfoType(status=status))


def requests(lab: Laboratory) -> list[AuthorizeRequest]:
    return lab.messages(AuthorizeRequest)


@pytest.mark.use_case("C07")
@pytest.mark.parametrize("status", list(STATUS))
def test_a_valid_contract_online(status: STATUS) -> None:
    responders = Responders()

    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab, status)
        await lab.plug_in()
        await present(lab, contract())
        await lab.quiet(60)
        assert (lab.delivered_wh() > 0) == (status == STATUS.ACCEPTED)

    lab = explore(scenario, variables=PNC, settings=responders.settings())
    (request,) = requests(lab)  # C07.FR.01
    assert request.id_token == contract().id_token and request.certificate is None
    data = request.iso15118_certificate_hash_data or []  # C07.FR.02
    assert len(data) == 2 and responders.asked == data  # C07.FR.05
    if status == STATUS.ACCEPTED:
        assert lab.told[1] == ("Updated", "Authorized", "EVConnected")
        assert lab.events[1].id_token == contract().id_token


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("token", "ocsp", "what", "status", "certificate"),
    [
        (STATUS.ACCEPTED, OCSP.GOOD, "ours", STATUS.ACCEPTED, CERTIFICATE.ACCEPTED),  # C07.FR.14
        (STATUS.CONCURRENT_TX, OCSP.GOOD, "ours", STATUS.CONCURRENT_TX, CERTIFICATE.ACCEPTED),
        (STATUS.BLOCKED, OCSP.GOOD, "ours", STATUS.BLOCKED, CERTIFICATE.CONTRACT_CANCELLED),  # C07.FR.13
        (None, OCSP.GOOD, "ours", STATUS.UNKNOWN, CERTIFICATE.CONTRACT_CANCELLED),
        (STATUS.ACCEPTED, OCSP.GOOD, "expired", STATUS.EXPIRED, CERTIFICATE.CERTIFICATE_EXPIRED),  # C07.FR.15
        (STATUS.ACCEPTED, OCSP.REVOKED, "ours", STATUS.INVALID, CERTIFICATE.CERTIFICATE_REVOKED),  # C07.FR.16
        (STATUS.ACCEPTED, OCSP.UNKNOWN, "ours", STATUS.INVALID, CERTIFICATE.CERT_CHAIN_ERROR),  # C07.FR.17
        (STATUS.ACCEPTED, OCSP.FAILED, "ours", STATUS.INVALID, CERTIFICATE.CERT_CHAIN_ERROR),
        (STATUS.ACCEPTED, OCSP.GOOD, "foreign", STATUS.INVALID, CERTIFICATE.CERT_CHAIN_ERROR),
        (STATUS.ACCEPTED, OCSP.GOOD, "future", STATUS.INVALID, CERTIFICATE.CERT_CHAIN_ERROR),
    ],
)
def test_a_contract_that_the_csms_checks(
    token: STATUS | None,
    ocsp: CertificateStatusEnumType,
    what: str,
    status: STATUS,
    certificate: AuthorizeCertificateStatusEnumType,
) -> None:
    responders = Responders(ocsp)
    shown = {
        "ours": contract(),
        "expired": contract("expired"),
        "future": contract("future"),
        "foreign": contract(is_foreign=True),
    }[what]
    answered: list[AuthorizeResponse] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(lambda event: answered.append(event.response), AuthorizationAnswered)
        if token is not None:
            await known(lab, token)
        await lab.plug_in()
        await present(lab, shown)
        await lab.quiet(60)
        is_good = (status, certificate) == (STATUS.ACCEPTED, CERTIFICATE.ACCEPTED)
        assert (lab.delivered_wh() > 0) == is_good

    variables = {**PNC, "iso15118_ctrlr.central_contract_validation_allowed": True}
    lab = explore(scenario, variables=variables, settings=responders.settings())
    (request,) = requests(lab)
    assert request.certificate == shown.chain and request.iso15118_certificate_hash_data is None  # C07.FR.06
    assert [(each.id_token_info.status, each.certificate_status) for each in answered] == [(status, certificate)]


@pytest.mark.use_case("C07")
def test_without_root_and_leave_nobody_is_asked() -> None:
    async def scenario(lab: Laboratory) -> None:
        await known(lab)
        await lab.plug_in()
        await present(lab, contract())
        with_roots(lab)
        await present(lab, contract(is_foreign=True))
        lab.set("iso15118_ctrlr.central_contract_validation_allowed", True)
        await present(lab, Contract(emaid=EMAID, chain="x" * 10_001))  # a broken chain, and nothing to ask OCSP about
        lab.station.authorization.contract_validator = None
        await present(lab, Contract(emaid=EMAID, chain="x" * 10_001))  # too long for a message
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    assert not requests(explore(scenario, variables=PNC, settings=Responders().settings()))


@pytest.mark.use_case("C07")
@pytest.mark.parametrize("validity", ["expired", "future"])
def test_a_contract_that_is_invalid_here_never_charges(validity: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab)
        await lab.plug_in()
        await present(lab, contract(validity))
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables=PNC, settings=Responders().settings())
    assert len(requests(lab)) == 1  # C07.FR.01


@pytest.mark.use_case("C07")
def test_a_csms_that_was_not_told_how_accepts_no_contract() -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab)
        await lab.plug_in()
        await present(lab, contract())

    lab = explore(scenario, variables=PNC)
    assert len(requests(lab)) == 1 and [kind for kind, _, _ in lab.told] == ["Started"]


@pytest.mark.use_case("C07")
@pytest.mark.parametrize("keep_s", [None, 100.0])
def test_answers_of_responders_are_kept_for_as_long_as_they_say(keep_s: float | None) -> None:
    responders = Responders(keep_s=keep_s)
    asked: list[int] = []

    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab)
        for pause_s in (0, 50, 60):
            await lab.quiet(pause_s)
            await lab.station.authorization.authorize_contract(contract(), evse_id=1)
            asked.append(len(responders.asked))

    explore(scenario, variables=PNC, settings=responders.settings())
    assert asked == ([2, 4, 6] if keep_s is None else [2, 2, 4])


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("offline_validation", "what", "local_offline", "where", "takes_unknown", "charges"),
    [
        (False, "ours", True, "list", True, False),  # C07.FR.07
        (True, "expired", True, "list", True, False),  # C07.FR.08
        (True, "foreign", True, "list", True, False),
        (True, "ours", True, "list", False, True),  # C07.FR.10
        (True, "ours", True, "cache", False, True),  # C07.FR.11
        (True, "ours", True, "nowhere", True, True),  # C07.FR.12
        (True, "ours", True, "nowhere", False, False),
        (True, "ours", False, "list", True, False),  # C07.FR.09
    ],
)
def test_offline(
    offline_validation: bool, what: str, local_offline: bool, where: str, takes_unknown: bool, charges: bool
) -> None:
    shown = {"ours": contract(), "expired": contract("expired"), "foreign": contract(is_foreign=True)}[what]

    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab)
        if where == "list":
            accepted = IdTokenInfoType(status=STATUS.ACCEPTED)
            entry = AuthorizationData(id_token=shown.id_token, id_token_info=accepted)
            await lab.csms["CS001"].local_authorization_list.send_full([entry])
        elif where == "cache":
            await lab.station.authorization.authorize_contract(contract(), evse_id=1)
        before = len(requests(lab))
        await lab.plug_in()
        await lab.go_offline()
        await present(lab, shown)
        await lab.quiet(60)
        assert (lab.delivered_wh() > 0) == charges and len(requests(lab)) == before
        await lab.go_online()

    variables = {
        **PNC,
        "local_auth_list_ctrlr.enabled": True,
        "auth_cache_ctrlr.enabled": True,
        "iso15118_ctrlr.contract_validation_offline": offline_validation,
        "auth_ctrlr.local_authorize_offline": local_offline,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": takes_unknown,
    }
    lab = explore(scenario, variables=variables, settings=Responders().settings())
    assert any(event.offline and event.id_token == shown.id_token for event in lab.events) == charges


@pytest.mark.use_case("C07")
def test_an_evse_may_have_settings_of_its_own() -> None:
    async def scenario(lab: Laboratory) -> None:
        await known(lab)
        with_roots(lab)
        authorization = lab.station.authorization
        assert (await authorization.authorize_contract(contract(), evse_id=1)).status == STATUS.ACCEPTED
        ISO15118Ctrlr(lab.station.device_model).at(1).pnc_enabled.add(False)
        assert (await authorization.authorize_contract(contract(), evse_id=1)).status == STATUS.INVALID

    assert len(requests(explore(scenario, variables=PNC, settings=Responders().settings()))) == 1


@pytest.mark.use_case("C07")
def test_where_nobody_may_be_asked_the_station_decides_as_it_does_offline() -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        decide = lab.station.authorization.authorize_contract
        assert (await decide(contract(), evse_id=1)).status == STATUS.INVALID
        lab.set("iso15118_ctrlr.contract_validation_offline", True)
        lab.set("auth_ctrlr.offline_tx_for_unknown_id_enabled", True)
        assert (await decide(contract(), evse_id=1)).status == STATUS.ACCEPTED

    variables = {**PNC, "auth_ctrlr.disable_remote_authorization": True, "auth_ctrlr.local_authorize_offline": True}
    assert not requests(explore(scenario, variables=variables))


@pytest.mark.use_case("C07")
def test_before_the_station_is_accepted_no_contract_is() -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await lab.plug_in()
        assert (await lab.station.transactions.present_contract(contract(), 1)).status == STATUS.NOT_AT_THIS_TIME
        decided = await lab.station.authorization.authorize_contract(contract(), evse_id=1)
        assert decided.status == STATUS.NOT_AT_THIS_TIME

    explore(scenario, is_connected=False, variables=PNC)


@pytest.mark.use_case("C07")
def test_a_contract_stops_nothing() -> None:
    statuses: list[str] = []

    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab)
        await lab.plug_in()
        for _ in range(2):
            statuses.append((await lab.station.transactions.present_contract(contract(), 1)).status)
        await lab.present(IdTokenType(id_token=EMAID, type="eMAID"))  # but the same token does, by any other way
        await lab.unplug()
        await lab.plug_in()
        await lab.present()
        statuses.append((await lab.station.transactions.present_contract(contract(), 1)).status)

    lab = explore(scenario, variables=PNC, settings=Responders().settings())
    assert statuses == ["Accepted", "Accepted", "NotAtThisTime"]
    assert [request.id_token.type for request in requests(lab)] == ["eMAID", TOKEN.type]


@pytest.mark.use_case("C07")
def test_a_contract_of_the_master_pass_starts_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        master = IdTokenInfoType(status=STATUS.ACCEPTED, group_id_token=IdTokenType(id_token="M", type="Central"))
        await lab.csms.tokens.put(contract().id_token, master)
        await lab.plug_in()
        await present(lab, contract())

    variables = {**PNC, "auth_ctrlr.master_pass_group_id": "M"}
    assert [kind for kind, _, _ in explore(scenario, variables=variables, settings=Responders().settings()).told] == [
        "Started"
    ]


class Stack:
    """An ISO 15118 stack that has checked the chain itself."""

    async def validate(self, contract: Contract, at: Any, /) -> ContractVerdict:
        return ContractVerdict(ChainStatus.VALID)


@pytest.mark.use_case("C07")
def test_a_stack_that_tells_no_hashes_asks_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.authorization.contract_validator = Stack()
        decided = await lab.station.authorization.authorize_contract(contract(), evse_id=1)
        assert decided.status == STATUS.INVALID

    assert not requests(explore(scenario, variables=PNC))


# C08


@pytest.mark.use_case("C08")
@pytest.mark.parametrize("cable_first", [True, False])
def test_a_token_beside_iso_15118(cable_first: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        if cable_first:
            await lab.plug_in()
            assert (await lab.station.transactions.present(TOKEN, 1)).status == STATUS.ACCEPTED  # C08.FR.01
        else:
            await lab.present()
            await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=PNC)
    (request,) = requests(lab)
    assert request == AuthorizeRequest(id_token=TOKEN)
    assert lab.told[1][1] == ("Authorized" if cable_first else "ChargingStateChanged")


@pytest.mark.use_case("C08")
def test_a_token_after_a_contract_that_was_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        with_roots(lab)
        await known(lab, STATUS.BLOCKED)
        await lab.plug_in()
        await present(lab, contract())
        await lab.present(UNKNOWN)
        await lab.quiet(600)  # C08.FR.02: whoever is late presents a token all the same
        assert lab.delivered_wh() == 0 and [kind for kind, _, _ in lab.told] == ["Started"]
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=PNC, settings=Responders().settings())
    assert [event.id_token for event in lab.events if event.id_token] == [TOKEN]
