"""The gate as a rule of its own."""

from __future__ import annotations

import pytest

from ocpp21.csms.registration import asked_for, objection
from ocpp21.messages import (
    GetBaseReportRequest,
    GetReportRequest,
    GetVariablesRequest,
    MessageTriggerEnumType,
    RegistrationStatusEnumType,
    ReportBaseEnumType,
    TriggerMessageRequest,
)
from ocpp21.messages.registry import ACTIONS

FROM_STATIONS = sorted(name for name, action in ACTIONS.items() if action.initiator != "CSMS")


@pytest.mark.parametrize("action", FROM_STATIONS)
def test_who_may_say_what(action: str) -> None:
    is_boot = action == "BootNotification"
    assert objection(RegistrationStatusEnumType.ACCEPTED, (), action) is None
    for status in (RegistrationStatusEnumType.PENDING, RegistrationStatusEnumType.REJECTED):
        assert (objection(status, (), action) is None) == is_boot
    assert objection(RegistrationStatusEnumType.PENDING, {action}, action) is None  # B02.FR.02
    assert (objection(RegistrationStatusEnumType.REJECTED, {action}, action) is None) == is_boot  # B03.FR.07


@pytest.mark.parametrize("trigger", MessageTriggerEnumType)
def test_what_is_triggered_is_an_action_of_stations(trigger: MessageTriggerEnumType) -> None:
    action = asked_for(TriggerMessageRequest(requested_message=trigger))
    if trigger in (MessageTriggerEnumType.BOOT_NOTIFICATION, MessageTriggerEnumType.CUSTOM_TRIGGER):
        assert action is None
    else:
        assert action in FROM_STATIONS


def test_reports_are_asked_for() -> None:
    base = GetBaseReportRequest(request_id=1, report_base=ReportBaseEnumType.FULL_INVENTORY)
    assert asked_for(base) == asked_for(GetReportRequest(request_id=1)) == "NotifyReport"
    assert asked_for(GetVariablesRequest(get_variable_data=[])) is None
