"""What survives a reboot."""

from __future__ import annotations

from device_model.asking import put
from ocpp21.device_model import DECIMAL, INTEGER, DeviceModel, Ignored, Key
from ocpp21.messages import AttributeEnumType, MutabilityEnumType

ACTUAL = AttributeEnumType.ACTUAL
THRESHOLD = Key("OCPPCommCtrlr", None, None, None, "OfflineThreshold", None, ACTUAL)
PASSWORD = Key("SecurityCtrlr", None, None, None, "BasicAuthPassword", None, ACTUAL)
SLOT = Key("NetworkConfiguration", "1", None, None, "OcppCsmsUrl", None, ACTUAL)
LEVEL = Key("Lamp", None, 1, 2, "Level", "a", AttributeEnumType.TARGET)
COUNT = Key("Lamp", None, 1, 2, "Count", None, ACTUAL)


def station() -> DeviceModel:
    model = DeviceModel.minimal()
    lamp = model.component("Lamp", evse_id=1, connector_id=2)
    level = lamp.variable("Level", DECIMAL)["a"].add(1, max_limit=9)
    level.support(AttributeEnumType.TARGET, mutability=MutabilityEnumType.READ_WRITE)
    lamp.variable("Count", INTEGER).add(0, max_limit=3, persistent=True)
    for variable in model:
        variable.honour()
    return model


def test_what_was_set_is_restored_into_a_new_device_model() -> None:
    model = station()
    assert model.persistent_values() == {}
    put(model, "OCPPCommCtrlr", "OfflineThreshold", "300")
    put(model, "SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")
    put(model, "NetworkConfiguration[1]", "OcppCsmsUrl", "wss://x")
    put(model, "Lamp@1.2", "Level[a]", "2.5", AttributeEnumType.TARGET)
    lamp = model.component("Lamp", evse_id=1, connector_id=2)
    lamp.variable("Count", INTEGER).set(5)
    lamp.variable("Level", DECIMAL)["a"].set(7)
    stored = model.persistent_values()
    assert stored == {THRESHOLD: "300", PASSWORD: "0123456789abcdef", SLOT: "wss://x", LEVEL: "2.5", COUNT: "5"}
    restored = station()
    seen: list[object] = []
    restored.on_change(seen.append)
    # A store may give plain tuples back, with plain strings.
    plain = {(*key[:-1], str(key.attribute)): text for key, text in stored.items()}
    assert restored.load(plain) == []  # type: ignore[arg-type]
    assert restored.persistent_values() == stored
    assert seen == []


def test_what_does_not_fit_is_told_and_ignored() -> None:
    model = station()
    stored = {
        THRESHOLD: "-1",
        PASSWORD: "short secret",
        Key("Gone", None, None, None, "Away", None, ACTUAL): "1",
        Key("TxCtrlr", None, None, None, "TxStartPoint", None, AttributeEnumType.TARGET): "1",
        Key("OCPPCommCtrlr", None, None, None, "ActiveNetworkProfile", None, ACTUAL): "2",
        SLOT: "wss://x",
    }
    ignored = model.load(stored)
    assert ignored == [
        Ignored(tuple(THRESHOLD), "OCPPCommCtrlr.OfflineThreshold: expected 0 or more, found '-1'"),
        Ignored(tuple(PASSWORD), "SecurityCtrlr.BasicAuthPassword: expected 16 characters or more, found 12"),
        Ignored(tuple(list(stored)[2]), "the device model has no such attribute"),
        Ignored(tuple(list(stored)[3]), "the device model has no such attribute"),
        Ignored(tuple(list(stored)[4]), "OCPPCommCtrlr.ActiveNetworkProfile is not persistent"),
    ]
    assert model.persistent_values() == {SLOT: "wss://x"}
    assert model.ocpp_comm_ctrlr.offline_threshold.value == 60
