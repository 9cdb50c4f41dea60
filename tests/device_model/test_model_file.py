"""Device models as files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ocpp21.device_model import DECIMAL, INTEGER, DeviceModel, model_file
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType

FILE = """
security_profile = 3
configuration_slots = [1, 2]

[[evse]]
connectors = ["cCCS2", "cCHAdeMO"]
power_w = 150_000
supply_phases = 0

[[variable]]
component = "TxCtrlr"
variable = "EVConnectionTimeOut"
value = 90
min_limit = 10

[[variable]]
component = "SampledDataCtrlr"
variable = "TxUpdatedMeasurands"
value = ["Power.Active.Import"]
values_list = ["Power.Active.Import", "Voltage"]

[[variable]]
component = "ClockCtrlr"
variable = "NextTimeOffsetTransitionDateTime"
value = 2026-03-29T01:00:00Z

[[variable]]
component = "OCPPCommCtrlr"
variable = "MessageAttempts"
variable_instance = "TransactionEvent"
max_limit = 20

[[variable]]
component = "Fan"
component_instance = "left"
evse = 1
connector = 2
variable = "Speed"
data_type = "decimal"
unit = "RPM"
mutability = "ReadWrite"
value = 900.5
min_set = 0
max_set = 3000
target = 1200.25
supports_monitoring = true
"""


@pytest.fixture(params=["path", "text of a path", "text"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    path = tmp_path / "station.toml"
    path.write_text(FILE, encoding="utf-8")
    sources: dict[str, Path | str] = {"path": path, "text of a path": str(path), "text": FILE}
    return sources[request.param]


def test_a_file_says_what_is_there_and_the_rest_is_added(source: Path | str) -> None:
    model = DeviceModel.from_toml(source)
    assert model.tx_ctrlr.ev_connection_time_out.value == 90
    assert model.tx_ctrlr.ev_connection_time_out.characteristics.min_limit == 10
    assert model.sampled_data_ctrlr.tx_updated_measurands.value == ("Power.Active.Import",)
    assert model.clock_ctrlr.next_time_offset_transition_date_time.value == datetime(2026, 3, 29, 1, tzinfo=UTC)
    # No value given: the usual one, with the other limit that goes with it.
    attempts = model.ocpp_comm_ctrlr.message_attempts["TransactionEvent"]
    assert (attempts.value, attempts.characteristics.min_limit, attempts.characteristics.max_limit) == (3, 1, 20)
    assert model.connector(1, 2).connector_type.value == "cCHAdeMO"
    assert model.security_ctrlr.security_profile.value == 3
    assert model.network_configuration["2"].exists
    speed = model.component("Fan", "left", evse_id=1, connector_id=2).variable("Speed", DECIMAL)
    assert (speed.value, speed.get(attribute=AttributeEnumType.TARGET)) == (Decimal("900.5"), Decimal("1200.25"))
    assert (speed.characteristics.unit, speed.characteristics.supports_monitoring) == ("RPM", True)
    assert speed.get(attribute=AttributeEnumType.MIN_SET) == 0


def test_without_evses_a_file_is_taken_as_it_is() -> None:
    model = DeviceModel.from_toml(
        '[[variable]]\ncomponent = "Fan"\nvariable = "Speed"\ndata_type = "integer"\nvalue = 1\n'
    )
    assert [variable.value for variable in model] == [1]
    assert model.component("Fan").variable("Speed", INTEGER).value == 1
    assert len(DeviceModel.from_toml("")) == 0


def test_the_example_of_the_documentation_works() -> None:
    text = (model_file.__doc__ or "").partition("::\n")[2].partition("\nVariables that")[0]
    model = DeviceModel.from_toml("\n".join(line[4:] for line in text.splitlines()))
    assert model.tx_ctrlr.ev_connection_time_out.value == 90


TX = '[[variable]]\ncomponent = "TxCtrlr"\nvariable = "EVConnectionTimeOut"\n'
OWN = '[[variable]]\ncomponent = "Fan"\nvariable = "Speed"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[variable\n", "device model: Expected ']]' at the end of an array declaration (at line 1, column 11)"),
        ("security_profil = 1\n", "device model: Object contains unknown field `security_profil`"),
        ("[[evse]]\nconnectors = []\n", "device model: Object missing required field `power_w` - at `$.evse[0]`"),
        ("variable = 1\n", "device model: Expected `array`, got `int` - at `$.variable`"),
        (TX + "valeu = 1\n", "device model: variable 1: TxCtrlr.EVConnectionTimeOut: Object contains unknown field "),
        ("[[variable]]\nvalue = 1\n", "device model: variable 1: without a name: Object missing required field "),
        (TX + 'data_type = "int"\n', "device model: variable 1: TxCtrlr.EVConnectionTimeOut: Invalid enum value 'int'"),
        (
            TX + 'data_type = "decimal"\n',
            "device model: variable 1: expected integer, found decimal: TxCtrlr.EVConnectionTimeOut",
        ),
        (TX + 'value = "60"\n', "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected int, found str"),
        (TX + "value = 6.5\n", "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected int, found float"),
        (TX + "value = -5\n", "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected 0 or more, found '-5'"),
        (
            TX + "min_limit = 9\nmax_limit = 8\n",
            "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected min_limit <= max_limit, found 9 > 8",
        ),
        (
            TX + "max_limit = nan\n",
            "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected a finite limit, found NaN",
        ),
        (
            TX + 'mutability = "WriteOnly"\n',
            "device model: variable 1: TxCtrlr.EVConnectionTimeOut: expected ReadWrite or ReadOnly as in ",
        ),
        (TX + TX, "device model: variable 2: TxCtrlr.EVConnectionTimeOut is in the device model already"),
        (
            TX.replace("EVConnectionTimeOut", "EVConnectionTimeout"),
            None,
        ),
        (
            TX.replace("TimeOut", "Time"),
            "device model: variable 1: TxCtrlr.EVConnectionTime is not of the standard and needs a data_type; "
            "is EVConnectionTimeOut meant?",
        ),
        (
            TX.replace("TxCtrlr", "TxCtrl"),
            "device model: variable 1: TxCtrl.EVConnectionTimeOut is not of the standard and needs a data_type; "
            "is TxCtrlr meant?",
        ),
        (OWN, "device model: variable 1: Fan.Speed is not of the standard and needs a data_type"),
        (
            OWN + 'data_type = "OptionList"\n',
            "device model: variable 1: Fan.Speed: expected a values_list, which OptionList needs, found none",
        ),
        (
            OWN + 'data_type = "integer"\nmin_set = 5\nmutability = "ReadWrite"\ntarget = 4\n',
            "device model: variable 1: Fan.Speed: expected 5 (MinSet) or more, found '4'",
        ),
        (
            '[[variable]]\ncomponent = "SecurityCtrlr"\nvariable = "BasicAuthPassword"\nvalue = "hunter2"\n',
            "device model: variable 1: SecurityCtrlr.BasicAuthPassword: expected 16 characters or more, found 7",
        ),
        (
            "security_profile = 9\n[[evse]]\nconnectors = ['a']\npower_w = 1\nsupply_phases = 3\n",
            "device model: expected security profile 1, 2 or 3, found 9",
        ),
        (
            "[[evse]]\nconnectors = ['a']\npower_w = 1\nsupply_phases = 3\n[[evse]]\nconnectors = []\npower_w = 1\n"
            "supply_phases = 3\n",
            "device model: expected at least one EVSE, each with a Connector (Part 1, 7)",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(text: str, message: str | None) -> None:
    if message is None:
        assert len(DeviceModel.from_toml(text)) == 1
        return
    with pytest.raises(LocalProtocolError) as caught:
        DeviceModel.from_toml(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value) and len(str(caught.value)) <= 255
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match=r"^gone\.toml: .*No such file"):
        DeviceModel.from_toml(tmp_path / "gone.toml")
    with pytest.raises(LocalProtocolError, match=r"^gone\.toml: .*No such file"):
        DeviceModel.from_toml("gone.toml")
