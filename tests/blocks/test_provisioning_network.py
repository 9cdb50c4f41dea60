"""Network connection profiles over both roles, in virtual time (B09), and their priority (B10)."""

from __future__ import annotations

from typing import Any

import pytest
from laboratory import Laboratory, explore

from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.device_model.minimal import complete
from ocpp21.errors import LocalProtocolError, StoreError
from ocpp21.messages import (
    APNAuthenticationEnumType,
    APNType,
    ComponentType,
    ComponentVariableType,
    MutabilityEnumType,
    NetworkConnectionProfileType,
    OCPPInterfaceEnumType,
    OCPPTransportEnumType,
    OCPPVersionEnumType,
    ReportBaseEnumType,
    SetNetworkProfileRequest,
    SetVariableDataType,
    SetVariableResultType,
    SetVariablesRequest,
    VariableType,
    VPNEnumType,
    VPNType,
)
from ocpp21.station.network_profiles import NetworkProfiles

PASSWORD = "0123456789abcdef"
APN = APNType(
    apn="internet.example", apn_authentication=APNAuthenticationEnumType.PAP, sim_pin=1234, apn_user_name="me"
)
VPN = VPNType(server="vpn.example", user="me", password="secret", key="shared", type=VPNEnumType.IKEV2)


def profile(**changes: Any) -> NetworkConnectionProfileType:
    values: dict[str, Any] = {
        "ocpp_interface": OCPPInterfaceEnumType.ANY,
        "ocpp_transport": OCPPTransportEnumType.JSON,
        "ocpp_version": OCPPVersionEnumType.OCPP21,
        "message_timeout": 30,
        "ocpp_csms_url": "wss://csms.example/ocpp",
        "security_profile": 2,
        "basic_auth_password": PASSWORD,
    }
    return NetworkConnectionProfileType(**{**values, **changes})


async def put(lab: Laboratory, slot: int, data: NetworkConnectionProfileType) -> tuple[str, str | None]:
    """What a station answers, whatever the CSMS thinks of the profile."""
    request = SetNetworkProfileRequest(configuration_slot=slot, connection_data=data)
    answer = await lab.csms["CS001"].call(request)
    return str(answer.status), None if answer.status_info is None else answer.status_info.reason_code


async def write(lab: Laboratory, component: str, variable: str, value: str) -> tuple[str, str | None]:
    """What a station answers to one value, whatever the CSMS thinks of it."""
    result = await written(lab, component, variable, value)
    info = result.attribute_status_info
    return str(result.attribute_status), None if info is None else info.reason_code


async def written(lab: Laboratory, component: str, variable: str, value: str) -> SetVariableResultType:
    name, _, instance = component.partition("/")
    data = SetVariableDataType(
        component=ComponentType(name=name, instance=instance or None),
        variable=VariableType(name=variable),
        attribute_value=value,
    )
    (result,) = (await lab.csms["CS001"].call(SetVariablesRequest(set_variable_data=[data]))).set_variable_result
    return result


async def slot(lab: Laboratory, instance: str) -> dict[str, tuple[str | None, str | None]]:
    """Values and mutability of a slot, by variable, as reported."""
    where = ComponentVariableType(component=ComponentType(name="NetworkConfiguration", instance=instance))
    report = await lab.csms["CS001"].provisioning.get_report([where])
    return {
        row.variable.name: (row.variable_attribute[0].value, row.variable_attribute[0].mutability)
        for row in report.rows
    }


def station(lab: Laboratory) -> NetworkProfiles:
    return lab.station.provisioning.network_profiles


@pytest.mark.use_case("B09")
def test_a_profile_is_stored_for_good_and_reported() -> None:
    async def scenario(lab: Laboratory) -> None:
        data = profile(identity="CS001-NEW", ocpp_version=OCPPVersionEnumType.OCPP20)
        answer = await lab.csms["CS001"].provisioning.set_network_profile(2, data)
        assert str(answer.status) == "Accepted"  # B09.FR.01
        for _ in range(2):
            found = await slot(lab, "2")  # B09.FR.09
            assert found["OcppCsmsUrl"] == ("wss://csms.example/ocpp", "ReadWrite")
            assert found["OcppInterface"][0] == "Any" and found["OcppTransport"][0] == "JSON"
            assert found["OcppVersion"][0] == "OCPP20" and found["MessageTimeout"][0] == "30"
            assert found["SecurityProfile"][0] == "2" and found["Identity"][0] == "CS001-NEW"
            assert found["BasicAuthPassword"] == (None, "WriteOnly")  # B09.FR.10
            assert found["ApnEnabled"] == ("false", "ReadOnly") == found["VpnEnabled"]  # B09.FR.11, B09.FR.13
            assert station(lab).profile(2) == data
            await lab.kill()
            await lab.quiet()
            await lab.boot()
        assert station(lab).priority == [1] and station(lab).slots == [1, 2]  # B09.FR.06

    explore(scenario)


@pytest.mark.use_case("B09")
def test_a_new_profile_replaces_all_of_the_old_one() -> None:
    async def scenario(lab: Laboratory) -> None:
        await put(lab, 2, profile(identity="CS001-NEW"))
        assert await put(lab, 2, profile(basic_auth_password=None, ocpp_version=None)) == ("Accepted", None)
        for _ in range(2):
            found = station(lab).profile(2)
            assert found.identity is None and found.basic_auth_password is None
            assert found.ocpp_version is OCPPVersionEnumType.OCPP21
            await lab.kill()
            await lab.quiet()
            await lab.boot()

    explore(scenario)


@pytest.mark.use_case("B09")
@pytest.mark.parametrize(
    ("number", "changes", "reason"),
    [
        (9, {}, "InvalidConfSlot"),  # B09.FR.05
        (999, {}, "InvalidConfSlot"),
        (-1, {}, "InvalidConfSlot"),
        (2, {"ocpp_csms_url": "foo"}, "InvalidNetworkConf"),  # B09.FR.02
        (2, {"ocpp_csms_url": "https://csms.example"}, "InvalidNetworkConf"),
        (2, {"ocpp_csms_url": "ws://csms.example"}, "InvalidNetworkConf"),
        (2, {"ocpp_csms_url": "wss://csms.example", "security_profile": 1}, "InvalidNetworkConf"),
        (2, {"ocpp_csms_url": "wss://me:secret@csms.example"}, "InvalidNetworkConf"),
        (2, {"ocpp_transport": OCPPTransportEnumType.SOAP}, "InvalidNetworkConf"),
        (2, {"message_timeout": 0}, "InvalidNetworkConf"),
        (2, {"message_timeout": -5}, "InvalidNetworkConf"),
        (2, {"security_profile": 0}, "InvalidNetworkConf"),
        (2, {"security_profile": 4}, "InvalidNetworkConf"),
        (2, {"identity": "a:b"}, "InvalidNetworkConf"),
        (2, {"basic_auth_password": "short"}, "InvalidNetworkConf"),
        (2, {"apn": APN}, "InvalidNetworkConf"),  # B09.FR.13
        (2, {"vpn": VPN}, "InvalidNetworkConf"),
    ],
)
def test_what_is_no_profile_is_rejected(number: int, changes: dict[str, Any], reason: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        before = [station(lab).profile(each) for each in (1, 2)]
        assert await put(lab, number, profile(**changes)) == ("Rejected", reason)
        assert [station(lab).profile(each) for each in (1, 2)] == before

    explore(scenario)


@pytest.mark.use_case("B09")
def test_the_csms_sends_no_profile_that_is_none() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms["CS001"].provisioning
        with pytest.raises(LocalProtocolError, match="OcppCsmsUrl: expected wss:// for security profile 2"):
            await provisioning.set_network_profile(2, profile(ocpp_csms_url="ws://csms.example"))
        with pytest.raises(LocalProtocolError, match="BasicAuthPassword: expected 16 to 64 characters, found 5"):
            await provisioning.configure_network(2, profile(basic_auth_password="short"))
        for wrong in ([], [1, 1]):
            with pytest.raises(LocalProtocolError, match="expected one slot or more, each once"):
                await provisioning.prioritize_networks(wrong)

    lab = explore(scenario)
    assert not lab.messages(SetNetworkProfileRequest, "CSMS") and not lab.messages(SetVariablesRequest, "CSMS")


@pytest.mark.use_case("B09")
def test_a_store_that_fails_keeps_the_old_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(lab: Laboratory) -> None:
        commit = lab.station_store.commit

        async def full(*changes: Any) -> None:
            raise StoreError("full")

        monkeypatch.setattr(lab.station_store, "commit", full)
        assert await put(lab, 2, profile()) == ("Failed", "OutOfStorage")  # B09.FR.03
        assert station(lab).profile(2).ocpp_csms_url == ""
        monkeypatch.setattr(lab.station_store, "commit", commit)
        assert await put(lab, 2, profile()) == ("Accepted", None)

    explore(scenario)


@pytest.mark.use_case("B09")
@pytest.mark.parametrize(
    ("active", "new", "allows", "expected"),
    [
        (2, 1, None, "Rejected"),  # B09.FR.04
        (2, 1, False, "Rejected"),
        (2, 1, True, "Rejected"),  # B09.FR.31
        (3, 1, True, "Rejected"),
        (3, 2, False, "Rejected"),
        (3, 2, True, "Accepted"),
        (1, 1, None, "Accepted"),
        (1, 3, None, "Accepted"),
    ],
)
def test_the_security_profile_is_not_lowered(active: int, new: int, allows: bool | None, expected: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.device_model.security_ctrlr.security_profile.set(active)
        if allows is not None:
            lab.station.device_model.security_ctrlr.allow_security_profile_downgrade.add(allows)
        url = "ws://csms.example" if new == 1 else "wss://csms.example"
        reason = None if expected == "Accepted" else "NoSecurityDowngrade"
        assert await put(lab, 2, profile(security_profile=new, ocpp_csms_url=url)) == (expected, reason)
        # B09.FR.32, B09.FR.35
        assert await write(lab, "NetworkConfiguration/2", "SecurityProfile", str(new)) == (expected, reason)

    explore(scenario)


@pytest.mark.use_case("B09")
def test_variables_of_a_slot_that_is_not_in_use() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms["CS001"].provisioning
        results = await provisioning.configure_network(2, profile(identity="CS001-NEW"))
        refused = {item.variable.name for item in results if str(item.attribute_status) != "Accepted"}
        assert refused == {"ApnEnabled", "VpnEnabled"}  # B09.FR.13, and B09.FR.30 wants them to be set
        assert station(lab).profile(2) == profile(identity="CS001-NEW")  # B09.FR.24
        for variable, value, reason in (
            ("MessageTimeout", "x", "InvalidValue"),  # B09.FR.25
            ("MessageTimeout", "0", "ValueTooLow"),
            ("OcppCsmsUrl", "foo", "InvalidValue"),
            ("SecurityProfile", "7", "InvalidValue"),
            ("Identity", "a:b", "InvalidValue"),
            ("BasicAuthPassword", "short", "ValueOutOfRange"),
            ("OcppTransport", "SOAP", "ValueOutOfRange"),
        ):
            # B09.FR.23
            assert await write(lab, "NetworkConfiguration/2", variable, value) == ("Rejected", reason)
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        assert station(lab).profile(2) == profile(identity="CS001-NEW")

    explore(scenario)


@pytest.mark.use_case("B09")
@pytest.mark.parametrize("has_networks", [True, False])
def test_the_csms_says_whether_there_is_an_apn_and_a_vpn(has_networks: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        data = profile(apn=APN, vpn=VPN) if has_networks else profile()
        await lab.csms["CS001"].provisioning.configure_network(2, data)

    lab = explore(scenario)
    sent = {
        item.variable.name: item.attribute_value
        for request in lab.messages(SetVariablesRequest, "CSMS")
        for item in request.set_variable_data
    }
    assert ("Apn" in sent, "VpnServer" in sent) == (has_networks, has_networks)
    expected = "true" if has_networks else "false"
    assert (sent["ApnEnabled"], sent["VpnEnabled"]) == (expected, expected)  # B09.FR.29, B09.FR.30


@pytest.mark.use_case("B09")
@pytest.mark.use_case("B10")
def test_priority_is_given_to_slots_that_are_valid() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms["CS001"].provisioning
        await put(lab, 1, profile(ocpp_csms_url="ws://csms.example", security_profile=1))
        refused = await provisioning.prioritize_networks([1, 2])
        info = refused.attribute_status_info
        assert str(refused.attribute_status) == "Rejected" and info is not None  # B09.FR.34, B10.FR.02
        assert info.reason_code == "InvalidNetworkConf" and "OcppCsmsUrl" in (info.additional_info or "")
        await put(lab, 2, profile())
        for slots in ([1, 2], [2, 1], [1], [2]):  # B09.FR.20, B09.FR.33, B10.FR.01
            accepted = await provisioning.prioritize_networks(slots)
            assert str(accepted.attribute_status) == "Accepted" and station(lab).priority == slots
            assert lab.station.is_connected
        assert await write(lab, "OCPPCommCtrlr", "NetworkConfigurationPriority", "") == ("Rejected", "InvalidValue")
        assert (await write(lab, "OCPPCommCtrlr", "NetworkConfigurationPriority", "2,9"))[0] == "Rejected"
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        assert station(lab).priority == [2]

    explore(scenario)


@pytest.mark.use_case("B09")
def test_a_slot_in_use_is_not_written_by_variables() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms["CS001"].provisioning
        answer = await write(lab, "NetworkConfiguration/1", "MessageTimeout", "123")
        assert answer == ("Rejected", "PriorityNetworkConf")  # B09.FR.22
        sent = len(lab.messages(SetVariablesRequest, "CSMS"))
        with pytest.raises(LocalProtocolError, match="not in NetworkConfigurationPriority, found 1"):
            await provisioning.configure_network(1, profile())  # B09.FR.21
        assert len(lab.messages(SetVariablesRequest, "CSMS")) == sent
        assert await put(lab, 1, profile(message_timeout=17)) == ("Accepted", None)
        assert station(lab).profile(1).message_timeout == 17 and lab.station.is_connected

    explore(scenario)


@pytest.mark.use_case("B09")
def test_identity_and_password_of_the_station_and_of_the_slot() -> None:
    async def scenario(lab: Laboratory) -> None:
        security = lab.station.device_model.security_ctrlr
        security.identity.add("CS001", mutability=MutabilityEnumType.READ_WRITE).honour()
        security.basic_auth_password.honour()
        await put(lab, 1, profile(ocpp_csms_url="ws://csms.example", security_profile=1, identity="CS001-NEW"))
        assert await write(lab, "SecurityCtrlr", "Identity", "CS001") == ("Accepted", None)
        assert station(lab).profile(1).identity == "CS001-NEW"  # the connection is by no slot
        station(lab).connected(1)
        assert security.identity.value == "CS001-NEW"  # B09.FR.28
        assert security.basic_auth_password.value == PASSWORD
        assert await write(lab, "SecurityCtrlr", "BasicAuthPassword", PASSWORD[::-1]) == ("Accepted", None)
        found = station(lab).profile(1)
        assert found.basic_auth_password is None and found.identity == "CS001-NEW"  # B09.FR.27
        assert await write(lab, "SecurityCtrlr", "Identity", "CS001-OTHER") == ("Accepted", None)
        assert station(lab).profile(1).identity is None  # B09.FR.26
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        found = station(lab).profile(1)
        assert (found.identity, found.basic_auth_password) == (None, None)

    explore(scenario)


@pytest.mark.use_case("B09")
def test_every_slot_is_in_the_inventory() -> None:
    async def scenario(lab: Laboratory) -> None:
        for base in (ReportBaseEnumType.FULL_INVENTORY, ReportBaseEnumType.CONFIGURATION_INVENTORY):
            report = await lab.csms["CS001"].provisioning.get_base_report(base)  # B09.FR.08
            slots = {row.component.instance for row in report.rows if row.component.name == "NetworkConfiguration"}
            assert slots == {"1", "2"}

    explore(scenario)


def test_nothing_is_left_to_be_honoured_but_what_security_owns() -> None:
    async def scenario(lab: Laboratory) -> None:
        left = {
            place.variable
            for place in lab.station.device_model.unhonoured()
            if place.component == "NetworkConfiguration"
        }
        assert left == set()

    explore(scenario)


def with_modem() -> NetworkProfiles:
    """The slots of a station that has a modem and can open a VPN."""
    model = DeviceModel()
    writable = {"mutability": MutabilityEnumType.READ_WRITE}
    for number in ("1", "2"):
        found = model.network_configuration[number]
        found.apn_enabled.add(False, **writable)  # type: ignore[arg-type]
        found.vpn_enabled.add(False, **writable)  # type: ignore[arg-type]
        for variable in (found.apn, found.apn_user_name, found.apn_password, found.sim_pin, found.apn_authentication):
            variable.add()
        found.use_only_preferred_network.add()
        for variable in (found.vpn_type, found.vpn_server, found.vpn_user, found.vpn_password, found.vpn_key):
            variable.add()
    complete(model, [EvseLayout()])
    return NetworkProfiles(model)


def test_apn_and_vpn_where_there_is_a_modem() -> None:
    profiles = with_modem()
    model = profiles._model
    request = SetNetworkProfileRequest(configuration_slot=2, connection_data=profile(apn=APN, vpn=VPN))
    assert profiles.why_not(request) is None
    model.apply(profiles.changes(2, request.connection_data))
    found = model.network_configuration["2"]
    assert found.apn_enabled.value and found.vpn_enabled.value  # B09.FR.12
    kept = profiles.profile(2)
    assert kept.vpn == VPN and kept.apn is not None
    assert (kept.apn.apn, kept.apn.sim_pin, kept.apn.apn_user_name) == ("internet.example", 1234, "me")
    assert kept.apn.apn_password is None and kept.apn.use_only_preferred_network is False
    model.apply(profiles.changes(2, profile()))  # B09.FR.11
    assert (profiles.profile(2).apn, profiles.profile(2).vpn) == (None, None)
    operator = APNType(apn="x", apn_authentication=APNAuthenticationEnumType.NONE, preferred_network="20404")
    refused = profiles.why_not(SetNetworkProfileRequest(configuration_slot=2, connection_data=profile(apn=operator)))
    assert refused is not None and "PreferredNetwork" in (refused.additional_info or "")


def test_a_slot_that_is_not_there() -> None:
    with pytest.raises(LocalProtocolError, match=r"expected a slot of \[1, 2\], found 3"):
        with_modem().profile(3)


def test_a_password_that_the_station_cannot_keep() -> None:
    model = DeviceModel()
    model.network_configuration["2"].basic_auth_password.add(max_limit=40)
    complete(model, [EvseLayout()])
    data = profile(basic_auth_password="x" * 41)
    refused = NetworkProfiles(model).why_not(SetNetworkProfileRequest(configuration_slot=2, connection_data=data))
    assert refused is not None and "BasicAuthPassword" in (refused.additional_info or "")
    assert "xxx" not in (refused.additional_info or "")


@pytest.mark.parametrize("url", ["wss://csms.example.com", "ws://csms.example.com", "nonsense"])
def test_a_downgrade_is_called_one_whatever_its_url_is(url: str) -> None:
    model = DeviceModel()
    complete(model, [EvseLayout()], security_profile=2)
    data = profile(security_profile=1, ocpp_csms_url=url)
    refused = NetworkProfiles(model).why_not(SetNetworkProfileRequest(configuration_slot=2, connection_data=data))
    assert refused is not None and refused.reason_code == "NoSecurityDowngrade"  # B09.FR.31
