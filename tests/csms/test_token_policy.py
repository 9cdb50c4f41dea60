"""Where a token may charge, and how often: the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.scene import NOON, event, joined, virtual
from ocpp21.csms import Settings, TokenPolicy
from ocpp21.csms.ledger import Seen, Token, Transaction
from ocpp21.csms.store import TokenRecord
from ocpp21.csms.token_policy import connector_types, info_at, is_authorization_over, is_concurrent, is_shut_out
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    ComponentType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    ReportDataType,
    TransactionEventEnumType,
    TriggerReasonEnumType,
    VariableAttributeType,
    VariableType,
)

STATUS = AuthorizationStatusEnumType
TRIGGER = TriggerReasonEnumType
CARD = IdTokenType(id_token="AA", type="ISO14443")
TYPES = {1: {"cCCS2"}, 2: {"sType2", "cCCS2"}, 3: {"sType2"}}


@pytest.mark.use_case("C01")
@pytest.mark.parametrize(
    ("evses", "types", "own", "expected"),
    [
        (None, None, None, (STATUS.ACCEPTED, None)),  # C01.FR.19
        (None, None, [3, 1], (STATUS.ACCEPTED, [1, 3])),  # C01.FR.20
        ({"cs1": ()}, None, None, (STATUS.ACCEPTED, None)),
        ({"cs1": (2,)}, None, None, (STATUS.ACCEPTED, [2])),
        ({"cs1": (2, 3)}, None, [1, 2], (STATUS.ACCEPTED, [2])),
        ({"cs1": (3,)}, None, [1, 2], (STATUS.NOT_AT_THIS_LOCATION, None)),  # C01.FR.22
        ({"cs2": ()}, None, None, (STATUS.NOT_AT_THIS_LOCATION, None)),
        ({}, None, [1], (STATUS.NOT_AT_THIS_LOCATION, None)),
        (None, ("cCHAdeMO",), None, (STATUS.NOT_ALLOWED_TYPE_EVSE, None)),  # C01.FR.18
        (None, ("cCCS2",), None, (STATUS.ACCEPTED, [1, 2])),
        (None, ("cCCS2", "sType2"), None, (STATUS.ACCEPTED, None)),
        ({"CS1": (3,)}, ("cCCS2",), None, (STATUS.NOT_AT_THIS_LOCATION, None)),
    ],
)
def test_where_a_token_may_charge(evses: Any, types: Any, own: Any, expected: Any) -> None:
    info = IdTokenInfoType(status=STATUS.ACCEPTED, evse_id=own)
    record = TokenRecord(id_token="AA", type="ISO14443", info=info, evses=evses, connector_types=types)
    found = info_at(record, "CS1", TYPES)
    assert (found.status, found.evse_id) == expected


def test_a_token_that_is_not_accepted_is_so_everywhere() -> None:
    blocked = IdTokenInfoType(status=STATUS.BLOCKED)
    record = TokenRecord(id_token="AA", type="ISO14443", info=blocked, evses={}, connector_types=("cCCS2",))
    assert info_at(record, "CS1", TYPES) == blocked


def test_types_count_where_they_are_known() -> None:
    info = IdTokenInfoType(status=STATUS.ACCEPTED)
    record = TokenRecord(id_token="AA", type="ISO14443", info=info, connector_types=("cCHAdeMO",))
    assert info_at(record, "CS1", {}) == info


def test_types_of_connectors_are_found_in_reports() -> None:
    def row(component: str, variable: str, value: str, evse: EVSEType | None) -> ReportDataType:
        return ReportDataType(
            component=ComponentType(name=component, evse=evse),
            variable=VariableType(name=variable),
            variable_attribute=[VariableAttributeType(value=value)],
        )

    place = EVSEType(id=1, connector_id=1)
    rows = [
        row("connector", "CONNECTORTYPE", "cCCS2", place),
        row("Connector", "ConnectorType", "sType2", EVSEType(id=1, connector_id=2)),
        row("Connector", "ConnectorType", "sType2", None),
        row("Connector", "Available", "true", place),
        row("EVSE", "ConnectorType", "no", EVSEType(id=2)),
    ]
    assert connector_types(rows) == {1: {"cCCS2", "sType2"}}


@pytest.mark.parametrize(
    ("triggers", "is_over"),
    [
        ([], False),
        ([TRIGGER.CABLE_PLUGGED_IN, TRIGGER.AUTHORIZED], False),
        ([TRIGGER.AUTHORIZED, TRIGGER.STOP_AUTHORIZED, TRIGGER.CHARGING_STATE_CHANGED], True),
        ([TRIGGER.REMOTE_START, TRIGGER.REMOTE_STOP], True),
        ([TRIGGER.AUTHORIZED, TRIGGER.DEAUTHORIZED, TRIGGER.AUTHORIZED], False),
    ],
)
def test_whether_an_authorization_is_over(triggers: list[TriggerReasonEnumType], is_over: bool) -> None:
    events = [event(seq_no=number, trigger_reason=trigger) for number, trigger in enumerate(triggers)]
    assert is_authorization_over(events) is is_over


@pytest.mark.parametrize(("evse_ids", "shut", "is_out"), [([1], [1], True), ([1, 2], [1], False), ([], [], False)])
def test_who_is_shut_out(evse_ids: list[int], shut: list[int], is_out: bool) -> None:
    assert is_shut_out(evse_ids, shut) is is_out


def transaction(name: str, start: int | None, token: str | None = "AA") -> Transaction:
    return Transaction(
        identity="CS1",
        transaction_id=name,
        started_at=None if start is None else Seen(0, datetime(2026, 1, 1, start, tzinfo=UTC)),
        started_by=None if token is None else Seen(0, Token(token, "iso14443")),
    )


def test_of_concurrent_transactions_the_latest_is_one_too_many() -> None:
    first, second, other, unknown = (
        transaction("a", 1),
        transaction("b", 2),
        transaction("c", 0, "BB"),
        transaction("d", 0, None),
    )
    ongoing = [first, second, other, unknown]
    assert not is_concurrent(first, CARD, ongoing, 1)
    assert is_concurrent(second, CARD, ongoing, 1)
    assert not is_concurrent(second, CARD, ongoing, 2)
    assert is_concurrent(second, CARD, [*ongoing, transaction("e", None)], 2)
    assert not is_concurrent(unknown, CARD, ongoing, 1)
    assert is_concurrent(first, CARD, [transaction("A", 1)], 1)  # at the same time: by their ids


@pytest.mark.use_case("C01")
@virtual
async def test_a_transaction_without_an_evse_keeps_nobody_out() -> None:
    async with joined(settings=Settings(inventory=None, token_policy=TokenPolicy(concurrent_transactions=1))) as scene:
        await scene.csms.tokens.put(CARD)
        for seq_no, trigger in enumerate((TRIGGER.AUTHORIZED, TRIGGER.STOP_AUTHORIZED)):
            kind = TransactionEventEnumType.UPDATED if seq_no else TransactionEventEnumType.STARTED
            await scene.peer.call(event(seq_no=seq_no, kind=kind, trigger_reason=trigger, timestamp=NOON))
        answer = await scene.peer.call(AuthorizeRequest(id_token=CARD))
        assert answer.id_token_info.status == STATUS.ACCEPTED
        # One of which it is not known who has begun it.
        told = await scene.peer.call(event("other", 0, id_token=CARD, trigger_reason=TRIGGER.AUTHORIZED))
        assert told.id_token_info is not None and told.id_token_info.status == STATUS.ACCEPTED
        stop = event("third", 0, id_token=CARD, trigger_reason=TRIGGER.STOP_AUTHORIZED)
        told = await scene.peer.call(stop)
        assert told.id_token_info is not None and told.id_token_info.status == STATUS.ACCEPTED
        begin = event("last", 0, id_token=CARD, trigger_reason=TRIGGER.AUTHORIZED, timestamp=NOON.replace(hour=13))
        told = await scene.peer.call(begin)
        assert told.id_token_info is not None and told.id_token_info.status == STATUS.CONCURRENT_TX


@pytest.mark.use_case("C04")
@virtual
async def test_codes_that_are_not_valid_here_are_invalid() -> None:
    code = IdTokenType(id_token="1234", type="KeyCode")
    async with joined() as scene:
        for evses, status in (({"elsewhere": []}, STATUS.INVALID), ({"cs001": []}, STATUS.ACCEPTED)):
            await scene.csms.tokens.put(code, evses=evses)
            answer = await scene.peer.call(AuthorizeRequest(id_token=code))
            assert answer.id_token_info.status == status  # C04.FR.01, C04.FR.02
