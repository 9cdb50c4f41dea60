"""What the tests of the device model share: a station of two EVSEs on which everything is honoured."""

from __future__ import annotations

import pytest

from ocpp21.device_model import DeviceModel, EvseLayout


@pytest.fixture
def bare() -> DeviceModel:
    """The minimal device model, in which nothing is honoured."""
    return DeviceModel.minimal([EvseLayout(), EvseLayout(("cCCS2", "cCHAdeMO"), 150_000, 0)])


@pytest.fixture
def model(bare: DeviceModel) -> DeviceModel:
    for variable in bare:
        variable.honour()
    return bare
