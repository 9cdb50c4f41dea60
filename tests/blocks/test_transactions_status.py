"""Transactions (block E) over both roles: how a transaction stands (E14)."""

from __future__ import annotations

import asyncio

import pytest
from laboratory import Laboratory, explore

from ocpp21.csms import TransactionStatus
from ocpp21.errors import StoreFull
from ocpp21.messages import TransactionEventRequest
from ocpp21.station.memory import MemoryStore
from ocpp21.station.store import Change
from ocpp21.wire import Message

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
CONNECTED = {**QUIET, "tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}


async def ask(lab: Laboratory, transaction_id: str | None = None) -> tuple[bool | None, bool]:
    status: TransactionStatus = await lab.csms["CS001"].transactions.get_transaction_status(transaction_id)
    return status.is_ongoing, status.has_messages


@pytest.mark.use_case("E14")
def test_with_an_empty_queue() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await ask(lab) == (None, False)  # E14.FR.06, E14.FR.08
        assert await ask(lab, "unknown") == (False, False)  # E14.FR.01
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        for transaction_id in (transaction.transaction_id, transaction.transaction_id.upper()):
            assert await ask(lab, transaction_id) == (True, False)  # E14.FR.02, E14.FR.05
        assert await ask(lab) == (None, False)
        await lab.unplug()
        assert await ask(lab, transaction.transaction_id) == (False, False)  # E14.FR.03

    explore(scenario, variables=CONNECTED)


@pytest.mark.use_case("E14")
def test_with_messages_in_the_queue() -> None:
    may_answer = asyncio.Event()

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        transaction_id = transaction.transaction_id
        role = lab.csms["CS001"]
        handler = role.handlers[TransactionEventRequest]

        async def withhold(request: Message) -> object:
            await may_answer.wait()
            return await handler(request)  # type: ignore[misc]

        role.handlers[TransactionEventRequest] = withhold  # type: ignore[assignment]
        await lab.present()
        assert await ask(lab, transaction_id.upper()) == (True, True)  # E14.FR.04
        assert await ask(lab) == (None, True)  # E14.FR.07
        assert await ask(lab, "unknown") == (False, False)
        await lab.unplug()
        assert await ask(lab, transaction_id) == (False, True)
        may_answer.set()
        await lab.quiet()
        assert await ask(lab, transaction_id) == (False, False)

    explore(scenario, variables=CONNECTED)


@pytest.mark.use_case("E14", "E12")
def test_what_has_happened_offline_waits() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        await lab.go_offline()
        await lab.unplug()
        queue = lab.station.queue
        assert queue.has_messages() and queue.has_messages(transaction.transaction_id)
        await lab.go_online()
        assert await ask(lab, transaction.transaction_id) == (False, False)

    explore(scenario, variables=CONNECTED)


class Full(MemoryStore):
    """A store that refuses changes while it is full."""

    is_full = False

    async def commit(self, *changes: Change) -> None:
        if self.is_full:
            raise StoreFull("no room")
        await super().commit(*changes)


@pytest.mark.use_case("E14")
def test_what_cannot_be_stored_waits_too() -> None:
    store = Full()

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        store.is_full = True
        await lab.unplug()
        assert await ask(lab, transaction.transaction_id) == (False, True)
        assert await ask(lab) == (None, True)
        store.is_full = False
        await lab.quiet(20)
        assert await ask(lab, transaction.transaction_id) == (False, False)

    lab = explore(scenario, station_store=store, variables=CONNECTED)
    assert lab.told[-1][0] == "Ended"
