"""Both roles have the same nineteen blocks, and every request has its handler in the block of its letter, or is listed.

The list is the one place that says what is not done. A handler that is written must leave it.
"""

from __future__ import annotations

import pytest

from ocpp21.block import Role, handler_names, table_of_contents
from ocpp21.csms import Station
from ocpp21.messages.registry import ACTIONS, BLOCKS
from ocpp21.station import ChargingStation

ROLES: dict[str, type[Role]] = {"CS": ChargingStation, "CSMS": Station}

#: Requests that nothing answers yet but NotSupported, by the side that receives them.
NOT_DONE: dict[str, set[str]] = {
    "CS": set(
        """
        AFRRSignal AdjustPeriodicEventStream CancelReservation CertificateSigned ChangeTransactionTariff
        ClearChargingProfile ClearDERControl ClearDisplayMessage ClearTariffs ClearVariableMonitoring
        CostUpdated CustomerInformation DeleteCertificate GetChargingProfiles GetCompositeSchedule
        GetDERControl GetDisplayMessages GetInstalledCertificateIds GetLog GetMonitoringReport
        GetPeriodicEventStream GetTariffs InstallCertificate NotifyAllowedEnergyTransfer
        NotifyWebPaymentStarted PublishFirmware RequestBatterySwap ReserveNow SetChargingProfile
        SetDERControl SetDefaultTariff SetDisplayMessage SetMonitoringBase SetMonitoringLevel
        SetVariableMonitoring
        UnpublishFirmware UpdateDynamicSchedule UpdateFirmware UsePriorityCharging
        """.split()
    ),
    "CSMS": set(
        """
        BatterySwap ClearedChargingLimit ClosePeriodicEventStream
        Get15118EVCertificate GetCertificateChainStatus GetCertificateStatus
        NotifyChargingLimit NotifyCustomerInformation NotifyDERAlarm NotifyDERStartStop
        NotifyDisplayMessages NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyMonitoringReport
        NotifyPeriodicEventStream NotifyPriorityCharging NotifySettlement OpenPeriodicEventStream
        PublishFirmwareStatusNotification PullDynamicScheduleUpdate ReportChargingProfiles ReportDERControl
        ReservationStatusUpdate SignCertificate VatNumberValidation
        """.split()
    ),
}


def handled(side: str) -> set[str]:
    """The actions whose requests a role handles."""
    found = set()
    for name, block in table_of_contents(ROLES[side]).items():  # type: ignore[arg-type]
        found |= set(handler_names(block, name, side).values())  # type: ignore[arg-type]
    return {action.name for action in ACTIONS.values() if action.handler in found}


def received(side: str) -> set[str]:
    """The actions whose requests come to a side."""
    return {action.name for action in ACTIONS.values() if action.initiator != side}


@pytest.mark.parametrize("side", ROLES)
def test_a_role_is_its_nineteen_blocks_in_order(side: str) -> None:
    assert list(table_of_contents(ROLES[side])) == list(BLOCKS)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ROLES)
def test_the_files_of_both_sides_have_the_names_of_the_blocks(side: str) -> None:
    contents = table_of_contents(ROLES[side])  # type: ignore[arg-type]
    assert [block.__module__.rpartition(".")[2] for block in contents.values()] == list(BLOCKS)


@pytest.mark.parametrize("side", ROLES)
def test_every_request_is_handled_or_listed(side: str) -> None:
    assert received(side) - handled(side) == NOT_DONE[side]
