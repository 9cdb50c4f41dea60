"""Authorization (block C) over both roles, in virtual time: tokens, groups, codes, buttons, master pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory, explore

from ocpp21.csms import AuthorizationAnswered, Settings, TokenPolicy
from ocpp21.errors import CallError
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    IdTokenInfoType,
    IdTokenType,
    MessageContentType,
    MessageFormatEnumType,
    OperationalStatusEnumType,
)
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station.hardware import Fault
from ocpp21.station.presentation import RunningTransaction
from ocpp21.testing.virtual_time import EPOCH

STATUS = AuthorizationStatusEnumType
QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
CONNECTED = {**QUIET, "tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
AUTHORIZED = {**QUIET, "tx_ctrlr.tx_start_point": ("Authorized",), "tx_ctrlr.tx_stop_point": ("Authorized",)}
CACHE = {"auth_cache_ctrlr.enabled": True, "auth_ctrlr.local_pre_authorize": True}
MASTER = {"auth_ctrlr.master_pass_group_id": "MASTER"}

GROUP = IdTokenType(id_token="family", type="Central")
LOCAL = IdTokenType(id_token="P-1001", type="Local")
BUTTON = IdTokenType(id_token="", type="NoAuthorization")


def info(status: STATUS = STATUS.ACCEPTED, **options: Any) -> IdTokenInfoType:
    return IdTokenInfoType(status=status, **options)


def code(digits: str) -> IdTokenType:
    return IdTokenType(id_token=digits, type="KeyCode")


def asked(lab: Laboratory) -> int:
    """How often the CSMS was asked about a token."""
    return len(lab.messages(AuthorizeRequest))


def stops(lab: Laboratory) -> list[tuple[IdTokenType | None, str | None]]:
    """Who has stopped, and why, of each event that tells of it."""
    return [
        (event.id_token, event.transaction_info.stopped_reason)
        for event in lab.events
        if event.trigger_reason == "StopAuthorized"
    ]


# C01


@pytest.mark.use_case("C01")
@pytest.mark.parametrize("status", [status for status in STATUS if status != STATUS.ACCEPTED])
def test_a_token_that_is_not_accepted_starts_nothing(status: STATUS) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(status))
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0  # C01.FR.01, C06.FR.01

    lab = explore(scenario, variables=QUIET)
    assert asked(lab) == 1 and not lab.events


@pytest.mark.use_case("C01")
def test_a_token_that_is_accepted_starts() -> None:
    answered: list[AuthorizationAnswered] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(answered.append, AuthorizationAnswered)
        await lab.present()
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=QUIET)
    assert lab.told[0] == ("Started", "CablePluggedIn", "EVConnected") and lab.events[0].id_token == TOKEN
    assert [event.response.id_token_info for event in answered] == [info()]  # C01.FR.07, C09.FR.10


@pytest.mark.use_case("C01")
def test_only_the_listed_evses() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, evses={"cs001": [2]})  # C01.FR.20
        await lab.csms.tokens.put(OTHER, evses={"elsewhere": []})  # C01.FR.22
        await lab.plug_in(1)
        await lab.plug_in(2)
        await lab.present(TOKEN, 1)
        await lab.present(OTHER, 2)
        assert not lab.events
        await lab.present(TOKEN, 2)  # C01.FR.21

    lab = explore(scenario, variables=QUIET, facts=wallbox(evses=2))
    assert lab.events[0].evse is not None and lab.events[0].evse.id == 2


@pytest.mark.use_case("C01")
def test_a_token_without_an_evse_waits_for_one_where_it_may_charge() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, evses={"CS001": [2]})
        await lab.present(TOKEN, None)
        await lab.plug_in(1)  # C01.FR.21
        assert not lab.events
        await lab.plug_in(2)

    lab = explore(scenario, variables=QUIET, facts=wallbox(evses=2))
    assert lab.events[0].evse is not None and lab.events[0].evse.id == 2


@pytest.mark.use_case("C01")
def test_an_answer_to_an_event_may_name_other_evses() -> None:
    def decide(station: object, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        return info() if evse_id is None else info(evse_id=[2])

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()

    lab = explore(scenario, variables=QUIET, settings=Settings(inventory=None, authorize=decide))
    assert lab.told[-1][:2] == ("Ended", "Deauthorized")


@pytest.mark.use_case("C01")
@pytest.mark.parametrize(
    ("types", "status"), [(["cCCS2"], STATUS.NOT_ALLOWED_TYPE_EVSE), (["sType2"], STATUS.ACCEPTED)]
)
def test_only_the_listed_types_of_connectors(types: list[str], status: STATUS) -> None:
    answers: list[IdTokenInfoType] = []

    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(30)  # until the inventory is there
        await lab.csms.tokens.put(TOKEN, connector_types=types)
        answers.append(await lab.station.authorization.authorize(TOKEN))

    explore(scenario, settings=Settings())
    assert answers == [info(status)]  # C01.FR.18, C01.FR.19


@pytest.mark.use_case("C01")
@pytest.mark.parametrize("variables", [CONNECTED, AUTHORIZED], ids=["EVConnected", "Authorized"])
def test_another_token_stops_nothing_and_the_same_one_does(variables: dict[str, Any]) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        before = len(lab.events)
        await lab.present(OTHER)
        assert asked(lab) == 2 and len(lab.events) == before
        await lab.present(IdTokenType(id_token=TOKEN.id_token, type="ISO15693"))  # C01.FR.25
        assert asked(lab) == 3 and len(lab.events) == before
        await lab.present(IdTokenType(id_token=TOKEN.id_token.lower(), type=TOKEN.type))
        assert asked(lab) == 3  # C01.FR.03, C01.FR.04

    lab = explore(scenario, variables=variables)
    stopped = next(event for event in lab.events if event.trigger_reason == "StopAuthorized")
    assert stopped.id_token is not None and stopped.id_token.id_token == TOKEN.id_token.lower()


@pytest.mark.use_case("C01")
def test_a_second_token_is_kept_out_of_a_transaction() -> None:
    answers: list[IdTokenInfoType] = []

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.present()
        before = len(lab.events), asked(lab)
        answers.append(await lab.station.transactions.present(OTHER, 1))  # C01.FR.23
        assert (len(lab.events), asked(lab)) == before
        answers.append((await lab.station.call(AuthorizeRequest(id_token=OTHER))).id_token_info)  # C01.FR.24
        answers.append((await lab.station.call(AuthorizeRequest(id_token=TOKEN))).id_token_info)
        await lab.present()
        await lab.quiet()
        answers.append((await lab.station.call(AuthorizeRequest(id_token=OTHER))).id_token_info)

    lab = explore(scenario, variables=CONNECTED)
    assert [str(each.status) for each in answers] == ["NotAtThisTime", "NotAtThisTime", "Accepted", "Accepted"]
    assert lab.told[-1][1] == "ChargingStateChanged"  # the first one was let in again


@pytest.mark.use_case("C01")
@pytest.mark.parametrize(
    "options",
    [
        {"facts": wallbox(evses=2)},
        {"settings": Settings(inventory=None, token_policy=TokenPolicy(keeps_out_second_tokens=False))},
    ],
)
def test_a_second_token_is_not_kept_out_where_there_is_room(options: dict[str, Any]) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.present()
        answer = await lab.station.call(AuthorizeRequest(id_token=OTHER))
        assert answer.id_token_info == info()

    explore(scenario, variables=CONNECTED, **options)


@pytest.mark.use_case("C01")
def test_two_transactions_of_one_token_are_one_too_many() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1)
        await lab.plug_in(2)
        await lab.present(TOKEN, 1)
        await lab.quiet(5)
        await lab.present(TOKEN, 2)
        await lab.quiet(5)
        await lab.present(TOKEN, 1)  # whoever has a second one may still stop the first

    settings = Settings(inventory=None, token_policy=TokenPolicy(concurrent_transactions=1))
    lab = explore(scenario, variables=AUTHORIZED, settings=settings, facts=wallbox(evses=2))
    ended = [event for event in lab.events if event.event_type == "Ended"]
    assert [event.trigger_reason for event in ended] == ["Deauthorized", "StopAuthorized"]


@pytest.mark.use_case("C01")
def test_no_cable_in_time_ends_the_authorization() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        await lab.quiet(3)  # C01.FR.26
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    explore(scenario, variables={**QUIET, "tx_ctrlr.ev_connection_time_out": 2})


@pytest.mark.use_case("C01")
@pytest.mark.parametrize(
    ("wishes", "installed", "language"),
    [
        (("de", "fr"), ("en", "fr"), "fr"),  # C01.FR.09
        (("de", "fr"), ("en", "fr", "de-CH"), "de-CH"),  # C01.FR.08
        (("de", None), ("en-GB",), "en-GB"),  # C01.FR.13
        ((None, None), (), "en"),
    ],
)
def test_the_language_of_the_driver(
    wishes: tuple[str | None, str | None], installed: tuple[str, ...], language: str
) -> None:
    async def scenario(lab: Laboratory) -> None:
        known = info(language1=wishes[0], language2=wishes[1])
        await lab.csms.tokens.put(TOKEN, known)
        lab.station.authorization.languages = installed
        assert lab.station.authorization.language(await lab.station.authorization.authorize(TOKEN)) == language

    explore(scenario)


@pytest.mark.use_case("C01")
def test_the_personal_message_is_shown_for_a_while() -> None:
    hello = MessageContentType(format=MessageFormatEnumType.UTF8, content="Hello")
    hardware = SimulatedStation(wallbox(), epoch=EPOCH, has_displays=True, boot_s=0.0)

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(STATUS.BLOCKED, personal_message=hello))
        own, whole = hardware.evses[1].display, hardware.display
        assert own is not None and whole is not None
        await lab.present()
        await lab.quiet(5)
        await lab.present()
        await lab.quiet(6)
        assert own.content == hello and whole.content is None
        await lab.quiet(5)
        assert own.content is None
        await lab.present(TOKEN, None)
        assert whole.content == hello

    explore(scenario, hardware=hardware)


@pytest.mark.use_case("C01")
def test_two_drivers_at_one_reader() -> None:
    answers: list[str] = []

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        present = lab.station.transactions.present
        both = await asyncio.gather(present(TOKEN, None), present(OTHER, None))
        answers.extend(str(each.status) for each in both)
        await lab.quiet()

    lab = explore(scenario, variables=CONNECTED)
    assert answers == ["Accepted", "NotAtThisTime"] and asked(lab) == 2
    assert [event.id_token for event in lab.events if event.id_token] == [TOKEN]


@pytest.mark.use_case("C01")
def test_a_token_before_the_cable_at_the_only_evse() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        assert [event.evse and event.evse.id for event in lab.events] == [1]
        await lab.plug_in()

    lab = explore(scenario, variables=AUTHORIZED)
    assert sum(event.event_type == "Started" for event in lab.events) == 1


@pytest.mark.use_case("C01")
def test_no_driver_is_let_in_by_an_evse_that_is_broken() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.raise_fault(Fault.EMERGENCY_STOP, 1)
        assert (await lab.station.transactions.present(TOKEN, 1)).status == STATUS.NOT_AT_THIS_TIME

    assert asked(explore(scenario)) == 0


def test_a_personal_message_needs_a_display() -> None:
    hello = MessageContentType(format=MessageFormatEnumType.UTF8, content="Hello")

    async def scenario(lab: Laboratory) -> None:
        lab.station.authorization.tell_driver(info(personal_message=hello), None)
        await lab.quiet(20)

    explore(scenario)


def test_a_display_that_is_broken_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    hello = MessageContentType(format=MessageFormatEnumType.UTF8, content="Hello")
    hardware = SimulatedStation(wallbox(), epoch=EPOCH, has_displays=True, boot_s=0.0)

    async def scenario(lab: Laboratory) -> None:
        async def fail(content: object) -> None:
            raise OSError("dark")

        assert hardware.display is not None
        hardware.display.show = fail  # type: ignore[method-assign]
        lab.station.authorization.tell_driver(info(personal_message=hello), None)
        await lab.quiet(20)

    explore(scenario, hardware=hardware)
    assert "personal message not shown: OSError" in caplog.text


# C02


@pytest.mark.use_case("C02")
@pytest.mark.parametrize("is_online", [True, False])
def test_a_start_button(is_online: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        if not is_online:
            await lab.go_offline()
        await lab.plug_in()
        await lab.present(BUTTON)
        await lab.quiet(60)
        assert lab.delivered_wh() > 0
        if not is_online:
            await lab.go_online()
        assert lab.station.authorization.cache.size_b == 0  # C02.FR.03
        await lab.present(BUTTON)

    lab = explore(scenario, variables={**CONNECTED, **CACHE})
    assert asked(lab) == 0
    assert lab.told[1] == ("Updated", "Authorized", "EVConnected") and lab.events[1].id_token == BUTTON  # C02.FR.01
    assert stops(lab) == [(BUTTON, None)]


@pytest.mark.use_case("C02")
@pytest.mark.parametrize(("first", "token"), [("cable", BUTTON), ("token", TOKEN)])
def test_a_station_without_authorization(first: str, token: IdTokenType) -> None:
    async def scenario(lab: Laboratory) -> None:
        if first == "token":
            await lab.present()
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0
        await lab.present(OTHER)  # stops nothing
        await lab.unplug()
        await lab.quiet()
        assert len(await lab.transactions()) == 1

    lab = explore(scenario, variables={**CONNECTED, "auth_ctrlr.enabled": False})
    assert asked(lab) == 0
    assert [event.id_token for event in lab.events if event.id_token] == [token]
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")


@pytest.mark.use_case("C02")
def test_a_station_without_authorization_begins_once_it_is_accepted() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        assert lab.delivered_wh() == 0
        await lab.go_online()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, is_connected=False, variables={**QUIET, "auth_ctrlr.enabled": False})
    assert [event.id_token for event in lab.events if event.id_token] == [BUTTON]


@pytest.mark.use_case("C02")
def test_a_station_without_authorization_begins_once_it_is_in_service() -> None:
    async def scenario(lab: Laboratory) -> None:
        availability = lab.csms["CS001"].availability
        await availability.change_availability(OperationalStatusEnumType.INOPERATIVE, evse_id=1)
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0
        await availability.change_availability(OperationalStatusEnumType.OPERATIVE, evse_id=1)
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables={**QUIET, "auth_ctrlr.enabled": False})
    assert [event.id_token for event in lab.events if event.id_token] == [BUTTON]


# C04


@pytest.mark.use_case("C04")
def test_codes_are_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ocpp21")
    right, wrong = code("8643197"), code("7913468")

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(right)
        await lab.plug_in()
        await lab.present(wrong)
        assert not lab.events  # C04.FR.01
        await lab.present(right)
        assert right in [event.id_token for event in lab.events]  # C04.FR.02
        await lab.present(right)
        await lab.unplug()
        lab.hardware.present(right, 99)  # no such EVSE: what goes wrong with an event is logged

        def repeat(station: object, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
            raise CallError("InternalError", f"cannot decide on {id_token.id_token}")

        object.__setattr__(lab.csms, "settings", Settings(inventory=None, authorize=repeat))
        await lab.present(right)
        with pytest.raises(KeyError):
            await lab.station.transactions.present(right, 99)

        def fail(event: object) -> None:
            raise OSError("broken")

        lab.station.transactions.take = fail  # type: ignore[method-assign]
        lab.hardware.present(right, 1)
        assert "event of the hardware not taken" in caplog.text

    lab = explore(scenario, variables={**QUIET, **CACHE})
    assert asked(lab) == 2
    # C04.FR.04
    assert caplog.records and not any(secret.id_token in caplog.text for secret in (right, wrong))


@pytest.mark.use_case("C04")
def test_wrong_codes_take_longer_and_longer() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(code("1234"))
        for _ in range(5):
            lab.hardware.present(code("0000"), 1)
        lab.hardware.present(code("1234"), 1)
        lab.hardware.present(code("0000"), 1)
        await lab.quiet(100)

    lab = explore(scenario)
    at = [round(time) for time, side, message in lab.said if isinstance(message, AuthorizeRequest) and side == "CS"]
    # C04.FR.06: both sides make it wait, one after the other: 2 and 2, 4 and 4, 8 and 8 s.
    assert [later - at[0] for later in at] == [0, 0, 0, 2, 8, 20, 28]


# C05, C06


@pytest.mark.use_case("C05")
@pytest.mark.parametrize("is_online", [True, False])
def test_a_token_of_the_csms_is_neither_asked_about_nor_cached(is_online: bool) -> None:
    central = IdTokenType(id_token="3f0c", type="Central")

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(central)
        if not is_online:
            await lab.go_offline()
        await lab.plug_in()
        await lab.present(central)
        await lab.quiet(60)
        if not is_online:
            await lab.go_online()
        assert lab.delivered_wh() > 0
        assert lab.station.authorization.cache.size_b == 0  # C05.FR.02

    lab = explore(scenario, variables={**QUIET, **CACHE})
    assert asked(lab) == 0  # C05.FR.01
    assert [event.id_token for event in lab.events if event.id_token] == [central]


@pytest.mark.use_case("C05")
@pytest.mark.parametrize("authorizes", [True, False])
@pytest.mark.parametrize("cable_first", [True, False])
def test_the_csms_starts_with_a_token_of_its_own(cable_first: bool, authorizes: bool) -> None:
    central = IdTokenType(id_token="3f0c", type="Central")
    numbers: list[int] = []

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(central)
        if cable_first:
            await lab.plug_in()
        remote = lab.csms["CS001"].remote_control
        start = await remote.request_start_transaction(central, evse_id=1, patience_s=0)
        numbers.append(start.remote_start_id)
        await lab.quiet()
        if not cable_first:
            await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0
        assert lab.station.authorization.cache.size_b == 0  # C05.FR.02

    lab = explore(scenario, variables={**CONNECTED, **CACHE, "auth_ctrlr.authorize_remote_start": authorizes})
    assert asked(lab) == 0  # C05.FR.01
    first = next(event for event in lab.events if event.id_token)
    assert first.id_token == central and sum(event.id_token is not None for event in lab.events) == 1  # C05.FR.05
    assert [event.transaction_info.remote_start_id for event in lab.events].count(numbers[0]) >= 1  # C05.FR.03


@pytest.mark.use_case("C16")
@pytest.mark.parametrize(
    ("authorizes", "group"), [(True, None), (False, IdTokenType(id_token="master", type="Central"))]
)
def test_a_master_pass_starts_nothing_from_afar_either(authorizes: bool, group: IdTokenType | None) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(group_id_token=IdTokenType(id_token="MASTER", type="Central")))
        await lab.plug_in()
        remote = lab.csms["CS001"].remote_control
        await remote.request_start_transaction(TOKEN, evse_id=1, group_id_token=group, patience_s=0)
        await lab.quiet(60)
        assert lab.delivered_wh() == 0  # C16.FR.03

    explore(scenario, variables={**AUTHORIZED, **MASTER, "auth_ctrlr.authorize_remote_start": authorizes})


@pytest.mark.use_case("C06")
def test_a_ticket_that_is_paid_at_the_kiosk() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(LOCAL)
        lab.hardware.drive_in(1)
        await lab.plug_in()
        await lab.present(LOCAL)
        (transaction,) = await lab.transactions()
        await lab.csms["CS001"].remote_control.request_stop_transaction(transaction.transaction_id, patience_s=0)
        await lab.quiet()
        assert "RemoteStop" in [event.trigger_reason for event in lab.events]
        assert lab.events[-1].event_type == "Updated"
        await lab.unplug()

    points = {
        "tx_ctrlr.tx_start_point": ("EVConnected",),
        "tx_ctrlr.tx_stop_point": ("ParkingBayOccupancy", "EVConnected"),
    }
    lab = explore(scenario, variables={**QUIET, **points}, has_bay_sensors=True)
    assert lab.events[-1].event_type == "Ended" and lab.events[-1].transaction_info.stopped_reason == "Remote"


@pytest.mark.use_case("C06")
def test_a_ticket_is_always_asked_about() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(LOCAL)
        for _ in range(2):
            await lab.plug_in()
            await lab.present(LOCAL)
            await lab.unplug()
        assert asked(lab) == 2  # C06.FR.02
        await lab.csms.tokens.remove(LOCAL)
        await lab.plug_in()
        before = len(lab.events)
        await lab.present(LOCAL)
        assert len(lab.events) == before  # C06.FR.04

    lab = explore(scenario, variables={**QUIET, **CACHE})
    assert asked(lab) == 3


@pytest.mark.use_case("C06")
def test_a_ticket_of_the_group_is_asked_about_as_well() -> None:
    async def scenario(lab: Laboratory) -> None:
        for token in (TOKEN, LOCAL):
            await lab.csms.tokens.put(token, info(group_id_token=GROUP))
            await lab.station.authorization.authorize(token)
        await lab.plug_in()
        await lab.present()
        before = asked(lab)
        await lab.present(LOCAL)
        assert asked(lab) == before + 1

    assert stops(explore(scenario, variables={**AUTHORIZED, **CACHE})) == [(LOCAL, "Local")]


# C09


@pytest.mark.use_case("C09")
@pytest.mark.parametrize("variables", [CONNECTED, AUTHORIZED], ids=["EVConnected", "Authorized"])
@pytest.mark.parametrize(
    ("theirs", "stops_it"),
    [
        (info(group_id_token=GROUP), True),  # C09.FR.03
        (info(group_id_token=IdTokenType(id_token="FAMILY", type="Central")), True),
        (info(group_id_token=IdTokenType(id_token="others", type="Central")), False),
        (info(), False),
        (info(STATUS.BLOCKED, group_id_token=GROUP), False),  # C09.FR.11
    ],
)
def test_another_token_of_the_group(variables: dict[str, Any], theirs: IdTokenInfoType, stops_it: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(group_id_token=GROUP))
        await lab.csms.tokens.put(OTHER, theirs)
        answer = await lab.station.call(AuthorizeRequest(id_token=OTHER))
        assert answer.id_token_info == theirs  # C01.FR.06, C09.FR.02, C09.FR.09
        await lab.plug_in()
        await lab.present()
        await lab.present(OTHER)
        assert asked(lab) == 3  # C09.FR.05

    lab = explore(scenario, variables=variables)
    assert [token for token, _ in stops(lab)] == ([OTHER] if stops_it else [])


@pytest.mark.use_case("C09")
def test_the_name_of_the_group_is_no_token_of_it() -> None:
    card = IdTokenType(id_token=GROUP.id_token, type="ISO14443")

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(group_id_token=GROUP))
        await lab.csms.tokens.put(card)
        await lab.plug_in()
        await lab.present()
        await lab.present(card)

    assert stops(explore(scenario, variables=AUTHORIZED)) == []


@pytest.mark.use_case("C09")
def test_a_group_that_only_the_answer_to_an_event_names() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.go_offline()
        await lab.present()  # C15: nothing is known of it
        await lab.csms.tokens.put(TOKEN, info(group_id_token=GROUP))
        await lab.csms.tokens.put(OTHER, info(group_id_token=GROUP))
        await lab.go_online()
        await lab.present(OTHER)

    variables = {**AUTHORIZED, "auth_ctrlr.offline_tx_for_unknown_id_enabled": True}
    assert stops(explore(scenario, variables=variables)) == [(OTHER, "Local")]  # C09.FR.12


@pytest.mark.use_case("C09")
@pytest.mark.parametrize("is_online", [True, False])
def test_a_cached_token_of_the_group_stops_without_a_question(is_online: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        for token in (TOKEN, OTHER):
            await lab.csms.tokens.put(token, info(group_id_token=GROUP))
            await lab.station.authorization.authorize(token)
        await lab.plug_in()
        await lab.present()
        if not is_online:
            await lab.go_offline()
        before = asked(lab)
        await lab.present(OTHER)  # C01.FR.03, C09.FR.07: whatever LocalPreAuthorize says
        assert asked(lab) == before
        if not is_online:
            await lab.go_online()

    variables = {**AUTHORIZED, "auth_cache_ctrlr.enabled": True, "auth_ctrlr.local_authorize_offline": True}
    assert stops(explore(scenario, variables=variables)) == [(OTHER, "Local")]


@pytest.mark.use_case("C09")
def test_offline_nobody_unknown_stops() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(group_id_token=GROUP))
        await lab.plug_in()
        await lab.present()
        await lab.go_offline()
        await lab.present(UNKNOWN)
        await lab.go_online()

    variables = {**AUTHORIZED, "auth_ctrlr.offline_tx_for_unknown_id_enabled": True}
    assert stops(explore(scenario, variables=variables)) == []


@pytest.mark.use_case("C09")
def test_two_tokens_of_the_group_at_once_stop_once() -> None:
    async def scenario(lab: Laboratory) -> None:
        for token in (TOKEN, OTHER):
            await lab.csms.tokens.put(token, info(group_id_token=GROUP))
        await lab.plug_in()
        await lab.present()
        present = lab.station.transactions.present
        await asyncio.gather(present(OTHER, 1), present(TOKEN, 1))
        await lab.quiet()

    assert len(stops(explore(scenario, variables=CONNECTED))) == 1


# C15


@pytest.mark.use_case("C15")
@pytest.mark.parametrize("is_enabled", [True, False])
def test_an_unknown_token_offline(is_enabled: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.go_offline()
        await lab.present()
        await lab.quiet(60)
        assert (lab.delivered_wh() > 0) == is_enabled  # C15.FR.08
        assert lab.station.authorization.cache.size_b == 0  # C15.FR.01
        await lab.go_online()

    variables = {**QUIET, **CACHE, "auth_ctrlr.offline_tx_for_unknown_id_enabled": is_enabled}
    lab = explore(scenario, variables=variables)
    assert any(event.id_token == TOKEN and event.offline for event in lab.events) == is_enabled  # C15.FR.02


@pytest.mark.use_case("C15")
@pytest.mark.parametrize(
    ("stop_point", "stop_on_invalid", "told"),
    [
        ("Authorized", True, ("Ended", "Deauthorized", "EVConnected")),  # C15.FR.04
        ("EVConnected", True, ("Updated", "Deauthorized", "Charging")),  # C15.FR.03, E05.FR.09: see the next event
        ("EVConnected", False, ("Updated", "ChargingStateChanged", "SuspendedEVSE")),  # C15.FR.06
    ],
)
def test_an_unknown_token_is_not_accepted_afterwards(
    stop_point: str, stop_on_invalid: bool, told: tuple[str, str, str]
) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.go_offline()
        await lab.present(UNKNOWN)
        await lab.quiet(60)
        await lab.go_online()
        delivered = lab.delivered_wh()
        await lab.quiet(60)
        assert lab.delivered_wh() == delivered > 0

    variables = {
        **QUIET,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
        "tx_ctrlr.tx_start_point": (stop_point,),
        "tx_ctrlr.tx_stop_point": (stop_point,),
        "tx_ctrlr.stop_tx_on_invalid_id": stop_on_invalid,
    }
    lab = explore(scenario, variables=variables)
    assert told in lab.told
    assert lab.told[-1][2] == ("SuspendedEVSE" if told[2] == "SuspendedEVSE" else "EVConnected")


@pytest.mark.use_case("C15")
def test_some_energy_is_given_all_the_same() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.go_offline()
        await lab.present(UNKNOWN)
        await lab.quiet(60)
        await lab.go_online()
        assert lab.hardware.evses[1].flow.power_mw > 0  # C15.FR.07
        await lab.quiet(600)
        assert 500 <= lab.delivered_wh() < 600

    variables = {
        **CONNECTED,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
        "tx_ctrlr.stop_tx_on_invalid_id": False,
        "tx_ctrlr.max_energy_on_invalid_id": 500,
    }
    lab = explore(scenario, variables=variables)
    assert lab.told[-1] == ("Updated", "ChargingStateChanged", "SuspendedEVSE")  # C15.FR.06


# C16


async def two_transactions(lab: Laboratory) -> IdTokenType:
    """Let two drivers charge; returns the master pass."""
    master = IdTokenType(id_token="0A57E2", type="ISO14443")
    await lab.csms.tokens.put(master, info(group_id_token=IdTokenType(id_token="master", type="Central")))
    for evse_id, token in ((1, TOKEN), (2, OTHER)):
        await lab.plug_in(evse_id)
        await lab.present(token, evse_id)
    return master


def ended(lab: Laboratory) -> list[tuple[IdTokenType | None, str | None]]:
    return [
        (event.id_token, event.transaction_info.stopped_reason) for event in lab.events if event.event_type == "Ended"
    ]


@pytest.mark.use_case("C16")
@pytest.mark.parametrize("evse_id", [None, 1])
def test_a_master_pass_stops_all(evse_id: int | None) -> None:
    masters: list[IdTokenType] = []

    async def scenario(lab: Laboratory) -> None:
        masters.append(await two_transactions(lab))
        await lab.present(masters[0], evse_id)
        for place in (1, 2):
            await lab.unplug(place)  # the cables are free

    lab = explore(scenario, variables={**AUTHORIZED, **MASTER}, facts=wallbox(evses=2))
    assert ended(lab) == [(masters[0], "MasterPass")] * 2  # C16.FR.02, C16.FR.08


@pytest.mark.use_case("C16")
def test_a_master_pass_stops_later_where_the_cable_does() -> None:
    async def scenario(lab: Laboratory) -> None:
        master = await two_transactions(lab)
        await lab.present(master, 2)
        assert [token for token, _ in stops(lab)] == [master] * 2 and not ended(lab)
        await lab.unplug(1)

    lab = explore(scenario, variables={**CONNECTED, **MASTER}, facts=wallbox(evses=2))
    assert ended(lab) == [(None, "MasterPass")]


@pytest.mark.use_case("C16")
@pytest.mark.parametrize("choice", ["first", "none", "too late", "broken"])
def test_a_master_pass_with_a_screen(choice: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        async def choose(running: Sequence[RunningTransaction]) -> Collection[str]:  # C16.FR.01
            assert [each.evse_id for each in running] == [1, 2]
            if choice == "broken":
                raise OSError("the screen is dark")
            if choice == "too late":
                await lab.quiet(31)
            return [running[0].transaction_id] if choice != "none" else []

        master = await two_transactions(lab)
        lab.station.transactions.choose_transactions = choose
        assert lab.station.transactions.choose_transactions is choose
        await lab.present(master, None)
        await lab.quiet(40)

    lab = explore(scenario, variables={**AUTHORIZED, **MASTER}, facts=wallbox(evses=2))
    assert len(ended(lab)) == (1 if choice == "first" else 0)  # C16.FR.07


@pytest.mark.use_case("C16")
@pytest.mark.parametrize("group", ["", "MASTER"])
def test_a_master_pass_starts_nothing(group: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(group_id_token=IdTokenType(id_token="MASTER", type="Central")))
        await lab.plug_in()
        await lab.present()

    lab = explore(scenario, variables={**AUTHORIZED, "auth_ctrlr.master_pass_group_id": group})
    assert bool(lab.events) == (group == "")  # C16.FR.03, C12.FR.09


@pytest.mark.use_case("C16")
def test_a_master_pass_that_is_not_accepted_stops_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        master = await two_transactions(lab)
        known = await lab.csms.tokens.find(master)
        assert known is not None
        await lab.csms.tokens.put(master, info(STATUS.BLOCKED, group_id_token=known.group_id_token))
        await lab.present(master, None)

    assert not ended(explore(scenario, variables={**AUTHORIZED, **MASTER}, facts=wallbox(evses=2)))


@pytest.mark.use_case("C16")
def test_a_cached_master_pass_works_offline_and_where_nobody_may_start() -> None:
    async def scenario(lab: Laboratory) -> None:
        master = await two_transactions(lab)
        await lab.station.authorization.authorize(master)
        await lab.present(TOKEN, 1)
        await lab.go_offline()
        await lab.present(master, 1)  # C16.FR.04: the token of EVSE 1 keeps others out there
        await lab.go_online()

    variables = {**CONNECTED, **MASTER, **CACHE, "auth_ctrlr.local_authorize_offline": True}
    lab = explore(scenario, variables=variables, facts=wallbox(evses=2))
    assert len(stops(lab)) == 2
