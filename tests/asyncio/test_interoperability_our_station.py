"""Our station, over simulated hardware, at a CSMS of the package ``ocpp``, over real sockets: A04, C, D, E, J and P."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from incumbent import TOKEN, Payload, Theirs, as_event, our_station
from loopback import until
from ocpp.exceptions import NotSupportedError
from ocpp.v21 import call, call_result
from roles.reconciling import check_energy

from ocpp21.certificate_chains import ChainStatus
from ocpp21.csms.ledger import replay
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeCertificateStatusEnumType,
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    HashAlgorithmEnumType,
    IdTokenType,
    OCSPRequestDataType,
)
from ocpp21.simulator import EV
from ocpp21.station import ChargingStation
from ocpp21.station.contracts import Contract, ContractVerdict

REGISTER = ("Energy.Active.Import.Register",)
METERED = {f"sampled_data_ctrlr.tx_{event}_measurands": REGISTER for event in ("started", "updated", "ended")}
OUR_TOKEN = IdTokenType(**TOKEN)
OTHER = {"id_token": "0BADCAFE", "type": "ISO14443"}
EMAID = "DE8AA1A2B3C4D59"


def info_of(event: Payload) -> Payload:
    return dict(event["transaction_info"])


async def next_state(csms: Theirs, state: str) -> Payload:
    """Wait for the event that tells of a charging state."""
    return await csms.next("TransactionEvent", lambda event: info_of(event).get("charging_state") == state)


@pytest.mark.use_case("A04")
async def test_security_events() -> None:
    async with our_station() as (csms, _, station):
        await station.security.report_event("VendorsOwn")  # not a critical one
        await station.security.report_event("InvalidFirmwareSignature", tech_info="v2")
        told = await csms.next("SecurityEventNotification", lambda event: event["type"] == "InvalidFirmwareSignature")
        assert told["tech_info"] == "v2"
        types = [event["type"] for event in csms.payloads("SecurityEventNotification")]
        assert "StartupOfTheDevice" in types and "VendorsOwn" not in types
        assert datetime.fromisoformat(told["timestamp"]) <= station.now()


@pytest.mark.use_case("B01", "C01", "E02", "E03", "E06", "E07", "J02")
async def test_a_session_from_boot_to_ended() -> None:
    async with our_station({**METERED, "sampled_data_ctrlr.tx_updated_interval": 1}) as (csms, hardware, _):
        assert (await csms.next("BootNotification"))["reason"] == "PowerUp"
        hardware.plug_in(1, 1, EV())
        assert (await csms.next("TransactionEvent"))["trigger_reason"] == "CablePluggedIn"
        hardware.present(OUR_TOKEN, 1)
        assert await csms.next("Authorize") == {"id_token": TOKEN}
        await next_state(csms, "Charging")
        await csms.next("TransactionEvent", lambda event: event["trigger_reason"] == "MeterValuePeriodic")
        hardware.present(OUR_TOKEN, 1)
        stopped = await csms.next("TransactionEvent", lambda event: event["trigger_reason"] == "StopAuthorized")
        assert stopped["id_token"] == TOKEN
        await next_state(csms, "EVConnected")
        await until(lambda: not hardware.evses[1].connectors[1].lock.is_locked)
        hardware.unplug(1, 1)
        ended = await csms.next("TransactionEvent", lambda event: event["event_type"] == "Ended")
        assert info_of(ended)["stopped_reason"] == "Local"
        # What they have read of it makes the same ledger as ours would be.
        events = [as_event(payload) for payload in csms.payloads("TransactionEvent")]
        assert [event.seq_no for event in events] == list(range(len(events)))
        transaction = replay("CS1", info_of(ended)["transaction_id"], events)
        assert transaction.is_complete and not transaction.went_backwards
        assert len(csms.payloads("Authorize")) == 1
        check_energy([transaction], hardware.delivered_wh(1))
        assert hardware.delivered_wh(1) > 1


@pytest.mark.use_case("E05")
async def test_a_token_that_is_not_accepted_after_all() -> None:
    async with our_station() as (csms, hardware, _):
        csms.answers["TransactionEvent"] = lambda payload: call_result.TransactionEvent(
            id_token_info={"status": "Blocked"} if "id_token" in payload else None
        )
        hardware.plug_in(1, 1, EV())
        hardware.present(OUR_TOKEN, 1)
        event = await csms.next("TransactionEvent", lambda event: event["trigger_reason"] == "Deauthorized")
        assert event["event_type"] == "Updated"
        await until(lambda: not hardware.evses[1].flow.power_mw)


@pytest.mark.use_case("E16")
async def test_a_limit_in_an_answer() -> None:
    variables = {**METERED, "tx_ctrlr.supported_limits": ("maxEnergy",)}
    async with our_station(variables) as (csms, hardware, _):
        csms.answers["TransactionEvent"] = lambda payload: call_result.TransactionEvent(
            id_token_info={"status": "Accepted"} if "id_token" in payload else None,
            transaction_limit={"max_energy": 0.5} if payload["event_type"] == "Started" else None,
            total_cost=0.25,
        )
        hardware.plug_in(1, 1, EV())
        limited = await csms.next("TransactionEvent", lambda event: event["trigger_reason"] == "LimitSet")
        assert info_of(limited)["transaction_limit"] == {"max_energy": 0.5}
        hardware.present(OUR_TOKEN, 1)
        await csms.next("TransactionEvent", lambda event: event["trigger_reason"] == "EnergyLimitReached")
        assert hardware.delivered_wh(1) >= 0.5


@pytest.mark.use_case("C01", "C09", "C10", "C11")
async def test_tokens_and_the_cache() -> None:
    variables = {"auth_cache_ctrlr.enabled": True, "auth_ctrlr.local_pre_authorize": True}
    async with our_station(variables) as (csms, _, station):
        info: Payload = {
            "status": "Accepted",
            "group_id_token": {"id_token": "G", "type": "Central"},
            "language1": "nl",
            "evse_id": [1],
            "personal_message": {"format": "UTF8", "content": "Hallo", "language": "nl"},
        }
        csms.answers["Authorize"] = lambda payload: call_result.Authorize(id_token_info=info)
        for _ in range(2):  # the cache knows it the second time
            answer = await station.authorization.authorize(OUR_TOKEN, evse_id=1)
            assert answer.group_id_token == IdTokenType(id_token="G", type="Central")
            assert answer.personal_message is not None and answer.personal_message.content == "Hallo"
        assert (await station.authorization.authorize(OUR_TOKEN, evse_id=2)).status == "NotAtThisLocation"
        assert len(csms.payloads("Authorize")) == 1
        for status in AuthorizationStatusEnumType:
            assert (await csms.ask(call.ClearCache())).status == "Accepted"
            info = {"status": status.value}
            assert (await station.authorization.authorize(OUR_TOKEN)).status is status
        assert len(csms.payloads("Authorize")) == 1 + len(AuthorizationStatusEnumType)
        station.device_model.auth_cache_ctrlr.enabled.set(False)
        refused = await csms.ask(call.ClearCache())
        assert (refused.status, refused.status_info["reason_code"]) == ("Rejected", "NotEnabled")


@pytest.mark.use_case("C07")
@pytest.mark.parametrize("has_root", [False, True])
async def test_contracts(has_root: bool) -> None:
    hash_data = OCSPRequestDataType(
        hash_algorithm=HashAlgorithmEnumType.SHA256,
        issuer_name_hash="0A",
        issuer_key_hash="0B",
        serial_number="1",
        responder_url="http://ocsp.example",
    )

    class Roots:
        async def validate(self, contract: Contract, at: datetime, /) -> ContractVerdict:
            return ContractVerdict(ChainStatus.VALID, (hash_data,))

    variables = {"iso15118_ctrlr.pnc_enabled": True, "iso15118_ctrlr.central_contract_validation_allowed": True}
    async with our_station(variables) as (csms, _, station):
        station.authorization.contract_validator = Roots() if has_root else None
        for status in AuthorizeCertificateStatusEnumType:
            csms.answers["Authorize"] = lambda payload, status=status: call_result.Authorize(  # type: ignore[misc]
                id_token_info={"status": "Accepted"}, certificate_status=status.value
            )
            info = await station.authorization.authorize_contract(Contract(emaid=EMAID, chain="PEM"), evse_id=1)
            assert info.status == ("Accepted" if status == "Accepted" else "Invalid")
            asked = await csms.next("Authorize")
            assert asked.pop("id_token") == {"id_token": EMAID, "type": "eMAID"}
            if has_root:
                ((data,),) = asked.values()
                assert data["issuer_key_hash"] == "0B" and data["responder_url"] == "http://ocsp.example"
            else:
                assert asked == {"certificate": "PEM"}


@pytest.mark.use_case("C13", "C14", "D01", "D02")
async def test_the_local_list() -> None:
    def entry(token: Payload, status: str | None = "Accepted") -> Payload:
        return {"id_token": token, **({} if status is None else {"id_token_info": {"status": status}})}

    async def send(csms: Theirs, kind: str, version: int, *entries: Payload) -> Any:
        return await csms.ask(
            call.SendLocalList(version_number=version, update_type=kind, local_authorization_list=list(entries) or None)
        )

    variables = {"local_auth_list_ctrlr.enabled": True, "auth_ctrlr.local_pre_authorize": True}
    async with our_station(variables) as (csms, _, station):
        assert (await csms.ask(call.GetLocalListVersion())).version_number == 0
        assert (await send(csms, "Full", 3, entry(TOKEN), entry(OTHER, "Blocked"))).status == "Accepted"
        assert (await csms.ask(call.GetLocalListVersion())).version_number == 3
        assert (await station.authorization.authorize(OUR_TOKEN)).status == "Accepted"
        assert not csms.payloads("Authorize")
        assert (await send(csms, "Differential", 3, entry(TOKEN, None))).status == "VersionMismatch"
        assert (await send(csms, "Differential", 4, entry(TOKEN, None))).status == "Accepted"
        assert station.local_authorization_list.look_up(OUR_TOKEN) is None
        twice = await send(csms, "Differential", 5, entry(TOKEN), entry(TOKEN))
        assert (twice.status, twice.status_info["reason_code"]) == ("Failed", "InvalidValue")
        assert (await csms.ask(call.GetLocalListVersion())).version_number == 4
        assert (await send(csms, "Full", 1)).status == "Accepted"
        assert station.local_authorization_list.look_up(IdTokenType(**OTHER)) is None
    async with our_station() as (csms, _, _):
        assert (await csms.ask(call.GetLocalListVersion())).version_number == 0
        with pytest.raises(NotSupportedError):
            await send(csms, "Full", 1)


@pytest.mark.use_case("J01")
async def test_clock_aligned_values() -> None:
    variables = {
        "aligned_data_ctrlr.interval": 1,
        "aligned_data_ctrlr.measurands": REGISTER,
        "aligned_data_ctrlr.sign_readings": True,
    }
    async with our_station(variables) as (csms, hardware, _):
        told = {}
        for evse_id in (1, 2, 0):
            told[evse_id] = await csms.next("MeterValues", lambda payload: payload["evse_id"] == evse_id)  # noqa: B023
        for evse_id, payload in told.items():
            ((moment,), kind) = payload["meter_value"], REGISTER[0]
            (sample,) = moment["sampled_value"]
            assert sample["value"] == float(hardware.evses[1].register_wh) and sample["context"] == "Sample.Clock"
            assert sample.get("measurand", kind) == kind
            assert sample["location"] == ("Outlet" if evse_id else "Inlet")
            assert sample["signed_meter_value"]["encoding_method"] == "OCMF"


@pytest.mark.use_case("P01", "P02")
async def test_messages_of_vendors() -> None:
    async with our_station() as (csms, _, station):

        @station.data_transfer.on("com.example", "echo")
        async def echo(station: ChargingStation, request: DataTransferRequest) -> DataTransferResponse:
            return DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED, data=request.data)

        csms.answers["DataTransfer"] = lambda payload: call_result.DataTransfer(
            status="Accepted", data=payload.get("data")
        )
        for data in ("text", 3, 1.5, True, [1, {"a": ["b"]}], {"key": {"inner": 1}}):
            answer = await csms.ask(call.DataTransfer(vendor_id="com.example", message_id="echo", data=data))
            assert (answer.status, answer.data) == ("Accepted", data)
            response = await station.data_transfer.transfer("com.example", "echo", data=data)
            assert response.status is DataTransferStatusEnumType.ACCEPTED and response.data == data
            assert (await csms.next("DataTransfer"))["data"] == data
        answer = await csms.ask(call.DataTransfer(vendor_id="com.example", message_id="other"))
        assert answer.status == "UnknownMessageId"
        assert (await csms.ask(call.DataTransfer(vendor_id="com.other"))).status == "UnknownVendorId"
        csms.answers["DataTransfer"] = lambda payload: call_result.DataTransfer(
            status="Rejected", status_info={"reason_code": "Busy"}
        )
        response = await station.data_transfer.transfer("com.example")
        assert response.status is DataTransferStatusEnumType.REJECTED
        assert response.status_info is not None and response.status_info.reason_code == "Busy"
        assert await csms.next("DataTransfer") == {"vendor_id": "com.example"}
