"""What the session costs on top of the codec, and how it does beside the incumbent: a CALL in, a CALLRESULT out."""

import json
from contextlib import suppress
from functools import partial

import pytest
from ocpp import messages
from ocpp.routing import on
from ocpp.v21 import ChargePoint, call_result
from ocpp.v21.enums import Action

from ocpp21 import framing
from ocpp21.messages import TransactionEventResponse
from ocpp21.session import Session

RESPONSE = TransactionEventResponse()


class Incumbent(ChargePoint):
    """Its back end, with a handler that does nothing; the connection is the object itself."""

    def __init__(self):
        super().__init__("CS001", self)
        self.sent = []

    async def send(self, frame):
        self.sent.append(frame)

    @on(Action.transaction_event)
    def on_transaction_event(self, **payload):
        return call_result.TransactionEvent()

    def serve(self, frame):
        """Route one frame without an event loop: nothing in it waits."""
        with suppress(StopIteration):
            self.route_message(frame).send(None)
        return self.sent.pop()


def _serve(session, frame):
    session.receive(frame, 0.0)
    session.reply(session.next_event(), RESPONSE)
    return session.messages_to_send()[0]


def _codec(frame):
    head, _ = framing.unpack(frame)
    return framing.call_result(head.message_id, RESPONSE)


@pytest.fixture
def frame(data):
    return data["Transaction"].frame


def test_session_beside_the_incumbent(benchmark, compare, frame, monkeypatch):
    monkeypatch.setattr(messages, "ASYNC_VALIDATION", False)
    peer, session, text = Incumbent(), Session("CSMS"), frame.decode()
    assert json.loads(peer.serve(text)) == json.loads(_serve(session, frame)) == json.loads(_codec(frame))
    compare(
        "ocpp / ours, CALL in to CALLRESULT out",
        partial(peer.serve, text),
        partial(_serve, session, frame),
        limit=100,
        is_least=True,
    )
    benchmark(peer.serve, text)


def test_session_beside_the_bare_codec(benchmark, compare, frame):
    work = partial(_serve, Session("CSMS"), frame)
    compare("codec / session, CALL in to CALLRESULT out", partial(_codec, frame), work, limit=0.6, is_least=True)
    benchmark(work)
