"""Events of transactions, honest and hostile: each is answered, and counts once."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from csms.scene import NOON, Peer, event, joined, make_csms, refused, virtual
from ocpp21.csms import (
    MemoryStore,
    Settings,
    Station,
    TransactionEnded,
    TransactionEventIgnored,
    TransactionEventReceived,
    TransactionStarted,
    TransactionUpdated,
)
from ocpp21.errors import SessionClosed, StoreFull
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    MeterValueType,
    ReasonEnumType,
    SampledValueType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionEventResponse,
    TransactionType,
    TriggerReasonEnumType,
)
from ocpp21.testing.roles import RolePair

STARTED, UPDATED, ENDED = (
    TransactionEventEnumType.STARTED,
    TransactionEventEnumType.UPDATED,
    TransactionEventEnumType.ENDED,
)
ALICE = IdTokenType(id_token="04A1B2C3", type="ISO14443")
GROUP = IdTokenType(id_token="family", type="Central")
EMPTY = TransactionEventResponse()


def metered(value: int, seq_no: int) -> list[MeterValueType]:
    return [MeterValueType(timestamp=NOON, sampled_value=[SampledValueType(value=value)])]


def whole(transaction_id: str = "tx", **options: Any) -> list[TransactionEventRequest]:
    """A transaction of 3 kWh, in four events."""
    return [
        event(transaction_id, 0, STARTED, meter_value=metered(1000, 0), evse=EVSEType(id=1, connector_id=1), **options),
        event(transaction_id, 1, UPDATED, meter_value=metered(2000, 1), **options),
        event(transaction_id, 2, UPDATED, meter_value=metered(3500, 2), **options),
        event(transaction_id, 3, ENDED, meter_value=metered(4000, 3), **options),
    ]


@pytest.mark.use_case("E02")
@pytest.mark.use_case("E06")
@virtual
async def test_a_transaction_from_start_to_end() -> None:
    async with joined() as scene:
        for request in whole():
            assert await scene.peer.call(request) == EMPTY
        told = scene.told(TransactionEventReceived)
        assert [type(each) for each in told] == [
            TransactionStarted,
            TransactionUpdated,
            TransactionUpdated,
            TransactionEnded,
        ]
        last = told[-1].transaction
        assert last.is_complete and last.energy_wh == 3000 and last.identity == "CS001"
        assert await scene.csms.store.transaction("CS001", "tx") == last


@pytest.mark.parametrize(
    ("trigger", "reason", "evse_id"),
    [
        pytest.param("StopAuthorized", None, 1, marks=pytest.mark.use_case("E07")),
        pytest.param("StopAuthorized", "Local", 1, marks=pytest.mark.use_case("E08")),
        pytest.param("EVCommunicationLost", "EVDisconnected", 1, marks=pytest.mark.use_case("E09")),
        pytest.param("EVConnectTimeout", "Timeout", 1, marks=pytest.mark.use_case("E03")),
        pytest.param("AbnormalCondition", "GroundFault", 2**31 - 1, marks=pytest.mark.use_case("E06")),
    ],
)
@virtual
async def test_however_a_transaction_ends_it_is_answered(trigger: str, reason: str | None, evse_id: int) -> None:
    async with joined() as scene:
        await scene.peer.call(event(evse=EVSEType(id=evse_id, connector_id=1)))
        ended = event(
            seq_no=1,
            kind=ENDED,
            trigger_reason=TriggerReasonEnumType(trigger),
            transaction_info=TransactionType(
                transaction_id="TX", stopped_reason=None if reason is None else ReasonEnumType(reason)
            ),
        )
        assert await scene.peer.call(ended) == EMPTY
        (told,) = scene.told(TransactionEnded)
        assert told.transaction.is_complete and told.transaction.stopped_reason == (reason or "Local")
        assert told.transaction.evse_id is not None and told.transaction.evse_id.value == evse_id
        assert await scene.csms.store.ongoing("CS001") == []


@pytest.mark.use_case("E03")
@virtual
async def test_a_token_in_an_event_is_answered_with_its_group() -> None:
    async with joined() as scene:
        info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, group_id_token=GROUP)
        await scene.csms.tokens.put(ALICE, info)
        response = await scene.peer.call(event(id_token=ALICE))
        assert response == TransactionEventResponse(id_token_info=info)  # E01.FR.12
        stranger = IdTokenType(id_token="stranger", type="ISO14443")
        response = await scene.peer.call(event(seq_no=1, kind=UPDATED, id_token=stranger))
        assert response.id_token_info == IdTokenInfoType(status=AuthorizationStatusEnumType.UNKNOWN)
        nobody = IdTokenType(id_token="", type="NoAuthorization")
        response = await scene.peer.call(event("other", id_token=nobody))
        assert response.id_token_info == IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)  # C02.FR.02


@pytest.mark.use_case("E04")
@pytest.mark.use_case("E05")
@pytest.mark.use_case("E12")
@virtual
async def test_a_transaction_that_went_on_offline_is_checked_and_counted() -> None:
    async with joined() as scene:
        blocked = IdTokenInfoType(status=AuthorizationStatusEnumType.BLOCKED)
        await scene.csms.tokens.put(ALICE, blocked)
        requests = whole(offline=True)
        started = event(id_token=ALICE, offline=True, meter_value=metered(1000, 0))
        assert (await scene.peer.call(started)).id_token_info == blocked  # E05.FR.01
        for request in requests[1:]:
            assert await scene.peer.call(request) == EMPTY
        assert scene.told(TransactionEnded)[0].transaction.was_offline


@virtual
async def test_who_decides_on_tokens_is_told_where_one_was_presented() -> None:
    asked: list[tuple[str, str, int | None]] = []

    async def authorize(station: Station, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        await asyncio.sleep(1)
        asked.append((station.identity, id_token.id_token, evse_id))
        return IdTokenInfoType(status=AuthorizationStatusEnumType.CONCURRENT_TX)

    async with joined(settings=Settings(authorize=authorize, inventory=None)) as scene:
        response = await scene.peer.call(event(id_token=ALICE, evse=EVSEType(id=2)))
        assert response.id_token_info is not None
        assert response.id_token_info.status is AuthorizationStatusEnumType.CONCURRENT_TX
        await scene.peer.call(event("other", id_token=ALICE))
        assert asked == [("CS001", "04A1B2C3", 2), ("CS001", "04A1B2C3", None)]


@pytest.mark.use_case("E13")
@virtual
async def test_an_event_that_comes_again_is_answered_alike_and_counts_once() -> None:
    async with joined() as scene:
        await scene.csms.tokens.put(ALICE)
        for request in (event(id_token=ALICE, meter_value=metered(1000, 0)), *whole()[1:]):
            first = await scene.peer.call(request)
            assert [await scene.peer.call(request) for _ in range(3)] == [first] * 3
        assert len(scene.told(TransactionEventReceived)) == 4
        assert scene.told(TransactionEventIgnored) == []
        transaction = await scene.csms.store.transaction("CS001", "tx")
        assert transaction is not None and transaction.event_count == 4 and transaction.energy_wh == 3000


@pytest.mark.use_case("E13")
@virtual
async def test_an_event_that_cannot_be_stored_is_refused_and_comes_again() -> None:
    class Full(MemoryStore):
        is_full = True

        async def record_event(self, *arguments: Any) -> Any:
            if self.is_full:
                raise StoreFull("full")
            return await super().record_event(*arguments)

    store = Full()
    async with joined(make_csms(store)) as scene:
        assert await refused(scene.peer, event()) == "InternalError"
        assert scene.told(TransactionEventReceived) == []
        store.is_full = False
        assert await scene.peer.call(event()) == EMPTY
        assert len(scene.told(TransactionStarted)) == 1


@pytest.mark.attack("A23")
@pytest.mark.use_case("E11")
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
@virtual
async def test_whatever_the_order_the_sum_is_the_same(order: tuple[int, ...]) -> None:
    async with joined() as scene:
        requests = whole()
        for number in order:
            assert await scene.peer.call(requests[number]) == EMPTY
        transaction = await scene.csms.store.transaction("CS001", "tx")
        assert transaction is not None and transaction.is_complete and transaction.energy_wh == 3000
        assert len(scene.told(TransactionEventReceived)) == 4


@pytest.mark.attack("A22")
@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (event(seq_no=4, kind=UPDATED), "nothing after Ended"),
        (event(seq_no=9, kind=STARTED), "nothing after Ended"),
        (event(seq_no=1, kind=ENDED), "another one"),
        (event(seq_no=2**31, kind=UPDATED), "found 2147483648"),
    ],
)
@virtual
async def test_an_event_that_contradicts_is_answered_and_changes_nothing(
    request_: TransactionEventRequest, reason: str
) -> None:
    async with joined() as scene:
        for request in whole():
            await scene.peer.call(request)
        before = await scene.csms.store.transaction("CS001", "tx")
        handler = scene.station.transactions.on_transaction_event_request  # our own side would not send them all
        assert await handler(request_) == EMPTY  # J02.FR.19
        assert await scene.csms.store.transaction("CS001", "tx") == before
        (ignored,) = scene.told(TransactionEventIgnored)
        assert ignored.request == request_ and reason in ignored.reason
        assert len(scene.told(TransactionEventReceived)) == 4


@pytest.mark.attack("A20")
@virtual
async def test_an_id_of_another_stations_transaction_names_another_transaction() -> None:
    async with joined() as scene:
        await scene.peer.call(whole()[0])
        mine = await scene.csms.store.transaction("CS001", "tx")
        thief, role = Peer(), scene.csms.welcome("CS002")
        async with RolePair(thief, role, identity="CS002"):
            await thief.boot()
            ended = event(
                seq_no=3, kind=ENDED, transaction_info=TransactionType(transaction_id="tx", stopped_reason=_STOLEN)
            )
            assert await thief.call(ended) == EMPTY
        assert await scene.csms.store.transaction("CS001", "tx") == mine
        (told,) = scene.told(TransactionEnded)
        assert told.station is role and told.transaction.identity == "CS002"
        for request in whole()[1:]:
            await scene.peer.call(request)
        mine = await scene.csms.store.transaction("CS001", "tx")
        assert mine is not None and mine.is_complete and mine.stopped_reason == "Local"


_STOLEN = ReasonEnumType.DE_AUTHORIZED


@virtual
async def test_events_in_flight_at_a_time_are_answered_in_order() -> None:
    async with joined() as scene:
        handler = scene.station.transactions.on_transaction_event_request
        responses = await asyncio.gather(*(handler(request) for request in whole()))
        assert responses == [EMPTY] * 4
        assert [told.request.seq_no for told in scene.told(TransactionEventReceived)] == [0, 1, 2, 3]


@virtual
async def test_a_boot_does_not_end_transactions() -> None:
    async with joined() as scene:
        await scene.peer.call(whole()[0])
        await scene.peer.boot()
        assert len(await scene.csms.store.ongoing("CS001")) == 1
        assert await scene.peer.call(whole()[1]) == EMPTY


@virtual
async def test_an_event_whose_connection_ends_while_it_is_stored_is_told_of_once() -> None:
    class Slow(MemoryStore):
        async def record_event(self, *arguments: Any) -> Any:
            recorded = await super().record_event(*arguments)
            await asyncio.sleep(1)
            return recorded

    async with joined(make_csms(Slow())) as scene:
        waiting = asyncio.ensure_future(scene.peer.call(event()))
        await asyncio.sleep(0.5)
        await scene.pair.cut()
        with pytest.raises(SessionClosed):
            await waiting
        scene.pair.connect()
        await asyncio.sleep(2)
        assert len(scene.told(TransactionStarted)) == 1
        assert await scene.peer.call(event()) == EMPTY
        assert len(scene.told(TransactionStarted)) == 1


@virtual
async def test_an_event_is_told_of_also_when_its_token_cannot_be_decided_upon() -> None:
    answers: list[IdTokenInfoType] = []

    def authorize(station: Station, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        return answers.pop()

    async with joined(settings=Settings(authorize=authorize, inventory=None)) as scene:
        assert await refused(scene.peer, event(id_token=ALICE)) == "InternalError"
        assert len(scene.told(TransactionStarted)) == 1
        answers.append(IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED))
        response = await scene.peer.call(event(id_token=ALICE))
        assert response.id_token_info is not None
        assert len(scene.told(TransactionStarted)) == 1
