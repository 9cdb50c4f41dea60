"""Our CSMS with a station of the package ``ocpp``, over real sockets: A04, C, D, E, J and P."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from incumbent import NOW, TOKEN, Payload, answer_variables, our_csms, transaction_event
from ocpp.v21 import call, call_result
from roles.reconciling import check_energy, check_transactions

from ocpp21.certificate_chains import ChainStatus
from ocpp21.csms import (
    LocalListUpdated,
    MeterValuesReceived,
    SecurityEventReceived,
    Settings,
    Station,
    Transaction,
    TransactionEventIgnored,
    TransactionEventReceived,
)
from ocpp21.csms.ledger import replay
from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    TransactionEventRequest,
    TransactionLimitType,
)

OUR_TOKEN = IdTokenType(**TOKEN)
ACCEPTED = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
EVSE = {"id": 1, "connector_id": 1}


def register(kwh: float, context: str = "Sample.Periodic") -> list[Payload]:
    """A reading of the register, in kWh."""
    unit = {"unit": "kWh", "multiplier": 0}
    return [{"timestamp": NOW, "sampled_value": [{"value": kwh, "context": context, "unit_of_measure": unit}]}]


@pytest.mark.use_case("A04")
async def test_security_events() -> None:
    async with our_csms() as (peer, station):
        seen: list[SecurityEventReceived] = []
        station.csms.subscribe(seen.append, SecurityEventReceived)
        for kind in ("InvalidFirmwareSignature", "VendorsOwn"):
            answer = await peer.ask(call.SecurityEventNotification(type=kind, timestamp=NOW, tech_info="v2"))
            assert answer == call_result.SecurityEventNotification()
        assert [(event.request.type, event.is_critical) for event in seen] == [
            ("InvalidFirmwareSignature", True),
            ("VendorsOwn", False),
        ]
        stored = await station.csms.store.security_events("CS1")
        assert [each.message for each in stored] == [event.request for event in seen]


@pytest.mark.use_case("B01", "C01", "E01", "E02", "E03", "E06", "E11", "J02")
async def test_a_session_from_boot_to_ended() -> None:
    def cost(station: Station, request: TransactionEventRequest, transaction: Transaction) -> float:
        return float((transaction.energy_wh or Decimal(0)) / 1000) * 0.5

    async with our_csms(Settings(inventory=None, cost=cost)) as (peer, station):
        seen: list[TransactionEventReceived] = []
        ignored: list[TransactionEventIgnored] = []
        station.csms.subscribe(seen.append, TransactionEventReceived)
        station.csms.subscribe(ignored.append, TransactionEventIgnored)
        await station.csms.tokens.put(OUR_TOKEN)
        assert (await peer.ask(call.Authorize(id_token=TOKEN))).id_token_info == {"status": "Accepted"}
        started = transaction_event(
            *("Started", "CablePluggedIn", 0),
            evse=EVSE,
            charging_state="EVConnected",
            meter_value=register(12.5, "Transaction.Begin"),
        )
        authorized = transaction_event("Updated", "Authorized", 1, id_token=TOKEN, charging_state="Charging")
        periodic = transaction_event("Updated", "MeterValuePeriodic", 2, meter_value=register(13.25))
        ended = transaction_event(
            *("Ended", "EVCommunicationLost", 3),
            stopped_reason="EVDisconnected",
            time_spent_charging=600,
            meter_value=register(14.0125, "Transaction.End"),
        )
        late = transaction_event("Updated", "ChargingStateChanged", 9)
        infos, costs = [], []
        for event in (started, periodic, authorized, authorized, ended, late):  # one late, one twice, one too much
            answer = await peer.ask(event)
            infos.append(answer.id_token_info)
            costs.append(answer.total_cost)
        accepted = {"status": "Accepted"}
        assert infos == [None, None, accepted, accepted, None, None]
        assert costs == pytest.approx([0.0, 0.375, 0.375, 0.375, 0.75625, 0.75625])
        assert [event.request.seq_no for event in seen] == [0, 2, 1, 3]
        assert [event.request.seq_no for event in ignored] == [9]
        (transaction,) = await check_transactions(station.csms.store, "CS1")
        check_energy([transaction], Decimal("1512.5"))
        assert transaction == replay("CS1", "T1", [event.request for event in seen])
        assert transaction.started_by is not None and transaction.started_by.value.id_token == TOKEN["id_token"]
        assert transaction.stopped_reason == "EVDisconnected" and not transaction.was_offline
        assert transaction.evse_id is not None and transaction.evse_id.value == 1


@pytest.mark.use_case("E16")
async def test_a_limit_in_an_answer() -> None:
    async with our_csms() as (peer, station):
        peer.answers["GetVariables"] = answer_variables(SupportedLimits="maxEnergy,maxTime")
        assert (await peer.ask(transaction_event("Started", "CablePluggedIn", 0))).transaction_limit is None
        await station.transactions.limit("T1", TransactionLimitType(max_energy=5000.0))
        answer = await peer.ask(transaction_event("Updated", "ChargingStateChanged", 1))
        assert answer.transaction_limit == {"max_energy": 5000.0}
        confirmed = transaction_event("Updated", "LimitSet", 2, transaction_limit={"max_energy": 5000.0})
        assert (await peer.ask(confirmed)).transaction_limit is None
        transaction = await station.csms.store.transaction("CS1", "T1")
        assert transaction is not None and transaction.limit is not None
        assert transaction.limit.value == TransactionLimitType(max_energy=5000.0)


@pytest.mark.use_case("C01", "C02", "C09")
async def test_tokens() -> None:
    async with our_csms() as (peer, station):

        async def authorize(token: Payload) -> Any:
            return (await peer.ask(call.Authorize(id_token=token))).id_token_info

        assert await authorize(TOKEN) == {"status": "Unknown"}
        assert await authorize({"id_token": "", "type": "NoAuthorization"}) == {"status": "Accepted"}
        for status in AuthorizationStatusEnumType:
            await station.csms.tokens.put(OUR_TOKEN, IdTokenInfoType(status=status))
            assert await authorize(TOKEN) == {"status": status.value}
            event = transaction_event("Started", "Authorized", 0, transaction_id=status.value, id_token=TOKEN)
            assert (await peer.ask(event)).id_token_info == {"status": status.value}
        group = IdTokenType(id_token="G", type="Central")
        accepted = AuthorizationStatusEnumType.ACCEPTED
        await station.csms.tokens.put(OUR_TOKEN, IdTokenInfoType(status=accepted, group_id_token=group, language1="nl"))
        found = await authorize({**TOKEN, "id_token": "04a2b3c4"})
        assert found["group_id_token"] == {"id_token": "G", "type": "Central"} and found["language1"] == "nl"


@pytest.mark.use_case("C07")
@pytest.mark.parametrize(
    ("chain", "certificate_status", "status"),
    [
        (ChainStatus.VALID, "Accepted", "Accepted"),
        (ChainStatus.EXPIRED, "CertificateExpired", "Expired"),
        (ChainStatus.REVOKED, "CertificateRevoked", "Invalid"),
        (ChainStatus.INVALID, "CertChainError", "Invalid"),
    ],
)
async def test_contracts(chain: ChainStatus, certificate_status: str, status: str) -> None:
    asked: list[AuthorizeRequest] = []

    def verify(station: Station, request: AuthorizeRequest) -> ChainStatus:
        asked.append(request)
        return chain

    hash_data = {
        "hash_algorithm": "SHA256",
        "issuer_name_hash": "0A",
        "issuer_key_hash": "0B",
        "serial_number": "1",
        "responder_url": "http://ocsp.example",
    }
    contract = IdTokenType(id_token="DE8AA1A2B3C4D59", type="eMAID")
    async with our_csms(Settings(inventory=None, verify_contract=verify)) as (peer, station):
        await station.csms.tokens.put(contract)
        token = {"id_token": contract.id_token, "type": "eMAID"}
        for options in ({"certificate": "PEM"}, {"iso_15118_certificate_hash_data": [hash_data]}):
            answer = await peer.ask(call.Authorize(id_token=token, **options))
            assert (answer.certificate_status, answer.id_token_info) == (certificate_status, {"status": status})
        assert asked[0].certificate == "PEM"
        (data,) = asked[1].iso15118_certificate_hash_data or ()
        assert (data.issuer_key_hash, data.responder_url) == ("0B", "http://ocsp.example")


@pytest.mark.use_case("C11")
async def test_their_cache_is_cleared() -> None:
    async with our_csms() as (peer, station):
        peer.answers["ClearCache"] = lambda payload: call_result.ClearCache(status="Accepted")
        assert (await station.authorization.clear_cache()).status == "Accepted"
        peer.answers["ClearCache"] = lambda payload: call_result.ClearCache(
            status="Rejected", status_info={"reason_code": "NotEnabled"}
        )
        response = await station.authorization.clear_cache()
        assert response.status == "Rejected"
        assert response.status_info is not None and response.status_info.reason_code == "NotEnabled"
        assert peer.payloads("ClearCache") == [{}, {}]


@pytest.mark.use_case("D01", "D02")
async def test_their_local_list_follows_ours() -> None:
    def entry(name: str, info: IdTokenInfoType | None = ACCEPTED) -> AuthorizationData:
        return AuthorizationData(id_token=IdTokenType(id_token=name, type="ISO14443"), id_token_info=info)

    async with our_csms() as (peer, station):
        ours, seen = station.local_authorization_list, list[LocalListUpdated]()
        station.csms.subscribe(seen.append, LocalListUpdated)
        assert await ours.get_version() == 0  # a station without lists
        version, refused = 0, {4}

        def take(payload: Payload) -> Any:
            nonlocal version
            if payload["version_number"] in refused:
                return call_result.SendLocalList(status="VersionMismatch")
            version = payload["version_number"]
            return call_result.SendLocalList(status="Accepted")

        peer.answers["GetVariables"] = answer_variables(ItemsPerMessage="2")
        peer.answers["SendLocalList"] = take
        peer.answers["GetLocalListVersion"] = lambda payload: call_result.GetLocalListVersion(version_number=version)
        update = await ours.send_full([entry("A"), entry("B"), entry("C")])
        assert (update.status, update.version) == ("Accepted", 2)
        update = await ours.send_differential([entry("A", None)])
        assert (update.update_type, update.version, await ours.get_version()) == ("Differential", 3, 3)
        update = await ours.send_differential([entry("D")])  # refused, so that all is sent anew
        assert (update.status, update.update_type, update.version) == ("Accepted", "Full", 6)
        assert {each.id_token.id_token for each in (await ours.view()).entries} == {"B", "C", "D"}
        assert seen[-1].local_list == await ours.view() and version == 6
        sent = [
            (each["update_type"], each["version_number"], [one["id_token"]["id_token"] for one in each[LIST]])
            for each in peer.payloads("SendLocalList")
        ]
        assert sent == [
            ("Full", 1, ["A", "B"]),
            ("Differential", 2, ["C"]),
            ("Differential", 3, ["A"]),
            ("Differential", 4, ["D"]),
            ("Full", 5, ["B", "C"]),
            ("Differential", 6, ["D"]),
        ]
        assert await ours.synchronize([entry("B"), entry("C"), entry("D")]) is None


LIST = "local_authorization_list"


@pytest.mark.use_case("J01")
async def test_clock_aligned_values() -> None:
    async with our_csms() as (peer, station):
        seen: list[MeterValuesReceived] = []
        station.csms.subscribe(seen.append, MeterValuesReceived)
        signed = {
            "signed_meter_data": "T0NNRg==",
            "encoding_method": "OCMF",
            "public_key": "",
            "signing_method": "ECDSA-secp256r1-SHA256",
        }
        values = register(0.5, "Sample.Clock")
        values[0]["sampled_value"].append(
            {"value": 16.5, "measurand": "Current.Import", "phase": "L1", "signed_meter_value": signed}
        )
        answer = await peer.ask(call.MeterValues(evse_id=2, meter_value=values))
        assert answer == call_result.MeterValues()
        (event,) = seen
        assert event.request.evse_id == 2
        energy, current = event.values
        assert (energy.value, energy.unit, energy.context) == (Decimal(500), "Wh", "Sample.Clock")
        assert (current.value, current.unit, current.phase) == (Decimal("16.5"), "A", "L1")
        assert current.signed is not None and current.signed.encoding_method == "OCMF"
        (stored,) = await station.csms.store.meter_values("CS1")
        assert stored.message == event.request


@pytest.mark.use_case("P01", "P02")
async def test_messages_of_vendors() -> None:
    async with our_csms() as (peer, station):

        @station.csms.vendors.on("com.example", "echo")
        def echo(station: Station, request: DataTransferRequest) -> DataTransferResponse:
            return DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED, data=request.data)

        peer.answers["DataTransfer"] = lambda payload: call_result.DataTransfer(
            status="Accepted", data=payload.get("data")
        )
        for data in ("text", 3, 1.5, True, [1, {"a": ["b"]}], {"key": {"inner": 1}}):
            answer = await peer.ask(call.DataTransfer(vendor_id="com.example", message_id="echo", data=data))
            assert (answer.status, answer.data) == ("Accepted", data)
            request = DataTransferRequest(vendor_id="com.example", message_id="echo", data=data)
            response = await station.call(request)
            assert response.status is DataTransferStatusEnumType.ACCEPTED and response.data == data
            assert peer.payloads("DataTransfer")[-1]["data"] == data
        answer = await peer.ask(call.DataTransfer(vendor_id="com.example"))
        assert answer.status == "UnknownMessageId"
        assert (await peer.ask(call.DataTransfer(vendor_id="com.other"))).status == "UnknownVendorId"
