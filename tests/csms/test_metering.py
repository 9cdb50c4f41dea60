"""Meter values outside of transactions."""

from __future__ import annotations

import pytest

from csms.scene import NOON, joined, virtual
from ocpp21.csms import MeterValuesReceived
from ocpp21.messages import MeterValuesRequest, MeterValuesResponse, MeterValueType, SampledValueType


@pytest.mark.use_case("J01")
@pytest.mark.parametrize("evse_id", [0, 1, 2**31 - 1])
@virtual
async def test_meter_values_are_kept_and_answered(evse_id: int) -> None:
    async with joined() as scene:
        values = [MeterValueType(timestamp=NOON, sampled_value=[SampledValueType(value=100000.125)])]
        request = MeterValuesRequest(evse_id=evse_id, meter_value=values)
        assert await scene.peer.call(request) == MeterValuesResponse()  # J01.FR.18
        assert [told.request for told in scene.told(MeterValuesReceived)] == [request]
        assert [kept.message for kept in await scene.csms.store.meter_values("CS001")] == [request]
