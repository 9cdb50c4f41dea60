"""What every store of a CSMS must do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ocpp21.csms.store import LocalListRecord, Received, Station, Store, TokenRecord
from ocpp21.errors import LocalProtocolError
from ocpp21.messages.availability import StatusNotificationRequest
from ocpp21.messages.datatypes import (
    AuthorizationData,
    ChargingStationType,
    ComponentType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    MeterValueType,
    ReportDataType,
    SampledValueType,
    VariableAttributeType,
    VariableType,
)
from ocpp21.messages.enumerations import (
    AuthorizationStatusEnumType,
    BootReasonEnumType,
    ConnectorStatusEnumType,
    RegistrationStatusEnumType,
    TransactionEventEnumType,
)
from ocpp21.messages.metering import MeterValuesRequest
from ocpp21.messages.provisioning import BootNotificationRequest
from ocpp21.messages.security import SecurityEventNotificationRequest
from ocpp21.testing.store_contract.ledger import AT, LedgerContract
from ocpp21.testing.store_contract.lives import refused
from ocpp21.testing.transactions import transaction_event

__all__ = ["CsmsStoreContract"]

_STARTED = TransactionEventEnumType.STARTED
_UPDATED = TransactionEventEnumType.UPDATED
_ENDED = TransactionEventEnumType.ENDED


class CsmsStoreContract(LedgerContract):
    """Tests of a :class:`ocpp21.csms.store.Store`."""

    def test_stations(self, tmp_path: Path) -> None:
        """They are found with what they said when they booted."""
        boot = BootNotificationRequest(
            charging_station=ChargingStationType(model="M", vendor_name="V"), reason=BootReasonEnumType.POWER_UP
        )
        stations = [
            Station(identity="A", status=RegistrationStatusEnumType.PENDING),
            Station(identity="B", status=RegistrationStatusEnumType.ACCEPTED, boot=Received.of(boot, AT)),
            Station(identity="C/1", status=RegistrationStatusEnumType.REJECTED),
        ]

        async def use(store: Store) -> None:
            assert await store.stations() == []
            await store.put_station(Station(identity="A", status=RegistrationStatusEnumType.ACCEPTED))
            for station in reversed(stations):
                await store.put_station(station)

        async def look(store: Store) -> None:
            assert await store.stations() == stations
            assert await store.stations(after="A", limit=1) == stations[1:2]
            found = await store.station("B")
            assert found is not None and found.boot is not None and found.boot.message == boot
            assert await store.station("b") is None

        asyncio.run(self.use(tmp_path, use, look))

    def test_statuses(self, tmp_path: Path) -> None:
        """The latest of every connector."""

        async def use(store: Store) -> None:
            for evse, connector, status in (
                (2, 1, ConnectorStatusEnumType.FAULTED),
                (10, 1, ConnectorStatusEnumType.OCCUPIED),
                (2, 1, ConnectorStatusEnumType.AVAILABLE),
            ):
                request = StatusNotificationRequest(
                    timestamp=AT, connector_status=status, evse_id=evse, connector_id=connector
                )
                await store.record_status("A", request, AT)
            found = [received.message for received in await store.statuses("A")]
            assert [(each.evse_id, each.connector_status) for each in found] == [(2, "Available"), (10, "Occupied")]
            assert await store.statuses("B") == []

        asyncio.run(self.use(tmp_path, use))

    def test_variables(self, tmp_path: Path) -> None:
        """Each is there once, whatever the case of its names."""

        async def use(store: Store) -> None:
            await store.record_variables("A", [_variable("Heat", "1"), _variable("Heat", "2", evse=1)], AT)
            await store.record_variables("A", [_variable("HEAT", "3"), _variable("Heat", "4", instance="x")], AT)
            values = {
                (each.variable.name, each.component.evse and each.component.evse.id, each.variable.instance): (
                    each.variable_attribute[0].value
                )
                for each in (received.message for received in await store.variables("A"))
            }
            assert values == {("HEAT", None, None): "3", ("Heat", 1, None): "2", ("Heat", None, "x"): "4"}
            assert await store.variables("B") == []

        asyncio.run(self.use(tmp_path, use))

    def test_tokens(self, tmp_path: Path) -> None:
        """By identifier and type, without regard to case."""
        accepted = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, cache_expiry_date_time=AT)
        blocked = IdTokenInfoType(status=AuthorizationStatusEnumType.BLOCKED)

        async def use(store: Store) -> None:
            assert await store.token("AA", "ISO14443") is None
            for id, type, info in (("AA", "ISO14443", blocked), ("b", "eMAID", blocked), ("aa", "iso14443", accepted)):
                await store.put_token(TokenRecord(id_token=id, type=type, info=info))

        async def look(store: Store) -> None:
            assert await store.token("Aa", "ISO14443") == TokenRecord(id_token="aa", type="iso14443", info=accepted)
            assert await store.token("AA", "eMAID") is None
            assert [token.id_token for token in await store.tokens()] == ["aa", "b"]
            assert [token.id_token for token in await store.tokens(after=("AA", "ISO14443"), limit=5)] == ["b"]
            await store.delete_token("B", "EMAID")
            await store.delete_token("B", "EMAID")
            assert [token.id_token for token in await store.tokens()] == ["aa"]
            wrong = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, language1="x" * 9)
            try:
                await store.put_token(TokenRecord(id_token="c", type="Central", info=wrong))
            except LocalProtocolError:
                assert await store.token("c", "Central") is None
            else:
                raise AssertionError("expected LocalProtocolError for a token that cannot be sent")

        asyncio.run(self.use(tmp_path, use, look))

    def test_local_lists(self, tmp_path: Path) -> None:
        """One for each Charging Station, whole."""
        info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, cache_expiry_date_time=AT)
        entries = tuple(
            AuthorizationData(id_token=IdTokenType(id_token=f"T{number}", type="ISO14443"), id_token_info=info)
            for number in range(3)
        )

        async def use(store: Store) -> None:
            assert await store.local_list("A") is None
            await store.put_local_list(LocalListRecord(identity="A", version=1))
            await store.put_local_list(LocalListRecord(identity="A", version=2, entries=entries))
            await store.put_local_list(LocalListRecord(identity="B", version=7))

        async def look(store: Store) -> None:
            assert await store.local_list("A") == LocalListRecord(identity="A", version=2, entries=entries)
            assert await store.local_list("B") == LocalListRecord(identity="B", version=7)
            assert await store.local_list("C") is None

        asyncio.run(self.use(tmp_path, use, look))

    def test_logs(self, tmp_path: Path) -> None:
        """Numbered from 1 for each station, in pages."""

        async def use(store: Store) -> None:
            for number in range(12):
                event = SecurityEventNotificationRequest(type=f"E{number}", timestamp=AT)
                await store.record_security_event("A", event, AT)
                values = MeterValueType(timestamp=AT, sampled_value=[SampledValueType(value=number)])
                await store.record_meter_values("A", MeterValuesRequest(evse_id=0, meter_value=[values]), AT)
            assert await store.security_events("B") == []
            assert await store.meter_values("A/") == []

        async def look(store: Store) -> None:
            events = await store.security_events("A")
            assert [received.number for received in events] == list(range(1, 13))
            assert [received.message.type for received in events] == [f"E{number}" for number in range(12)]
            assert [received.number for received in await store.security_events("A", after=9, limit=2)] == [10, 11]
            values = await store.meter_values("A", after=11)
            assert [received.message.meter_value[0].sampled_value[0].value for received in values] == [11]

        asyncio.run(self.use(tmp_path, use, look))

    def test_a_closed_store_says_so(self, tmp_path: Path) -> None:
        """Reading and writing are errors; closing is none."""

        async def use(store: Store) -> None:
            await store.close()
            await refused(store.stations(), store.record_event("A", transaction_event(0), AT))

        asyncio.run(self.use(tmp_path, use))


def _variable(name: str, value: str, *, evse: int | None = None, instance: str | None = None) -> ReportDataType:
    return ReportDataType(
        component=ComponentType(name="Cable", evse=None if evse is None else EVSEType(id=evse)),
        variable=VariableType(name=name, instance=instance),
        variable_attribute=[VariableAttributeType(value=value)],
    )
