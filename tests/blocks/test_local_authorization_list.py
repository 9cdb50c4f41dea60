"""Local Authorization List (block D) over both roles, and what it is for: C13, C14."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory, explore, wall_time

from ocpp21.csms import ListUpdate, LocalListRecord, LocalListUpdated, Settings
from ocpp21.csms.local_authorization_list import LocalAuthorizationList
from ocpp21.database import Change
from ocpp21.errors import CallError, LocalProtocolError, StoreError, StoreFull
from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    GetLocalListVersionRequest,
    IdTokenInfoType,
    IdTokenType,
    MessageContentType,
    MessageFormatEnumType,
    SendLocalListRequest,
    SendLocalListResponse,
    SetVariableDataType,
    UpdateEnumType,
)
from ocpp21.messages.datatypes import ComponentType, VariableType
from ocpp21.station.memory import MemoryStore

STATUS = AuthorizationStatusEnumType
FULL, DIFFERENTIAL = UpdateEnumType.FULL, UpdateEnumType.DIFFERENTIAL
QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
LIST = {**QUIET, "local_auth_list_ctrlr.enabled": True, "auth_ctrlr.local_authorize_offline": True}
ONLINE = {**LIST, "auth_ctrlr.local_pre_authorize": True}
POINTS = {"tx_ctrlr.tx_start_point": ("Authorized",), "tx_ctrlr.tx_stop_point": ("Authorized",)}

CARDS = [IdTokenType(id_token=f"0400{number:04X}", type="ISO14443") for number in range(40)]


def entry(token: IdTokenType, status: STATUS | None = STATUS.ACCEPTED, **options: Any) -> AuthorizationData:
    """An element; without a status, one that removes the token."""
    info = None if status is None else IdTokenInfoType(status=status, **options)
    return AuthorizationData(id_token=token, id_token_info=info)


def block(lab: Laboratory) -> LocalAuthorizationList:
    return lab.csms["CS001"].local_authorization_list


def count(lab: Laboratory) -> int:
    return lab.station.device_model.local_auth_list_ctrlr.entries.value


def outcome(update: ListUpdate | None) -> tuple[str, str, int, str | None]:
    assert update is not None
    code = None if update.status_info is None else update.status_info.reason_code
    return str(update.status), str(update.update_type), update.version, code


def sent(lab: Laboratory) -> list[tuple[str, int, int]]:
    """Of each SendLocalListRequest: kind, version, number of elements."""
    return [
        (str(request.update_type), request.version_number, len(request.local_authorization_list or ()))
        for request in lab.messages(SendLocalListRequest, "CSMS")
    ]


async def raw(
    lab: Laboratory, version: int, update_type: UpdateEnumType, *elements: AuthorizationData
) -> SendLocalListResponse:
    """Send an update as it is, with whatever is wrong about it."""
    return await lab.csms["CS001"].call(
        SendLocalListRequest(
            version_number=version, update_type=update_type, local_authorization_list=list(elements) or None
        )
    )


async def refusal(lab: Laboratory, *update: Any) -> tuple[str, str | None]:
    """How a wrong update is answered; nothing changes by it."""
    before = await block(lab).get_version(), count(lab), lab.station.local_authorization_list.look_up(CARDS[0])
    response = await raw(lab, *update)
    after = await block(lab).get_version(), count(lab), lab.station.local_authorization_list.look_up(CARDS[0])
    assert before == after
    code = None if response.status_info is None else response.status_info.reason_code
    return str(response.status), code


async def switch(lab: Laboratory, is_on: bool) -> None:
    data = SetVariableDataType(
        attribute_value=str(is_on).lower(),
        component=ComponentType(name="LocalAuthListCtrlr"),
        variable=VariableType(name="Enabled"),
    )
    await lab.csms["CS001"].provisioning.set_variables([data])


# D01


@pytest.mark.use_case("D01")
@pytest.mark.use_case("D02")
def test_lists_as_they_come() -> None:
    updates: list[LocalListUpdated] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(updates.append, LocalListUpdated)
        a, b, c, d = CARDS[:4]
        assert await block(lab).get_version() == 0  # D02.FR.02
        assert outcome(await block(lab).send_full([entry(a), entry(b)])) == ("Accepted", "Full", 1, None)  # D01.FR.02
        assert (await block(lab).get_version(), count(lab)) == (1, 2)  # D01.FR.01, D01.FR.12, D01.FR.15, D02.FR.01
        assert outcome(await block(lab).send_full([])) == ("Accepted", "Full", 2, None)
        assert (await block(lab).get_version(), count(lab)) == (2, 0)  # D01.FR.04
        assert (await raw(lab, 1, FULL, entry(a), entry(b), entry(c, STATUS.BLOCKED))).status == "Accepted"
        assert (await block(lab).get_version(), count(lab)) == (1, 3)
        assert (await raw(lab, 15, DIFFERENTIAL)).status == "Accepted"
        assert (await block(lab).get_version(), count(lab)) == (15, 3)  # D01.FR.05
        for version, elements, size in (
            (26, [entry(a, STATUS.BLOCKED)], 3),  # D01.FR.16
            (27, [entry(d)], 4),
            (28, [entry(a, None)], 3),  # D01.FR.17
            (29, [entry(UNKNOWN, None)], 3),
            (30, [entry(b, STATUS.INVALID), entry(c, None)], 2),
        ):
            assert (await raw(lab, version, DIFFERENTIAL, *elements)).status == "Accepted"
            assert (await block(lab).get_version(), count(lab)) == (version, size)
        await lab.kill()
        await lab.boot()  # D01.FR.10
        assert (await block(lab).get_version(), count(lab)) == (30, 2)
        entry_of_b = lab.station.local_authorization_list.look_up(b)
        assert entry_of_b is not None and entry_of_b.info.status == STATUS.INVALID

    explore(scenario, variables=LIST)
    assert [update.local_list.version for update in updates] == [1, 2]


@pytest.mark.use_case("D01")
def test_updates_that_are_refused_change_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        a, b = CARDS[:2]
        lower = IdTokenType(id_token=a.id_token.lower(), type="iso14443")
        big = MessageContentType(format=MessageFormatEnumType.UTF8, content="x" * 1000)
        assert await refusal(lab, 0, FULL, entry(a)) == ("Failed", "ValueTooLow")
        assert (await raw(lab, 5, FULL, entry(a))).status == "Accepted"
        assert await refusal(lab, -1, DIFFERENTIAL, entry(b)) == ("Failed", "ValueTooLow")
        assert await refusal(lab, 5, DIFFERENTIAL, entry(b)) == ("VersionMismatch", None)  # D01.FR.19
        assert await refusal(lab, 4, DIFFERENTIAL, entry(a, None)) == ("VersionMismatch", None)
        assert await refusal(lab, 6, FULL, entry(a), entry(lower)) == ("Failed", "InvalidValue")  # D01.FR.06
        assert await refusal(lab, 6, FULL, entry(b, None)) == ("Failed", "MissingParam")
        assert await refusal(lab, 6, FULL, *map(entry, CARDS[:6])) == ("Failed", "TooManyElements")
        large = [entry(card, personal_message=big) for card in CARDS[:5]]
        assert await refusal(lab, 6, DIFFERENTIAL, *large) == ("Failed", "TooLargeElement")
        await switch(lab, is_on=False)
        assert (await raw(lab, 6, FULL, entry(b))).status_info.reason_code == "NotEnabled"  # type: ignore[union-attr]
        await switch(lab, is_on=True)
        assert await block(lab).get_version() == 5

    variables = {
        **LIST,
        "local_auth_list_ctrlr.items_per_message": 5,
        "local_auth_list_ctrlr.bytes_per_message": 4000,
    }
    explore(scenario, variables=variables)


@pytest.mark.use_case("D01")
def test_a_list_that_is_full() -> None:
    async def scenario(lab: Laboratory) -> None:
        await block(lab).send_full([entry(card) for card in CARDS])
        many = [IdTokenType(id_token=f"{number:08X}", type="ISO14443") for number in range(1000)]
        version = await block(lab).get_version()
        for start in range(0, 900, 100):
            await block(lab).send_differential([entry(token) for token in many[start : start + 100]])
        assert count(lab) == 940
        assert (await block(lab).get_version()) == version + 9
        parts = [entry(token) for token in many[900:]]
        assert await refusal(lab, 1000, DIFFERENTIAL, *parts) == ("Failed", "OutOfStorage")  # D01.FR.12
        assert (await raw(lab, 1000, DIFFERENTIAL, *parts[:60])).status == "Accepted"

    explore(scenario, variables=LIST)


class FailingStore(MemoryStore):
    """Refuses changes to the list with an error, once it has one."""

    error: StoreError | None = None

    async def commit(self, *changes: Change) -> None:
        if self.error is not None and any(change.table.startswith("local") for change in changes):
            raise self.error
        await super().commit(*changes)


@pytest.mark.use_case("D01")
@pytest.mark.parametrize(
    ("error", "code"), [(StoreError("no disk"), "InternalError"), (StoreFull("no room"), "OutOfStorage")]
)
def test_a_list_that_cannot_be_stored(error: StoreError, code: str) -> None:
    store = FailingStore()

    async def scenario(lab: Laboratory) -> None:
        assert (await raw(lab, 5, FULL, entry(CARDS[0]))).status == "Accepted"
        store.error = error
        assert await refusal(lab, 6, FULL, entry(CARDS[1])) == ("Failed", code)
        store.error = None
        assert (await raw(lab, 6, FULL, entry(CARDS[1]))).status == "Accepted"

    explore(scenario, variables=LIST, station_store=store)


@pytest.mark.use_case("D01")
def test_a_list_that_is_switched_off_stays_as_it_is() -> None:
    async def scenario(lab: Laboratory) -> None:
        await block(lab).send_full([entry(TOKEN)])
        await switch(lab, is_on=False)
        assert await block(lab).get_version() == 0  # D01.FR.13, D02.FR.03
        assert lab.station.local_authorization_list.look_up(TOKEN) is None
        await switch(lab, is_on=True)
        assert (await block(lab).get_version(), count(lab)) == (1, 1)
        assert lab.station.local_authorization_list.look_up(TOKEN) is not None

    explore(scenario, variables=LIST)


@pytest.mark.use_case("D02")
def test_a_station_without_a_list() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await block(lab).get_version() == 0  # D02.FR.03
        with pytest.raises(CallError) as caught:
            await raw(lab, 1, FULL)
        assert caught.value.code == "NotSupported"

    explore(scenario, variables=QUIET)


@pytest.mark.use_case("D01")
def test_long_lists_are_sent_in_parts() -> None:
    async def scenario(lab: Laboratory) -> None:
        update = await block(lab).send_full([entry(card) for card in CARDS[:25]])  # D01.FR.11
        assert outcome(update) == ("Accepted", "Full", 3, None)
        assert sent(lab) == [("Full", 1, 10), ("Differential", 2, 10), ("Differential", 3, 5)]
        assert (await block(lab).get_version(), count(lab)) == (3, 25)
        update = await block(lab).send_differential([entry(card, None) for card in CARDS[5:20]])
        assert outcome(update) == ("Accepted", "Differential", 5, None)
        assert sent(lab)[3:] == [("Differential", 4, 10), ("Differential", 5, 5)]
        assert count(lab) == 10 == len((await block(lab).view()).entries)

    explore(scenario, variables={**LIST, "local_auth_list_ctrlr.items_per_message": 10})


@pytest.mark.use_case("D01")
def test_the_size_of_messages_is_kept() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(30)  # the inventory tells the limits
        await block(lab).send_full([entry(card, language1="de") for card in CARDS[:30]])
        frames = [frame.data for frame in lab.frames if b'"SendLocalList"' in frame.data and frame.direction == "out"]
        assert len(frames) > 3 and max(map(len, frames)) <= 1000  # D01.FR.11
        assert max(map(len, frames)) > 800
        assert count(lab) == 30

    variables = {**LIST, "local_auth_list_ctrlr.bytes_per_message": 1000}
    explore(scenario, variables=variables, settings=Settings())


@pytest.mark.use_case("D01")
def test_a_station_that_has_another_list_gets_the_whole_one() -> None:
    async def scenario(lab: Laboratory) -> None:
        await block(lab).send_full([entry(card) for card in CARDS[:3]])
        await raw(lab, 9, FULL, entry(CARDS[9]))  # somebody else's
        update = await block(lab).send_differential([entry(CARDS[0], None), entry(CARDS[3])])  # D01.FR.03
        assert outcome(update) == ("Accepted", "Full", 10, None) and count(lab) == 3
        await raw(lab, 12, FULL, entry(CARDS[9]))
        assert outcome(await block(lab).synchronize([entry(CARDS[1])])) == ("Accepted", "Full", 13, None)
        assert count(lab) == 1

    explore(scenario, variables=LIST)


@pytest.mark.use_case("D01")
def test_a_differential_update_that_is_refused_is_followed_by_a_full_one() -> None:
    async def scenario(lab: Laboratory) -> None:
        await block(lab).send_full([entry(card) for card in CARDS[:3]])
        handler = lab.station.handlers[SendLocalListRequest]
        refusals = 0

        @lab.station.on(SendLocalListRequest)
        async def refuse(request: SendLocalListRequest) -> Any:
            nonlocal refusals
            if request.update_type == DIFFERENTIAL:
                refusals += 1
                return SendLocalListResponse(status="VersionMismatch")  # type: ignore[arg-type]
            return await handler(request)  # type: ignore[misc]

        update = await block(lab).send_differential([entry(CARDS[3])])
        assert outcome(update) == ("Accepted", "Full", 3, None)  # D01.FR.03
        assert sent(lab)[-2:] == [("Differential", 2, 1), ("Full", 3, 4)] and count(lab) == 4
        # Differential parts behind a Full one are tried once more, from the beginning.
        update = await block(lab).send_full([entry(card) for card in CARDS[:11]])
        assert outcome(update) == ("VersionMismatch", "Full", 6, None)
        assert sent(lab)[-4:] == [("Full", 4, 10), ("Differential", 5, 1), ("Full", 6, 10), ("Differential", 7, 1)]
        assert len((await block(lab).view()).entries) == count(lab) == 10 and refusals == 3

    explore(scenario, variables={**LIST, "local_auth_list_ctrlr.items_per_message": 10})


@pytest.mark.use_case("D01")
def test_a_list_is_brought_up_to_date_with_as_little_as_that_takes() -> None:
    async def scenario(lab: Laboratory) -> None:
        wanted = [entry(card) for card in CARDS[:3]]
        assert outcome(await block(lab).synchronize(wanted)) == ("Accepted", "Full", 1, None)
        assert await block(lab).synchronize(wanted) is None and len(sent(lab)) == 1
        update = await block(lab).synchronize([wanted[0], entry(CARDS[1], STATUS.BLOCKED), entry(CARDS[5])])
        assert outcome(update) == ("Accepted", "Differential", 2, None) and sent(lab)[-1] == ("Differential", 2, 3)
        assert count(lab) == 3

    explore(scenario, variables=LIST)


@pytest.mark.use_case("D01")
def test_versions_begin_anew_where_they_would_be_too_great() -> None:
    async def scenario(lab: Laboratory) -> None:
        last = 2**31 - 1
        await lab.csms_store.put_local_list(LocalListRecord(identity="CS001", version=last, entries=(entry(CARDS[0]),)))
        await raw(lab, last, FULL, entry(CARDS[0]))
        update = await block(lab).send_differential([entry(CARDS[1])])
        assert outcome(update) == ("Accepted", "Full", 1, None) and count(lab) == 2  # D01.FR.18

    explore(scenario, variables=LIST)


@pytest.mark.use_case("D01")
@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ([entry(TOKEN), entry(TOKEN)], "once"),
        ([entry(TOKEN, None)], "idTokenInfo"),
        ([entry(TOKEN, language2="de")], "language1"),
    ],
)
def test_what_the_csms_does_not_send(entries: list[AuthorizationData], match: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        for send in (block(lab).send_full, block(lab).synchronize):
            with pytest.raises(LocalProtocolError, match=match):
                await send(entries)
        assert not sent(lab) and await block(lab).view() == LocalListRecord(identity="CS001")

    explore(scenario, variables=LIST)


@pytest.mark.use_case("D02")
@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported", "InternalError"])
def test_a_version_that_is_not_told(code: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        @lab.station.on(GetLocalListVersionRequest)
        def refuse(request: GetLocalListVersionRequest) -> Any:
            raise CallError(code)

        if code == "InternalError":
            with pytest.raises(CallError):
                await block(lab).get_version()
        else:
            assert await block(lab).get_version() == 0

    explore(scenario, variables=LIST)


# C13, C14


@pytest.mark.use_case("C13")
@pytest.mark.parametrize("supports_expiry", [None, False, True])
@pytest.mark.parametrize("takes_unknown", [False, True])
@pytest.mark.parametrize("what", ["good", "expired", "blocked", "absent"])
def test_offline(what: str, takes_unknown: bool, supports_expiry: bool | None) -> None:
    async def scenario(lab: Laboratory) -> None:
        past = wall_time() - timedelta(seconds=1)
        elements = {
            "good": entry(TOKEN),
            "expired": entry(TOKEN, cache_expiry_date_time=past),
            "blocked": entry(TOKEN, STATUS.BLOCKED),
            "absent": entry(OTHER),
        }
        await block(lab).send_full([elements[what]])
        await lab.plug_in()
        await lab.go_offline()
        await lab.present()  # C13.FR.03
        await lab.quiet(60)
        await lab.go_online()

    starts = {
        "good": True,
        "expired": not supports_expiry,  # C13.FR.02, C13.FR.04, C13.FR.05, C13.FR.06
        "blocked": False,
        "absent": takes_unknown,
    }[what]
    variables = {**LIST, **POINTS, "auth_ctrlr.offline_tx_for_unknown_id_enabled": takes_unknown}
    if supports_expiry is not None:
        variables["local_auth_list_ctrlr.supports_expiry_date_time"] = supports_expiry
    lab = explore(scenario, variables=variables)
    assert bool(lab.events) == starts and not lab.messages(AuthorizeRequest)
    assert not starts or (lab.events[0].id_token == TOKEN and lab.events[0].offline)


@pytest.mark.use_case("C13")
@pytest.mark.use_case("C14")
@pytest.mark.parametrize("is_online", [True, False])
@pytest.mark.parametrize(("listed", "cached"), [(STATUS.BLOCKED, STATUS.ACCEPTED), (STATUS.ACCEPTED, STATUS.BLOCKED)])
def test_the_list_goes_before_the_cache(is_online: bool, listed: STATUS, cached: STATUS) -> None:
    async def scenario(lab: Laboratory) -> None:
        await block(lab).send_full([entry(TOKEN, listed)])
        await lab.station.authorization.cache.learn(TOKEN, IdTokenInfoType(status=cached))
        if not is_online:
            await lab.go_offline()
        # C13.FR.01, C14.FR.01
        assert (await lab.station.authorization.authorize(TOKEN)).status == listed
        known = lab.station.local_authorization_list.look_up(TOKEN)
        assert known is not None and known.info.status == listed  # D01.FR.09

    variables = {
        **ONLINE,
        "auth_cache_ctrlr.enabled": True,
        "local_auth_list_ctrlr.disable_post_authorize": True,
    }
    explore(scenario, variables=variables)


@pytest.mark.use_case("C14")
@pytest.mark.parametrize(
    ("element", "supports_expiry", "is_final", "said", "asked", "starts"),
    [
        (entry(TOKEN), True, False, STATUS.ACCEPTED, 0, True),  # C14.FR.02, C14.FR.04
        ("expired", False, False, STATUS.ACCEPTED, 0, True),  # C14.FR.02
        ("expired", True, False, STATUS.ACCEPTED, 1, True),  # C14.FR.05
        ("expired", True, True, STATUS.INVALID, 1, False),
        (entry(TOKEN, STATUS.BLOCKED), False, False, STATUS.ACCEPTED, 1, True),  # C14.FR.03
        (entry(TOKEN, STATUS.BLOCKED), False, False, STATUS.INVALID, 1, False),
        (entry(TOKEN, STATUS.BLOCKED), False, True, STATUS.ACCEPTED, 0, False),
    ],
)
def test_online(element: Any, supports_expiry: bool, is_final: bool, said: STATUS, asked: int, starts: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, IdTokenInfoType(status=said))
        past = wall_time() - timedelta(seconds=1)
        await block(lab).send_full([entry(TOKEN, cache_expiry_date_time=past) if element == "expired" else element])
        await lab.plug_in()
        await lab.present()

    variables = {
        **ONLINE,
        **POINTS,
        "local_auth_list_ctrlr.supports_expiry_date_time": supports_expiry,
        "local_auth_list_ctrlr.disable_post_authorize": is_final,
    }
    lab = explore(scenario, variables=variables)
    assert (len(lab.messages(AuthorizeRequest)), bool(lab.events)) == (asked, starts)


@pytest.mark.use_case("C09")
@pytest.mark.use_case("C16")
def test_listed_groups_and_master_passes_work_offline() -> None:
    group, master = (IdTokenType(id_token=text, type="Central") for text in ("family", "MASTER"))

    async def scenario(lab: Laboratory) -> None:
        tokens = [entry(token, group_id_token=group) for token in (TOKEN, OTHER)]
        await block(lab).send_full([*tokens, entry(UNKNOWN, group_id_token=master)])
        await lab.go_offline()
        for stopper in (OTHER, UNKNOWN):  # C09.FR.07, C16.FR.05
            await lab.plug_in()
            await lab.present(TOKEN)
            await lab.present(stopper)
            await lab.unplug()
        await lab.go_online()

    lab = explore(scenario, variables={**LIST, **POINTS, "auth_ctrlr.master_pass_group_id": "master"})
    ended = [event for event in lab.events if event.event_type == "Ended"]
    assert [(event.id_token, event.transaction_info.stopped_reason) for event in ended] == [
        (OTHER, "Local"),
        (UNKNOWN, "MasterPass"),
    ]
