"""What reading the device model costs beside encoding the answer."""

from __future__ import annotations

from functools import partial

from ocpp21 import codec
from ocpp21.device_model import INTEGER, DeviceModel
from ocpp21.messages import GetVariableDataType, GetVariablesRequest, GetVariablesResponse, ReportBaseEnumType

VARIABLES = 2000
ASKED = 50


def large_model():
    model = DeviceModel.minimal()
    for number in range(VARIABLES - len(model)):
        component = model.component(f"Part{number % 100}", evse_id=number % 4)
        component.variable(f"Reading{number // 100}", INTEGER).add(number)
    return model


def questions(model):
    """Elements as they come from the wire, in capitals of the peer's choice."""
    asked = [
        GetVariableDataType(component=variable.place.component_type, variable=variable.place.variable_type)
        for variable in list(model)[:: VARIABLES // ASKED]
    ]
    payload = codec.encode(GetVariablesRequest(get_variable_data=asked)).replace(b'"Part', b'"PART')
    return codec.decode(GetVariablesRequest, payload).get_variable_data


def test_get_variables_beside_encoding_the_answer(benchmark, compare):
    model = large_model()
    asked = questions(model)
    answer = GetVariablesResponse(get_variable_result=model.get_variables(asked))
    assert (len(model), len(asked)) == (VARIABLES, ASKED)
    work = partial(model.get_variables, asked)
    compare("GetVariables of 50 out of 2000 / encoding the answer", work, partial(codec.encode, answer), limit=3.0)
    benchmark(work)


def test_full_inventory(benchmark):
    """No target: absolute time, for comparing runs on one machine."""
    benchmark(large_model().base_report, ReportBaseEnumType.FULL_INVENTORY)
