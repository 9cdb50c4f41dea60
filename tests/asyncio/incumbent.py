"""Ends of the incumbent, the package ``ocpp``, on real sockets: a CSMS for our stations, and stations for our CSMS.

They know every action that both can speak, keep what comes, and answer it as a test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec
from laboratory import set_variable
from loopback import HANG_S, raw_station, until
from ocpp.charge_point import snake_to_camel_case
from ocpp.exceptions import NotImplementedError as NotImplementedByThem
from ocpp.routing import on
from ocpp.v21 import ChargePoint, call, call_result
from websockets.asyncio.server import serve as raw_serve
from websockets.exceptions import ConnectionClosed

from ocpp21 import codec
from ocpp21.asyncio import NetworkProfile, keep_connected, serve_roles
from ocpp21.csms import CSMS, MemoryStore, Settings, Station
from ocpp21.messages import TransactionEventRequest
from ocpp21.messages.registry import ACTIONS
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore as StationStore

Payload: TypeAlias = dict[str, Any]

#: What answers a request, by its payload.
Answer: TypeAlias = Callable[[Payload], Any]

TOKEN = {"id_token": "04A2B3C4", "type": "ISO14443"}
NOW = "2026-01-01T12:00:00Z"


async def serve_theirs(peer: ChargePoint) -> None:
    """Let a peer of theirs read until its connection ends."""
    try:
        await peer.start()
    except ConnectionClosed:
        return


class Theirs(ChargePoint):  # type: ignore[misc]
    """An end of theirs.

    Attributes:
        received: all requests: action and payload.
        answers: what answers each action; all others are answered NotImplemented.
    """

    def __init__(self, identity: str, socket: Any) -> None:
        super().__init__(identity, socket)
        self.received: list[tuple[str, Payload]] = []
        self.answers: dict[str, Answer] = {}
        self._seen = 0  # of them, by whoever waits
        self._tasks: list[asyncio.Task[None]] = []

    def take(self, action: str, payload: Payload) -> Any:
        """Keep a request, and answer it."""
        self.received.append((action, payload))
        if action not in self.answers:
            raise NotImplementedByThem
        return self.answers[action](payload)

    def payloads(self, action: str) -> list[Payload]:
        """The payloads of all requests of an action."""
        return [payload for name, payload in self.received if name == action]

    async def ask(self, request: Any) -> Any:
        """Send a request; a refusal is raised."""
        return await self.call(request, suppress=False)

    def soon(self, *requests: Any) -> None:
        """Send messages once the request at hand is answered."""

        async def send() -> None:
            await asyncio.sleep(0.01)
            for request in requests:
                await self.ask(request)

        self._tasks.append(asyncio.create_task(send()))

    async def sent(self) -> None:
        """Wait until all that was to be sent soon is answered."""
        await asyncio.gather(*self._tasks)

    async def next(self, action: str, is_it: Callable[[Payload], Any] = lambda payload: True) -> Payload:
        """Wait for a request; those before it are left out."""
        async with asyncio.timeout(HANG_S / 2):
            while True:
                await until(lambda: len(self.received) > self._seen)
                name, payload = self.received[self._seen]
                self._seen += 1
                if name == action and is_it(payload):
                    return payload


def _handler(name: str) -> Any:
    def answer(self: Theirs, **payload: Any) -> Any:
        return self.take(name, payload)

    answer.__name__ = f"on_{name.lower()}"  # which is how it finds its handlers
    return on(name)(answer)


def _nothing(name: str) -> Answer:
    return lambda payload: getattr(call_result, name)()


for _name, _action in ACTIONS.items():
    if _action.kind == "CALL" and hasattr(call_result, _name):
        setattr(Theirs, f"on_{_name.lower()}", _handler(_name))


def _event_answer(payload: Payload) -> Any:
    return call_result.TransactionEvent(id_token_info={"status": "Accepted"} if "id_token" in payload else None)


#: A CSMS that accepts what comes.
ACCEPTING: Mapping[str, Answer] = {
    "BootNotification": lambda payload: call_result.BootNotification(current_time=NOW, interval=300, status="Accepted"),
    "Heartbeat": lambda payload: call_result.Heartbeat(current_time=NOW),
    "Authorize": lambda payload: call_result.Authorize(id_token_info={"status": "Accepted"}),
    "TransactionEvent": _event_answer,
    "DataTransfer": lambda payload: call_result.DataTransfer(status="Accepted"),
    **{
        name: _nothing(name)
        for name in (
            "FirmwareStatusNotification",
            "LogStatusNotification",
            "MeterValues",
            "NotifyEvent",
            "SecurityEventNotification",
            "StatusNotification",
        )
    },
}


@asynccontextmanager
async def our_station(
    variables: Mapping[str, Any] | None = None,
) -> AsyncIterator[tuple[Theirs, SimulatedStation, ChargingStation]]:
    """Our station, which a CSMS of theirs has accepted; a transaction lasts as long as the EV is connected.

    Args:
        variables: of the station that are set before it boots.
    """
    peers: list[Theirs] = []

    async def accept(socket: Any) -> None:
        peers.append(Theirs("CS1", socket))
        peers[0].answers.update(ACCEPTING)
        await serve_theirs(peers[0])

    hardware = SimulatedStation(
        wallbox(evses=2, connector_types=("sType2",)), epoch=datetime(2026, 1, 1, 12, tzinfo=UTC), boot_s=0.0
    )
    station = ChargingStation(hardware, StationStore())
    connected = ("EVConnected",)
    settings = {
        "tx_ctrlr.tx_start_point": connected,
        "tx_ctrlr.tx_stop_point": connected,
        "sampled_data_ctrlr.tx_updated_interval": 0,
        **(variables or {}),
    }
    for name, value in settings.items():
        set_variable(station, name, value)
    async with raw_serve(accept, "127.0.0.1", 0, subprotocols=["ocpp2.1"]) as server, station:
        where = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with keep_connected(station, [NetworkProfile(where, "CS1")]):
            await station.provisioning.accepted()
            yield peers[0], hardware, station


@asynccontextmanager
async def our_csms(settings: Settings = Settings(inventory=None)) -> AsyncIterator[tuple[Theirs, Station]]:  # noqa: B008
    """Our CSMS, which has accepted a station of theirs."""
    async with (
        CSMS(MemoryStore(), settings=settings) as csms,
        serve_roles(csms, "127.0.0.1", 0, allow_unauthenticated=True) as server,
        raw_station(server) as socket,
    ):
        peer = Theirs("CS1", socket)
        serving = asyncio.create_task(serve_theirs(peer))
        boot = call.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
        assert (await peer.ask(boot)).status == "Accepted"
        yield peer, csms["CS1"]
        await peer.sent()
        await socket.close()
        await serving


def answer_variables(**values: str) -> Answer:
    """What answers GetVariables, by the names of variables; the others are unknown."""

    def result(asked: Payload) -> Payload:
        value = values.get(asked["variable"]["name"])
        found = {"attribute_status": "Accepted", "attribute_value": value}
        return {**asked, **(found if value is not None else {"attribute_status": "UnknownVariable"})}

    return lambda payload: call_result.GetVariables(
        get_variable_result=[result(asked) for asked in payload["get_variable_data"]]
    )


def transaction_event(kind: str, trigger: str, seq_no: int, **options: Any) -> Any:
    """An event of the transaction T1, with fields of the message and of its transactionInfo."""
    of_message = {"id_token", "evse", "meter_value", "offline"} & set(options)
    return call.TransactionEvent(
        event_type=kind,
        timestamp=NOW,
        trigger_reason=trigger,
        seq_no=seq_no,
        **{name: options.pop(name) for name in of_message},
        transaction_info={"transaction_id": "T1", **options},
    )


def as_event(payload: Payload) -> TransactionEventRequest:
    """What they have made of a TransactionEventRequest, as one of ours."""
    return codec.decode(TransactionEventRequest, msgspec.json.encode(snake_to_camel_case(payload)))
